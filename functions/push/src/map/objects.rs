//! JSON objects: which field each key means, looked up without a header.

use std::collections::HashMap;
use std::sync::Arc;

use bigin::{CallShape, Operation};
use serde_json::{Map, Value};

use super::codes;
use super::column::Column;
use super::constant::Constant;
use super::directory::{Directory, Unresolved, is_our_own, why_not_written};
use super::draft::Draft;
use super::flaw::Flaw;
use super::mapping::{ColumnRule, Mapping};
use super::names::Names;
use super::setting::Setting;

/// The keys that objects may have.
#[derive(Debug, Clone)]
pub(super) struct ObjectKeys {
    directory: Arc<Directory>,
    shape: CallShape,
    /// What the mapping says of columns that nobody knows.
    mapping: Arc<Mapping>,
    slots: Vec<Slot>,
    /// Keys as they are spelt most of the time.
    by_key: HashMap<String, Target>,
    /// What the mapping says of keys: it goes before the directory.
    ruled: Names<Target>,
    /// The slots of the fields of the directory; `None` for those that are not written.
    fields: Vec<Option<usize>>,
}

/// A way for a key to fill a field.
#[derive(Debug, Clone)]
struct Slot {
    column: Column,
    /// The same for all slots of one field.
    field: usize,
    /// A constant fills the field.
    taken: bool,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Target {
    Slot(usize),
    LeftOut,
}

enum KeyTarget {
    Slot(usize),
    LeftOut,
    Unverified,
    Wrong(Flaw),
}

impl ObjectKeys {
    pub fn new(directory: Directory, setting: &Setting<'_>, shape: &CallShape, constants: &[Constant]) -> Self {
        let mut objects = Self {
            fields: vec![None; directory.fields.len()],
            directory: Arc::new(directory),
            shape: shape.clone(),
            mapping: Arc::new(setting.mapping.clone()),
            slots: Vec::new(),
            by_key: HashMap::new(),
            ruled: Names::new([]),
        };
        let is_constant = |column: &Column| constants.iter().any(|constant| constant.name == column.name);
        for place in 0..objects.fields.len() {
            objects.fields[place] = objects.slot(place, None, setting, is_constant);
        }
        let mut ruled: Vec<(&str, Target)> = Vec::new();
        for (name, rule) in &setting.mapping.columns {
            let target = rule.field.as_deref().unwrap_or(name);
            let slot = match objects.directory.resolve(target) {
                Ok(place) => objects.slot(place, Some(rule), setting, is_constant),
                Err(Unresolved::Unverified) => Some(objects.unverified_slot(target, Some(rule), setting, is_constant)),
                Err(_) => None,
            };
            if let Some(slot) = slot {
                ruled.push((name, Target::Slot(slot)));
            }
        }
        ruled.extend(
            setting
                .mapping
                .ignore
                .iter()
                .map(|name| (name.as_str(), Target::LeftOut)),
        );
        objects.ruled = Names::new(ruled);
        let directory = Arc::clone(&objects.directory);
        let known = directory
            .fields
            .iter()
            .flat_map(|field| [&field.api_name, &field.label]);
        for key in known
            .chain(setting.mapping.columns.keys())
            .chain(&setting.mapping.ignore)
        {
            match objects.look_up(key) {
                KeyTarget::Slot(slot) => drop(objects.by_key.insert(key.clone(), Target::Slot(slot))),
                KeyTarget::LeftOut => drop(objects.by_key.insert(key.clone(), Target::LeftOut)),
                KeyTarget::Unverified | KeyTarget::Wrong(_) => {}
            }
        }
        objects
    }

    fn slot(
        &mut self,
        place: usize,
        rule: Option<&ColumnRule>,
        setting: &Setting<'_>,
        is_constant: impl Fn(&Column) -> bool,
    ) -> Option<usize> {
        let field = &self.directory.fields[place];
        if why_not_written(field).is_some() {
            return None;
        }
        let column =
            Column::new(field, rule, setting, &self.shape).with_rest(&self.directory, rule, setting, &self.shape);
        self.slots.push(Slot {
            taken: is_constant(&column) || column.rest.iter().any(&is_constant),
            field: place,
            column,
        });
        Some(self.slots.len() - 1)
    }

    /// A slot for a field that only the mapping knows.
    fn unverified_slot(
        &mut self,
        name: &str,
        rule: Option<&ColumnRule>,
        setting: &Setting<'_>,
        is_constant: impl Fn(&Column) -> bool,
    ) -> usize {
        let column = Column::unverified(name, rule, setting.mapping, &self.shape);
        self.fields.push(None);
        self.slots.push(Slot {
            taken: is_constant(&column),
            field: self.fields.len() - 1,
            column,
        });
        self.slots.len() - 1
    }

    /// Reads an object key by key.
    pub fn read(&self, object: &Map<String, Value>, draft: &mut Draft, take: impl Fn(&Column, &Value, &mut Draft)) {
        let mut seen = vec![false; self.fields.len()];
        for (key, value) in object {
            let found = match self.by_key.get(key) {
                Some(Target::Slot(slot)) => KeyTarget::Slot(*slot),
                Some(Target::LeftOut) => KeyTarget::LeftOut,
                None => self.look_up(key),
            };
            match found {
                KeyTarget::Slot(slot) => {
                    let slot = &self.slots[slot];
                    let column = &slot.column;
                    let rest = || {
                        column
                            .rest
                            .iter()
                            .filter_map(|column| self.directory.exactly(column.name.as_str()))
                    };
                    if seen[slot.field] || slot.taken || rest().any(|field| seen[field]) {
                        let why = "two keys, or a key and a constant of the mapping, fill this field";
                        draft
                            .flaws
                            .add(Some(column.name.as_str()), Flaw::new(codes::FIELD_TWICE, why));
                        continue;
                    }
                    seen[slot.field] = true;
                    rest().for_each(|field| seen[field] = true);
                    if self.shape.operation != Operation::Delete || column.key {
                        take(column, value, draft);
                    }
                }
                KeyTarget::LeftOut => {}
                KeyTarget::Unverified => take(&Column::unverified(key, None, &self.mapping, &self.shape), value, draft),
                KeyTarget::Wrong(flaw) => {
                    // A key that is no field is cut to a length that fits a report.
                    let shown: String = key.chars().take(100).collect();
                    draft.flaws.add(Some(&shown), flaw);
                }
            }
        }
        for (place, seen) in seen.iter().enumerate() {
            let Some(slot) = self.fields[place].filter(|_| !seen) else {
                continue;
            };
            let slot = &self.slots[slot];
            if slot.column.required && !slot.taken {
                draft.leave_out(&slot.column);
            }
        }
    }

    fn look_up(&self, key: &str) -> KeyTarget {
        if is_our_own(key) {
            return KeyTarget::LeftOut;
        }
        if !self.ruled.is_empty() {
            let exact = self.ruled.exactly(key);
            // A field's own name goes before the mapping's name for another, written otherwise.
            let folded = self.ruled.folded(key).filter(|_| exact.is_none());
            let own = self.directory.exactly(key);
            match exact.or(folded) {
                Some(Target::Slot(slot)) if exact.is_some() || own.is_none_or(|own| own == self.slots[slot].field) => {
                    return KeyTarget::Slot(slot);
                }
                Some(Target::Slot(_)) => {
                    return KeyTarget::Wrong(Flaw::new(
                        codes::AMBIGUOUS_FIELD,
                        "is a field's own name, and the mapping sends it, written otherwise, to another field: name it there as it is",
                    ));
                }
                Some(Target::LeftOut) => return KeyTarget::LeftOut,
                None => {}
            }
        }
        match self.directory.resolve(key) {
            Ok(place) => match self.fields[place] {
                Some(slot) => KeyTarget::Slot(slot),
                None => KeyTarget::Wrong(Flaw::new(
                    codes::READ_ONLY_FIELD,
                    why_not_written(&self.directory.fields[place]).unwrap_or_default(),
                )),
            },
            Err(Unresolved::Unverified) => KeyTarget::Unverified,
            Err(Unresolved::Ambiguous(candidates)) => KeyTarget::Wrong(Flaw::new(
                codes::AMBIGUOUS_FIELD,
                format!("may mean {}: use the API name", candidates.join(" or ")),
            )),
            Err(Unresolved::Unknown(hint)) => KeyTarget::Wrong(Flaw::new(
                codes::UNKNOWN_FIELD,
                format!("is no field of {}{hint}", self.shape.module),
            )),
        }
    }
}
