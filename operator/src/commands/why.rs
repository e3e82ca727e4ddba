//! One row's story.

use serde_json::json;

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::rows::{Row, Rows};
use crate::runs::Runs;
use crate::screen::Screen;
use crate::stack::Stack;

/// Looks a row up in the outcomes and in the rejects, by its line, by the record's id or by the message's.
pub(super) async fn run(stack: &Stack, screen: &mut Screen, run: &str, row: &str) -> Result<ExitStatus, OperatorError> {
    let runs = Runs::of(stack);
    let (_, report) = runs.read(&runs.find(run).await?).await?;
    let mut outcome = None;
    if let Some(key) = &report.outcomes_key {
        let found = Rows::of(key, &stack.get(key).await?).find(|found| is_asked_for(found, row))?;
        outcome = found.into_iter().next();
    }
    let mut rejected = Vec::new();
    if let Some(key) = &report.rejects_key {
        rejected = Rows::of(key, &stack.get(key).await?).find(|found| is_asked_for(found, row))?;
    }
    if outcome.is_none() && rejected.is_empty() {
        let going = if report.is_final() {
            ""
        } else {
            "; the run goes on, and its files are written at the end"
        };
        return Err(OperatorError::Nothing(format!("{run} says nothing of {row}{going}")));
    }
    if screen.json(&json!({"run_id": run, "outcome": outcome, "rejects": rejected}))? {
        return Ok(ExitStatus::Complete);
    }
    for (name, value) in outcome.into_iter().flatten() {
        screen.entry(name.trim_start_matches('_'), value)?;
    }
    for row in rejected {
        for name in [
            "_line",
            "_message_id",
            "_code",
            "_field",
            "_message",
            "_record_id",
            "_origin",
        ] {
            if let Some(value) = row.get(name).filter(|value| !value.is_empty()) {
                screen.entry(name.trim_start_matches('_'), value)?;
            }
        }
    }
    Ok(ExitStatus::Complete)
}

fn is_asked_for(found: &Row, row: &str) -> bool {
    ["_line", "id", "_record_id", "_message_id"]
        .iter()
        .any(|name| found.get(*name).is_some_and(|value| value == row))
}
