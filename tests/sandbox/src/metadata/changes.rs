//! What an administrator does to the fields of a module while programs use it.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use super::field::field;
use super::{Kind, ModuleName, Schema};

/// What may change about a field; what is not named stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FieldChange {
    /// A new API name. The values stay, under the new name alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mandatory: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique: Option<bool>,
    /// Taken out of the organisation, or put back with the values it had.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<bool>,
    /// The values of a pick list, in the place of those that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    picks: Option<Vec<String>>,
    /// Values that a pick list gets besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    add_picks: Vec<String>,
}

/// A field that an administrator adds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewField {
    api_name: String,
    /// One of Bigin's `data_type`s that can be written.
    data_type: String,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    length: Option<usize>,
    #[serde(default)]
    mandatory: bool,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    picks: Vec<String>,
    /// The module that a lookup points to.
    #[serde(default)]
    module: Option<String>,
}

impl Schema {
    /// Changes a field; gives its place, unless there is none of that name.
    pub(crate) fn change(&mut self, api_name: &str, change: FieldChange) -> Option<usize> {
        let place = self.place(api_name)?;
        let FieldChange {
            api_name,
            label,
            length,
            mandatory,
            unique,
            removed,
            picks,
            add_picks,
        } = change;
        if let Some(name) = api_name {
            self.places.remove(self.fields[place].api_name);
            self.fields[place].api_name = lasting(name);
            self.places.insert(self.fields[place].api_name, place);
        }
        let field = &mut self.fields[place];
        field.label = label.unwrap_or_else(|| std::mem::take(&mut field.label));
        field.length = length.unwrap_or(field.length);
        field.mandatory = mandatory.unwrap_or(field.mandatory);
        field.unique = unique.unwrap_or(field.unique);
        field.removed = removed.unwrap_or(field.removed);
        field.picks = picks.unwrap_or_else(|| std::mem::take(&mut field.picks));
        for value in add_picks {
            if !field.picks.contains(&value) {
                field.picks.push(value);
            }
        }
        Some(place)
    }

    /// Adds a custom field; gives its place.
    pub(crate) fn add(&mut self, new: NewField) -> Result<usize, String> {
        if self.by_name(&new.api_name).is_some() {
            return Err(format!("the module has a field {} already", new.api_name));
        }
        let mut added = field(lasting(new.api_name), kind(&new.data_type, new.module.as_deref())?).custom();
        added.id = self.module.id() + 100 + self.fields.len() as u64;
        added.label = new.label.unwrap_or(added.label);
        added.length = new.length.unwrap_or(added.length);
        added.mandatory = new.mandatory;
        added.unique = new.unique;
        added.picks = new.picks;
        let place = self.fields.len();
        self.places.insert(added.api_name, place);
        self.fields.push(added);
        Ok(place)
    }
}

fn kind(data_type: &str, module: Option<&str>) -> Result<Kind, String> {
    Ok(match data_type {
        "text" => Kind::Text,
        "textarea" => Kind::TextArea,
        "email" => Kind::Email,
        "phone" => Kind::Phone,
        "website" => Kind::Website,
        "picklist" => Kind::PickList,
        "multiselectpicklist" => Kind::MultiPickList,
        "boolean" => Kind::Boolean,
        "integer" => Kind::Integer,
        "bigint" => Kind::BigInt,
        "double" => Kind::Double,
        "currency" => Kind::Currency,
        "percent" => Kind::Percent,
        "date" => Kind::Date,
        "datetime" => Kind::DateTime,
        "ownerlookup" => Kind::User,
        "lookup" => {
            let module = module.and_then(ModuleName::parse);
            Kind::Lookup(module.ok_or("a lookup names the module that it points to")?)
        }
        other => return Err(format!("{other} is no data type of a field that can be added")),
    })
}

/// A name that lives as long as the program, as those of the fields that every module begins with do. Each name is kept
/// once, so that tests which rename a field over and over do not fill the memory.
fn lasting(name: String) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn change(schema: &mut Schema, name: &str, change: Value) -> Option<usize> {
        schema.change(name, serde_json::from_value(change).unwrap())
    }

    #[test]
    fn a_renamed_field_is_found_by_its_new_name_alone() {
        let mut schema = Schema::of(ModuleName::Contacts);
        let place = change(&mut schema, "Nickname", json!({"api_name": "Byname"}));
        assert_eq!(schema.place("Byname"), place);
        assert_eq!(schema.place("Nickname"), None);
        assert_eq!(change(&mut schema, "Nickname", json!({"length": 5})), None);
    }

    #[test]
    fn what_a_change_does_not_name_stays() {
        let mut schema = Schema::of(ModuleName::Contacts);
        let place = change(
            &mut schema,
            "Level",
            json!({"add_picks": ["Gold", "Platinum"], "mandatory": true}),
        )
        .unwrap();
        let field = &schema.fields[place];
        assert_eq!(field.picks, ["Gold", "Silver", "Bronze", "Platinum"]);
        assert!(field.mandatory && !field.removed && field.length == 120 && field.label == "Level");
        change(&mut schema, "Level", json!({"picks": ["One"], "mandatory": false}));
        assert_eq!(schema.fields[place].picks, ["One"]);
    }

    #[test]
    fn a_field_is_added_once_and_only_of_a_known_type() {
        let mut schema = Schema::of(ModuleName::Contacts);
        let mut add = |field: Value| schema.add(serde_json::from_value(field).unwrap());
        add(json!({"api_name": "Shoe_Size", "data_type": "integer"})).unwrap();
        add(json!({"api_name": "Friend", "data_type": "lookup", "module": "Contacts"})).unwrap();
        for refused in [
            json!({"api_name": "Shoe_Size", "data_type": "text"}),
            json!({"api_name": "A", "data_type": "formula"}),
            json!({"api_name": "B", "data_type": "lookup"}),
        ] {
            add(refused.clone()).expect_err("refused");
        }
        let (_, field) = schema.by_name("Shoe_Size").unwrap();
        assert!(field.custom && field.shown_for_writing && field.kind == Kind::Integer);
    }
}
