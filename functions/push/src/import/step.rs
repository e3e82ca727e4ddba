//! The steps of an import, and what they hand each other through the state machine.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::import::ledger::EntryName;
use crate::import::line_items::TaskToken;
use shared::bucket::ObjectVersion;

/// How many steps one execution does before another execution goes on with the import. An execution's history
/// may have 25,000 events. Each step is some eleven of them, and three more for each time it is tried again.
/// At half an hour of waiting in between they are over long before the year that an execution may last (AWS
/// Step Functions developer guide, "Quotas").
const MOST_STEPS: u32 = 1_000;
/// How long an import waits at most until it looks again, in seconds: one that watches the line, ...
pub const MINUTE: u64 = 60;
/// ... one that waits for what may pass by itself, ...
pub const QUARTER: u64 = 900;
/// ... and one that is sure to be woken. The state machine has a state for each of the three, since a task's time-out is
/// part of its definition.
pub const HOUR: u64 = 3_600;

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
    /// Wait until somebody wakes the import.
    Wait,
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
    /// The execution that it is in.
    #[serde(default)]
    pub runs_in: String,
    /// What wakes it, where it is to wait.
    #[serde(default)]
    pub token: Option<TaskToken>,
    /// How long it waits at most, in seconds.
    #[serde(default)]
    pub looks_within_s: u64,
    /// Why the import is abandoned: what the state machine caught.
    #[serde(default)]
    pub error: Option<Value>,
}

impl StepEvent {
    /// A step of an import that is in this execution.
    pub fn of(step: Step, import: Import, runs_in: &str) -> Self {
        Self {
            step,
            import,
            runs_in: runs_in.to_owned(),
            token: None,
            looks_within_s: 0,
            error: None,
        }
    }
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
    /// The modules that its columns look up, once its header was read.
    #[serde(default)]
    pub refers_to: Option<BTreeSet<String>>,
    /// Whether it waits for something else than its turn.
    #[serde(default)]
    pub aside: bool,
    /// The execution that it is in now.
    #[serde(default)]
    pub runs_in: String,
    /// When the file was last seen not to be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// Whether it is planned only.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether the plan is made and slices go on.
    #[serde(default)]
    pub planned: bool,
}

impl Import {
    /// An import as an execution begins with it.
    pub fn begun(execution: &str, started_at: Timestamp, event: Value) -> Self {
        Self {
            execution: execution.to_owned(),
            started_at,
            event,
            waited: 0,
            steps: 0,
            reported: None,
            waits_for: None,
            resumes: None,
            entry: None,
            object: None,
            place: None,
            module: String::new(),
            refers_to: None,
            aside: false,
            runs_in: execution.to_owned(),
            looked_at: None,
            dry_run: false,
            planned: false,
        }
    }

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
    /// How long to wait to be woken at most, in seconds: one of [`MINUTE`], [`QUARTER`] and [`HOUR`], or none.
    pub looks_within_s: u64,
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

    /// Waits to be woken, and looks again at the latest after so many seconds.
    pub(in crate::import) fn wait(looks_within_s: u64, import: Import) -> Self {
        let waited = import.waited + looks_within_s;
        let next = Self::new(Step::Wait, 0, Import { waited, ..import });
        let looks_within_s = if next.next == Step::Wait { looks_within_s } else { 0 };
        Self { looks_within_s, ..next }
    }

    /// Whether the import waits for something.
    pub fn waits(&self) -> bool {
        self.wait_seconds > 0 || self.next == Step::Wait
    }

    /// Whether the step that comes now is done without any wait.
    pub(in crate::import) fn goes_on(&self) -> bool {
        self.wait_seconds == 0 && matches!(self.next, Step::Plan | Step::Slice | Step::Finish)
    }

    /// Every execution of an import begins with a claim, so what is handed on claims first.
    fn new(next: Step, wait_seconds: u64, import: Import) -> Self {
        let goes_on = matches!(next, Step::Claim | Step::Plan | Step::Slice | Step::Wait);
        let (next, steps, wait_seconds) = match import.steps + 1 {
            steps if goes_on && steps >= MOST_STEPS => (Step::Renew, 0, 0),
            steps => (next, steps, wait_seconds),
        };
        Self {
            next,
            wait_seconds,
            looks_within_s: 0,
            import: Import { steps, ..import },
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
