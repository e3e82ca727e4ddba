//! Sends messages.

use std::io::{self, Read};
use std::path::Path;

use serde_json::{Value, json};

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::screen::Screen;
use crate::stack::{MOST_MESSAGES_A_CALL, Stack};

/// Sends each line as a message. All lines are looked at before the first is sent.
pub(super) async fn send(stack: &Stack, screen: &mut Screen, file: &Path) -> Result<ExitStatus, OperatorError> {
    let text = read(file)?;
    let messages = messages(file, &text)?;
    let mut refused = 0;
    for call in messages.chunks(MOST_MESSAGES_A_CALL) {
        refused += stack.send(call).await?;
    }
    let sent = messages.len() - refused;
    if !screen.json(&json!({"sent": sent, "refused": refused}))? {
        screen.line(format_args!("{sent} messages sent, {refused} refused by the queue"))?;
        screen.line("next: bigin-relay queue")?;
    }
    Ok(if refused == 0 {
        ExitStatus::Complete
    } else {
        ExitStatus::Partial
    })
}

/// Brings dead letters back: as many as there are when it begins, since one that fails again comes here again.
pub(super) async fn bring_back(stack: &Stack, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    let found = stack.count_dead_letters().await?;
    let mut brought = 0;
    let ended = bring_some_back(stack, found, &mut brought).await;
    let left = match &ended {
        Ok(()) if brought < found => stack.count_dead_letters().await?,
        _ => 0,
    };
    if !screen.json(&json!({"found": found, "brought_back": brought, "left": left}))? {
        screen.line(format_args!("{brought} dead letters brought back"))?;
        if left > 0 {
            screen.line(format_args!("{left} are left, perhaps out of sight for a minute"))?;
            screen.line("next: bigin-relay queue --redrive")?;
        } else if ended.is_ok() {
            screen.line("next: bigin-relay queue")?;
        }
    }
    ended?;
    Ok(if left > 0 {
        ExitStatus::Partial
    } else {
        ExitStatus::Complete
    })
}

/// Counts each that was brought, so that it is known when the next one fails.
async fn bring_some_back(stack: &Stack, most: u64, brought: &mut u64) -> Result<(), OperatorError> {
    while *brought < most {
        let letters = stack.take_dead_letters().await?;
        if letters.is_empty() {
            break;
        }
        for letter in letters {
            stack.bring_back(&letter).await?;
            *brought += 1;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<String, OperatorError> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|error| OperatorError::File {
        path: file.to_owned(),
        problem: format!("cannot be read: {error}"),
    })
}

fn messages<'t>(file: &Path, text: &'t str) -> Result<Vec<&'t str>, OperatorError> {
    let mut messages = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let is_message = serde_json::from_str::<Value>(line).is_ok_and(|value| value.get("module").is_some());
        if !is_message {
            return Err(OperatorError::File {
                path: file.to_owned(),
                problem: format!(
                    "line {} is no message, one JSON object with \"module\" in a line; nothing was sent",
                    number + 1
                ),
            });
        }
        messages.push(line);
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_of_a_file_with_a_line_that_is_no_message() {
        let good = r#"{"module": "Contacts", "record": {"Last_Name": "Rao"}}"#;
        let read = |text: &str| messages(Path::new("m.ndjson"), text).map(|found| found.len());
        assert_eq!(read(&format!("\u{feff}{good}\r\n\n{good}\n")).unwrap(), 2);
        let error = read(&format!("{good}\n[1]\n{good}")).unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains("nothing was sent"),
            "{error}"
        );
        assert!(read("{\"module\": \"Contacts\"").is_err(), "cut off");
    }
}
