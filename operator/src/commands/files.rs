//! Puts files into the bucket: to be planned, or to be imported.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::error::OperatorError;
use crate::exit_status::ExitStatus;
use crate::progress::Followed;
use crate::runs::Runs;
use crate::screen::Screen;
use crate::stack::Stack;

use super::show;

/// Plans a file and shows the plan.
pub(super) async fn check(
    stack: &Stack,
    screen: &mut Screen,
    file: &Path,
    module: &str,
    mapping: Option<&str>,
) -> Result<ExitStatus, OperatorError> {
    let key = key_of("check", file, module, mapping)?;
    let since = Timestamp::now();
    let version = stack.put_file(&key, file).await?;
    follow(stack, screen, key, version, since).await
}

/// Puts a file into the inbox, and waits for its end where that is asked for.
pub(super) async fn import(
    stack: &Stack,
    screen: &mut Screen,
    file: &Path,
    module: &str,
    mapping: Option<&str>,
    wait: bool,
) -> Result<ExitStatus, OperatorError> {
    let key = key_of("inbox", file, module, mapping)?;
    let since = Timestamp::now();
    let version = stack.put_file(&key, file).await?;
    if wait {
        return follow(stack, screen, key, version, since).await;
    }
    tell_put(screen, &key, version.as_deref())
}

/// Waits for the end of what was put, and shows its report.
pub(super) async fn follow(
    stack: &Stack,
    screen: &mut Screen,
    key: String,
    version: Option<String>,
    since: Timestamp,
) -> Result<ExitStatus, OperatorError> {
    let runs = Runs::of(stack);
    let followed = Followed {
        runs,
        key,
        version,
        since,
    };
    let (value, report) = followed.to_the_end(screen).await?;
    show::tell(screen, &value, &report)
}

/// Says what was put, where nobody waits for it.
pub(super) fn tell_put(screen: &mut Screen, key: &str, version: Option<&str>) -> Result<ExitStatus, OperatorError> {
    if !screen.json(&json!({"key": key, "version": version}))? {
        screen.line(format_args!("put to {key}"))?;
        screen.line("next: bigin-relay runs")?;
    }
    Ok(ExitStatus::Complete)
}

/// Where a file of that name is put.
fn key_of(place: &str, file: &Path, module: &str, mapping: Option<&str>) -> Result<String, OperatorError> {
    let fault = |problem: &str| OperatorError::File {
        path: file.to_owned(),
        problem: problem.to_owned(),
    };
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| fault("has no name that a key can have"))?;
    if module.is_empty()
        || module.contains('/')
        || mapping.is_some_and(|mapping| mapping.is_empty() || mapping.contains('/'))
    {
        return Err(fault(
            "goes to a module and a mapping whose names are not empty and have no slash",
        ));
    }
    let mapping = mapping.map(|mapping| format!("{mapping}/")).unwrap_or_default();
    Ok(format!("{place}/{module}/{mapping}{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_key_has_module_mapping_and_name() {
        let key = |module, mapping| key_of("inbox", Path::new("/tmp/out/customers.csv.gz"), module, mapping);
        assert_eq!(key("Contacts", None).unwrap(), "inbox/Contacts/customers.csv.gz");
        assert_eq!(
            key("Contacts", Some("shop")).unwrap(),
            "inbox/Contacts/shop/customers.csv.gz"
        );
        assert!(key("", None).is_err() && key("a/b", None).is_err() && key("Contacts", Some("a/b")).is_err());
        assert!(key_of("inbox", Path::new("/"), "Contacts", None).is_err());
    }
}
