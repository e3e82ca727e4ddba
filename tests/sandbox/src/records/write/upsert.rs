//! Upsert: which fields are looked at, which record they find.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{body, insert_one, outcome, update_one};
use crate::answer::Refusal;
use crate::fault::{At, Fault};
use crate::http::Call;
use crate::json::{Object, object};
use crate::metadata::ModuleName;
use crate::records::desk::Desk;

/// The fields that find a record, in the order of looking: those that the call names, else the system's unique field
/// and then the custom ones. Naming only custom fields switches the system's off.
pub(super) fn checks(desk: &Desk<'_>, call: &Call, module: ModuleName) -> Result<Vec<usize>, Refusal> {
    let schema = desk.organisation.schema(module);
    let unique = schema.unique();
    let named = call
        .json()
        .and_then(|body| body.get("duplicate_check_fields"))
        .filter(|named| !named.is_null());
    let Some(named) = named else { return Ok(unique) };
    let named = named.as_array().ok_or_else(|| {
        let details = object! {"expected_data_type" => "jsonarray", "api_name" => "duplicate_check_fields"};
        Refusal::invalid_data(details, "invalid data")
    })?;
    let mut checks = Vec::new();
    for (number, name) in named.iter().enumerate() {
        let found = name
            .as_str()
            .and_then(|name| schema.by_name(name))
            .map(|(place, _)| place);
        let found = found.filter(|place| unique.contains(place)).ok_or_else(|| {
            let path = format!("$.duplicate_check_fields[{number}]");
            let details = object! {"api_name" => "duplicate_check_fields", "json_path" => path};
            Refusal::invalid_data(details, "the field given is not unique")
        })?;
        checks.push(found);
    }
    Ok(if checks.is_empty() { unique } else { checks })
}

/// Updates the record that the element's values find, or adds it. An element without a value for any of the fields is
/// always added.
pub(super) fn one(
    desk: &mut Desk<'_>,
    module: ModuleName,
    number: usize,
    element: &Map<String, Value>,
    checks: &[usize],
    unmodified_since: Option<Timestamp>,
) -> Result<Object, Fault> {
    if let Some(id) = element.get("id") {
        let known = body::id(id).filter(|id| desk.organisation.store(module).contains(*id));
        let id = known.ok_or_else(|| Fault::unknown_id(&At::field(number, "id")))?;
        update_one(desk, module, number, id, element, unmodified_since)?;
        return Ok(outcome::upserted(desk, module, id, Some("id")));
    }
    let (schema, store) = (desk.organisation.schema(module), desk.organisation.store(module));
    let found = checks.iter().find_map(|place| {
        let api_name = schema.fields[*place].api_name;
        let value = element.get(api_name)?.as_str().filter(|value| !value.is_empty())?;
        Some((store.holder(*place, value)?, api_name))
    });
    if let Some((id, api_name)) = found {
        update_one(desk, module, number, id, element, unmodified_since)?;
        return Ok(outcome::upserted(desk, module, id, Some(api_name)));
    }
    let id = insert_one(desk, module, number, element)?;
    Ok(outcome::upserted(desk, module, id, None))
}
