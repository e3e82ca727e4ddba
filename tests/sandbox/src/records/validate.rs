//! A whole record against its module: every field is looked at, so that all faults come at once.

use serde_json::{Map, Value};

use super::check::Checker;
use super::desk::Desk;
use super::pending::{Change, Draft};
use super::rules;
use crate::fault::{At, Fault};
use crate::json::{Object, object};
use crate::metadata::{Kind, ModuleName};
use crate::settings::UnknownFields;

/// What will be done with the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Insert,
    /// Of the record with that id.
    Update(u64),
}

/// Checks an element of `data`.
pub(super) fn validate(
    desk: &Desk<'_>,
    module: ModuleName,
    mode: Mode,
    number: usize,
    element: &Map<String, Value>,
) -> Result<Draft, Vec<Fault>> {
    let schema = desk.organisation.schema(module);
    let checker = Checker {
        organisation: desk.organisation,
        settings: desk.settings,
        element,
    };
    let (mut draft, mut faults) = (Draft::default(), Vec::new());
    for (place, field) in schema.present().filter(|(_, field)| field.kind.is_writable()) {
        let at = At::field(number, field.api_name);
        let change = match element.get(field.api_name) {
            None => None,
            Some(Value::Null) => Some(Change::Clear),
            Some(value) => match checker.check(field, value, &at) {
                Ok(change) => Some(change),
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            },
        };
        let is_missing = match mode {
            Mode::Insert => matches!(change, None | Some(Change::Clear)),
            Mode::Update(_) => change == Some(Change::Clear),
        };
        if field.mandatory && is_missing {
            faults.push(Fault::mandatory(&at));
            continue;
        }
        if field.kind == Kind::Several(ModuleName::Contacts)
            && mode == Mode::Insert
            && matches!(change, Some(Change::Set(_)))
        {
            // Only a second call may name them.
            faults.push(Fault::invalid(&at, Object::new()));
            continue;
        }
        draft.changes.extend(change.map(|change| (place, change)));
    }
    if desk.settings.unknown_fields == UnknownFields::Refuse {
        faults.extend(unknown_names(desk, module, number, element));
    }
    faults.extend(rules::check(desk, module, mode, number, element, &draft));
    faults.extend(duplicates(desk, module, mode, number, &draft));
    if faults.is_empty() { Ok(draft) } else { Err(faults) }
}

fn unknown_names<'a>(
    desk: &'a Desk<'_>,
    module: ModuleName,
    number: usize,
    element: &'a Map<String, Value>,
) -> impl Iterator<Item = Fault> + 'a {
    let schema = desk.organisation.schema(module);
    let known = move |name: &str| {
        name == "id" || name.starts_with('$') || name == "se_module" || schema.by_name(name).is_some()
    };
    element.keys().filter(move |name| !known(name)).map(move |name| {
        let mut fault = Fault::invalid(&At::field(number, name), Object::new());
        "the field api name given seems to be invalid".clone_into(&mut fault.message);
        fault
    })
}

/// Values of unique fields that another record has, letter case ignored.
fn duplicates(desk: &Desk<'_>, module: ModuleName, mode: Mode, number: usize, draft: &Draft) -> Vec<Fault> {
    let (schema, store) = (desk.organisation.schema(module), desk.organisation.store(module));
    let own = match mode {
        Mode::Insert => None,
        Mode::Update(id) => Some(id),
    };
    let mut faults = Vec::new();
    for place in schema.unique() {
        let Some(holder) = draft.text(place).and_then(|text| store.holder(place, text)) else {
            continue;
        };
        if own == Some(holder) || own.is_some_and(|own| is_unchanged(desk, module, own, place, draft)) {
            continue;
        }
        faults.push(duplicate(
            desk,
            module,
            &At::field(number, schema.fields[place].api_name),
            holder,
        ));
    }
    faults
}

/// A company that Bigin made with a name that was taken may keep it.
fn is_unchanged(desk: &Desk<'_>, module: ModuleName, own: u64, place: usize, draft: &Draft) -> bool {
    let record = desk.organisation.store(module).get(own);
    let held = record
        .and_then(|record| record.get(place)?.text())
        .map(str::to_lowercase);
    held.is_some() && held == draft.text(place).map(str::to_lowercase)
}

fn duplicate(desk: &Desk<'_>, module: ModuleName, at: &At<'_>, holder: u64) -> Fault {
    let organisation = &desk.organisation;
    let schema = organisation.schema(module);
    let owner = schema
        .place("Owner")
        .and_then(|place| match organisation.store(module).get(holder)?.get(place)? {
            crate::store::Cell::User(id) => organisation.user(*id),
            _ => None,
        });
    let owner = owner.map(|user| {
        let mut owner = user.short();
        owner.push("zuid", user.zuid.to_string());
        owner
    });
    let details = object! {
        "api_name" => at.api_name.to_owned(),
        "duplicate_record" => object! {
            "Owner" => owner,
            "module" => object! {"api_name" => module.api_name(), "id" => module.id().to_string()},
            "id" => holder.to_string(),
        },
        "json_path" => at.path(),
        "id" => holder.to_string(),
        "more_records" => false,
    };
    Fault::new("DUPLICATE_DATA", details, "duplicate data")
}
