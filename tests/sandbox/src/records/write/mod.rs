//! Insert, update and upsert of up to 100 records (contract, section 5).

mod body;
mod outcome;
mod upsert;

pub(crate) use body::{MOST_RECORDS, count, id, is_quiet};
pub(crate) use outcome::{Outcomes, Verb, about};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::apply;
use super::desk::Desk;
use super::validate::{Mode, validate};
use crate::answer::{Answer, Refusal};
use crate::fault::{At, Fault};
use crate::http::Call;
use crate::json::{Object, object};
use crate::limits::Operation;
use crate::metadata::ModuleName;
use body::Elements;

/// `POST /{module}`.
pub(crate) fn insert(desk: &mut Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let elements = Elements::read(call)?;
    let outcomes = each(desk, module, &elements, |desk, number, element| {
        insert_one(desk, module, number, element).map(|id| outcome::inserted(desk, module, id))
    });
    Ok(outcomes.answer(desk, Verb::Insert))
}

/// `PUT /{module}`: each element names its record.
pub(crate) fn update(desk: &mut Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let elements = Elements::read(call)?;
    let unmodified_since = unmodified_since(call);
    let outcomes = each(desk, module, &elements, |desk, number, element| {
        let at = At::field(number, "id");
        let id = element.get("id").ok_or_else(|| Fault::mandatory(&at))?;
        let id = body::id(id).filter(|id| desk.organisation.store(module).contains(*id));
        let id = id.ok_or_else(|| Fault::unknown_id(&at))?;
        update_one(desk, module, number, id, element, unmodified_since)?;
        Ok(outcome::updated(desk, module, id))
    });
    Ok(outcomes.answer(desk, Verb::Update))
}

/// `PUT /{module}/{id}`: the path names the record.
pub(crate) fn update_by_path(
    desk: &mut Desk<'_>,
    call: &Call,
    module: ModuleName,
    id: &str,
) -> Result<Answer, Refusal> {
    let elements = Elements::read(call)?;
    let id = id
        .parse()
        .ok()
        .filter(|id| desk.organisation.store(module).contains(*id));
    let id = id.ok_or_else(|| Refusal::no_such_record("the id given seems to be invalid"))?;
    let unmodified_since = unmodified_since(call);
    let outcomes = each(desk, module, &elements, |desk, number, element| {
        update_one(desk, module, number, id, element, unmodified_since)?;
        Ok(outcome::updated(desk, module, id))
    });
    Ok(outcomes.answer(desk, Verb::Update))
}

/// `POST /{module}/upsert`.
pub(crate) fn upsert(desk: &mut Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let elements = Elements::read(call)?;
    let checks = upsert::checks(desk, call, module)?;
    let unmodified_since = unmodified_since(call);
    let outcomes = each(desk, module, &elements, |desk, number, element| {
        upsert::one(desk, module, number, element, &checks, unmodified_since)
    });
    Ok(outcomes.answer(desk, Verb::Upsert))
}

/// `POST /{module}/{id}/Notes`: notes of a record, whose parent the path names.
pub(crate) fn insert_notes(desk: &mut Desk<'_>, call: &Call, module: ModuleName, id: &str) -> Result<Answer, Refusal> {
    let elements = Elements::read(call)?;
    let known = id.parse().is_ok_and(|id| desk.organisation.store(module).contains(id));
    if !known {
        return Err(Refusal::no_such_record("the id given seems to be invalid"));
    }
    let parent = serde_json::json!({"id": id, "module": {"api_name": module.api_name()}});
    let outcomes = each(desk, ModuleName::Notes, &elements, |desk, number, element| {
        let mut element = element.clone();
        element.insert("Parent_Id".to_owned(), parent.clone());
        let id = insert_one(desk, ModuleName::Notes, number, &element)?;
        Ok(outcome::inserted(desk, ModuleName::Notes, id))
    });
    Ok(outcomes.answer(desk, Verb::Insert))
}

/// Does the same to every element, in order, whatever becomes of the others.
fn each(
    desk: &mut Desk<'_>,
    module: ModuleName,
    elements: &Elements<'_>,
    mut write: impl FnMut(&mut Desk<'_>, usize, &Map<String, Value>) -> Result<Object, Fault>,
) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for (number, element) in elements.iter().enumerate() {
        let spoilt = desk.spoilt.record_fault(number, element);
        let result = match (spoilt, element.as_object()) {
            (Some(fault), _) => Err(fault),
            (None, Some(element)) => write(desk, number, element),
            (None, None) => {
                let details =
                    object! {"expected_data_type" => "jsonobject", "json_path" => format!("$.data[{number}]")};
                Err(Fault::new("INVALID_DATA", details, "invalid data"))
            }
        };
        if result.is_err() {
            desk.organisation.store_mut(module).written.rejected += 1;
        }
        outcomes.add(result);
    }
    outcomes
}

/// Adds a record; gives its id.
pub(crate) fn insert_one(
    desk: &mut Desk<'_>,
    module: ModuleName,
    number: usize,
    element: &Map<String, Value>,
) -> Result<u64, Fault> {
    desk.allow(module, Operation::Insert, None)?;
    let draft = checked(desk, module, Mode::Insert, number, element)?;
    Ok(apply::insert(desk, module, draft))
}

/// Changes a record.
pub(crate) fn update_one(
    desk: &mut Desk<'_>,
    module: ModuleName,
    number: usize,
    id: u64,
    element: &Map<String, Value>,
    unmodified_since: Option<Timestamp>,
) -> Result<(), Fault> {
    desk.allow(module, Operation::Update, Some(id))?;
    if let (Some(since), Some(record)) = (unmodified_since, desk.organisation.store(module).get(id))
        && record.modified.at > since
    {
        let details = object! {"id" => id.to_string(), "modified_time" => crate::clock::written(record.modified.at)};
        return Err(Fault::new(
            "ALREADY_MODIFIED",
            details,
            "the record has been modified since",
        ));
    }
    let draft = checked(desk, module, Mode::Update(id), number, element)?;
    apply::update(desk, module, id, draft);
    Ok(())
}

fn checked(
    desk: &Desk<'_>,
    module: ModuleName,
    mode: Mode,
    number: usize,
    element: &Map<String, Value>,
) -> Result<super::pending::Draft, Fault> {
    validate(desk, module, mode, number, element).map_err(|faults| {
        Fault::together(faults).unwrap_or_else(|| Fault::new("INVALID_DATA", Object::new(), "invalid data"))
    })
}

fn unmodified_since(call: &Call) -> Option<Timestamp> {
    call.header("if-unmodified-since")?.parse().ok()
}
