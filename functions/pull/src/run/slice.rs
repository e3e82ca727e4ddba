//! A slice of a run: one invocation that reads on from where the last one was, until its time is used up or everything is read.

use std::time::Duration;

use bigin::ModuleName;
use serde::{Deserialize, Serialize};
use shared::bucket::Objects;
use shared::state::waits;
use shared::stop::Stop;
use shared::telemetry::{Metric, measure};
use tokio::time::Instant;

use super::announcement::Announcement;
use super::failure::{Halt, Refusal, RunError};
use super::progress::{Stage, StoredProgress};
use super::reading::Reading;
use super::record_events::{self, EventBus, MOST_RECORD_EVENTS};
use super::turn::Turn;
use crate::context::{Context, Services};

/// A run that waits has begun to look again so long after its wait at the latest, the retries of a failed step included.
const LOOKS_WITHIN: Duration = Duration::from_mins(15);

/// What the state machine does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NextStep {
    /// It invokes the next slice, after the wait if there is one.
    Slice,
    /// It tells of the run, then closes it.
    Announce,
    /// It ends.
    Done,
    /// It fails, with what is to be done.
    Failed,
}

/// What a step of the state machine is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    /// What to do.
    pub next: NextStep,
    /// The module's API name.
    pub module: String,
    /// The run.
    pub run_id: String,
    /// How long to wait before.
    pub wait_seconds: u64,
    /// How long was waited in a row, with this wait.
    pub waited_s: u64,
    /// What to tell of the run.
    pub announcement: Option<Announcement>,
    /// A stable word for what happened.
    pub code: Option<String>,
    /// What happened and what to do.
    pub message: Option<String>,
}

impl Next {
    pub(super) fn of(next: NextStep, module: &ModuleName, run_id: &str) -> Self {
        Self {
            next,
            module: module.as_str().to_owned(),
            run_id: run_id.to_owned(),
            wait_seconds: 0,
            waited_s: 0,
            announcement: None,
            code: None,
            message: None,
        }
    }
}

/// Carries out the steps of a run.
pub struct Slicer<'a, S: Services, V> {
    /// What every room works with.
    pub context: &'a Context<S>,
    /// Where record events go.
    pub bus: &'a V,
    /// When to hand over.
    pub until: Instant,
}

impl<S: Services, V: EventBus> Slicer<'_, S, V> {
    /// Reads on. A run that is over, or another one by now, is done. `waited_s` is for how long it has waited in a row.
    ///
    /// # Errors
    /// The step failed and may be repeated.
    pub async fn slice(&self, module: &ModuleName, run_id: &str, waited_s: u64) -> Result<Next, RunError> {
        let mut held = StoredProgress::read(&self.context.table, module).await?;
        let Some(run) = held.run(run_id) else {
            return Ok(Next::of(NextStep::Done, module, run_id));
        };
        if run.stage != Stage::Announce {
            match self.read_in_turn(module, run_id, &mut held).await {
                Ok(is_over) => {
                    if waited_s > 0 {
                        waits::pull_got_on(&self.context.table, module.as_str()).await?;
                    }
                    if !is_over {
                        return Ok(Next::of(NextStep::Slice, module, run_id));
                    }
                }
                Err(Halt::Stop(stop) | Halt::Unwritten(stop)) => {
                    return self.wait(&stop, module, run_id, waited_s).await;
                }
                Err(Halt::Lost) => return self.wait(&Stop::TurnTaken, module, run_id, waited_s).await,
                Err(Halt::Refused(refusal)) => return self.give_up(module, run_id, &refusal).await,
                Err(Halt::Failed(error)) => return Err(error),
            }
        }
        if self.context.settings.record_events
            && let Some(run) = held.run(run_id).filter(|run| run.counts.sum() <= MOST_RECORD_EVENTS)
        {
            // They hold what Bigin has: where nothing may leave, they wait.
            if let Some(stop) = self.context.pause_watch().reason().await? {
                return self.wait(&stop, module, run_id, waited_s).await;
            }
            record_events::tell(&self.context.bucket, self.bus, run).await?;
        }
        let bucket = self.context.bucket.name();
        let announcement = held.run(run_id).map(|run| Announcement::of(bucket, module, run));
        Ok(Next {
            announcement,
            ..Next::of(NextStep::Announce, module, run_id)
        })
    }

    /// The run was told of: the next one may begin.
    ///
    /// # Errors
    /// The table failed.
    pub async fn close(&self, module: &ModuleName, run_id: &str) -> Result<Next, RunError> {
        let mut held = StoredProgress::read(&self.context.table, module).await?;
        if held.run(run_id).is_some_and(|run| run.stage == Stage::Announce) {
            held.progress.run = None;
            // Whoever was faster did the same.
            held.write(&self.context.table, module).await?;
        }
        Ok(Next::of(NextStep::Done, module, run_id))
    }

    /// True once everything is read and the cursor has moved. All runs share one turn, so that pull has one call in flight
    /// and no more.
    async fn read_in_turn(&self, module: &ModuleName, run_id: &str, held: &mut StoredProgress) -> Result<bool, Halt> {
        let pause = self.context.pause_watch();
        if let Some(stop) = pause.reason().await? {
            return Err(Halt::Stop(stop));
        }
        let turn = Turn::new(self.context, run_id);
        if !turn.keep().await? {
            return Err(Halt::Stop(Stop::TurnTaken));
        }
        let mut reading = Reading::new(self.context, module, &turn, self.until);
        let ended = reading.read(held).await;
        let calls = reading.calls();
        if !self.context.settings.stack.is_empty() {
            let metrics = [(Metric::ApiCalls, calls), (Metric::ApiCredits, calls)];
            measure(&self.context.settings.stack, self.context.now(), &metrics);
        }
        if let Err(error) = turn.give_back().await {
            tracing::warn!(%error, "the turn was not given back; it runs out by itself");
        }
        if let Err(Halt::Stop(stop)) = &ended {
            // Others that ask Bigin learn of it without asking themselves.
            pause.note(stop).await?;
        }
        ended
    }

    /// Nothing helps until somebody does something. The cursor stays where it is, and the next run tries again.
    async fn give_up(&self, module: &ModuleName, run_id: &str, refusal: &Refusal) -> Result<Next, RunError> {
        let mut held = StoredProgress::read(&self.context.table, module).await?;
        if held.run(run_id).is_some() {
            held.progress.run = None;
            held.write(&self.context.table, module).await?;
        }
        tracing::error!(module = module.as_str(), run_id, code = refusal.code(), %refusal, "the run came to nothing");
        Ok(Next {
            code: Some(refusal.code().to_owned()),
            message: Some(refusal.to_string()),
            ..Next::of(NextStep::Failed, module, run_id)
        })
    }

    /// The run waits, and who looks after what waits hears of it.
    async fn wait(&self, stop: &Stop, module: &ModuleName, run_id: &str, waited_s: u64) -> Result<Next, RunError> {
        let (code, message) = (stop.code(), stop.message());
        tracing::info!(
            module = module.as_str(),
            run_id,
            code,
            waited_s,
            "the run waits: {message}"
        );
        // A wait of nothing would be a busy loop.
        let wait_seconds = stop.look_again_after(waited_s).max(1);
        let looks_by = self.context.now() + LOOKS_WITHIN + Duration::from_secs(wait_seconds);
        waits::note_pull(&self.context.table, module.as_str(), code, looks_by).await?;
        Ok(Next {
            wait_seconds,
            waited_s: waited_s + wait_seconds,
            code: Some(code.to_owned()),
            message: Some(message),
            ..Next::of(NextStep::Slice, module, run_id)
        })
    }
}
