//! What Bigin says of a module's fields (`GET /settings/fields?module=...`, Bigin developer guide, "Fields
//! Metadata"), reduced to what mapping and matching need.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::ModuleName;

/// The kinds of field that a record's values are coerced to; Bigin's `data_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// One line of text.
    Text,
    /// Several lines of text.
    TextArea,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A web address.
    Website,
    /// One of a list of values.
    PickList,
    /// Some of a list of values, sent as an array.
    MultiSelectPickList,
    /// True or false.
    Boolean,
    /// A whole number of up to 9 digits.
    Integer,
    /// A whole number of up to 19 digits, sent as a string.
    BigInt,
    /// A number with decimals.
    Double,
    /// An amount of money, sent as a number.
    Currency,
    /// A percentage, sent as a number.
    Percent,
    /// A day, sent as `yyyy-MM-dd`.
    Date,
    /// An instant, sent with its offset.
    DateTime,
    /// Another record, sent as `{"id": ...}`.
    Lookup,
    /// A user, sent as `{"id": ...}`.
    OwnerLookup,
    /// The record's tags, sent as an array of `{"name": ...}`.
    Tags,
    /// Something this relay does not write: files, images, formulas, numbers that Bigin counts itself.
    Other,
}

impl FieldKind {
    fn of(api_name: &str, data_type: &str) -> Self {
        if api_name == "Tag" {
            return Self::Tags;
        }
        match data_type {
            "text" => Self::Text,
            "textarea" => Self::TextArea,
            "email" => Self::Email,
            "phone" => Self::Phone,
            "website" => Self::Website,
            "picklist" => Self::PickList,
            "multiselectpicklist" => Self::MultiSelectPickList,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "bigint" => Self::BigInt,
            "double" => Self::Double,
            "currency" => Self::Currency,
            "percent" => Self::Percent,
            "date" => Self::Date,
            "datetime" => Self::DateTime,
            "lookup" => Self::Lookup,
            "ownerlookup" => Self::OwnerLookup,
            _ => Self::Other,
        }
    }
}

/// One value of a pick list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PickListValue {
    /// What a user sees.
    pub display_value: String,
    /// What the API wants.
    pub actual_value: String,
}

/// One field of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name the API knows it by, such as `Last_Name`.
    pub api_name: String,
    /// The name a user sees, such as `Last Name`.
    pub label: String,
    /// What its values are.
    pub kind: FieldKind,
    /// The most characters a value may have.
    pub length: Option<usize>,
    /// Digits after the decimal point.
    pub decimal_place: Option<u32>,
    /// Whether Bigin refuses a new record without it.
    pub mandatory: bool,
    /// Whether the API accepts a value for it.
    pub writable: bool,
    /// Whether two records may not share a value (letter case ignored).
    pub unique: bool,
    /// Whether the organisation added it.
    pub custom: bool,
    /// The module that a lookup points to.
    pub lookup_module: Option<String>,
    /// The values of a pick list.
    pub pick_list: Vec<PickListValue>,
}

/// The fields of one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFields {
    /// The module they belong to.
    pub module: ModuleName,
    /// The fields, in Bigin's order.
    pub fields: Vec<Field>,
}

impl ModuleFields {
    /// The field of that API name, letter case as Bigin spells it.
    pub fn by_api_name(&self, api_name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.api_name == api_name)
    }

    /// The API names of the fields whose values Bigin keeps unique.
    pub fn unique_names(&self) -> HashSet<&str> {
        self.fields
            .iter()
            .filter(|field| field.unique)
            .map(|field| field.api_name.as_str())
            .collect()
    }
}

/// A field as it comes over the wire. Every key but the name is optional: Bigin leaves out what does not apply.
#[derive(Debug, Deserialize)]
pub(super) struct WireField {
    api_name: String,
    #[serde(default)]
    field_label: Option<String>,
    #[serde(default)]
    display_label: Option<String>,
    #[serde(default)]
    data_type: String,
    #[serde(default)]
    length: Option<usize>,
    #[serde(default)]
    decimal_place: Option<u32>,
    #[serde(default)]
    system_mandatory: bool,
    #[serde(default)]
    custom_field: bool,
    #[serde(default)]
    unique: Value,
    #[serde(default)]
    lookup: Value,
    #[serde(default)]
    pick_list_values: Vec<PickListValue>,
    #[serde(default)]
    view_type: Value,
}

impl From<WireField> for Field {
    fn from(wire: WireField) -> Self {
        let kind = FieldKind::of(&wire.api_name, &wire.data_type);
        let shown = |key: &str| wire.view_type.get(key).and_then(Value::as_bool).unwrap_or(false);
        // Neither read_only nor field_read_only tells whether a value is accepted: Owner is field_read_only and
        // writable, Created_Time is neither and is not. Only view_type does, and Tag is its one exception.
        let writable = kind == FieldKind::Tags || shown("create") || shown("edit");
        Self {
            kind,
            writable,
            label: wire
                .field_label
                .or(wire.display_label)
                .unwrap_or_else(|| wire.api_name.replace('_', " ")),
            length: wire.length,
            decimal_place: wire.decimal_place,
            mandatory: wire.system_mandatory,
            unique: wire.unique.as_object().is_some_and(|unique| !unique.is_empty()),
            custom: wire.custom_field,
            lookup_module: wire
                .lookup
                .pointer("/module/api_name")
                .and_then(Value::as_str)
                .map(str::to_owned),
            pick_list: wire.pick_list_values,
            api_name: wire.api_name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(wire: Value) -> Field {
        serde_json::from_value::<WireField>(wire).unwrap().into()
    }

    #[test]
    fn an_owner_that_claims_to_be_read_only_is_writable() {
        let owner = field(
            json!({"api_name": "Owner", "data_type": "ownerlookup", "field_read_only": true,
            "view_type": {"view": true, "edit": true, "quick_create": false, "create": true}}),
        );
        assert!(owner.writable);
        assert_eq!(owner.kind, FieldKind::OwnerLookup);
    }

    #[test]
    fn a_created_time_that_claims_to_be_writable_is_not() {
        let created = field(
            json!({"api_name": "Created_Time", "data_type": "datetime", "read_only": false,
            "view_type": {"view": true, "edit": false, "quick_create": false, "create": false}}),
        );
        assert!(!created.writable);
    }

    #[test]
    fn tags_are_writable_although_no_form_shows_them() {
        let tag = field(json!({"api_name": "Tag", "data_type": "text", "view_type": {"edit": false, "create": false}}));
        assert!(tag.writable);
        assert_eq!(tag.kind, FieldKind::Tags);
    }

    #[test]
    fn an_empty_object_means_not_unique_and_no_lookup() {
        let plain = field(json!({"api_name": "Title", "data_type": "text", "unique": {}, "lookup": {}}));
        assert!(!plain.unique);
        assert_eq!(plain.lookup_module, None);
        let email = field(json!({"api_name": "Email", "data_type": "email", "unique": {"casesensitive": "0"}}));
        assert!(email.unique);
    }
}
