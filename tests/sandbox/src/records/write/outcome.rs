//! The results of a write, and the status that they come under (contract, sections 5.2 and 5.4).

use crate::answer::Answer;
use crate::clock::written;
use crate::fault::Fault;
use crate::json::{Json, Object, object};
use crate::metadata::ModuleName;
use crate::records::desk::Desk;

/// What a write does, as far as its status goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Insert,
    Update,
    Upsert,
    Delete,
    Tag,
}

/// Results in the order of the input.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    results: Vec<Json>,
    succeeded: usize,
    all_modified: bool,
}

impl Outcomes {
    pub(crate) fn add(&mut self, result: Result<Object, Fault>) {
        match result {
            Ok(success) => {
                self.succeeded += 1;
                self.results.push(success.into());
            }
            Err(fault) => {
                self.all_modified = (self.all_modified || self.results.is_empty()) && fault.code == "ALREADY_MODIFIED";
                self.results.push(fault.into());
            }
        }
    }

    /// The answer: every element succeeded, every element failed, or some did.
    pub(crate) fn answer(self, desk: &Desk<'_>, verb: Verb) -> Answer {
        let status = if self.succeeded == self.results.len() {
            if verb == Verb::Insert { 201 } else { 200 }
        } else if self.succeeded > 0 {
            desk.spoilt.mixed_status.unwrap_or(desk.settings.mixed_status)
        } else if self.all_modified {
            412
        } else {
            desk.settings.all_failed_status
        };
        Answer::json(status, object! {"data" => Json::Array(self.results)})
    }
}

/// A record was added.
pub(super) fn inserted(desk: &Desk<'_>, module: ModuleName, id: u64) -> Object {
    success(Object::new(), details(desk, module, id, true), "record added")
}

/// A record was changed.
pub(super) fn updated(desk: &Desk<'_>, module: ModuleName, id: u64) -> Object {
    success(Object::new(), details(desk, module, id, false), "record updated")
}

/// An upsert added a record, or found one by a field and changed it.
pub(super) fn upserted(desk: &Desk<'_>, module: ModuleName, id: u64, found_by: Option<&'static str>) -> Object {
    let was_there = found_by.is_some();
    let how = object! {"duplicate_field" => found_by, "action" => if was_there { "update" } else { "insert" }};
    let message = if was_there { "record updated" } else { "record added" };
    success(how, details(desk, module, id, !was_there), message)
}

/// A result that says only which record it is about.
pub(crate) fn about(id: &str, message: &'static str) -> Object {
    success(Object::new(), object! {"id" => id.to_owned()}, message)
}

fn success(how: Object, details: Object, message: &'static str) -> Object {
    let mut result = object! {"code" => "SUCCESS"};
    result.0.extend(how.0);
    result.push("details", details);
    result.push("message", message);
    result.push("status", "success");
    result
}

fn details(desk: &Desk<'_>, module: ModuleName, id: u64, is_new: bool) -> Object {
    let organisation = &desk.organisation;
    let Some(record) = organisation.store(module).get(id) else {
        return object! {"id" => id.to_string()};
    };
    let user = |id| organisation.user(id).map(crate::organisation::User::short);
    let mut details = object! {
        "Modified_Time" => written(record.modified.at),
        "Modified_By" => user(record.modified.by),
        "Created_Time" => written(record.created.at),
        "id" => id.to_string(),
        "Created_By" => user(record.created.by),
    };
    if is_new && matches!(module, ModuleName::Accounts | ModuleName::Products) {
        details.push("$approval_state", "approved");
    }
    details
}
