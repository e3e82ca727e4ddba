//! Records as Bigin shows them.

use crate::clock::written;
use crate::json::{Json, Object, object};
use crate::metadata::{Kind, ModuleName, Schema, System};
use crate::organisation::Organisation;
use crate::store::{Cell, Record};

/// The chosen fields of a record, then its id. Names that the module does not have are left out in silence.
pub(crate) fn render(organisation: &Organisation, schema: &Schema, record: &Record, names: &[&str]) -> Object {
    let mut object = Object::new();
    for name in names {
        if let Some((place, field)) = schema.by_name(name) {
            object.push(field.api_name, value(organisation, schema, record, place));
        } else if let Some((name, value)) = extras(schema, record).into_iter().find(|(extra, _)| extra == name) {
            object.push(name, value);
        }
    }
    object.push("id", record.id.to_string());
    object
}

/// A record with all it has.
pub(crate) fn whole(organisation: &Organisation, schema: &Schema, record: &Record) -> Object {
    let mut object = Object::new();
    for (place, field) in schema.present() {
        object.push(field.api_name, value(organisation, schema, record, place));
    }
    for (name, value) in extras(schema, record) {
        object.push(name, value);
    }
    object.push("id", record.id.to_string());
    object
}

/// The keys with a dollar sign, which no field describes.
fn extras(schema: &Schema, record: &Record) -> Vec<(&'static str, Json)> {
    let mut extras = vec![("$approval_state", "approved".into()), ("$currency_symbol", "€".into())];
    match schema.module {
        ModuleName::Products => extras.push(("$taxable", true.into())),
        ModuleName::Tasks | ModuleName::Events | ModuleName::Calls => {
            let parent = schema.place("Related_To").and_then(|place| match record.get(place)? {
                Cell::Record(module, _) => Some(module.related_word()),
                _ => None,
            });
            extras.push(("$related_module", parent.into()));
        }
        _ => {}
    }
    extras
}

/// The value of one field.
pub(crate) fn value(organisation: &Organisation, schema: &Schema, record: &Record, place: usize) -> Json {
    let user = |id: u64| organisation.user(id).map(crate::organisation::User::with_email).into();
    match schema.fields[place].kind {
        Kind::System(System::FullName) => full_name(schema, record).into(),
        Kind::System(System::CreatedBy) => user(record.created.by),
        Kind::System(System::ModifiedBy) => user(record.modified.by),
        Kind::System(System::CreatedTime) => written(record.created.at).into(),
        Kind::System(System::ModifiedTime) => written(record.modified.at).into(),
        Kind::Formula => formula(schema, record).into(),
        _ => match record.get(place) {
            None => Json::Null,
            Some(Cell::User(id)) => user(*id),
            Some(cell) => shown(organisation, schema.module, cell),
        },
    }
}

fn shown(organisation: &Organisation, module: ModuleName, cell: &Cell) -> Json {
    match cell {
        Cell::Text(text) => text.to_string().into(),
        Cell::Bool(value) => (*value).into(),
        Cell::Number(number) => number.clone().into(),
        Cell::Instant(instant) => written(*instant).into(),
        Cell::Record(target, id) => named(organisation, *target, *id).into(),
        Cell::User(id) => organisation.user(*id).map(crate::organisation::User::short).into(),
        Cell::Pipeline(id) => {
            let name = crate::metadata::TeamPipeline::find(*id).map(|pipeline| pipeline.name);
            object! {"name" => name, "id" => id.to_string()}.into()
        }
        Cell::List(values) => values.to_vec().into(),
        Cell::Tags(ids) => {
            let all = organisation.tags.get(&module).map(Vec::as_slice).unwrap_or_default();
            let tags: Vec<_> = ids
                .iter()
                .filter_map(|id| all.iter().find(|tag| tag.id == *id))
                .map(crate::store::Tag::shown)
                .collect();
            tags.into()
        }
        Cell::Records(target, ids) => {
            let items: Vec<_> = ids.iter().map(|id| named(organisation, *target, *id)).collect();
            items.into()
        }
        Cell::Json(value) => Json::from((**value).clone()),
    }
}

/// A record as others point to it.
fn named(organisation: &Organisation, module: ModuleName, id: u64) -> Object {
    object! {"name" => name_of(organisation, module, id), "id" => id.to_string()}
}

/// The name of a record.
pub(crate) fn name_of(organisation: &Organisation, module: ModuleName, id: u64) -> Option<String> {
    let (schema, record) = (organisation.schema(module), organisation.store(module).get(id)?);
    display_name(schema, record)
}

/// The name of a record that is at hand.
pub(crate) fn display_name(schema: &Schema, record: &Record) -> Option<String> {
    if schema.module == ModuleName::Contacts {
        return full_name(schema, record);
    }
    let place = schema.place(schema.module.name_field())?;
    record.get(place)?.text().map(str::to_owned)
}

fn full_name(schema: &Schema, record: &Record) -> Option<String> {
    let part = |name| record.get(schema.place(name)?)?.text();
    match (part("First_Name"), part("Last_Name")) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (first, last) => first.or(last).map(str::to_owned),
    }
}

/// The one formula that the organisation has: twice the score.
fn formula(schema: &Schema, record: &Record) -> Option<serde_json::Number> {
    let Some(Cell::Number(score)) = record.get(schema.place("Score")?) else {
        return None;
    };
    serde_json::Number::from_f64(score.as_f64()? * 2.0)
}
