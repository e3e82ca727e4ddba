//! Constants: fields that have the same value in every record.

use bigin::{FieldName, push_text};

use super::coerce::Related;
use super::column::Column;
use super::draft::Draft;
use super::mapped::Reference;
use crate::record::Tag;

/// A field that has the same value in every record.
#[derive(Debug, Clone)]
pub(super) struct Constant {
    pub name: FieldName,
    /// Its value as JSON; `None` where it is a reference or a tag to be added.
    pub json: Option<String>,
    /// Whether it goes with the second call.
    pub is_second: bool,
    /// The module of what the records are about.
    pub related: Option<Related>,
    /// Whether it says what the records are about.
    pub has_related: bool,
    pub references: Vec<Reference>,
    pub tags: Vec<Tag>,
}

impl Constant {
    /// What the draft of the constant's column has become, or what is wrong with it.
    pub fn of(draft: Draft, column: &Column) -> Result<Self, String> {
        if column.key {
            return Err(format!(
                "{} is what records are found by: all would be the same",
                column.name.as_str()
            ));
        }
        if let Some(reject) = draft.flaws.into_reject() {
            return Err(reject.message);
        }
        if draft.related_name.is_some() {
            return Err(format!("{} wants the record's id", column.name.as_str()));
        }
        let is_second = draft.second.is_some();
        let record = draft.second.unwrap_or(draft.writer).finish();
        // What stands between `{"Name":` and `}`.
        let mut key = String::from("{");
        push_text(&mut key, column.name.as_str());
        let json = record
            .json()
            .get(key.len() + 1..record.json().len() - 1)
            .map(str::to_owned);
        Ok(Self {
            name: column.name.clone(),
            json,
            is_second,
            related: draft.related,
            has_related: draft.has_related,
            references: draft.references,
            tags: draft.tags,
        })
    }
}
