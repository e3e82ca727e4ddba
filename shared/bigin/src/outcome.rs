//! What became of one record of a call: one element of the answer's `data` array.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Operation;
use super::lenient::{List, Object, Text};
use super::plain_words::{UNNAMED_ERROR, code_of};

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

impl Action {
    /// The word for it, in reports and outcomes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inserted => "inserted",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
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

/// The code of a result that cannot be read: the record may or may not have been written.
pub const UNREADABLE_RESULT: &str = "UNREADABLE_RESULT";

/// The outcome of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordOutcome {
    /// Bigin has it.
    Accepted {
        /// What was done.
        action: Action,
        /// The record's id.
        id: String,
        /// Its `Modified_Time` since, where the answer says so: a delete's does not.
        modified_at: Option<Timestamp>,
    },
    /// Bigin refused it, for one reason or more. Never empty.
    Refused(Vec<RecordError>),
}

impl RecordOutcome {
    /// A refusal that is not Bigin's but follows from what was sent or answered.
    pub(super) fn refused(code: &str, message: &str, field: Option<&str>) -> Self {
        Self::Refused(vec![RecordError {
            code: code.to_owned(),
            message: message.to_owned(),
            field: field.map(str::to_owned),
            expectation: None,
            duplicate_id: None,
        }])
    }

    pub(super) fn unreadable() -> Self {
        Self::refused(
            UNREADABLE_RESULT,
            "Bigin's result for this record is neither a success nor an error",
            None,
        )
    }

    /// Whether nobody can tell from the result if the record was written: it is to be tried again like one whose
    /// call got no answer.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Refused(errors) if errors.iter().any(|error| error.code == UNREADABLE_RESULT))
    }

    /// The code and message where the record was refused for one reason.
    pub(super) fn only_error(&self) -> Option<(&str, &str)> {
        match self {
            Self::Refused(errors) => match errors.as_slice() {
                [only] => Some((&only.code, &only.message)),
                _ => None,
            },
            Self::Accepted { .. } => None,
        }
    }
}

/// One element of `data`. What has an unexpected type counts as absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Element<'a> {
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    action: Text<'a>,
    #[serde(borrow)]
    details: Object<Details<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    api_name: Text<'a>,
    #[serde(borrow)]
    maximum_length: Text<'a>,
    #[serde(borrow)]
    expected_data_type: Text<'a>,
    #[serde(borrow)]
    supported_values: List<Text<'a>>,
    #[serde(borrow)]
    duplicate_record: Object<Existing<'a>>,
    #[serde(borrow)]
    errors: List<Object<Element<'a>>>,
    #[serde(rename = "Modified_Time", borrow)]
    modified_time: Text<'a>,
    #[serde(rename = "Modified_By", borrow)]
    modified_by: Object<Existing<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Existing<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}

impl Element<'_> {
    /// The outcome it tells. `sent_id`: the id that an update or a delete named.
    pub(super) fn outcome(&self, operation: Operation, sent_id: Option<&str>) -> RecordOutcome {
        let details = &self.details.0;
        if self.is_success() {
            return match details.id.get().or(sent_id) {
                Some(id) => RecordOutcome::Accepted {
                    action: self.action(operation),
                    id: id.to_owned(),
                    modified_at: details.modified_time.get().and_then(|text| text.parse().ok()),
                },
                None => RecordOutcome::unreadable(),
            };
        }
        let mut errors = Vec::new();
        self.flatten(&mut errors);
        if errors.is_empty() {
            RecordOutcome::unreadable()
        } else {
            RecordOutcome::Refused(errors)
        }
    }

    /// The id it speaks of.
    pub(super) fn id(&self) -> Option<&str> {
        self.details.0.id.get()
    }

    /// The user it was written in the name of.
    pub(super) fn written_by(&self) -> Option<&str> {
        self.details.0.modified_by.0.id.get()
    }

    fn is_success(&self) -> bool {
        match self.status.get() {
            Some(status) => status == "success",
            None => self.code.get() == Some("SUCCESS"),
        }
    }

    /// Only an upsert can do one of two things; it names which (Bigin developer guide, "Upsert Records").
    fn action(&self, operation: Operation) -> Action {
        match (operation, self.action.get()) {
            (Operation::Delete, _) => Action::Deleted,
            (Operation::Insert, _) | (Operation::Upsert, Some("insert")) => Action::Inserted,
            (Operation::Upsert, None) if self.message.get().is_some_and(|text| text.contains("added")) => {
                Action::Inserted
            }
            (Operation::Update | Operation::Upsert, _) => Action::Updated,
        }
    }

    /// Opens `MULTIPLE_OR_MULTI_ERRORS`, in which a `DUPLICATE_DATA` may hide.
    fn flatten(&self, into: &mut Vec<RecordError>) {
        let details = &self.details.0;
        if !details.errors.0.is_empty() {
            details.errors.0.iter().for_each(|Object(inner)| inner.flatten(into));
            return;
        }
        let code = match (self.code.get(), self.status.get()) {
            (Some(code), _) => code,
            (None, Some("error")) => UNNAMED_ERROR,
            (None, _) => return,
        };
        // DUPLICATE_DATA names the other record in duplicate_record, sometimes in id as well and sometimes there alone.
        let other = details.duplicate_record.0.id.get();
        into.push(RecordError {
            code: code_of(code).to_owned(),
            message: self.message.owned().unwrap_or_default(),
            field: details.api_name.owned(),
            expectation: details.expectation(),
            duplicate_id: other
                .or(details.id.get().filter(|_| code == "DUPLICATE_DATA"))
                .map(str::to_owned),
        });
    }
}

impl Details<'_> {
    fn expectation(&self) -> Option<String> {
        if let Some(length) = self.maximum_length.get() {
            return Some(format!("at most {length}"));
        }
        if let Some(kind) = self.expected_data_type.get() {
            return Some(format!("a value of type {kind}"));
        }
        let shown: Vec<_> = self.supported_values.0.iter().filter_map(Text::get).take(20).collect();
        (!shown.is_empty()).then(|| format!("one of: {}", shown.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_as(operation: Operation, element: &serde_json::Value) -> RecordOutcome {
        let text = element.to_string();
        let Object(element) = serde_json::from_str::<Object<Element<'_>>>(&text).unwrap();
        element.outcome(operation, None)
    }

    fn read(element: &serde_json::Value) -> RecordOutcome {
        read_as(Operation::Upsert, element)
    }

    fn accepted(action: Action, id: &str) -> RecordOutcome {
        RecordOutcome::Accepted {
            action,
            id: id.to_owned(),
            modified_at: None,
        }
    }

    #[test]
    fn an_upsert_says_whether_it_inserted_or_updated() {
        let inserted = json!({"code": "SUCCESS", "duplicate_field": null, "action": "insert",
            "details": {"id": "4711000000000000001"}, "message": "record added", "status": "success"});
        let updated = json!({"code": "SUCCESS", "duplicate_field": "Email", "action": "update",
            "details": {"id": 4_711_000_000_000_000_002_u64}, "message": "record updated", "status": "success"});
        assert_eq!(read(&inserted), accepted(Action::Inserted, "4711000000000000001"));
        assert_eq!(read(&updated), accepted(Action::Updated, "4711000000000000002"));
    }

    #[test]
    fn a_write_says_when_and_in_whose_name_it_was_made() {
        let text = json!({"code": "SUCCESS", "details": {"id": "1", "Modified_Time": "2026-11-27T12:00:00+03:00",
            "Modified_By": {"name": "Ann", "id": "222"}}, "message": "record updated", "status": "success"})
        .to_string();
        let Object(element) = serde_json::from_str::<Object<Element<'_>>>(&text).unwrap();
        assert_eq!(element.written_by(), Some("222"));
        let RecordOutcome::Accepted { modified_at, .. } = element.outcome(Operation::Update, None) else {
            panic!("it was accepted")
        };
        assert_eq!(modified_at, Some("2026-11-27T09:00:00Z".parse().unwrap()));
    }

    #[test]
    fn the_other_operations_do_what_they_are_called_whatever_the_message_says() {
        let element =
            json!({"code": "SUCCESS", "details": {"id": "1"}, "message": "Datensatz gespeichert", "status": "success"});
        assert_eq!(read_as(Operation::Insert, &element), accepted(Action::Inserted, "1"));
        assert_eq!(read_as(Operation::Update, &element), accepted(Action::Updated, "1"));
        assert_eq!(read_as(Operation::Delete, &element), accepted(Action::Deleted, "1"));
    }

    #[test]
    fn a_duplicate_names_the_record_it_clashes_with() {
        for details in [
            json!({"api_name": "Email", "duplicate_record": {"id": "999"}, "json_path": "$.data[0].Email"}),
            json!({"api_name": "Email", "duplicate_record": {"id": 999}, "id": "999", "more_records": false}),
            json!({"api_name": "Email", "id": 999}),
        ] {
            let element =
                json!({"code": "DUPLICATE_DATA", "message": "duplicate data", "status": "error", "details": details});
            let RecordOutcome::Refused(errors) = read(&element) else {
                panic!("an error was expected")
            };
            assert_eq!(errors[0].duplicate_id.as_deref(), Some("999"));
            assert_eq!(errors[0].field.as_deref(), Some("Email"));
        }
    }

    #[test]
    fn several_errors_in_one_are_opened() {
        let element = json!({"code": "MULTIPLE_OR_MULTI_ERRORS", "message": "", "status": "error", "details": {"errors": [
            {"code": "INVALID_DATA", "details": {"api_name": "First_Name", "maximum_length": 40}, "message": "invalid data"},
            {"code": "DUPLICATE_DATA", "details": {"api_name": "Email", "duplicate_record": {"id": "9"}}, "message": "duplicate data"}]}});
        let RecordOutcome::Refused(errors) = read(&element) else {
            panic!("errors were expected")
        };
        let codes: Vec<_> = errors.iter().map(|error| error.code.as_str()).collect();
        assert_eq!(codes, ["INVALID_DATA", "DUPLICATE_DATA"]);
        assert_eq!(errors[0].expectation.as_deref(), Some("at most 40"));
        assert_eq!(errors[1].duplicate_id.as_deref(), Some("9"));
    }

    #[test]
    fn a_code_nobody_has_heard_of_is_a_refusal_with_that_code() {
        let element = json!({"code": "BRAND_NEW", "details": [], "message": null, "status": "error"});
        assert_eq!(read(&element).only_error(), Some(("BRAND_NEW", "")));
        let nameless = json!({"details": {}, "message": "no", "status": "error"});
        assert_eq!(read(&nameless).only_error(), Some((UNNAMED_ERROR, "no")));
    }

    #[test]
    fn an_error_is_not_taken_for_a_success_because_its_code_says_so() {
        let element = json!({"code": "SUCCESS", "details": {"id": "1"}, "message": "", "status": "error"});
        assert!(matches!(read(&element), RecordOutcome::Refused(_)));
    }

    #[test]
    fn a_result_that_says_nothing_is_unreadable() {
        assert!(read(&json!({"code": "SUCCESS", "details": {}, "status": "success"})).is_unreadable());
        assert!(read(&json!("SUCCESS")).is_unreadable());
        assert!(read(&json!({"Last_Name": "Rao"})).is_unreadable());
    }
}
