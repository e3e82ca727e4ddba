//! Tags of records and of the organisation (contract, section 7).

use serde_json::Value;

use super::desk::Desk;
use super::write::{Outcomes, Verb};
use crate::answer::{Answer, Refusal};
use crate::clock::written;
use crate::fault::Fault;
use crate::http::Call;
use crate::json::{Json, Object, object};
use crate::limits::Operation;
use crate::metadata::ModuleName;
use crate::store::Cell;
use crate::store::Happening;
use crate::store::Tag;

/// The most characters of a tag's name, tags of a record, and records of a call that tags them.
pub(super) const LONGEST_NAME: usize = 25;
pub(super) const MOST_A_RECORD: usize = 10;
const MOST_RECORDS: usize = 500;

/// The id of the tag of that name, made if there is none.
pub(super) fn find_or_make(desk: &mut Desk<'_>, module: ModuleName, name: &str) -> u64 {
    let tags = desk.organisation.tags.entry(module).or_default();
    if let Some(tag) = tags.iter().find(|tag| tag.name.eq_ignore_ascii_case(name)) {
        return tag.id;
    }
    let id = desk.names.id();
    tags.push(Tag {
        id,
        name: name.to_owned(),
    });
    id
}

/// `GET /settings/tags?module=`.
pub(crate) fn list(desk: &Desk<'_>, module: ModuleName) -> Answer {
    let tags = desk
        .organisation
        .tags
        .get(&module)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if tags.is_empty() {
        return Answer::nothing();
    }
    let shown: Vec<_> = tags.iter().map(Tag::shown).collect();
    let info = object! {"count" => tags.len(), "allowed_count" => 100_u64};
    Answer::json(200, object! {"tags" => shown, "info" => info})
}

/// `POST /settings/tags?module=`.
pub(crate) fn create(desk: &mut Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let names = names(call)?;
    let mut results = Vec::new();
    let mut made = 0;
    for name in names {
        let known = desk
            .organisation
            .tags
            .get(&module)
            .into_iter()
            .flatten()
            .find(|tag| tag.name.eq_ignore_ascii_case(&name));
        let result = if let Some(known) = known {
            Fault::new(
                "DUPLICATE_DATA",
                object! {"id" => known.id.to_string()},
                "Duplicate tag name",
            )
            .into()
        } else if name.chars().count() > LONGEST_NAME {
            Fault::new(
                "INVALID_DATA",
                object! {"maximum_length" => LONGEST_NAME, "api_name" => "name"},
                "invalid data",
            )
            .into()
        } else {
            made += 1;
            let id = find_or_make(desk, module, &name);
            let details = object! {"created_time" => written(desk.now), "id" => id.to_string()};
            object! {"code" => "SUCCESS", "details" => details, "message" => "tags created successfully", "status" => "success"}.into()
        };
        results.push(result);
    }
    let status = if made == results.len() {
        201
    } else if made > 0 {
        desk.settings.mixed_status
    } else {
        400
    };
    Ok(Answer::json(status, object! {"tags" => Json::Array(results)}))
}

/// `POST /{module}[/{id}]/actions/add_tags` and `remove_tags`.
pub(crate) fn change(
    desk: &mut Desk<'_>,
    call: &Call,
    module: ModuleName,
    id: Option<&str>,
    adds: bool,
) -> Result<Answer, Refusal> {
    let names = names(call)?;
    let ids = match id {
        Some(id) => vec![id.to_owned()],
        None => ids(call)?,
    };
    if ids.len() > MOST_RECORDS {
        let details = object! {"maximum_length" => MOST_RECORDS, "api_name" => "ids"};
        return Err(Refusal::limit(details, "the limit of records in one call is exceeded"));
    }
    let known = desk
        .organisation
        .tags
        .get(&module)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let tags: Vec<_> = names
        .iter()
        .filter_map(|name| known.iter().find(|tag| tag.name.eq_ignore_ascii_case(name)))
        .map(|tag| tag.id)
        .collect();
    if tags.len() < names.len() {
        // Only a Tag array in a record makes new tags.
        return Err(Refusal::invalid_data(
            object! {"api_name" => "tags"},
            "the tag given seems to be invalid",
        ));
    }
    let over_write = body(call, "over_write").and_then(Value::as_bool) == Some(true);
    let mut outcomes = Outcomes::default();
    for (number, id) in ids.into_iter().enumerate() {
        let spoilt = desk.spoilt.record_fault(number, &serde_json::json!({"id": id}));
        let changed = spoilt.map_or_else(|| change_one(desk, module, &id, &tags, adds, over_write), Err);
        outcomes.add(changed);
    }
    Ok(outcomes.answer(desk, Verb::Tag))
}

fn change_one(
    desk: &mut Desk<'_>,
    module: ModuleName,
    id: &str,
    tags: &[u64],
    adds: bool,
    over_write: bool,
) -> Result<Object, Fault> {
    let place = desk.organisation.schema(module).place("Tag");
    let record = id
        .parse()
        .ok()
        .and_then(|id| desk.organisation.store(module).get(id))
        .cloned();
    let (Some(place), Some(mut record)) = (place, record) else {
        return Err(Fault::new(
            "INVALID_DATA",
            object! {"id" => id.to_owned()},
            "the id given seems to be invalid",
        ));
    };
    desk.allow(module, Operation::Update, Some(record.id))?;
    let mut all = match record.get(place) {
        Some(Cell::Tags(have)) if !over_write => have.to_vec(),
        _ => Vec::new(),
    };
    all.retain(|tag| !tags.contains(tag));
    if adds {
        all.extend(tags);
    }
    if all.len() > MOST_A_RECORD {
        return Err(Fault::new(
            "LIMIT_EXCEEDED",
            object! {"limit" => MOST_A_RECORD, "id" => id.to_owned()},
            "tag limit exceeded",
        ));
    }
    let known = desk
        .organisation
        .tags
        .get(&module)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names: Vec<_> = known
        .iter()
        .filter(|tag| all.contains(&tag.id))
        .map(|tag| tag.name.clone())
        .collect();
    record.set(place, (!all.is_empty()).then(|| Cell::Tags(all.into())));
    record.modified = desk.stamp();
    let (now, changed) = (desk.now, record.id);
    desk.organisation.store_mut(module).put(record, now);
    desk.note(module, changed, Happening::Edited(vec!["Tag"]));
    let details = object! {"id" => id.to_owned(), "tags" => names};
    Ok(
        object! {"code" => "SUCCESS", "details" => details, "message" => "tags updated successfully", "status" => "success"},
    )
}

fn body<'a>(call: &'a Call, name: &str) -> Option<&'a Value> {
    call.json()?.get(name)
}

fn names(call: &Call) -> Result<Vec<String>, Refusal> {
    let names = body(call, "tags").and_then(Value::as_array).into_iter().flatten();
    let names: Option<Vec<_>> = names.map(|tag| tag.get("name")?.as_str().map(str::to_owned)).collect();
    names.filter(|names| !names.is_empty()).ok_or_else(|| {
        Refusal::new(
            400,
            "MANDATORY_NOT_FOUND",
            object! {"api_name" => "tags"},
            "required field not found",
        )
    })
}

fn ids(call: &Call) -> Result<Vec<String>, Refusal> {
    let ids = body(call, "ids").and_then(Value::as_array).into_iter().flatten();
    let ids: Option<Vec<_>> = ids.map(|id| id.as_str().map(str::to_owned)).collect();
    ids.filter(|ids| !ids.is_empty()).ok_or_else(|| {
        Refusal::new(
            400,
            "MANDATORY_NOT_FOUND",
            object! {"api_name" => "ids"},
            "required field not found",
        )
    })
}

/// How many records a call tags, for the credits.
pub(crate) fn count(call: &Call) -> usize {
    body(call, "ids").and_then(Value::as_array).map_or(1, Vec::len)
}
