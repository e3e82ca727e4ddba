//! Hands the self client file over.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::screen::Screen;
use crate::stack::Stack;

/// Authorizes with the file, or verifies what is stored where there is none. The file holds a secret: once the relay has
/// taken it, it is removed.
pub(super) async fn run(
    stack: &Stack,
    screen: &mut Screen,
    file: Option<&Path>,
    data_center: Option<&str>,
    change_org: bool,
    keep: bool,
) -> Result<ExitStatus, OperatorError> {
    let mut order = match file {
        Some(path) => read(path)?,
        None => json!({"verify": true}),
    };
    if let Some(name) = data_center {
        order["data_center"] = json!(name);
    }
    if change_org {
        order["change_org"] = json!(true);
    }
    let answer = stack.invoke("authorize", &order).await?;
    let kept = file.filter(|_| !keep).map(fs::remove_file).and_then(Result::err);
    if screen.json(&answer)? {
        return Ok(ExitStatus::Complete);
    }
    let text = |name: &str| answer[name].as_str().unwrap_or("-");
    screen.line(format_args!(
        "authorized for {} ({}) as {}, data centre {}",
        text("org_name"),
        text("org_id"),
        text("user_email"),
        text("data_center")
    ))?;
    screen.entry("token before", text("previous"))?;
    for missing in answer["scopes"]["missing"].as_array().into_iter().flatten() {
        screen.entry(
            "missing scope",
            format_args!(
                "{}: {}",
                missing["scope"].as_str().unwrap_or("-"),
                needed(&missing["needed_for"])
            ),
        )?;
    }
    for warning in answer["warnings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        screen.entry("warning", warning)?;
    }
    if let (Some(error), Some(path)) = (kept, file) {
        screen.entry(
            "warning",
            format_args!(
                "{} holds a secret and could not be removed ({error}): remove it",
                path.display()
            ),
        )?;
    }
    Ok(ExitStatus::Complete)
}

fn read(path: &Path) -> Result<Value, OperatorError> {
    let fault = |problem: String| OperatorError::File {
        path: path.to_owned(),
        problem,
    };
    let text = fs::read_to_string(path).map_err(|error| fault(format!("cannot be read: {error}")))?;
    let order: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|_| {
        fault("is no JSON: download it again in the API console, under Self Client, Generate Code".to_owned())
    })?;
    if order.get("code").is_none() || order.get("client_secret").is_none() {
        return Err(fault(
            "has no code or no client_secret: download it in the API console, under Self Client, Generate Code"
                .to_owned(),
        ));
    }
    Ok(order)
}

fn needed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_self_client_is_refused_without_its_content() {
        let folder = std::env::temp_dir().join(format!("bigin-relay-authorize-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("self_client.json");
        for (content, says) in [
            ("hidden-1000.abc", "is no JSON"),
            (r#"{"client_id": "hidden-1000.abc"}"#, "has no code"),
        ] {
            fs::write(&path, content).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("hidden"), "{error}");
        }
        fs::write(&path, "\u{feff}{\"code\": \"c\", \"client_secret\": \"s\"}").unwrap();
        assert_eq!(read(&path).unwrap()["code"], "c");
        fs::remove_dir_all(&folder).unwrap();
    }
}
