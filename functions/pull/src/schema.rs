//! What a module's records look like at the moment: the fields that are asked for, and a hash that names them.

use std::collections::BTreeMap;
use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use bigin::{ColumnName, FieldKind, ModuleFields};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The field that tells when a record was written last.
pub const MODIFIED_TIME: &str = "Modified_Time";
/// So many bytes of the hash name a schema.
const HASH_BYTES: usize = 4;

/// The fields of a module, by name, with what their values are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    hash: String,
    fields: BTreeMap<String, FieldKind>,
}

impl Schema {
    /// The schema of these fields. A name that is no API name cannot be asked for and is left out.
    pub fn of(fields: &ModuleFields) -> Self {
        let named = fields
            .fields
            .iter()
            .filter(|field| ColumnName::parse(&field.api_name).is_some());
        let fields: BTreeMap<_, _> = named.map(|field| (field.api_name.clone(), field.kind)).collect();
        let mut text = String::new();
        for (name, kind) in &fields {
            // Writing into memory does not fail.
            let _ = writeln!(text, "{name} {kind:?}");
        }
        let hash = digest(&SHA256, text.as_bytes());
        let hash = hex(&hash.as_ref()[..HASH_BYTES]);
        Self { hash, fields }
    }

    /// Its name.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The fields to ask for.
    pub fn columns(&self) -> Vec<ColumnName> {
        self.fields.keys().filter_map(|name| ColumnName::parse(name)).collect()
    }

    /// Whether records tell when they were written.
    pub fn has_modified_time(&self) -> bool {
        self.fields.contains_key(MODIFIED_TIME)
    }

    /// The fields that this one lacks and that one has.
    pub fn gone_since<'a>(&self, earlier: &'a Self) -> Vec<&'a str> {
        let gone = earlier.fields.keys().filter(|name| !self.fields.contains_key(*name));
        gone.map(String::as_str).collect()
    }

    /// The schema of a change record's `record`, as JSON Schema.
    pub fn json_schema(&self, module: &str) -> Value {
        let properties: serde_json::Map<String, Value> = self
            .fields
            .iter()
            .map(|(name, kind)| (name.clone(), type_of(*kind)))
            .collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": format!("{module} {}", self.hash),
            "type": "object",
            "properties": properties,
        })
    }
}

/// The JSON type of a kind of field. Every field may be null.
fn type_of(kind: FieldKind) -> Value {
    match kind {
        FieldKind::Boolean => json!({"type": ["boolean", "null"]}),
        FieldKind::Integer | FieldKind::Double | FieldKind::Currency | FieldKind::Percent => {
            json!({"type": ["number", "null"]})
        }
        FieldKind::Date => json!({"type": ["string", "null"], "format": "date"}),
        FieldKind::DateTime => json!({"type": ["string", "null"], "format": "date-time"}),
        FieldKind::Lookup | FieldKind::OwnerLookup => json!({
            "type": ["object", "null"],
            "properties": {"id": {"type": "string"}, "name": {"type": ["string", "null"]}},
        }),
        FieldKind::MultiSelectPickList | FieldKind::Tags => json!({"type": ["array", "null"]}),
        FieldKind::Other => json!({}),
        FieldKind::Text
        | FieldKind::TextArea
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Website
        | FieldKind::PickList
        | FieldKind::BigInt => json!({"type": ["string", "null"]}),
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigin::{Field, ModuleName};

    fn fields(named: &[(&str, FieldKind)]) -> ModuleFields {
        let field = |(name, kind): &(&str, FieldKind)| Field {
            api_name: (*name).to_owned(),
            label: (*name).to_owned(),
            kind: *kind,
            length: None,
            decimal_place: None,
            mandatory: false,
            writable: true,
            unique: false,
            custom: false,
            lookup_module: None,
            pick_list: Vec::new(),
        };
        ModuleFields {
            module: ModuleName::parse("Contacts").unwrap(),
            fields: named.iter().map(field).collect(),
        }
    }

    #[test]
    fn the_hash_names_the_fields_and_their_kinds_whatever_their_order() {
        use FieldKind::{DateTime, Text};
        let of = |named: &[_]| Schema::of(&fields(named));
        let one = of(&[("A", Text), ("Modified_Time", DateTime)]);
        assert_eq!(one.hash(), of(&[("Modified_Time", DateTime), ("A", Text)]).hash());
        assert_eq!(one.hash().len(), 8);
        assert_ne!(one.hash(), of(&[("A", DateTime), ("Modified_Time", DateTime)]).hash());
        let less = of(&[("Modified_Time", DateTime)]);
        assert_eq!((less.gone_since(&one), one.gone_since(&less)), (vec!["A"], vec![]));
        assert!(one.has_modified_time() && !of(&[("A", Text)]).has_modified_time());
        assert_eq!(
            one.json_schema("Contacts")["properties"]["A"]["type"],
            json!(["string", "null"])
        );
    }

    #[test]
    fn a_name_that_cannot_be_asked_for_is_left_out() {
        let schema = Schema::of(&fields(&[("$odd", FieldKind::Text), ("A", FieldKind::Text)]));
        assert_eq!(schema.columns().len(), 1);
    }
}
