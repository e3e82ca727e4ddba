//! A run's rejected rows: by reason, saved to be mended, and put back.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::report::Report;
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

/// The ending of the rejects' file, which says how its rows are written.
fn ending(key: &str) -> &str {
    let file = key.rsplit('/').next().unwrap_or(key);
    let whole = file.strip_suffix(".gz").unwrap_or(file);
    whole.rfind('.').map_or("", |dot| &file[dot..])
}

/// Rejected rows as maps of column to text; of a CSV file or of JSON lines.
pub(super) fn rows(key: &str, text: &str) -> Result<Vec<BTreeMap<String, String>>, OperatorError> {
    let unreadable = |problem: String| OperatorError::Unreadable {
        what: key.to_owned(),
        problem,
    };
    if ending(key).starts_with(".ndjson") || ending(key).starts_with(".json") {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        return lines
            .map(|line| {
                let object: BTreeMap<String, Value> =
                    serde_json::from_str(line).map_err(|error| unreadable(error.to_string()))?;
                let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Ok(object.into_iter().map(|(name, value)| (name, text(value))).collect())
            })
            .collect();
    }
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t', b'|']
        .into_iter()
        .find(|&byte| first.starts_with(&format!("_line{}", char::from(byte))));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| unreadable(error.to_string()))?.clone();
    reader
        .records()
        .map(|row| {
            let row = row.map_err(|error| unreadable(error.to_string()))?;
            Ok(header
                .iter()
                .map(str::to_owned)
                .zip(row.iter().map(str::to_owned))
                .collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_rows_are_read_in_every_form_that_rejects_are_written_in() {
        for (key, text) in [
            (
                "rejects/Contacts/d/a.r.csv",
                "_line,_code,Last Name\n17,INVALID_EMAIL,\"Rao, Ann\"\n",
            ),
            (
                "rejects/Contacts/d/a.r.csv",
                "_line;_code;Last Name\n17;INVALID_EMAIL;Rao, Ann\n",
            ),
            (
                "rejects/Contacts/d/a.r.tsv",
                "_line\t_code\tLast Name\n17\tINVALID_EMAIL\tRao, Ann\n",
            ),
            (
                "rejects/_queue/d/r.ndjson",
                "{\"_line\": 17, \"_code\": \"INVALID_EMAIL\", \"Last Name\": \"Rao, Ann\"}\n",
            ),
        ] {
            let rows = rows(key, text).unwrap();
            assert_eq!(
                (rows.len(), rows[0]["_line"].as_str(), rows[0]["Last Name"].as_str()),
                (1, "17", "Rao, Ann"),
                "{text}"
            );
        }
        assert_eq!(ending("rejects/Contacts/d/a.r.csv.gz"), ".csv.gz");
        assert_eq!(ending("rejects/Contacts/d/a.r.ndjson"), ".ndjson");
    }
}
