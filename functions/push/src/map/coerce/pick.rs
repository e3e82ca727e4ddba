//! Pick lists: one value of a list, or several.

use std::collections::HashMap;

use bigin::{PickListValue, push_text};
use serde_json::Value;

use super::damage;
use super::given::Given;
use super::text::fits;
use crate::map::codes;
use crate::map::flaw::Flaw;

/// How many values of a list a message names.
const NAMED: usize = 8;

/// What a pick list takes.
#[derive(Debug, Clone)]
pub(in crate::map) struct PickRule {
    /// A value as it is spelt in the list, or as users see it, and its JSON.
    exact: HashMap<Box<str>, Box<str>>,
    /// The same in small letters.
    folded: HashMap<Box<str>, Box<str>>,
    /// Some of the values, for messages. They are metadata, not record content.
    named: String,
    add: bool,
    length: Option<usize>,
}

impl PickRule {
    /// `add`: values that the list does not have are let through.
    pub fn new(values: &[PickListValue], add: bool, length: Option<usize>) -> Self {
        let (mut exact, mut folded) = (HashMap::new(), HashMap::new());
        // What the API calls a value goes before what users see, should one be called as another looks.
        for shown in [false, true] {
            for value in values {
                let mut json = String::new();
                push_text(&mut json, &value.actual_value);
                let spelt = if shown {
                    value.display_value.trim()
                } else {
                    value.actual_value.trim()
                };
                folded
                    .entry(spelt.to_lowercase().into())
                    .or_insert_with(|| Box::from(json.as_str()));
                exact.entry(spelt.into()).or_insert_with(|| json.into());
            }
        }
        let mut named = values
            .iter()
            .take(NAMED)
            .map(|value| value.display_value.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        if values.len() > NAMED {
            named.push_str(", ...");
        }
        // A list that is not told cannot be checked.
        Self {
            add: add || values.is_empty(),
            exact,
            folded,
            named,
            length,
        }
    }

    pub fn write(&self, given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
        let text = given.text()?;
        self.write_one(&text, json)
    }

    /// Writes an array of the values of a cell or of a JSON array.
    pub fn write_many(&self, given: Given<'_>, split: &str, json: &mut String) -> Result<(), Flaw> {
        json.push('[');
        let first = json.len();
        match given {
            Given::Json(Value::Array(items)) => {
                for item in items {
                    let text = item.as_str().ok_or_else(|| Given::Json(item).wrong_type("text"))?;
                    self.write_next(text, first, json)?;
                }
            }
            _ => {
                for text in given.text()?.split(split) {
                    self.write_next(text, first, json)?;
                }
            }
        }
        json.push(']');
        Ok(())
    }

    fn write_next(&self, text: &str, first: usize, json: &mut String) -> Result<(), Flaw> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        if json.len() > first {
            json.push(',');
        }
        self.write_one(text, json)
    }

    fn write_one(&self, text: &str, json: &mut String) -> Result<(), Flaw> {
        let known = self
            .exact
            .get(text)
            .or_else(|| self.folded.get(text.to_lowercase().as_str()));
        if let Some(known) = known {
            json.push_str(known);
            return Ok(());
        }
        if self.add {
            fits(text, self.length)?;
            push_text(json, text);
            return Ok(());
        }
        Err(damage::in_text(text).unwrap_or_else(|| {
            Flaw::new(
                codes::UNKNOWN_PICKLIST_VALUE,
                format!(
                    "{} is not in the field's list ({})",
                    Given::Cell(text).kind(),
                    self.named
                ),
            )
        }))
    }
}
