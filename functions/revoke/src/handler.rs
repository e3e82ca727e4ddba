//! One invocation: what the operator asks for.

use serde::Serialize;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::intake::Intake;
use shared::state::pause::SetCause;
use shared::state::{Cause, Pause, Standing, Table, pause};
use shared::telemetry::{Metric, measure};
use shared::tokens::{Issuer, Secrets};

use crate::error::RevokeError;
use crate::queues::Queues;
use crate::reports::Reports;
use crate::request::Request;
use crate::revoker::Revoker;
use crate::status::Watch;

/// The function.
#[derive(Debug, Clone)]
pub struct Function<T, S, Z, I, C, Q, R> {
    /// The revoke, and what pause and resume need.
    pub revoker: Revoker<T, S, Z, I, C>,
    /// What the status looks at beside.
    pub watch: Watch<Q, R>,
    /// The stack's name.
    pub stack: String,
}

/// What pause and resume answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct PauseAnswer {
    status: &'static str,
    paused: Option<Pause>,
    problems: Vec<String>,
}

impl<T: Table, S: Secrets, Z: Issuer, I: Intake, C: Clock, Q: Queues, R: Reports> Function<T, S, Z, I, C, Q, R> {
    /// Handles one invocation.
    ///
    /// # Errors
    /// The request makes no sense, is not confirmed, or came to nothing.
    pub async fn handle(&self, payload: &Value) -> Result<Value, RevokeError> {
        let answered = match Request::read(payload)? {
            // It looks at ten things at once: on the heap, its future is no burden to the stack.
            Request::Status => return Ok(json!(Box::pin(self.watch.look(&self.revoker)).await)),
            Request::Revoke {
                confirm,
                dry_run,
                reason,
            } => {
                let answer = self
                    .revoker
                    .revoke(confirm.as_deref(), dry_run, reason.as_deref())
                    .await;
                answer.map(|answer| json!(answer))
            }
            Request::Pause { reason } => self.pause(reason).await.map(|answer| json!(answer)),
            Request::Resume => self.resume().await.map(|answer| json!(answer)),
            Request::RejectHeld { module } => self
                .revoker
                .decide_hold(&module, true)
                .await
                .map(|answer| json!(answer)),
            Request::RetryHeld { module } => self
                .revoker
                .decide_hold(&module, false)
                .await
                .map(|answer| json!(answer)),
        };
        match &answered {
            Ok(answer) => tracing::info!(%answer, "an operator's request was carried out"),
            Err(error) => tracing::error!(%error, kind = error.kind(), "an operator's request came to nothing"),
        }
        self.measure_pause().await;
        answered
    }

    async fn pause(&self, reason: Option<String>) -> Result<PauseAnswer, RevokeError> {
        let cause = SetCause {
            cause: Cause::Operator,
            message: reason.map_or_else(
                || "an operator paused delivery".to_owned(),
                |reason| format!("an operator paused delivery: {reason}"),
            ),
            since: self.revoker.clock.now(),
            by: "operator".to_owned(),
            resumes_at: None,
        };
        let standing = pause::set(&self.revoker.table, &cause).await?;
        Ok(self.follow(&standing).await)
    }

    /// Ends every pause that is not the authorization's. What an operator knows better than the relay (credits bought,
    /// a permission given back) is tried at once.
    async fn resume(&self) -> Result<PauseAnswer, RevokeError> {
        let (table, now) = (&self.revoker.table, self.revoker.clock.now());
        let standing = Standing::read(table).await?;
        if !standing.authorization.state.may_send()
            && let Some(pause) = standing.pause(now)
        {
            let code = pause.code.as_str();
            return Err(RevokeError::CannotResume {
                code,
                message: pause.message,
                action: pause.action,
            });
        }
        let standing = pause::clear(table, &[Cause::Operator, Cause::TokenRejected, Cause::Credits]).await?;
        Ok(self.follow(&standing).await)
    }

    /// Makes the intake follow, and after a resume has push bring back what was moved away and look for files that were
    /// missed. The pause stands all the same when that fails, and the scheduled refresh tries again.
    async fn follow(&self, standing: &Standing) -> PauseAnswer {
        let paused = standing.pause(self.revoker.clock.now());
        let switched = self.revoker.intake.set_open(paused.is_none()).await;
        let mut problems: Vec<String> = switched.err().map(|error| error.to_string()).into_iter().collect();
        if paused.is_none()
            && let Err(error) = self.revoker.intake.ask_for_upkeep().await
        {
            problems.push(error.to_string());
        }
        PauseAnswer {
            status: if paused.is_some() { "paused" } else { "running" },
            paused,
            problems,
        }
    }

    async fn measure_pause(&self) {
        let now = self.revoker.clock.now();
        if let Ok(pause) = pause::current(&self.revoker.table, now).await {
            measure(&self.stack, now, &[(Metric::Paused, pause.is_some().into())]);
        }
    }
}
