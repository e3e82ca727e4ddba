//! A run's report, as far as the tool shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// A run's report (docs/reports.md). What the tool does not know is left to `--json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    /// The run.
    pub run_id: String,
    /// The file's key, or the queue.
    #[serde(default)]
    pub source: Option<String>,
    /// The file's version.
    #[serde(default)]
    pub source_version: Option<String>,
    /// The module.
    #[serde(default)]
    pub module: Option<String>,
    /// The mapping.
    #[serde(default)]
    pub mapping: Option<String>,
    /// Where it stands.
    pub status: String,
    /// Why it stands there.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// Rows by outcome.
    #[serde(flatten)]
    pub rows: RowCounts,
    /// Rejected rows by code.
    #[serde(default)]
    pub rejects_by_code: BTreeMap<String, u64>,
    /// What was noticed.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Credits spent.
    #[serde(default)]
    pub credits: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// Where the rejected rows lie.
    #[serde(default)]
    pub rejects_key: Option<String>,
    /// Where each row's outcome lies.
    #[serde(default)]
    pub outcomes_key: Option<String>,
    /// What would be done, or was planned.
    #[serde(default)]
    pub plan: Option<Value>,
}

/// Why a run stands where it stands.
#[derive(Debug, Clone, Deserialize)]
pub struct Reason {
    /// The code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub action: String,
}

/// Rows by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RowCounts {
    /// Read.
    pub read: u64,
    /// New in Bigin.
    pub inserted: u64,
    /// Changed in Bigin.
    pub updated: u64,
    /// Gone from Bigin.
    pub deleted: u64,
    /// Left alone.
    pub unchanged: u64,
    /// Rejected for good.
    pub rejected: u64,
    /// Still to come.
    pub deferred: u64,
}

impl RowCounts {
    /// Rows that have ended.
    pub fn ended(&self) -> u64 {
        self.inserted + self.updated + self.deleted + self.unchanged + self.rejected
    }
}

impl Report {
    /// Whether it is not rewritten any more.
    pub fn is_final(&self) -> bool {
        !matches!(self.status.as_str(), "running" | "paused")
    }

    /// How many rows the plan counted.
    pub fn planned_rows(&self) -> Option<u64> {
        self.plan.as_ref()?.get("rows")?.as_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_with_keys_that_are_not_known_is_read_and_what_is_absent_is_none() {
        let report: Report = serde_json::from_value(json!({
            "version": 1, "run_id": "20261130T093000-1a2b3c4d", "status": "running", "read": 10, "inserted": 3, "rejected": 2,
            "started_at": "2026-11-30T09:30:00Z", "something_new": {"a": 1}, "plan": {"rows": 40},
        }))
        .unwrap();
        assert_eq!(
            (report.rows.ended(), report.planned_rows(), report.is_final()),
            (5, Some(40), false)
        );
        assert!(report.module.is_none() && report.reason.is_none());
    }
}
