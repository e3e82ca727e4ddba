//! What a row has become: the record, the values it is matched by, and what must be found out before it can be sent.

use std::fmt;
use std::sync::Arc;

use bigin::{CallShape, FieldName, ModuleName, Record};

use super::coerce::push_id;
use super::mapping::{OnAmbiguous, OnMissing};
use crate::record::{CallKind, FollowUp, MatchKey, Parcel, RowRepairs, Tag};

/// Which stages come between map and deliver. What no stage will do, map refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stages {
    /// References are resolved to ids. Without it a record that needs one is rejected with `LOOKUP_NEEDS_ID`.
    pub lookups: bool,
    /// Updates and deletes are found by match key. Without it they need an id.
    pub keys: bool,
}

/// A row as a record.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// The record; without what `references` still has to give.
    pub record: Record,
    /// Its values of the match fields, in their order; of the id for updates and deletes by id.
    pub keys: Vec<MatchKey>,
    /// What must be found before the record is sent.
    pub references: Vec<Reference>,
    /// The fields that Bigin takes in a second call only.
    pub second: Option<Record>,
    /// What is to be added to the record's tags once Bigin has accepted it.
    pub tags: Vec<Tag>,
    /// The module of the record that it is a note of; which one is in its `Parent_Id`.
    pub note_of: Option<ModuleName>,
    /// What was mended in its values.
    pub repairs: RowRepairs,
    /// Whether a number among them has a comma before its decimals.
    pub decimal_comma: bool,
}

impl Mapped {
    /// The record on its way, and what must be found before it is sent.
    pub fn into_parcel(self, place: u64, shape: &Arc<CallShape>) -> (Parcel, Vec<Reference>) {
        let call_kind = match self.note_of {
            Some(to) => CallKind::AddNote { to, id: None },
            None => CallKind::Write,
        };
        let parcel = Parcel {
            call_kind,
            rest: FollowUp::of(self.second, self.tags),
            ..Parcel::new(place, self.record, self.keys, Arc::clone(shape))
        };
        (parcel, self.references)
    }
}

/// A record with its references resolved, in their order. `None` leaves a field out.
pub fn fill_in<'a>(record: Record, references: &[Reference], ids: impl IntoIterator<Item = Option<&'a str>>) -> Record {
    if references.is_empty() {
        return record;
    }
    let mut writer = record.reopen();
    for (reference, id) in references.iter().zip(ids) {
        let Some(id) = id else { continue };
        let Ok(()) = writer.value::<_, std::convert::Infallible>(&reference.rule.field, |json| {
            push_id(json, id);
            Ok(())
        });
    }
    writer.finish()
}

/// How the references of one field are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceRule {
    /// The field that gets the id.
    pub field: FieldName,
    /// The module the record is in; `users` for owners, `layouts` for team pipelines.
    pub module: String,
    /// The field of that module which has the value.
    pub by: String,
    /// When no record has it.
    pub on_missing: OnMissing,
    /// When several have it.
    pub on_ambiguous: OnAmbiguous,
}

/// Another record, named by one of its values instead of its id.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference {
    /// How it is resolved.
    pub rule: Arc<ReferenceRule>,
    /// The value. Record content: not for logs.
    pub value: String,
}

/// Record content never reaches a log, so not through `Debug` either.
impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Reference({}=*** by {}.{})",
            self.rule.field.as_str(),
            self.rule.module,
            self.rule.by
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_written_last_and_debug_hides_them() {
        let rule = |field| {
            Arc::new(ReferenceRule {
                field: FieldName::new(field),
                module: "Accounts".into(),
                by: "Account_Name".into(),
                on_missing: OnMissing::Empty,
                on_ambiguous: OnAmbiguous::Reject,
            })
        };
        let object = serde_json::json!({"Last_Name": "Rao"});
        let reference = |field| Reference {
            rule: rule(field),
            value: "O'Reilly GmbH".into(),
        };
        let mapped = Mapped {
            record: Record::from_object(object.as_object().unwrap()),
            keys: Vec::new(),
            references: vec![reference("Account_Name"), reference("Parent")],
            second: None,
            tags: vec![Tag("VIP".into())],
            note_of: None,
            repairs: RowRepairs::default(),
            decimal_comma: false,
        };
        assert!(!format!("{mapped:?}").contains("Reilly") && !format!("{mapped:?}").contains("VIP"));
        let record = fill_in(mapped.record, &mapped.references, [Some("4711000000000000001"), None]);
        assert_eq!(
            record.json(),
            r#"{"Last_Name":"Rao","Account_Name":{"id":"4711000000000000001"}}"#
        );
    }
}
