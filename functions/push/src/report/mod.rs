//! The report of a file or of a batch of messages: what happened, in numbers that add up.

mod counts;
mod outcomes;
mod quoted;
mod rejects;
mod report_file;

use bigin::Operation;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decode::FileFault;
use crate::deliver::CallTally;
use crate::record::Repairs;
use shared::stop::Stop;

pub use counts::Counts;
pub use outcomes::OutcomesWriter;
pub use rejects::{RejectInfo, RejectsWriter, push_message_reject};
pub use report_file::{ReportError, ReportFile, RunFiles};

/// The version of the report's form.
const VERSION: u32 = 1;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// A dry run: this is what would be done.
    Planned,
    /// Under way.
    Running,
    /// Waits for something; goes on by itself or when an operator has acted.
    Paused,
    /// Done, nothing rejected and nothing incomplete.
    Complete,
    /// Done, some records rejected or incomplete.
    Partial,
    /// Nothing was sent.
    Refused,
    /// Given up in the middle; the rest was not sent.
    Stopped,
    /// Something of ours failed.
    Failed,
    /// This version of the object was done before.
    Duplicate,
}

/// Why a run stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word.
    pub code: String,
    /// What happened, to what.
    pub message: String,
    /// What to do about it.
    pub action: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: impl Into<String>, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            action: action.into(),
        }
    }
}

impl From<&FileFault> for Reason {
    /// Names line and column.
    fn from(fault: &FileFault) -> Self {
        let place = match (fault.line, fault.column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: "),
            (Some(line), None) => format!("line {line}: "),
            (None, Some(column)) => format!("column {column}: "),
            (None, None) => String::new(),
        };
        Self::new(&fault.code, format!("{place}{}", fault.message), &fault.action)
    }
}

impl From<&Stop> for Reason {
    fn from(stop: &Stop) -> Self {
        Self::new(stop.code(), stop.message(), stop.action())
    }
}

/// A report. The keys are the same for files and messages; what does not apply is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this form.
    pub version: u32,
    /// Names the run.
    pub run_id: String,
    /// Where the records came from: an object's key, or `queue`.
    pub source: String,
    /// Which version of the object.
    pub source_version: Option<String>,
    /// The organisation in Bigin.
    pub org_id: Option<String>,
    /// The module's API name.
    pub module: Option<String>,
    /// The mapping file used.
    pub mapping: Option<String>,
    /// What was done with the records.
    pub operation: Option<Operation>,
    /// The unique fields records were looked up by.
    pub match_on: Vec<String>,
    /// The automation that was let start.
    pub trigger: Vec<String>,
    /// How records went to Bigin: `records` (calls of up to 100).
    pub route: Option<String>,
    /// Where the run stands.
    pub status: RunStatus,
    /// Why.
    pub reason: Option<Reason>,
    /// The run of another file that it waits for, while it waits for its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// How the records ended.
    #[serde(flatten)]
    pub counts: Counts,
    /// Calls made to Bigin for records.
    pub api_calls: u64,
    /// API credits they cost, by Zoho's price list.
    pub credits: u64,
    /// API credits left, as far as known.
    pub credits_left: Option<u64>,
    /// Calls made again.
    pub retries: u64,
    /// What an operator should know although it stopped nothing.
    pub warnings: Vec<String>,
    /// What was mended in the records without a change of meaning, and what is in doubt, by kind.
    #[serde(default)]
    pub repairs: Repairs,
    /// When the run started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long it took, waits included.
    pub duration_ms: Option<i64>,
    /// Where this report lies.
    pub report_key: Option<String>,
    /// Where the rejected rows lie.
    pub rejects_key: Option<String>,
    /// Where each row's outcome lies.
    pub outcomes_key: Option<String>,
    /// What was planned.
    pub plan: Option<Value>,
}

impl Report {
    /// A report of a run that has just started.
    pub fn started(run_id: impl Into<String>, source: impl Into<String>, started_at: Timestamp) -> Self {
        Self {
            version: VERSION,
            run_id: run_id.into(),
            source: source.into(),
            source_version: None,
            org_id: None,
            module: None,
            mapping: None,
            operation: None,
            match_on: Vec::new(),
            trigger: Vec::new(),
            route: None,
            status: RunStatus::Running,
            reason: None,
            waits_for: None,
            counts: Counts::default(),
            api_calls: 0,
            credits: 0,
            credits_left: None,
            retries: 0,
            warnings: Vec::new(),
            repairs: Repairs::default(),
            started_at,
            finished_at: None,
            duration_ms: None,
            report_key: None,
            rejects_key: None,
            outcomes_key: None,
            plan: None,
        }
    }

    /// Adds what calls cost.
    pub fn add_calls(&mut self, tally: CallTally) {
        self.api_calls += tally.api_calls;
        self.credits += tally.credits;
        self.retries += tally.retries;
        self.credits_left = tally.credits_left.or(self.credits_left);
    }

    /// Ends the run, as complete or partial.
    pub fn finish(&mut self, now: Timestamp) {
        let status = if self.counts.rejected == 0 && self.counts.incomplete.is_empty() {
            RunStatus::Complete
        } else {
            RunStatus::Partial
        };
        self.end(status, self.reason.clone(), now);
    }

    /// Ends the run.
    pub fn end(&mut self, status: RunStatus, reason: Option<Reason>, now: Timestamp) {
        self.status = status;
        self.reason = reason;
        self.finished_at = Some(now);
        self.duration_ms = Some(now.as_millisecond() - self.started_at.as_millisecond());
    }

    /// Adds a warning, once.
    pub fn warn(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_its_counts_at_the_top_level() {
        let report = Report::started("r1", "inbox/Contacts/x.csv", Timestamp::UNIX_EPOCH);
        let json = serde_json::to_value(&report).unwrap();
        for key in [
            "read",
            "inserted",
            "rejected",
            "deferred",
            "rejects_by_code",
            "plan",
            "report_key",
            "duration_ms",
        ] {
            assert!(json.get(key).is_some(), "{key}");
        }
        assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
    }
}
