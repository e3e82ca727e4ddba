//! What a bulk write is asked to do, read and checked.

use serde_json::Value;

use super::Uploaded;
use crate::answer::Refusal;
use crate::json::{Object, object};
use crate::metadata::{Field, Kind, ModuleName, Schema};
use crate::settings::{BulkModule, IgnoreEmpty, Settings};

/// The most rows and columns of a file.
const MOST_ROWS: usize = 25_000;
const MOST_COLUMNS: usize = 200;

/// What a bulk write is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WriteRequest {
    pub(crate) operation: Operation,
    pub(crate) module: ModuleName,
    pub(crate) ignore_empty: bool,
    /// What finds a record, for updates and upserts.
    pub(crate) find_by: Option<Target>,
    pub(crate) mappings: Vec<Mapping>,
    /// The body as it came, parts of which answers repeat.
    pub(crate) body: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    Update,
    Upsert,
}

/// Where a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Id,
    /// The field at that place in the schema.
    Field(usize),
}

/// A column, or a value for all rows, and where it goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mapping {
    pub(crate) target: Target,
    pub(crate) index: Option<usize>,
    /// What stands in the place of an empty cell.
    pub(crate) default: Option<String>,
    /// The form of dates and times, such as `dd/MM/yyyy`.
    pub(crate) format: Option<String>,
    /// The field by which a lookup's record is found; by its id without it.
    pub(crate) find_by: Option<String>,
}

impl WriteRequest {
    /// The module that a body names, before anything else is read.
    pub(crate) fn module(body: &Value, settings: &Settings) -> Result<ModuleName, Refusal> {
        let module = resource(body)?.get("module");
        let module = module.ok_or_else(|| mandatory("module", "$.resource[0].module"))?;
        let (name, expected) = match (settings.bulk_write_module, module) {
            (BulkModule::Both | BulkModule::String, Value::String(name)) => (Some(name.as_str()), ""),
            (BulkModule::Both | BulkModule::Object, Value::Object(object)) => {
                (object.get("api_name").and_then(Value::as_str), "jsonobject")
            }
            (BulkModule::Object, _) => (None, "jsonobject"),
            _ => (None, "string"),
        };
        let details =
            object! {"expected_data_type" => expected, "api_name" => "module", "json_path" => "$.resource[0].module"};
        let name = name.ok_or_else(|| Refusal::invalid_data(details, "invalid data"))?;
        let module = ModuleName::parse(name).filter(|module| {
            matches!(
                module,
                ModuleName::Contacts | ModuleName::Accounts | ModuleName::Pipelines | ModuleName::Products
            )
        });
        module.ok_or_else(|| refused("MODULE_NOT_AVAILABLE", object! {"module" => name.to_owned()}))
    }

    /// The id of the file that a body names.
    pub(crate) fn file_id(body: &Value) -> Result<u64, Refusal> {
        let id = resource(body)?.get("file_id");
        let id = id.ok_or_else(|| mandatory("file_id", "$.resource[0].file_id"))?;
        let id = id.as_u64().or_else(|| id.as_str()?.parse().ok());
        id.ok_or_else(invalid_file)
    }

    pub(crate) fn read(
        body: &Value,
        module: ModuleName,
        schema: &Schema,
        file: &Uploaded,
        settings: &Settings,
    ) -> Result<Self, Refusal> {
        let resource = resource(body)?;
        let operation = match body.get("operation").and_then(Value::as_str) {
            Some("insert") => Operation::Insert,
            Some("update") => Operation::Update,
            Some("upsert") => Operation::Upsert,
            None => return Err(mandatory("operation", "$.operation")),
            Some(_) => return Err(refused("INVALID_FORMAT", object! {"api_name" => "operation"})),
        };
        if file.table.header.len() > MOST_COLUMNS {
            return Err(refused("HEADER_LIMIT_EXCEEDED", object! {"limit" => MOST_COLUMNS}));
        }
        if file.table.rows.len() > MOST_ROWS {
            let details = object! {"limit" => MOST_ROWS};
            return Err(Refusal::limit(details, "the limit of rows in one file is exceeded"));
        }
        check_callback(body)?;
        let mappings = match resource.get("field_mappings").and_then(Value::as_array) {
            Some(mappings) => listed(mappings, schema, file)?,
            None => by_header(schema, file),
        };
        let find_by = match (operation, resource.get("find_by").and_then(Value::as_str)) {
            (Operation::Insert, _) => None,
            (_, None) => return Err(mandatory("find_by", "$.resource[0].find_by")),
            (_, Some("id")) => Some(Target::Id),
            (_, Some(name)) => {
                let found = schema.by_name(name).filter(|(_, field)| field.unique);
                let found = found.ok_or_else(|| refused("INVALID_FIELD", object! {"api_name" => name.to_owned()}))?;
                Some(Target::Field(found.0))
            }
        };
        let missing: Vec<_> = schema
            .present()
            .filter(|(place, field)| field.mandatory && !mappings.iter().any(|one| one.target == Target::Field(*place)))
            .map(|(_, field)| field.api_name)
            .collect();
        if operation != Operation::Update && !missing.is_empty() {
            return Err(refused("MANDATORY_FIELDS_NOT_MAPPED", object! {"api_names" => missing}));
        }
        let (top, inner) = (body.get("ignore_empty"), resource.get("ignore_empty"));
        let ignore_empty = match settings.bulk_ignore_empty {
            IgnoreEmpty::Top => [top, None],
            IgnoreEmpty::Resource => [inner, None],
            IgnoreEmpty::Both => [top, inner],
        };
        Ok(Self {
            operation,
            module,
            ignore_empty: ignore_empty
                .into_iter()
                .flatten()
                .any(|value| value == &Value::Bool(true)),
            find_by,
            mappings,
            body: body.clone(),
        })
    }

    /// The columns that the result repeats: the first three that are mapped.
    pub(crate) fn shown(&self) -> Vec<usize> {
        let columns = self.mappings.iter().filter_map(|mapping| mapping.index);
        columns.take(3).collect()
    }
}

fn resource(body: &Value) -> Result<&serde_json::Map<String, Value>, Refusal> {
    let resources = body
        .get("resource")
        .ok_or_else(|| mandatory("resource", "$.resource"))?;
    let one = resources.as_array().filter(|all| all.len() == 1);
    let details = object! {"expected_data_type" => "jsonarray", "api_name" => "resource", "json_path" => "$.resource"};
    one.and_then(|all| all[0].as_object())
        .ok_or_else(|| Refusal::invalid_data(details, "invalid data"))
}

fn listed(mappings: &[Value], schema: &Schema, file: &Uploaded) -> Result<Vec<Mapping>, Refusal> {
    let mut found = Vec::new();
    for mapping in mappings {
        let text = |name: &str| mapping.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = text("api_name").ok_or_else(|| mandatory("api_name", "$.resource[0].field_mappings"))?;
        let invalid = || refused("INVALID_FIELD_NAME", object! {"api_name" => name.clone()});
        let target = target(schema, &name).ok_or_else(invalid)?;
        let index = match mapping.get("index") {
            None => None,
            Some(index) => {
                let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
                let is_there = |index: &usize| *index < file.table.header.len();
                let details = object! {"api_name" => name.clone()};
                Some(
                    index
                        .filter(is_there)
                        .ok_or_else(|| refused("COLUMN_INDEX_NOT_FOUND", details))?,
                )
            }
        };
        let default = mapping.pointer("/default_value/value");
        let default = default.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        if index.is_none() && default.is_none() {
            return Err(refused("COLUMN_INDEX_NOT_FOUND", object! {"api_name" => name}));
        }
        found.push(Mapping {
            target,
            index,
            default,
            format: text("format"),
            find_by: text("find_by"),
        });
    }
    Ok(found)
}

/// Columns whose names are API names; others are left out. `Account_Name.Account_Name` finds a company by its name.
fn by_header(schema: &Schema, file: &Uploaded) -> Vec<Mapping> {
    let mut columns: Vec<_> = file.table.columns().into_iter().collect();
    columns.sort_by_key(|(_, index)| *index);
    let mapped = columns.into_iter().filter_map(|(name, index)| {
        let (name, find_by) = match name.split_once('.') {
            Some((name, find_by)) => (name, Some(find_by.to_owned())),
            None => (name, None),
        };
        Some(Mapping {
            target: target(schema, name)?,
            index: Some(index),
            default: None,
            format: None,
            find_by,
        })
    });
    mapped.collect()
}

/// Files, images, tags and lists of records cannot be written by a job.
fn target(schema: &Schema, name: &str) -> Option<Target> {
    if name == "id" {
        return Some(Target::Id);
    }
    let takes = |field: &Field| {
        field.kind.is_writable() && !matches!(field.kind, Kind::Tags | Kind::Several(_) | Kind::Structured(..))
    };
    let (place, _) = schema.by_name(name).filter(|(_, field)| takes(field))?;
    Some(Target::Field(place))
}

fn check_callback(body: &Value) -> Result<(), Refusal> {
    let Some(callback) = body.get("callback") else {
        return Ok(());
    };
    let url = callback.get("url").and_then(Value::as_str);
    if url.and_then(|url| url::Url::parse(url).ok()).is_none() {
        return Err(refused("INVALID_CALLBACK_URL", Object::new()));
    }
    match callback.get("method").and_then(Value::as_str) {
        Some(method) if method.eq_ignore_ascii_case("post") => Ok(()),
        _ => Err(refused("INVALID_CALLBACK_METHOD", Object::new())),
    }
}

pub(crate) fn invalid_file() -> Refusal {
    refused(
        "INVALID_FILE_ID",
        object! {"api_name" => "file_id", "json_path" => "$.resource[0].file_id"},
    )
}

fn mandatory(name: &'static str, path: &'static str) -> Refusal {
    let details = object! {"api_name" => name, "json_path" => path};
    Refusal::new(400, "MANDATORY_NOT_FOUND", details, "required field not found")
}

fn refused(code: &'static str, details: Object) -> Refusal {
    Refusal::new(400, code, details, "the job cannot be made")
}
