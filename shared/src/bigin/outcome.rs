//! What became of one record of a call: one element of the answer's `data` array.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What Bigin did with a record it accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// A new record.
    Inserted,
    /// A change of a record that was there.
    Updated,
    /// A record gone.
    Deleted,
}

/// Why Bigin refused one record; the code is Zoho's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordError {
    /// Zoho's code, such as `DUPLICATE_DATA`.
    pub code: String,
    /// Zoho's message.
    pub message: String,
    /// The field's API name, where the error has one.
    pub field: Option<String>,
    /// What the field wants, where the error says so ("at most 40 characters").
    pub expectation: Option<String>,
    /// The id of the record that already has the value.
    pub duplicate_id: Option<String>,
}

/// The outcome of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordOutcome {
    /// Bigin has it.
    Accepted {
        /// What was done.
        action: Action,
        /// The record's id.
        id: String,
    },
    /// Bigin refused it, for one reason or more. Never empty.
    Refused(Vec<RecordError>),
}

/// Reads one element of `data`. `None` when it is neither a success nor an error that names its code.
pub(super) fn read(element: &Value) -> Option<RecordOutcome> {
    let code = element.get("code")?.as_str()?;
    let details = element.get("details").unwrap_or(&Value::Null);
    if element.get("status").and_then(Value::as_str) == Some("success") || code == "SUCCESS" {
        let id = text(details.get("id")?)?;
        return Some(RecordOutcome::Accepted {
            action: action_of(element),
            id,
        });
    }
    let mut errors = Vec::new();
    flatten(element, &mut errors);
    (!errors.is_empty()).then_some(RecordOutcome::Refused(errors))
}

/// An upsert names its action; insert, update and delete only say so in the message (Bigin developer guide, "Upsert
/// Records", "Insert Records").
fn action_of(element: &Value) -> Action {
    let message = element.get("message").and_then(Value::as_str).unwrap_or_default();
    match element.get("action").and_then(Value::as_str) {
        Some("insert") => Action::Inserted,
        Some("update") => Action::Updated,
        _ if message.contains("deleted") => Action::Deleted,
        _ if message.contains("added") => Action::Inserted,
        _ => Action::Updated,
    }
}

/// Opens `MULTIPLE_OR_MULTI_ERRORS`, in which a `DUPLICATE_DATA` may hide.
fn flatten(element: &Value, into: &mut Vec<RecordError>) {
    let details = element.get("details").unwrap_or(&Value::Null);
    if let Some(inner) = details
        .get("errors")
        .and_then(Value::as_array)
        .filter(|inner| !inner.is_empty())
    {
        for error in inner {
            flatten(error, into);
        }
        return;
    }
    let Some(code) = element.get("code").and_then(Value::as_str) else {
        return;
    };
    into.push(RecordError {
        code: code.to_owned(),
        message: element
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        field: details.get("api_name").and_then(Value::as_str).map(str::to_owned),
        expectation: expectation(details),
        duplicate_id: details
            .pointer("/duplicate_record/id")
            .or_else(|| {
                if code == "DUPLICATE_DATA" {
                    details.get("id")
                } else {
                    None
                }
            })
            .and_then(text),
    });
}

fn expectation(details: &Value) -> Option<String> {
    if let Some(length) = details.get("maximum_length").and_then(Value::as_u64) {
        return Some(format!("at most {length}"));
    }
    if let Some(kind) = details.get("expected_data_type").and_then(Value::as_str) {
        return Some(format!("a value of type {kind}"));
    }
    let values = details.get("supported_values")?.as_array()?;
    let shown: Vec<_> = values.iter().filter_map(Value::as_str).take(20).collect();
    Some(format!("one of: {}", shown.join(", ")))
}

/// Ids come as strings; a number is read from its digits, never through floating point.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_upsert_says_whether_it_inserted_or_updated() {
        let inserted = json!({"code": "SUCCESS", "duplicate_field": null, "action": "insert",
            "details": {"id": "4711000000000000001"}, "message": "record added", "status": "success"});
        let updated = json!({"code": "SUCCESS", "duplicate_field": "Email", "action": "update",
            "details": {"id": "4711000000000000002"}, "message": "record updated", "status": "success"});
        assert_eq!(
            read(&inserted),
            Some(RecordOutcome::Accepted {
                action: Action::Inserted,
                id: "4711000000000000001".into()
            })
        );
        assert_eq!(
            read(&updated),
            Some(RecordOutcome::Accepted {
                action: Action::Updated,
                id: "4711000000000000002".into()
            })
        );
    }

    #[test]
    fn a_message_tells_inserts_updates_and_deletes_apart() {
        for (message, action) in [
            ("record added", Action::Inserted),
            ("record updated", Action::Updated),
            ("record deleted", Action::Deleted),
        ] {
            let element = json!({"code": "SUCCESS", "details": {"id": "1"}, "message": message, "status": "success"});
            assert_eq!(read(&element), Some(RecordOutcome::Accepted { action, id: "1".into() }));
        }
    }

    #[test]
    fn a_duplicate_names_the_record_it_clashes_with() {
        let element = json!({"code": "DUPLICATE_DATA", "message": "duplicate data", "status": "error",
            "details": {"api_name": "Email", "duplicate_record": {"id": "999"}, "json_path": "$.data[0].Email"}});
        let Some(RecordOutcome::Refused(errors)) = read(&element) else {
            panic!("an error was expected")
        };
        assert_eq!(errors[0].duplicate_id.as_deref(), Some("999"));
        assert_eq!(errors[0].field.as_deref(), Some("Email"));
    }

    #[test]
    fn several_errors_in_one_are_opened() {
        let element = json!({"code": "MULTIPLE_OR_MULTI_ERRORS", "message": "", "status": "error", "details": {"errors": [
            {"code": "INVALID_DATA", "details": {"api_name": "First_Name", "maximum_length": 40}, "message": "invalid data"},
            {"code": "MANDATORY_NOT_FOUND", "details": {"api_name": "Last_Name"}, "message": "required field not found"}]}});
        let Some(RecordOutcome::Refused(errors)) = read(&element) else {
            panic!("errors were expected")
        };
        let codes: Vec<_> = errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, ["INVALID_DATA", "MANDATORY_NOT_FOUND"]);
        assert_eq!(errors[0].expectation.as_deref(), Some("at most 40"));
    }

    #[test]
    fn a_success_without_an_id_is_not_believed() {
        assert_eq!(
            read(&json!({"code": "SUCCESS", "details": {}, "status": "success"})),
            None
        );
        assert_eq!(read(&json!("SUCCESS")), None);
    }
}
