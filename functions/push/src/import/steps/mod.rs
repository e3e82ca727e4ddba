//! Does the steps of an import.

mod abandon;
mod claim;
mod finish;
mod free;
mod hand_on;
mod may_go;
mod older;
mod plan;
mod slice;
mod unread;
mod wait;
mod withdraw;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::context::{Context, Services};
use crate::import::ledger::{LedgerError, VersionState};
use crate::import::state_machine::{Imports, MachineError};
use crate::import::step::{Import, Next, Step, StepEvent};
use crate::report::{Reason, Report, RunStatus};
use crate::resolve::ResolverCache;
use shared::bucket::{BucketError, Objects};
use shared::module_names::by_own_name;

/// What keeps a step from being done. The state machine tries again, and abandons the import in the end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A step that was called before the one it builds on.
    #[error("the step {0} came before the import was claimed: start executions with an object, not in the middle")]
    OutOfOrder(&'static str),
    /// The task that reads the file ahead has died.
    #[error("reading the file was cut off in the middle: the slice is repeated from its last checkpoint")]
    ReaderCutOff,
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The state table.
    #[error(transparent)]
    State(#[from] shared::state::StateError),
    /// The state machine.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The reports.
    #[error(transparent)]
    Report(#[from] crate::report::ReportError),
}

/// Does the steps of one invocation.
pub struct Importer<'a, S: Services, I> {
    pub(in crate::import) context: &'a Context<S>,
    pub(in crate::import) resolvers: &'a ResolverCache,
    pub(in crate::import) imports: &'a I,
    /// When the invocation's time is used up.
    until: Instant,
    /// Whether the hold on a module has ended by what was sent.
    pub(in crate::import) has_ended_hold: AtomicBool,
}

impl<'a, S: Services, I: Imports> Importer<'a, S, I> {
    /// Works with this context. What records refer to is found out once for several slices of a run: `resolvers` keeps it.
    pub fn new(context: &'a Context<S>, resolvers: &'a ResolverCache, imports: &'a I) -> Self {
        Self {
            context,
            resolvers,
            imports,
            until: Instant::now() + context.settings.slice_budget,
            has_ended_hold: AtomicBool::new(false),
        }
    }

    /// Whether the hold on a module has ended by what was sent: what waits for that may come back.
    pub fn has_ended_hold(&self) -> bool {
        self.has_ended_hold.load(Ordering::Relaxed)
    }

    /// How much of the invocation's time is left.
    pub(in crate::import) fn time_left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Does a step. Steps that may follow at once are done too, as long as the time lasts. So one invocation
    /// claims, plans, delivers and finishes a small file.
    ///
    /// # Errors
    /// Something the first step needs cannot be had; it may be repeated. Of a later one the state machine hears when it
    /// repeats that one.
    pub async fn go_on(&self, event: StepEvent) -> Result<Next, ImportError> {
        let (steps, runs_in) = (event.import.steps, event.runs_in.clone());
        let mut next = self.step(event).await?;
        while next.goes_on() && self.time_left() >= self.context.settings.slice_budget / 4 {
            let import = Import {
                steps,
                ..next.import.clone()
            };
            match self.step(StepEvent::of(next.next, import, &runs_in)).await {
                Ok(after) => next = after,
                // The state machine goes on trying this one.
                Err(_) => break,
            }
        }
        Ok(next)
    }

    /// Does one step. Whoever waits for the turn that this import does not use any more is woken.
    ///
    /// # Errors
    /// Something the step needs cannot be had; it may be repeated.
    pub async fn step(&self, event: StepEvent) -> Result<Next, ImportError> {
        let (step, run_id) = (event.step, event.import.run_id());
        let mut next = Box::pin(self.do_step(event)).await;
        if let Ok(next) = &mut next
            && (next.next == Step::Wait || next.wait_seconds > 0)
        {
            // The file may be deleted during the wait, however short that is.
            next.import.looked_at = None;
        }
        let is_over = match &next {
            Ok(next) => step != Step::Wait && !next.goes_on(),
            // The state machine does not repeat this one: whoever has taken over was kept waiting by it.
            Err(error) => matches!(error, ImportError::Ledger(LedgerError::TakenOver { .. })),
        };
        if is_over {
            self.hand_on().await;
        }
        match &next {
            Ok(next) => {
                tracing::info!(run_id, step = ?step, next = ?next.next, wait_seconds = next.wait_seconds, "import step done");
            }
            Err(error) => tracing::warn!(run_id, step = ?step, error = %error, "import step failed; it is tried again"),
        }
        next
    }

    async fn do_step(&self, event: StepEvent) -> Result<Next, ImportError> {
        let mut import = Import {
            runs_in: event.runs_in.clone(),
            ..event.import.clone()
        };
        if matches!(event.step, Step::Claim | Step::Plan | Step::Slice)
            && let Some(reason) = self.look_for_deletion(&mut import).await?
        {
            return self.withdraw(import, reason).await;
        }
        match event.step {
            Step::Claim => self.claim(import).await,
            Step::Plan => self.plan(import).await,
            Step::Slice => self.slice(import).await,
            Step::Finish => self.finish(import).await,
            Step::Wait => self.wait(import, event).await,
            Step::Abandon => self.abandon(import, event.error.as_ref()).await,
            Step::Renew => Ok(Next::step(Step::Claim, import)),
            Step::Done => Ok(Next::step(Step::Done, import)),
        }
    }

    /// A report of this import that has nothing in it yet.
    pub(in crate::import) fn new_report(import: &Import) -> Report {
        let mut report = Report::started(import.run_id(), import.key(), import.started_at);
        report.source_version = import
            .object
            .as_ref()
            .map(|object| object.version_id.clone().unwrap_or_else(|| object.etag.clone()));
        report.module = by_own_name(&import.module).map(|module| module.as_str().to_owned());
        report
    }

    /// Ends an import before anything was sent.
    pub(in crate::import) async fn end_early(
        &self,
        import: Import,
        mut report: Report,
        status: RunStatus,
        reason: Reason,
    ) -> Result<Next, ImportError> {
        report.end(status, Some(reason), self.context.now());
        let standing = self
            .standing_after(&import, report.reason.as_ref(), VersionState::Ended)
            .await?;
        self.publish_end(&import, &mut report).await?;
        self.make_room(&import, standing).await?;
        Ok(Next::step(Step::Done, import))
    }

    /// Writes the last report of an import and lets it be found by whoever started the import.
    pub(in crate::import) async fn publish_end(&self, import: &Import, report: &mut Report) -> Result<(), ImportError> {
        self.context.reports().write(report).await?;
        let key = report.report_key.as_deref().unwrap_or_default();
        self.context
            .ledger()
            .note_report(&import.execution, key, self.context.now())
            .await?;
        crate::import::measures::ended(&self.context.settings.stack, self.context.now(), report);
        Ok(())
    }

    /// Leaves the line and says in the ledger how the version ended.
    pub(in crate::import) async fn make_room(
        &self,
        import: &Import,
        standing: VersionState,
    ) -> Result<(), ImportError> {
        if let Some(entry) = &import.entry {
            self.context
                .ledger()
                .end(entry, &import.execution, standing, self.context.now())
                .await?;
        }
        if let Some(place) = &import.place {
            self.context.ledger().leave_line(place).await?;
        }
        Ok(())
    }

    /// Removes what the import kept under way.
    pub(in crate::import) async fn clear_away(&self, keys: &[String]) {
        // What stays is removed by the bucket's lifecycle.
        if let Err(error) = self.context.bucket.delete_all(keys).await {
            tracing::warn!(error = %error, "parts were left behind");
        }
    }
}
