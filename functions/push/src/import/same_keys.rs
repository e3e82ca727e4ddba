//! Rows of one file that differ and share a key, as the plan and its report show them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::map::SameKey;
use crate::record::RepairKind;
use crate::report::Reason;

/// How many keys are shown by their lines, and how many lines of each.
const MOST_EXAMPLES: usize = 5;

/// Rows that differ and share a key, by match field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameKeys(BTreeMap<String, OfField>);

/// The same for one match field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct OfField {
    keys: u64,
    rows: u64,
    is_exact: bool,
    /// Lines of rows that share one.
    examples: Vec<Vec<u64>>,
}

/// The first lines of all that were added, in their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct FirstLines {
    lines: [u64; MOST_EXAMPLES],
    count: usize,
}

impl FirstLines {
    /// Adds a line.
    pub fn add(&mut self, line: u64) {
        let place = self.lines[..self.count].partition_point(|before| *before < line);
        if place == MOST_EXAMPLES {
            return;
        }
        self.count = (self.count + 1).min(MOST_EXAMPLES);
        self.lines[place..self.count].rotate_right(1);
        self.lines[place] = line;
    }

    /// They, one by one.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.lines[..self.count].iter().copied()
    }
}

impl SameKeys {
    /// Adds a key of so many rows that differ. Of `2^thinned` keys one is looked at.
    pub(super) fn add(&mut self, field: &str, rows: u64, first_lines: &FirstLines, thinned: u32) {
        let of_field = self.0.entry(field.to_owned()).or_default();
        of_field.keys += 1 << thinned;
        of_field.rows += rows << thinned;
        of_field.is_exact = thinned == 0;
        of_field.examples.push(first_lines.iter().collect());
        of_field.examples.sort_unstable();
        of_field.examples.truncate(MOST_EXAMPLES);
    }

    /// Whether no rows share a key and differ.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows do, and the line of the first of them; of several match fields the one with most.
    pub fn most(&self) -> Option<(u64, u64)> {
        let most = self.0.values().max_by_key(|of_field| of_field.rows)?;
        let first = most.examples.first().and_then(|lines| lines.first()).copied();
        Some((most.rows, first.unwrap_or(0)))
    }

    /// As the plan shows it.
    pub fn as_plan(&self) -> Value {
        let each = self.0.iter().map(|(field, of_field)| {
            json!({"field": field, "keys": of_field.keys, "rows": of_field.rows, "exact": of_field.is_exact, "lines": of_field.examples})
        });
        each.collect()
    }

    /// A sentence for each match field.
    pub fn sentences(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|(field, of_field)| {
            format!(
                "{}: {}, for example {}: the last row of each key wins",
                RepairKind::SameKey.as_str(),
                of_field.said(field),
                of_field.shown()
            )
        })
    }

    /// Why the file is refused, if the mapping wants it to be.
    pub fn refusal(&self, rule: SameKey, rows: u64) -> Option<Reason> {
        let (field, of_field) = self.0.iter().find(|(_, of_field)| rule.refuses(of_field.rows, rows))?;
        Some(Reason::new(
            crate::map::codes::SAME_KEY,
            format!(
                "{} of {rows}, for example {}: one record would be made of many",
                of_field.said(field),
                of_field.shown()
            ),
            "correct the keys or match_on, or set same_key = \"warn\" in the mapping if the last row of each key is meant to win",
        ))
    }
}

impl OfField {
    fn said(&self, field: &str) -> String {
        let about = if self.is_exact { "" } else { "about " };
        format!(
            "{about}{} rows share {about}{} values of {field} and differ",
            self.rows, self.keys
        )
    }

    fn shown(&self) -> String {
        let lines = self.examples.iter().map(|lines| {
            let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
            format!("lines {}", lines.join(", "))
        });
        lines.collect::<Vec<_>>().join("; ")
    }
}
