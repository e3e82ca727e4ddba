//! The unique values of a record that is inserted: what it would clash by, and what keeps it in order with others.

use std::sync::Arc;

use bigin::{ModuleFields, Record};
use serde_json::{Map, Value};

use crate::record::MatchKey;

/// The record's values in fields that Bigin keeps unique. None where it is not known which those are.
pub fn unique_keys(record: &Record, fields: Option<&ModuleFields>) -> Vec<MatchKey> {
    let unique: Vec<_> = fields
        .into_iter()
        .flat_map(|fields| &fields.fields)
        .filter(|field| field.unique)
        .collect();
    if unique.is_empty() {
        return Vec::new();
    }
    let Ok(object) = serde_json::from_str::<Map<String, Value>>(record.json()) else {
        return Vec::new();
    };
    let keys = unique.into_iter().filter_map(|field| {
        let field_name: Arc<str> = Arc::from(field.api_name.as_str());
        match object.get(&field.api_name)? {
            Value::String(text) => MatchKey::of(&field_name, text),
            Value::Number(number) => MatchKey::of(&field_name, &number.to_string()),
            _ => None,
        }
    });
    keys.collect()
}
