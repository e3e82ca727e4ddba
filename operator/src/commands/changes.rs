//! Shows what has changed in Bigin, as pull brought it out.

use std::pin::pin;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::changes::Changes;
use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::screen::Screen;
use crate::stack::Stack;

/// How long it waits before it looks for more.
const ANEW: Duration = Duration::from_secs(5);
const HEADER: [&str; 7] = ["CHANGED AT", "OP", "MODULE", "RECORD", "BY", "ORIGIN", "VIA"];

/// The newest changes; with `tail` also those that come, until Ctrl-C. As JSON, one document a change.
pub(super) async fn run(
    stack: &Stack,
    screen: &mut Screen,
    module: Option<&str>,
    most: usize,
    tail: bool,
) -> Result<ExitStatus, OperatorError> {
    let mut changes = Changes::of(stack, module);
    let newest = changes.newest(most).await?;
    if newest.is_empty() && !tail {
        return Err(OperatorError::Nothing(nothing(module)));
    }
    if screen.is_json() {
        tell(screen, &newest)?;
    } else if !newest.is_empty() {
        screen.table(&HEADER, newest.iter().map(row).collect())?;
    }
    if tail {
        follow(screen, &mut changes).await?;
    }
    Ok(ExitStatus::Complete)
}

async fn follow(screen: &mut Screen, changes: &mut Changes<'_>) -> Result<(), OperatorError> {
    // One future throughout: a Ctrl-C that comes while something is read is not lost.
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            () = sleep(ANEW) => {}
            _ = &mut interrupted => return Ok(()),
        }
        for part in changes.new_parts().await? {
            tell(screen, &changes.lines(&part).await?)?;
        }
    }
}

fn tell(screen: &mut Screen, changes: &[Value]) -> Result<(), OperatorError> {
    for change in changes {
        if !screen.json(change)? {
            screen.line(row(change).join("  "))?;
        }
    }
    Ok(())
}

/// No values: those are in the JSON.
fn row(change: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let named = |name: &str| text(&change[name]);
    vec![
        named("changed_at"),
        named("op"),
        named("module"),
        named("record_id"),
        text(&change["changed_by"]["name"]),
        named("origin"),
        named("via"),
    ]
}

fn nothing(module: Option<&str>) -> String {
    let of = module.map(|module| format!(" of {module}")).unwrap_or_default();
    format!(
        "no changes{of} have come out yet\nto do: name the modules in the stack's parameter PullModules (by their API names), or wait \
         for the next run (PullSchedule)"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_one_row_without_the_records_values() {
        let change = json!({"changed_at": "2026-11-27T09:00:00Z", "op": "upsert", "module": "Contacts", "record_id": "1",
            "changed_by": {"id": "2", "name": "Ann"}, "origin": "bigin", "via": "poll", "record": {"Last_Name": "Rao"}});
        assert_eq!(
            row(&change),
            [
                "2026-11-27T09:00:00Z",
                "upsert",
                "Contacts",
                "1",
                "Ann",
                "bigin",
                "poll"
            ]
        );
        let delete = json!({"op": "delete", "changed_by": null});
        assert_eq!(row(&delete)[4], "-");
        assert_eq!(row(&delete).len(), HEADER.len());
    }
}
