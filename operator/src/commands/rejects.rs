//! A run's rejected rows: by reason, saved to be mended, and put back.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::report::Report;
use crate::rows::ending;
use crate::runs::Runs;
use crate::screen::{Screen, grouped};
use crate::stack::Stack;

use super::files;

/// Shows the rejected rows by code, and saves them where that is asked for.
pub(super) async fn show(
    stack: &Stack,
    screen: &mut Screen,
    run: &str,
    save: Option<&Path>,
) -> Result<ExitStatus, OperatorError> {
    let runs = Runs::of(stack);
    let (_, report) = runs.read(&runs.find(run).await?).await?;
    let key = key_of(&report)?;
    let bytes = stack.get(key).await?;
    if let Some(path) = save {
        tokio::fs::write(path, &bytes)
            .await
            .map_err(|error| OperatorError::File {
                path: path.to_owned(),
                problem: format!("cannot be written: {error}"),
            })?;
    }
    let by_code = &report.rejects_by_code;
    if screen.json(&json!({"run_id": report.run_id, "rejects_key": key, "rejects_by_code": by_code, "saved": save}))? {
        return Ok(ExitStatus::Complete);
    }
    let rows = by_code
        .iter()
        .map(|(code, number)| vec![code.clone(), grouped(*number)]);
    screen.table(&["CODE", "ROWS"], rows.collect())?;
    match save {
        Some(path) => {
            screen.line(format_args!("\nsaved to {}", path.display()))?;
            screen.line(format_args!(
                "next: mend it, then bigin-relay retry {} --file {}",
                report.run_id,
                path.display()
            ))?;
        }
        None => screen.line(format_args!(
            "\nnext: bigin-relay rejects {} --save rejects{}",
            report.run_id,
            ending(key)
        ))?,
    }
    Ok(ExitStatus::Complete)
}

/// Puts the rows back, mended or as they are.
pub(super) async fn retry(
    stack: &Stack,
    screen: &mut Screen,
    run: &str,
    file: Option<&Path>,
    wait: bool,
) -> Result<ExitStatus, OperatorError> {
    let runs = Runs::of(stack);
    let (_, report) = runs.read(&runs.find(run).await?).await?;
    let rejects = key_of(&report)?.to_owned();
    let module = report.module.as_deref().ok_or_else(|| {
        OperatorError::Nothing(format!(
            "the rejects of {run} are of several modules: save them, and send each module's by itself"
        ))
    })?;
    let mapping = report
        .mapping
        .as_deref()
        .map(|mapping| format!("{mapping}/"))
        .unwrap_or_default();
    let name = rejects.rsplit('/').next().unwrap_or(&rejects);
    let key = format!("inbox/{module}/{mapping}{name}");
    let since = Timestamp::now();
    let version = match file {
        Some(path) => stack.put_file(&key, path).await?,
        None => stack.put_bytes(&key, stack.get(&rejects).await?).await?,
    };
    if wait {
        return files::follow(stack, screen, key, version, since).await;
    }
    files::tell_put(screen, &key, version.as_deref())
}

fn key_of(report: &Report) -> Result<&str, OperatorError> {
    let nothing = || OperatorError::Nothing(format!("no row of {} was rejected", report.run_id));
    report.rejects_key.as_deref().ok_or_else(nothing)
}
