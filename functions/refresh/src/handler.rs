//! One invocation: the refresh, then what the clock looks after.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::intake::Intake;
use shared::state::waits::{self, Patience};
use shared::state::{AuthorizationState, Standing, Table, pause, upkeep};
use shared::telemetry::{Metric, measure};
use shared::tokens::{Issuer, RefreshCause, Secrets, VersionId};

use crate::answer::{Answer, RefreshStatus};
use crate::error::RefreshError;
use crate::refresher::Refresher;

/// What refresh is invoked with: nothing by the schedule, a version by push.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The version of the access token that Bigin rejected, or that is about to run out.
    #[serde(default)]
    pub rejected_version: Option<String>,
}

impl Request {
    /// Reads a payload.
    ///
    /// # Errors
    /// The payload makes no sense.
    pub fn read(payload: &Value) -> Result<Self, RefreshError> {
        let wrong = |problem: String| RefreshError::WrongRequest { problem };
        // Serde would take a list for an object whose keys were left out.
        if !payload.is_object() {
            return Err(wrong("it is no JSON object".to_owned()));
        }
        Self::deserialize(payload).map_err(|error| wrong(error.to_string()))
    }

    fn asked(self) -> RefreshCause {
        match self.rejected_version {
            Some(version) => RefreshCause::Rejected(VersionId::new(version)),
            None => RefreshCause::BySchedule,
        }
    }
}

/// The function.
#[derive(Debug, Clone)]
pub struct Function<T, S, Z, I, C> {
    /// The refresh.
    pub refresher: Refresher<T, S, Z, C>,
    /// Push's intake.
    pub intake: I,
    /// The stack's name.
    pub stack: String,
    /// After what time somebody must hear of what waits.
    pub patience: Patience,
}

impl<T: Table, S: Secrets, Z: Issuer, I: Intake, C: Clock> Function<T, S, Z, I, C> {
    /// Reads a payload and handles it.
    ///
    /// # Errors
    /// The payload makes no sense, or see [`Self::handle`].
    pub async fn invoke(&self, payload: &Value, request_id: &str) -> Result<Answer, RefreshError> {
        self.handle(Request::read(payload)?, request_id).await
    }

    /// Handles one invocation.
    ///
    /// # Errors
    /// The refresh failed, or else the intake could not be switched.
    pub async fn handle(&self, request: Request, request_id: &str) -> Result<Answer, RefreshError> {
        let asked = request.asked();
        let outcome = self.refresher.refresh(&asked, request_id).await;
        match &outcome {
            Ok(answer) if answer.status == RefreshStatus::NeedsAuthorization => {
                tracing::error!(
                    message = answer.message.as_deref().unwrap_or_default(),
                    "a human must authorize again"
                );
            }
            Ok(answer) => tracing::info!(answer = %json!(answer), "refresh"),
            Err(error) => tracing::error!(%error, kind = error.kind(), "refresh failed"),
        }
        let followed = self.look_after(&asked).await;
        self.measure_outcome(&outcome);
        // A failed refresh is the graver of the two.
        let answer = outcome?;
        followed?;
        Ok(answer)
    }

    /// Ends pauses whose time is over, makes the intake follow the pause, and asks push to look after what waits.
    async fn look_after(&self, asked: &RefreshCause) -> Result<(), RefreshError> {
        let (table, now) = (&self.refresher.table, self.refresher.clock.now());
        let standing = match asked {
            RefreshCause::BySchedule => pause::clear_ended(table, now).await?,
            RefreshCause::Rejected(_) => Standing::read(table).await?,
        };
        let pause = standing.pause(now);
        // Push asks often and waits for the answer. So for push, refresh only closes the intake after a pause
        // was set, and leaves the rest to the schedule.
        let is_due = *asked == RefreshCause::BySchedule || pause.is_some();
        if is_due && self.intake.set_open(pause.is_none()).await? {
            let code = pause.as_ref().map_or("none", |pause| pause.code.as_str());
            tracing::info!(pause = code, "the intake was switched");
        }
        if *asked == RefreshCause::BySchedule {
            // Old messages do not wait on the queue for the end of a long pause; and what a pause left behind comes back.
            if pause.is_some() || upkeep::read(table).await?.is_some() {
                self.intake.ask_for_upkeep().await?;
            }
            if let Some(pause) = &pause {
                let (code, message, action) = (pause.code.as_str(), &pause.message, &pause.action);
                tracing::warn!(code, pause.message = %message, action, since = pause.since.map(tracing::field::display), "delivery is paused");
            }
            let too_long = waits::look(table, pause.as_ref(), self.patience, now).await?;
            for (what, wait) in &too_long {
                tracing::warn!(what, code = wait.code, since = %wait.since, "it waits for longer than its reason deserves");
            }
            let needs_a_human = standing.authorization.state == AuthorizationState::NeedsAuthorization;
            let metrics = [
                (Metric::Paused, pause.is_some().into()),
                (Metric::NeedsAuthorization, needs_a_human.into()),
                (Metric::WaitsTooLong, too_long.len() as u64),
            ];
            measure(&self.stack, now, &metrics);
        }
        Ok(())
    }

    fn measure_outcome(&self, outcome: &Result<Answer, RefreshError>) {
        let now = self.refresher.clock.now();
        let mut metrics = Vec::new();
        match outcome {
            Ok(answer) => {
                metrics.push((Metric::RefreshFailed, 0));
                if answer.status == RefreshStatus::Refreshed {
                    metrics.push((Metric::TokensMinted, 1));
                }
                if let Some(expires_at) = answer.expires_at {
                    let left = u64::try_from(now.duration_until(expires_at).as_secs()).unwrap_or(0);
                    metrics.push((Metric::TokenLifeLeft, left));
                }
            }
            Err(_) => metrics.push((Metric::RefreshFailed, 1)),
        }
        measure(&self.stack, now, &metrics);
    }
}
