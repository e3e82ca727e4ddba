//! What a bulk read is asked for, read and checked.

use serde_json::Value;

use super::criteria::criteria;
use crate::answer::Refusal;
use crate::json::object;
use crate::metadata::{Kind, ModuleName, Schema};
use crate::query::Condition;
use crate::settings::{BulkModule, Settings};

/// What a bulk read is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ReadRequest {
    pub(crate) module: ModuleName,
    pub(crate) columns: Vec<(String, Column)>,
    pub(crate) condition: Option<Condition>,
    pub(crate) page: usize,
    /// The body as it came, parts of which answers repeat.
    pub(crate) body: Value,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    Field(usize),
    /// A field, or with `None` the id, of the record that a lookup points to.
    OfLookup(usize, ModuleName, Option<usize>),
    /// A part of a user, such as `last_name`.
    OfUser(usize, String),
}

impl ReadRequest {
    /// The module that a body names, before anything else is read.
    pub(crate) fn module(body: &Value, settings: &Settings) -> Result<ModuleName, Refusal> {
        let module = body.pointer("/query/module");
        let name = match (settings.bulk_read_module, module) {
            (BulkModule::Both | BulkModule::String, Some(Value::String(name))) => Some(name.as_str()),
            (BulkModule::Both | BulkModule::Object, Some(Value::Object(object))) => {
                object.get("api_name").and_then(Value::as_str)
            }
            (_, None) => {
                let details = object! {"api_name" => "module", "json_path" => "$.query.module"};
                let message = "required field not found";
                return Err(Refusal::new(400, "MANDATORY_NOT_FOUND", details, message));
            }
            _ => None,
        };
        let details = object! {"api_name" => "module", "json_path" => "$.query.module"};
        let name = name.ok_or_else(|| Refusal::invalid_data(details, "invalid data"))?;
        ModuleName::parse(name).ok_or_else(|| {
            let message = "the module name given seems to be invalid";
            Refusal::new(400, "INVALID_MODULE", object! {"api_name" => "module"}, message)
        })
    }

    pub(crate) fn read<'a>(
        body: &Value,
        module: ModuleName,
        schema_of: &impl Fn(ModuleName) -> &'a Schema,
        settings: &Settings,
    ) -> Result<Self, Refusal> {
        let query = &body["query"];
        let schema = schema_of(module);
        let columns = match query.get("fields").and_then(Value::as_array) {
            None => schema
                .present()
                .map(|(place, field)| (field.api_name.to_owned(), Column::Field(place)))
                .collect(),
            Some(names) => {
                let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "id");
                names
                    .map(|name| column(schema_of, schema, name))
                    .collect::<Result<_, _>>()?
            }
        };
        let condition = match query.get("criteria").filter(|given| !given.is_null()) {
            None => None,
            Some(given) => Some(criteria(given, schema, settings.bulk_read_criteria).map_err(|reason| {
                let details = object! {"reason" => reason, "json_path" => "$.query.criteria"};
                Refusal::invalid_data(details, "invalid criteria")
            })?),
        };
        let page = match query.get("page") {
            None => 1,
            Some(page) => {
                let page = page.as_u64().filter(|page| *page > 0);
                let details = object! {"api_name" => "page", "json_path" => "$.query.page"};
                let page = page.ok_or_else(|| Refusal::invalid_data(details, "invalid data"))?;
                usize::try_from(page).unwrap_or(usize::MAX)
            }
        };
        Ok(Self {
            module,
            columns,
            condition,
            page,
            body: body.clone(),
        })
    }
}

fn column<'a>(
    schema_of: &impl Fn(ModuleName) -> &'a Schema,
    schema: &Schema,
    name: &str,
) -> Result<(String, Column), Refusal> {
    let found = || {
        let Some((outer, inner)) = name.split_once('.') else {
            return Some(Column::Field(schema.by_name(name)?.0));
        };
        let (place, field) = schema.by_name(outer)?;
        match field.kind {
            Kind::Lookup(module) if inner == "id" => Some(Column::OfLookup(place, module, None)),
            Kind::Lookup(module) => {
                let (inner, _) = schema_of(module).by_name(inner)?;
                Some(Column::OfLookup(place, module, Some(inner)))
            }
            Kind::User | Kind::System(_) => Some(Column::OfUser(place, inner.to_owned())),
            _ => None,
        }
    };
    let refusal = || {
        let details = object! {"api_name" => name.to_owned(), "json_path" => "$.query.fields"};
        Refusal::new(
            400,
            "INVALID_FIELD",
            details,
            "the field name given seems to be invalid",
        )
    };
    found().map(|column| (name.to_owned(), column)).ok_or_else(refusal)
}
