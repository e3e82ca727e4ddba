//! Shows one run's report.

use serde_json::Value;

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::report::Report;
use crate::runs::Runs;
use crate::screen::{Screen, grouped};
use crate::stack::Stack;

/// Finds the report and shows it.
pub(super) async fn run(stack: &Stack, screen: &mut Screen, run: &str) -> Result<ExitStatus, OperatorError> {
    let runs = Runs::of(stack);
    let (value, report) = runs.read(&runs.find(run).await?).await?;
    tell(screen, &value, &report)
}

/// Shows a report; ends with what it says.
pub(super) fn tell(screen: &mut Screen, value: &Value, report: &Report) -> Result<ExitStatus, OperatorError> {
    let status = ExitStatus::of_report(&report.status);
    if screen.json(value)? {
        return Ok(status);
    }
    screen.entry("run", &report.run_id)?;
    screen.entry("source", report.source.as_deref().unwrap_or("-"))?;
    let mapping = report
        .mapping
        .as_deref()
        .map(|mapping| format!(", mapping {mapping}"))
        .unwrap_or_default();
    screen.entry(
        "module",
        format_args!("{}{mapping}", report.module.as_deref().unwrap_or("-")),
    )?;
    screen.entry("status", &report.status)?;
    if let Some(reason) = &report.reason {
        screen.entry("reason", format_args!("{}: {}", reason.code, reason.message))?;
        screen.entry("to do", &reason.action)?;
    }
    if report.status == "planned" {
        show_plan(screen, report.plan.as_ref().unwrap_or(&Value::Null))?;
    } else {
        let rows = &report.rows;
        for (name, number) in [
            ("read", rows.read),
            ("inserted", rows.inserted),
            ("updated", rows.updated),
            ("deleted", rows.deleted),
            ("unchanged", rows.unchanged),
            ("rejected", rows.rejected),
            ("deferred", rows.deferred),
        ] {
            if number > 0 || name == "read" {
                screen.entry(name, grouped(number))?;
            }
        }
        screen.entry("credits", grouped(report.credits))?;
        for (code, number) in &report.rejects_by_code {
            screen.entry("", format_args!("{} {code}", grouped(*number)))?;
        }
    }
    for warning in &report.warnings {
        screen.entry("warning", warning)?;
    }
    if report.rejects_key.is_some() {
        screen.line(format_args!("next: bigin-relay rejects {}", report.run_id))?;
    }
    Ok(status)
}

fn show_plan(screen: &mut Screen, plan: &Value) -> Result<(), OperatorError> {
    for name in ["rows", "to_send", "rejected", "calls", "credits", "credits_left"] {
        if let Some(number) = plan[name].as_u64() {
            screen.entry(&name.replace('_', " "), grouped(number))?;
        }
    }
    for (code, number) in plan["rejects_by_code"].as_object().into_iter().flatten() {
        screen.entry("", format_args!("{number} {code}"))?;
    }
    for example in plan["examples"].as_array().into_iter().flatten() {
        let part = |name: &str| example[name].as_str().unwrap_or("-");
        screen.entry(
            "",
            format_args!(
                "line {}: {} {}: {}",
                example["line"],
                part("code"),
                part("field"),
                part("message")
            ),
        )?;
    }
    Ok(())
}
