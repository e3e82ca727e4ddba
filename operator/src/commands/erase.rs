//! Erases one person's data from the bucket.

use serde_json::{Value, json};

use crate::erasure::{Erasure, Sighting, Step};
use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::screen::Screen;
use crate::stack::Stack;

/// A shorter text is in many people's records.
const SHORTEST: usize = 5;
const HEADER: [&str; 4] = ["TO DO", "KEY", "VERSION", "IS"];
/// What the tool does not do.
const BESIDE: &str = "beside the bucket: stop the source; delete the record in Bigin and empty its recycle bin; look into the dead-letter \
                      queues (docs/RUNBOOK.md, \"Erase one person's data\")";

/// Shows what would be erased; with `confirm`, the same text once more, erases it.
pub(super) async fn run(
    stack: &Stack,
    screen: &mut Screen,
    text: &str,
    confirm: Option<&str>,
) -> Result<ExitStatus, OperatorError> {
    if text.chars().count() < SHORTEST {
        return Err(OperatorError::NotConfirmed(format!(
            "a text of less than {SHORTEST} characters is in many people's records\nto do: name an e-mail address, or an id"
        )));
    }
    if confirm.is_some_and(|confirm| confirm != text) {
        return Err(OperatorError::NotConfirmed("--confirm names somebody else".to_owned()));
    }
    if confirm.is_some() {
        nothing_is_under_way(stack).await?;
    }
    let erasure = Erasure::of(stack, text);
    let sightings = erasure.sightings().await?;
    let mut erased = 0;
    let mut ended = Ok(());
    if confirm.is_some() {
        for sighting in sightings.iter().filter(|sighting| is_erased(sighting)) {
            ended = erasure.erase(sighting).await;
            if ended.is_err() {
                break;
            }
            erased += 1;
        }
    }
    let left = sightings.len() - erased;
    show(screen, &sightings, erased, left)?;
    ended?;
    if confirm.is_none() && sightings.iter().any(is_erased) {
        return Err(OperatorError::NotConfirmed(format!(
            "to erase, type `bigin-relay erase {text} --confirm {text}`"
        )));
    }
    Ok(if left > 0 {
        ExitStatus::Partial
    } else {
        ExitStatus::Complete
    })
}

/// A file that is taken away while it is imported is imported no further, other people's rows with it.
async fn nothing_is_under_way(stack: &Stack) -> Result<(), OperatorError> {
    let status = stack.invoke("revoke", &json!({"action": "status"})).await?;
    let mut runs = status["reports"].as_array().into_iter().flatten();
    let under_way = runs.find(|run| matches!(run["status"].as_str(), Some("running" | "paused")));
    under_way.map_or(Ok(()), |run| {
        Err(OperatorError::NotConfirmed(format!(
            "run {} is under way\nto do: wait until it has ended (`bigin-relay runs`)",
            run["run_id"].as_str().unwrap_or("of an import")
        )))
    })
}

fn is_erased(sighting: &Sighting) -> bool {
    matches!(sighting.step, Step::Delete | Step::Rewrite)
}

fn show(screen: &mut Screen, sightings: &[Sighting], erased: usize, left: usize) -> Result<(), OperatorError> {
    let found: Vec<Value> = sightings
        .iter()
        .map(|Sighting { version, step }| {
            json!({"key": version.key, "version": version.id, "is_latest": version.is_latest, "to_do": step.as_str()})
        })
        .collect();
    if screen.json(&json!({"found": found, "erased": erased, "left": left}))? {
        return Ok(());
    }
    let rows = sightings.iter().map(|Sighting { version, step }| {
        let is = if version.is_latest {
            "the present one"
        } else {
            "an old one"
        };
        [step.as_str(), &version.key, &version.id, is]
            .map(str::to_owned)
            .to_vec()
    });
    if !sightings.is_empty() {
        screen.table(&HEADER, rows.collect())?;
    }
    screen.line(format_args!(
        "{} versions found, {erased} erased, {left} left",
        sightings.len()
    ))?;
    let has = |step: Step| sightings.iter().any(|sighting| sighting.step == step);
    if has(Step::Wait) {
        screen.line("wait: it is on its way, with other people's records; once that has ended, erase again")?;
    }
    if has(Step::Look) {
        screen.line(
            "look: it could not be looked through (a ZIP archive, damaged, archived, or not to be read); look yourself",
        )?;
    }
    screen.line(BESIDE)?;
    Ok(())
}
