//! Which field a name means: an API name or a label, letter case, spaces and punctuation aside.

use std::collections::HashMap;

use bigin::{Field, ModuleFields, ModuleName};

use super::names::Names;
use super::standard;
use super::words::{did_you_mean, fold, signs};
use crate::record::is_relay_column;

/// The fields of a module by all their names.
#[derive(Debug)]
pub(super) struct Directory {
    pub fields: Vec<Field>,
    /// Whether Bigin itself said which fields there are.
    pub verified: bool,
    by_api_name: HashMap<String, usize>,
    by_label: HashMap<String, Vec<usize>>,
    by_name: Names<usize>,
    by_alias: HashMap<String, Vec<usize>>,
}

/// A name that means no field, or too many.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// None; with "did you mean ...?" where something comes near.
    Unknown(String),
    /// The API names of the fields it may mean.
    Ambiguous(Vec<String>),
    /// None is known, but Bigin was not asked and it looks like an API name.
    Unverified,
}

impl Directory {
    /// `told`: what Bigin says of the module's fields, if it was asked.
    pub fn new(module: &ModuleName, told: Option<&ModuleFields>) -> Self {
        let mut fields = told.map_or_else(|| standard::fields(module), |told| told.fields.clone());
        for unlisted in standard::unlisted(module) {
            if !fields.iter().any(|field| field.api_name == unlisted.api_name) {
                fields.push(unlisted);
            }
        }
        let (mut by_api_name, mut by_label, mut by_alias) = (HashMap::new(), HashMap::new(), HashMap::new());
        for (place, field) in fields.iter().enumerate() {
            by_api_name.insert(field.api_name.clone(), place);
            add(&mut by_label, field.label.trim().to_owned(), place);
            for alias in standard::aliases(module.as_str(), field) {
                add(&mut by_alias, alias, place);
            }
        }
        let names = fields.iter().enumerate();
        let names = names.flat_map(|(place, field)| [(field.api_name.as_str(), place), (field.label.as_str(), place)]);
        let by_name = Names::new(names);
        Self {
            fields,
            verified: told.is_some(),
            by_api_name,
            by_label,
            by_name,
            by_alias,
        }
    }

    /// The place of the field that has exactly that API name or label.
    pub fn exactly(&self, name: &str) -> Option<usize> {
        let name = name.trim();
        if let Some(place) = self.by_api_name.get(name) {
            return Some(*place);
        }
        self.one_of(self.by_label.get(name)?).ok()
    }

    /// The place of the field that a name means: as it stands, or else folded where that means one field.
    pub fn resolve(&self, name: &str) -> Result<usize, Unresolved> {
        if let Some(place) = self.exactly(name) {
            return Ok(place);
        }
        let folded = fold(name);
        let mut by_name: Vec<usize> = self.by_name.alike(name).collect();
        by_name.dedup();
        let by_alias = self.by_alias.get(&folded).filter(|_| signs(name).is_empty());
        for places in [by_name, by_alias.cloned().unwrap_or_default()] {
            if !places.is_empty() {
                return self.one_of(&places);
            }
        }
        if !self.verified && looks_like_api_name(name) {
            return Err(Unresolved::Unverified);
        }
        let names = self.fields.iter().filter(|field| field.writable);
        let names = names.flat_map(|field| [field.api_name.as_str(), field.label.as_str()]);
        Err(Unresolved::Unknown(did_you_mean(name, names)))
    }

    /// The one field that is meant: one that nobody may write does not stand in the way of one that may be.
    fn one_of(&self, places: &[usize]) -> Result<usize, Unresolved> {
        let mut writable = places.iter().filter(|place| self.fields[**place].writable);
        match (places, writable.next(), writable.next()) {
            (_, Some(place), None) | ([place], ..) => Ok(*place),
            _ => {
                let names = places.iter().map(|place| self.fields[*place].api_name.clone());
                Err(Unresolved::Ambiguous(names.collect()))
            }
        }
    }

    /// The API names of the fields whose values are unique.
    pub fn unique_names(&self) -> Vec<&str> {
        self.fields
            .iter()
            .filter(|field| field.unique)
            .map(|field| field.api_name.as_str())
            .collect()
    }
}

fn add(names: &mut HashMap<String, Vec<usize>>, name: String, place: usize) {
    let places = names.entry(name).or_default();
    if !places.contains(&place) {
        places.push(place);
    }
}

/// Letters, digits, underscores, and a dollar sign in front: what API names are made of.
pub(super) fn looks_like_api_name(name: &str) -> bool {
    let bare = name.strip_prefix('$').unwrap_or(name);
    bare.starts_with(|c: char| c.is_ascii_alphabetic())
        && bare.len() <= 100
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether a column is one of those that rejects and outcomes files have beside the row's own: no field.
pub(super) fn is_our_own(header: &str) -> bool {
    header.starts_with('_') && (is_relay_column(header) || header == "_outcome")
}

/// Why a field is not written, if it is not.
pub(super) fn why_not_written(field: &Field) -> Option<&'static str> {
    if field.api_name == "Record_Image" {
        Some("an image, which this relay does not upload")
    } else if field.writable {
        None
    } else {
        Some("which Bigin writes itself")
    }
}
