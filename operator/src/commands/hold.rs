//! Pause, resume, a held module, revoke, refresh.

use serde_json::{Value, json};

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::screen::Screen;
use crate::stack::Stack;

/// Sends nothing until it is resumed.
pub(super) async fn pause(
    stack: &Stack,
    screen: &mut Screen,
    reason: Option<&str>,
) -> Result<ExitStatus, OperatorError> {
    let answer = stack
        .invoke("revoke", &json!({"action": "pause", "reason": reason}))
        .await?;
    tell(screen, &answer, "bigin-relay resume")
}

/// Sends again.
pub(super) async fn resume(stack: &Stack, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    let answer = stack.invoke("revoke", &json!({"action": "resume"})).await?;
    tell(screen, &answer, "bigin-relay status")
}

/// Decides a held module.
pub(super) async fn held(
    stack: &Stack,
    screen: &mut Screen,
    module: &str,
    reject: bool,
) -> Result<ExitStatus, OperatorError> {
    let action = if reject { "reject_held" } else { "retry_held" };
    let answer = stack
        .invoke("revoke", &json!({"action": action, "module": module}))
        .await?;
    tell(screen, &answer, "bigin-relay status")
}

/// Cuts the access off, once the organisation's id was typed; says what would be done without it.
pub(super) async fn revoke(
    stack: &Stack,
    screen: &mut Screen,
    confirm: Option<&str>,
    reason: Option<&str>,
) -> Result<ExitStatus, OperatorError> {
    if let Some(id) = confirm {
        let answer = stack
            .invoke("revoke", &json!({"action": "revoke", "confirm": id, "reason": reason}))
            .await?;
        return tell(screen, &answer, "bigin-relay authorize self_client.json");
    }
    let status = stack.invoke("revoke", &json!({"action": "status"})).await?;
    let authorization = &status["authorization"];
    let id = authorization["org_id"].as_str().or(authorization["client_id"].as_str());
    let Some(id) = id else {
        return Err(OperatorError::Nothing("there is no authorization to revoke".to_owned()));
    };
    let plan = stack
        .invoke("revoke", &json!({"action": "revoke", "confirm": id, "dry_run": true}))
        .await?;
    if !screen.json(&plan)? {
        show(screen, &plan)?;
    }
    Err(OperatorError::NotConfirmed(format!(
        "to revoke, type `bigin-relay revoke --confirm {id}`"
    )))
}

/// Asks for a fresh token, as the schedule does.
pub(super) async fn refresh(stack: &Stack, screen: &mut Screen) -> Result<ExitStatus, OperatorError> {
    let answer = stack.invoke("refresh", &json!({})).await?;
    tell(screen, &answer, "bigin-relay status")
}

fn tell(screen: &mut Screen, answer: &Value, next: &str) -> Result<ExitStatus, OperatorError> {
    if !screen.json(answer)? {
        show(screen, answer)?;
        screen.line(format_args!("next: {next}"))?;
    }
    Ok(ExitStatus::Complete)
}

/// The answer's entries that say something, a line each.
fn show(screen: &mut Screen, answer: &Value) -> Result<(), OperatorError> {
    for (name, value) in answer.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::Array(list) if list.is_empty() => {}
            Value::String(text) => screen.entry(name, text)?,
            other => screen.entry(name, other)?,
        }
    }
    Ok(())
}
