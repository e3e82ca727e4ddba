//! The metrics of imports.

use jiff::Timestamp;
use shared::telemetry::{Metric, measure};

use crate::report::{Report, RunStatus};

/// What a slice has done: the difference between the report before it and after it.
pub fn slice(stack: &str, now: Timestamp, before: &Report, after: &Report) {
    let accepted = |report: &Report| report.counts.inserted + report.counts.updated + report.counts.deleted;
    let mut metrics = vec![
        (Metric::RecordsAccepted, accepted(after) - accepted(before)),
        (
            Metric::RecordsUnchanged,
            after.counts.unchanged - before.counts.unchanged,
        ),
        (Metric::RecordsRejected, after.counts.rejected - before.counts.rejected),
        (Metric::RecordsDeferred, after.counts.deferred),
        (
            Metric::RecordsPossiblyDuplicated,
            after.counts.possibly_duplicated - before.counts.possibly_duplicated,
        ),
        (Metric::ApiCalls, after.api_calls - before.api_calls),
        (Metric::ApiCredits, after.credits - before.credits),
        (Metric::Retries, after.retries - before.retries),
    ];
    if let Some(left) = after.credits_left {
        metrics.push((Metric::ApiCreditsLeft, left));
    }
    put(stack, now, &metrics);
}

/// An import has come to an end.
pub fn ended(stack: &str, now: Timestamp, report: &Report) {
    let metric = match report.status {
        RunStatus::Failed | RunStatus::Stopped => Metric::ImportsFailed,
        _ => Metric::ImportsFinished,
    };
    put(stack, now, &[(metric, 1)]);
}

fn put(stack: &str, now: Timestamp, metrics: &[(Metric, u64)]) {
    if !stack.is_empty() {
        measure(stack, now, metrics);
    }
}
