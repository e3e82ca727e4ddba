//! The steps of an import and what they hand each other through the state machine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::asked::NothingAsked;
use crate::bucket::{BucketError, ObjectVersion};
use crate::ledger::{EntryName, LedgerError};
use crate::relay::Relay;
use crate::report::{Reason, Report, Status};

/// A step of the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Find out which version it is, and wait for its turn.
    Claim,
    /// Read the file once, before a credit is spent on records.
    Plan,
    /// Deliver a slice of it.
    Slice,
    /// Put the files together and write the report.
    Finish,
    /// A step has failed for good: say so and make room for others.
    Abandon,
    /// There is nothing left to do.
    Done,
}

/// What the state machine hands to push.
#[derive(Debug, Clone, Deserialize)]
pub struct StepEvent {
    /// The step to do.
    pub step: Step,
    /// Which import.
    pub import: Import,
    /// Why the import is abandoned: what the state machine caught.
    #[serde(default)]
    pub error: Option<Value>,
}

/// An import, as the state machine carries it. No record content is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The execution's name.
    pub execution: String,
    /// When the execution started.
    pub started_at: Timestamp,
    /// What it was started with.
    pub event: Value,
    /// How long it has waited in a row, in seconds.
    #[serde(default)]
    pub waited: u64,
    /// The ledger's item, once claimed.
    #[serde(default)]
    pub entry: Option<EntryName>,
    /// The object's version, once claimed.
    #[serde(default)]
    pub object: Option<ObjectVersion>,
    /// Its place in the line of imports.
    #[serde(default)]
    pub place: Option<String>,
    /// Whether it is planned only.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether the plan is made and slices go on.
    #[serde(default)]
    pub planned: bool,
}

impl Import {
    /// Names the run: when it started and which execution it is. The same however often a step is repeated.
    pub fn run_id(&self) -> String {
        let started = self.started_at.strftime("%Y%m%dT%H%M%S");
        format!("{started}-{:08x}", fnv1a(self.execution.as_bytes()))
    }
}

/// FNV-1a: short and stable over builds, which the standard hasher is not.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// What the state machine does next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Next {
    /// The next step.
    pub next: Step,
    /// How long to wait before it, in seconds.
    pub wait_seconds: u64,
    /// The import.
    pub import: Import,
}

impl Next {
    /// Goes on at once.
    pub(super) fn step(next: Step, import: Import) -> Self {
        Self { next, wait_seconds: 0, import: Import { waited: 0, ..import } }
    }

    /// Waits, then goes on.
    pub(super) fn after(wait_seconds: u64, next: Step, import: Import) -> Self {
        let waited = import.waited + wait_seconds;
        Self { next, wait_seconds, import: Import { waited, ..import } }
    }
}

/// What keeps a step from being done. The state machine tries again, and abandons the import in the end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// An execution that was started with something else.
    #[error(transparent)]
    NothingAsked(#[from] NothingAsked),
    /// An execution for another bucket.
    #[error("the import was started for the bucket {asked}, but this stack's is {own}: start it with the DataBucket output")]
    OtherBucket {
        /// The bucket asked for.
        asked: String,
        /// The stack's.
        own: String,
    },
    /// A step that was called before the one it builds on.
    #[error("the step {0} came before the import was claimed: start executions with an object, not in the middle")]
    OutOfOrder(&'static str),
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The state table.
    #[error(transparent)]
    State(#[from] shared::state::StateError),
    /// The reports.
    #[error(transparent)]
    Report(#[from] crate::report_file::ReportError),
}

/// Does the steps.
pub struct Importer<'a> {
    pub(super) relay: &'a Relay,
}

impl<'a> Importer<'a> {
    /// Works with these means.
    pub fn new(relay: &'a Relay) -> Self {
        Self { relay }
    }

    /// Does one step.
    ///
    /// # Errors
    /// Something the step needs cannot be had; it may be repeated.
    pub async fn step(&self, event: StepEvent) -> Result<Next, ImportError> {
        match event.step {
            Step::Claim => self.claim(event.import).await,
            Step::Plan => self.plan(event.import).await,
            Step::Slice => self.slice(event.import).await,
            Step::Finish => self.finish(event.import).await,
            Step::Abandon => self.abandon(event.import, event.error).await,
            Step::Done => Ok(Next::step(Step::Done, event.import)),
        }
    }

    /// A report of this import that has nothing in it yet.
    pub(super) fn new_report(&self, import: &Import, key: &str) -> Report {
        let mut report = Report::started(import.run_id(), key, import.started_at);
        report.source_version = import.object.as_ref().and_then(|object| object.version_id.clone());
        report
    }

    /// Ends an import before anything was sent.
    pub(super) async fn end_early(
        &self,
        import: Import,
        mut report: Report,
        status: Status,
        reason: Reason,
    ) -> Result<Next, ImportError> {
        let now = self.relay.now();
        report.end(status, Some(reason), now);
        self.relay.reports().write(&mut report).await?;
        self.relay.ledger.note_report(&import.execution, report.report_key.as_deref().unwrap_or_default(), now).await?;
        self.make_room(&import, crate::ledger::Standing::Ended).await?;
        Ok(Next::step(Step::Done, import))
    }

    /// Leaves the line and gives the turn to the next.
    pub(super) async fn make_room(
        &self,
        import: &Import,
        standing: crate::ledger::Standing,
    ) -> Result<(), ImportError> {
        if let Some(entry) = &import.entry {
            self.relay.ledger.end(entry, standing, self.relay.now()).await?;
        }
        if let Some(place) = &import.place {
            self.relay.ledger.leave_line(place).await?;
        }
        self.relay.give_turn_back(&import.execution).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn import(execution: &str) -> Import {
        serde_json::from_value(json!({"execution": execution, "started_at": "2026-11-24T09:30:00Z", "event": {}}))
            .unwrap()
    }

    #[test]
    fn a_run_keeps_its_name_however_often_a_step_is_repeated() {
        assert_eq!(import("a").run_id(), import("a").run_id());
        assert_ne!(import("a").run_id(), import("b").run_id());
        assert!(import("a").run_id().starts_with("20261124T093000-"));
    }

    #[test]
    fn waits_add_up_until_something_is_done() {
        let next = Next::after(20, Step::Claim, import("a"));
        let next = Next::after(20, Step::Claim, next.import);
        assert_eq!((next.wait_seconds, next.import.waited), (20, 40));
        assert_eq!(Next::step(Step::Slice, next.import).import.waited, 0);
    }
}
