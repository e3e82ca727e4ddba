//! JSON objects: which field each key means, looked up without a header.

use std::collections::HashMap;

use serde_json::{Map, Value};
use shared::bigin::{CallShape, Operation};

use super::codes;
use super::column::Column;
use super::directory::{Directory, Unresolved};
use super::draft::Draft;
use super::flaw::Flaw;
use super::mapper::{Constant, leave_out};
use super::mapping::{ColumnRule, Mapping};
use super::plan::{is_our_own, why_not_written};
use super::setting::Setting;

/// The keys that objects may have.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    directory: std::sync::Arc<Directory>,
    /// One for each field of the directory; `None` for those that are not written.
    columns: Vec<Option<Column>>,
    /// Keys as they are spelt most of the time, and the places of their columns.
    by_key: HashMap<String, usize>,
    /// Keys that the mapping has something to say about, and the columns they get; `None` where they are left out.
    ruled: HashMap<String, Option<Column>>,
    mapping: Mapping,
    shape: CallShape,
    /// The places of the columns that constants fill.
    constant: Vec<usize>,
    /// The places of the columns that new records must have.
    required: Vec<usize>,
}

impl Objects {
    pub fn new(directory: Directory, setting: &Setting<'_>, shape: &CallShape, constants: &[Constant]) -> Self {
        let sent = |column: &Column| shape.operation != Operation::Delete || column.key;
        let column = |place: usize, rule: Option<&ColumnRule>| {
            let field = &directory.fields[place];
            why_not_written(field)
                .is_none()
                .then(|| Column::new(field, rule, setting, shape))
        };
        let columns: Vec<Option<Column>> = (0..directory.fields.len()).map(|place| column(place, None)).collect();
        let by_key = directory
            .fields
            .iter()
            .flat_map(|field| [&field.api_name, &field.label]);
        let by_key = by_key
            .filter_map(|name| directory.resolve(name).ok().map(|place| (name.clone(), place)))
            .collect();
        let ruled = setting.mapping.columns.iter().filter_map(|(name, rule)| {
            let target = rule.field.as_deref().unwrap_or(name);
            match directory.resolve(target) {
                Ok(place) => Some((name.clone(), column(place, Some(rule)).filter(sent))),
                Err(Unresolved::Unverified) => Some((name.clone(), Some(Column::unverified(target, shape)))),
                Err(_) => None,
            }
        });
        let is_constant = |place: &usize| {
            let column = columns[*place].as_ref();
            column.is_some_and(|column| constants.iter().any(|constant| constant.name == column.name))
        };
        let constant: Vec<usize> = (0..columns.len()).filter(is_constant).collect();
        let is_required = |place: &usize| columns[*place].as_ref().is_some_and(|column| column.required);
        let required = (0..columns.len())
            .filter(is_required)
            .filter(|place| !constant.contains(place))
            .collect();
        Self {
            ruled: ruled.collect(),
            by_key,
            constant,
            required,
            mapping: setting.mapping.clone(),
            shape: shape.clone(),
            directory: std::sync::Arc::new(directory),
            columns,
        }
    }

    /// Reads an object key by key.
    pub fn read(&self, object: &Map<String, Value>, draft: &mut Draft, take: impl Fn(&Column, &Value, &mut Draft)) {
        let mut seen: Vec<&str> = Vec::with_capacity(object.len());
        for (key, value) in object {
            let unverified;
            let column = match self.column(key) {
                Found::Column(column) => column,
                Found::Unverified(column) => {
                    unverified = column;
                    &unverified
                }
                Found::LeftOut => continue,
                Found::Wrong(flaw) => {
                    draft.flaws.add(Some(&shown(key)), flaw);
                    continue;
                }
            };
            if seen.iter().any(|name| *name == column.name.as_str()) || self.is_constant(column) {
                let flaw = Flaw::new(
                    codes::FIELD_TWICE,
                    "two keys, or a key and a constant of the mapping, fill this field",
                );
                draft.flaws.add(Some(column.name.as_str()), flaw);
                continue;
            }
            if let Some(name) = self.lasting_name(column) {
                seen.push(name);
            }
            if self.shape.operation != Operation::Delete || column.key {
                take(column, value, draft);
            }
        }
        for place in &self.required {
            if let Some(column) = &self.columns[*place]
                && !seen.contains(&column.name.as_str())
            {
                leave_out(column, draft);
            }
        }
    }

    /// The column's name as this holds it, so that it may be remembered over the whole object.
    fn lasting_name(&self, column: &Column) -> Option<&str> {
        self.directory
            .field(column.name.as_str())
            .map(|field| field.api_name.as_str())
    }

    fn is_constant(&self, column: &Column) -> bool {
        self.constant.iter().any(|place| {
            self.columns[*place]
                .as_ref()
                .is_some_and(|constant| constant.name == column.name)
        })
    }

    fn column(&self, key: &str) -> Found<'_> {
        if is_our_own(key) || self.mapping.ignores(key) {
            return Found::LeftOut;
        }
        if let Some((name, _)) = self.mapping.column(key) {
            match self.ruled.get(name) {
                Some(Some(column)) => return Found::Column(column),
                Some(None) => return Found::LeftOut,
                None => {}
            }
        }
        let place = self
            .by_key
            .get(key)
            .copied()
            .map_or_else(|| self.directory.resolve(key), Ok);
        match place {
            Ok(place) => match &self.columns[place] {
                Some(column) => Found::Column(column),
                None => Found::Wrong(Flaw::new(
                    codes::READ_ONLY_FIELD,
                    why_not_written(&self.directory.fields[place]).unwrap_or_default(),
                )),
            },
            Err(Unresolved::Unverified) => Found::Unverified(Column::unverified(key, &self.shape)),
            Err(Unresolved::Ambiguous(candidates)) => Found::Wrong(Flaw::new(
                codes::AMBIGUOUS_FIELD,
                format!("may mean {}: use the API name", candidates.join(" or ")),
            )),
            Err(Unresolved::Unknown(hint)) => Found::Wrong(Flaw::new(
                codes::UNKNOWN_FIELD,
                format!("is no field of {}{hint}", self.shape.module),
            )),
        }
    }
}

enum Found<'a> {
    Column(&'a Column),
    Unverified(Column),
    LeftOut,
    Wrong(Flaw),
}

/// A key that is no field, cut to a length that fits a report.
fn shown(key: &str) -> String {
    key.chars().take(100).collect()
}
