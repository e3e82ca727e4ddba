//! What Bigin says of a module's fields (`GET /settings/fields?module=...`, Bigin developer guide, "Fields
//! Metadata"), reduced to what mapping and matching need.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::ModuleName;
use super::lenient::{Filled, Flag, List, Object, Text};

/// The kinds of field that a record's values are coerced to; Bigin's `data_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickListValue {
    /// What a user sees.
    pub display_value: String,
    /// What the API wants.
    pub actual_value: String,
}

/// One field of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireField<'a> {
    #[serde(borrow)]
    api_name: Text<'a>,
    #[serde(borrow)]
    field_label: Text<'a>,
    #[serde(borrow)]
    display_label: Text<'a>,
    #[serde(borrow)]
    data_type: Text<'a>,
    #[serde(borrow)]
    length: Text<'a>,
    #[serde(borrow)]
    decimal_place: Text<'a>,
    system_mandatory: Flag,
    custom_field: Flag,
    unique: Filled,
    #[serde(borrow)]
    lookup: Object<WireLookup<'a>>,
    #[serde(borrow)]
    pick_list_values: List<Object<WirePickListValue<'a>>>,
    view_type: Object<ViewType>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireLookup<'a> {
    #[serde(borrow)]
    module: Object<WireModule<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireModule<'a> {
    #[serde(borrow)]
    api_name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WirePickListValue<'a> {
    #[serde(borrow)]
    display_value: Text<'a>,
    #[serde(borrow)]
    actual_value: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ViewType {
    create: Flag,
    edit: Flag,
}

impl WireField<'_> {
    /// The field; `None` where it has no name.
    pub(super) fn read(&self) -> Option<Field> {
        let api_name = self.api_name.owned()?;
        let kind = FieldKind::of(&api_name, self.data_type.get().unwrap_or_default());
        // Neither read_only nor field_read_only tells whether a value is accepted: Owner is field_read_only and
        // writable, Created_Time is neither and is not. Only view_type does, and Tag is its one exception.
        let shown = self.view_type.0.create.is_set() || self.view_type.0.edit.is_set();
        let label = self.field_label.owned().or_else(|| self.display_label.owned());
        Some(Field {
            kind,
            writable: kind == FieldKind::Tags || shown,
            label: label.unwrap_or_else(|| api_name.replace('_', " ")),
            length: self.length.number(),
            decimal_place: self.decimal_place.number(),
            mandatory: self.system_mandatory.is_set(),
            unique: self.unique.0,
            custom: self.custom_field.is_set(),
            lookup_module: self.lookup.0.module.0.api_name.owned(),
            pick_list: self
                .pick_list_values
                .0
                .iter()
                .filter_map(|Object(value)| value.read())
                .collect(),
            api_name,
        })
    }
}

impl WirePickListValue<'_> {
    fn read(&self) -> Option<PickListValue> {
        let actual_value = self.actual_value.owned().or_else(|| self.display_value.owned())?;
        let display_value = self.display_value.owned().unwrap_or_else(|| actual_value.clone());
        Some(PickListValue {
            display_value,
            actual_value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(wire: &serde_json::Value) -> Field {
        let text = wire.to_string();
        serde_json::from_str::<WireField<'_>>(&text).unwrap().read().unwrap()
    }

    #[test]
    fn an_owner_that_claims_to_be_read_only_is_writable() {
        let owner = field(
            &json!({"api_name": "Owner", "data_type": "ownerlookup", "field_read_only": true,
            "view_type": {"view": true, "edit": true, "quick_create": false, "create": true}}),
        );
        assert!(owner.writable);
        assert_eq!(owner.kind, FieldKind::OwnerLookup);
    }

    #[test]
    fn a_created_time_that_claims_to_be_writable_is_not() {
        let created = field(
            &json!({"api_name": "Created_Time", "data_type": "datetime", "read_only": false,
            "view_type": {"view": true, "edit": false, "quick_create": false, "create": false}}),
        );
        assert!(!created.writable);
    }

    #[test]
    fn tags_are_writable_although_no_form_shows_them() {
        let tag =
            field(&json!({"api_name": "Tag", "data_type": "text", "view_type": {"edit": false, "create": false}}));
        assert!(tag.writable);
        assert_eq!(tag.kind, FieldKind::Tags);
    }

    #[test]
    fn an_empty_object_means_not_unique_and_no_lookup() {
        let plain = field(&json!({"api_name": "Title", "data_type": "text", "unique": {}, "lookup": {}}));
        assert!(!plain.unique);
        assert_eq!(plain.lookup_module, None);
        let email = field(&json!({"api_name": "Email", "data_type": "email", "unique": {"casesensitive": "0"}}));
        assert!(email.unique);
    }

    #[test]
    fn what_has_an_unexpected_type_is_left_out_and_the_field_stays() {
        let odd = field(
            &json!({"api_name": "Stage", "data_type": "picklist", "length": "120", "decimal_place": null,
            "unique": null, "lookup": [], "system_mandatory": "yes",
            "pick_list_values": [{"actual_value": "Won"}, {"display_value": null, "actual_value": "Lost"}, 3]}),
        );
        assert_eq!((odd.length, odd.decimal_place, odd.mandatory), (Some(120), None, false));
        let values: Vec<_> = odd.pick_list.iter().map(|value| value.display_value.as_str()).collect();
        assert_eq!(values, ["Won", "Lost"]);
    }
}
