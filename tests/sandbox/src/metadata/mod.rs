//! What the organisation's modules and fields are (contract, section 4), and how Bigin describes them (section 8).

mod activities;
mod changes;
mod companies;
mod contacts;
mod custom;
mod deals;
mod describe;
mod field;
mod kind;
mod layouts;
mod module;
mod products;

pub(crate) use changes::{FieldChange, NewField};
pub(crate) use describe::{describe_field, describe_layouts, describe_module, describe_modules};
pub(crate) use field::Field;
pub(crate) use kind::{Kind, Shape, System};
pub(crate) use layouts::TeamPipeline;
pub(crate) use module::ModuleName;

use std::collections::HashMap;

/// The fields of one module.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(crate) module: ModuleName,
    pub(crate) fields: Vec<Field>,
    places: HashMap<&'static str, usize>,
}

impl Schema {
    /// The fields that a module begins with.
    pub(crate) fn of(module: ModuleName) -> Self {
        let mut fields = match module {
            ModuleName::Contacts => contacts::fields(),
            ModuleName::Accounts => companies::fields(),
            ModuleName::Pipelines => deals::fields(),
            ModuleName::Products => products::fields(),
            ModuleName::Tasks => activities::task_fields(),
            ModuleName::Events => activities::event_fields(),
            ModuleName::Calls => activities::call_fields(),
            ModuleName::Notes => activities::note_fields(),
        };
        for (place, field) in fields.iter_mut().enumerate() {
            field.id = module.id() + 100 + place as u64;
        }
        let places = fields
            .iter()
            .enumerate()
            .map(|(place, field)| (field.api_name, place))
            .collect();
        Self { module, fields, places }
    }

    /// The place and the field of that API name, letter case as Bigin spells it.
    pub(crate) fn by_name(&self, api_name: &str) -> Option<(usize, &Field)> {
        let place = *self.places.get(api_name)?;
        Some((place, &self.fields[place])).filter(|(_, field)| !field.removed)
    }

    /// The place of a field that the module certainly has.
    pub(crate) fn place(&self, api_name: &str) -> Option<usize> {
        self.places.get(api_name).copied()
    }

    /// Fields that are there, with their places.
    pub(crate) fn present(&self) -> impl Iterator<Item = (usize, &Field)> {
        self.fields.iter().enumerate().filter(|(_, field)| !field.removed)
    }

    /// Unique fields in the order in which an upsert checks them by itself: the system's, then the custom ones.
    pub(crate) fn unique(&self) -> Vec<usize> {
        let mut unique: Vec<_> = self.present().filter(|(_, field)| field.unique).collect();
        unique.sort_by_key(|(_, field)| field.custom);
        unique.into_iter().map(|(place, _)| place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_module_has_two_fields_of_one_name() {
        for module in ModuleName::ALL {
            let schema = Schema::of(module);
            assert_eq!(schema.places.len(), schema.fields.len(), "{module:?}");
        }
    }

    #[test]
    fn the_system_unique_field_comes_before_the_custom_one() {
        let schema = Schema::of(ModuleName::Contacts);
        let names: Vec<_> = schema
            .unique()
            .into_iter()
            .map(|place| schema.fields[place].api_name)
            .collect();
        assert_eq!(names, ["Email", "External_ID"]);
    }
}
