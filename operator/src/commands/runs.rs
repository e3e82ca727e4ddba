//! Lists runs.

use jiff::Timestamp;
use serde_json::Value;

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::runs::Runs;
use crate::screen::{Screen, from_now, grouped};
use crate::stack::Stack;

/// The newest runs of the last days.
pub(super) async fn run(
    stack: &Stack,
    screen: &mut Screen,
    days: u8,
    most: usize,
) -> Result<ExitStatus, OperatorError> {
    let (runs, now) = (Runs::of(stack), Timestamp::now());
    let mut reports = Vec::new();
    for key in runs.newest(days, most, now).await? {
        reports.push(runs.read(&key).await?);
    }
    if screen.is_json() {
        screen.json(&Value::Array(reports.into_iter().map(|(value, _)| value).collect()))?;
        return Ok(ExitStatus::Complete);
    }
    let rows = reports.into_iter().map(|(_, report)| {
        let begun = from_now(report.started_at, now);
        let numbers = [report.rows.read, report.rows.ended(), report.rows.rejected].map(grouped);
        let head = vec![report.run_id, report.module.unwrap_or_default(), report.status];
        [head, numbers.to_vec(), vec![begun, report.source.unwrap_or_default()]].concat()
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        screen.line(format_args!("no runs in {days} days"))?;
        screen.line("next: bigin-relay import FILE MODULE --wait, or --days for older ones")?;
        return Ok(ExitStatus::Complete);
    }
    screen.table(
        &[
            "RUN", "MODULE", "STATUS", "READ", "ENDED", "REJECTED", "BEGAN", "SOURCE",
        ],
        rows,
    )?;
    Ok(ExitStatus::Complete)
}
