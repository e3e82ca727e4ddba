//! The steps of an import and what they hand each other through the state machine.

mod abandon;
mod claim;
mod finish;
mod plan;
mod slice;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::{Context, Services};
use crate::import::ledger::{EntryName, LedgerError, Standing};
use crate::report::{Reason, Report, Status};
use crate::resolve::ResolverCache;
use shared::bucket::{BucketError, ObjectVersion, Objects};
use shared::module_names::by_own_name;

/// How many steps one execution does before another goes on with the import: each is some eleven events of the 25,000 that
/// an execution's history may have, and three more for each time it is tried again. At half an hour of waiting in between
/// they are over long before the year that an execution may last (AWS Step Functions developer guide, "Quotas").
const MOST_STEPS: u32 = 1_000;

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
    /// Go on in another execution, before this one's history is full.
    Renew,
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
    /// The name of the execution that the import began with.
    pub execution: String,
    /// When that execution started.
    pub started_at: Timestamp,
    /// What it was started with.
    pub event: Value,
    /// How long it has waited without anything getting done, in seconds.
    #[serde(default)]
    pub waited: u64,
    /// How many steps the present execution has done.
    #[serde(default)]
    pub steps: u32,
    /// The code of the reason for waiting that the report gives already.
    #[serde(default)]
    pub reported: Option<String>,
    /// The code of what it waits for at present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// The run that this import goes on with, where an earlier one broke off.
    #[serde(default)]
    pub resumes: Option<String>,
    /// The ledger's entry, once claimed.
    #[serde(default)]
    pub entry: Option<EntryName>,
    /// The object's version, once looked up.
    #[serde(default)]
    pub object: Option<ObjectVersion>,
    /// Its place in the line of imports.
    #[serde(default)]
    pub place: Option<String>,
    /// The module: as the key names it, and by its API name once that is known.
    #[serde(default)]
    pub module: String,
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
        if let Some(run_id) = &self.resumes {
            return run_id.clone();
        }
        let started = self.started_at.strftime("%Y%m%dT%H%M%S");
        format!("{started}-{:08x}", fnv1a(self.execution.as_bytes()))
    }

    /// The same import while it waits for that.
    pub(in crate::import) fn waiting_for(self, code: &str) -> Self {
        Self {
            waits_for: Some(code.to_owned()),
            ..self
        }
    }

    /// The object's key, or a word for it where none was named.
    pub fn key(&self) -> String {
        let asked = || {
            crate::import::asked::Asked::read(&self.event)
                .ok()
                .map(|asked| asked.key)
        };
        self.object
            .as_ref()
            .map(|object| object.key.clone())
            .or_else(asked)
            .unwrap_or_else(|| "unknown".to_owned())
    }
}

/// FNV-1a: short and stable over builds, which the standard hasher is not.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
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
    pub(in crate::import) fn step(next: Step, import: Import) -> Self {
        let import = Import {
            waits_for: None,
            ..import
        };
        Self::new(next, 0, import)
    }

    /// Something was done: waits begin small again.
    pub(in crate::import) fn progress(next: Step, import: Import) -> Self {
        let import = Import {
            waited: 0,
            reported: None,
            waits_for: None,
            ..import
        };
        Self::new(next, 0, import)
    }

    /// Waits, then looks again whether it may go on.
    pub(in crate::import) fn after(wait_seconds: u64, import: Import) -> Self {
        let waited = import.waited + wait_seconds;
        Self::new(Step::Claim, wait_seconds, Import { waited, ..import })
    }

    /// Every execution of an import begins with a claim, so what is handed on claims first.
    fn new(next: Step, wait_seconds: u64, import: Import) -> Self {
        let goes_on = matches!(next, Step::Claim | Step::Plan | Step::Slice);
        let (next, steps) = match import.steps + 1 {
            steps if goes_on && steps >= MOST_STEPS => (Step::Renew, 0),
            steps => (next, steps),
        };
        Self {
            next,
            wait_seconds,
            import: Import { steps, ..import },
        }
    }
}

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
    /// The reports.
    #[error(transparent)]
    Report(#[from] crate::report::ReportError),
}

/// Does the steps.
pub struct Importer<'a, S: Services> {
    pub(in crate::import) context: &'a Context<S>,
    pub(in crate::import) resolvers: &'a ResolverCache,
}

impl<'a, S: Services> Importer<'a, S> {
    /// Works with this context. What records refer to is found out once for several slices of a run: `resolvers` keeps it.
    pub fn new(context: &'a Context<S>, resolvers: &'a ResolverCache) -> Self {
        Self { context, resolvers }
    }

    /// Does one step.
    ///
    /// # Errors
    /// Something the step needs cannot be had; it may be repeated.
    pub async fn step(&self, event: StepEvent) -> Result<Next, ImportError> {
        let (step, run_id) = (event.step, event.import.run_id());
        let next = match event.step {
            Step::Claim => self.claim(event.import).await,
            Step::Plan => Box::pin(self.plan(event.import)).await,
            Step::Slice => Box::pin(self.slice(event.import)).await,
            Step::Finish => self.finish(event.import).await,
            Step::Abandon => self.abandon(event.import, event.error.as_ref()).await,
            Step::Renew => Ok(Next::step(Step::Claim, event.import)),
            Step::Done => Ok(Next::step(Step::Done, event.import)),
        };
        match &next {
            Ok(next) => {
                tracing::info!(run_id, step = ?step, next = ?next.next, wait_seconds = next.wait_seconds, "import step done");
            }
            Err(error) => tracing::warn!(run_id, step = ?step, error = %error, "import step failed; it is tried again"),
        }
        next
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
        status: Status,
        reason: Reason,
    ) -> Result<Next, ImportError> {
        report.end(status, Some(reason), self.context.now());
        self.publish_end(&import, &mut report).await?;
        self.make_room(&import, Standing::Ended).await?;
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
    pub(in crate::import) async fn make_room(&self, import: &Import, standing: Standing) -> Result<(), ImportError> {
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
        for key in keys {
            // What stays is removed by the bucket's lifecycle.
            if let Err(error) = self.context.bucket.delete(key).await {
                tracing::warn!(error = %error, "a part was left behind");
            }
        }
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
        let next = Next::after(20, import("a"));
        let next = Next::after(20, next.import);
        assert_eq!(
            (next.next, next.wait_seconds, next.import.waited),
            (Step::Claim, 20, 40)
        );
        let next = Next::step(Step::Slice, next.import);
        assert_eq!(
            next.import.waited, 40,
            "a slice that got nothing done does not make waits small again"
        );
        assert_eq!(Next::progress(Step::Slice, next.import).import.waited, 0);
    }

    #[test]
    fn an_import_goes_on_in_another_execution_before_the_history_is_full() {
        let mut at = import("a");
        for _ in 0..MOST_STEPS - 1 {
            at = Next::after(1, at).import;
        }
        let last = Next::after(1, at);
        assert_eq!((last.next, last.import.steps), (Step::Renew, 0));
        assert_eq!(last.import.run_id(), import("a").run_id());
    }
}
