//! Repairs and doubts: what was mended in a file's rows without a change of meaning, and what was sent although it may not
//! be meant. Counted by kind, with the first line and field; no value is ever in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What was mended, or is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairKind {
    /// Characters that nobody sees were taken off a value.
    InvisibleTakenOff,
    /// What a program had wrapped around a value was taken off.
    Unwrapped,
    /// A text that can mean nothing but "no value" was taken for none.
    NoValue,
    /// A row has fewer cells than the header.
    CellsMissing,
    /// A row has the form of a footer: one cell at its start, and nothing but empty ones behind it.
    PaddedRow,
    /// A row begins like a total.
    MayBeTotal,
    /// A quoted cell has lines that might be rows of their own.
    RowsInQuotes,
    /// Rows that differ have the same key.
    SameKey,
    /// A comma in a number without decimals was taken to stand between thousands.
    CommaBetweenThousands,
    /// The mapping takes the first of several values.
    FirstTaken,
    /// A telephone number was written in the characters that Bigin takes.
    Respelt,
    /// A text has a character reference of HTML.
    HtmlReference,
    /// Character references of HTML were decoded, as the mapping says.
    HtmlDecoded,
    /// A text is written in the notation of a program.
    OtherNotation,
    /// A question mark stands in the place of a letter.
    LostLetter,
    /// A word has letters of two scripts that look alike.
    MixedScripts,
}

impl RepairKind {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::InvisibleTakenOff,
        Self::Unwrapped,
        Self::NoValue,
        Self::CellsMissing,
        Self::PaddedRow,
        Self::MayBeTotal,
        Self::RowsInQuotes,
        Self::SameKey,
        Self::CommaBetweenThousands,
        Self::FirstTaken,
        Self::Respelt,
        Self::HtmlReference,
        Self::HtmlDecoded,
        Self::OtherNotation,
        Self::LostLetter,
        Self::MixedScripts,
    ];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvisibleTakenOff => "invisible_taken_off",
            Self::Unwrapped => "unwrapped",
            Self::NoValue => "no_value",
            Self::CellsMissing => "cells_missing",
            Self::PaddedRow => "padded_row",
            Self::MayBeTotal => "may_be_total",
            Self::RowsInQuotes => "rows_in_quotes",
            Self::SameKey => "same_key",
            Self::CommaBetweenThousands => "comma_between_thousands",
            Self::FirstTaken => "first_taken",
            Self::Respelt => "respelt",
            Self::HtmlReference => "html_reference",
            Self::HtmlDecoded => "html_decoded",
            Self::OtherNotation => "other_notation",
            Self::LostLetter => "lost_letter",
            Self::MixedScripts => "mixed_scripts",
        }
    }

    /// What it says of a row, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::InvisibleTakenOff => "Characters that nobody sees were taken off a value.",
            Self::Unwrapped => "What a program had wrapped around a value, such as mailto:, was taken off.",
            Self::NoValue => "A text that can mean nothing but no value, such as 0000-00-00, was taken for none.",
            Self::CellsMissing => "The row has fewer cells than the header: those at its end were taken as absent.",
            Self::PaddedRow => {
                "The row has a value in its first cell alone, as a footer or a title has: check that it is a record."
            }
            Self::MayBeTotal => {
                "The row begins like a total and has nothing but numbers behind it: check that it is a record."
            }
            Self::RowsInQuotes => {
                "A quoted cell has lines in it that might be rows: check that its quotes are closed where they should be."
            }
            Self::CommaBetweenThousands => {
                "A number such as 1,234 in a field without decimals was read as 1234: say number or language in the mapping."
            }
            Self::FirstTaken => "A cell has several values, of which the first was taken, as the mapping says.",
            Self::Respelt => {
                "A telephone number has digits of another script, or marks that Bigin does not take: it was written with 0 to 9, \
                 blanks and hyphens."
            }
            Self::HtmlReference => {
                "A text has a character reference of HTML in it, such as `&amp;` for &, and was sent as it stands: say html in the \
                 mapping."
            }
            Self::HtmlDecoded => "Character references of HTML were written as their characters, as the mapping says.",
            Self::OtherNotation => {
                "A text is written in the notation of a program, such as `<br>`, `_x000D_`, `M\\u00fcller`, `M%C3%BCller` or \
                 `{{name}}`, and was sent as it stands: export it as plain text."
            }
            Self::LostLetter => {
                "A question mark stands right before a letter, such as in `M?ller`, where a letter may have been lost in a \
                 conversion: export the file as UTF-8."
            }
            Self::MixedScripts => {
                "A word has Latin letters among Cyrillic or Greek ones that look like them, so that nobody will find it by \
                 typing it."
            }
            Self::SameKey => "Rows that differ have the same key: the last one wins.",
        }
    }
}

/// The kinds that one row has, each with the field where it was met first. Most rows have none, and then nothing is allocated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowRepairs(Vec<(RepairKind, Option<Arc<str>>)>);

impl RowRepairs {
    /// The row has that kind.
    pub fn add(&mut self, kind: RepairKind) {
        self.put(kind, None);
    }

    /// It has that kind in a field.
    pub fn add_in(&mut self, field: &Arc<str>, kind: RepairKind) {
        self.put(kind, Some(field));
    }

    /// It has those of the other, too.
    pub fn merge(&mut self, other: &Self) {
        for (kind, field) in other.iter() {
            self.put(kind, field);
        }
    }

    /// It has those of one value of the row, too.
    pub fn merge_in(&mut self, field: &Arc<str>, of_value: &Self) {
        for (kind, _) in of_value.iter() {
            self.put(kind, Some(field));
        }
    }

    fn put(&mut self, kind: RepairKind, field: Option<&Arc<str>>) {
        if !self.0.iter().any(|(there, _)| *there == kind) {
            self.0.push((kind, field.cloned()));
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The kinds one by one, each with its field.
    pub fn iter(&self) -> impl Iterator<Item = (RepairKind, Option<&Arc<str>>)> {
        self.0.iter().map(|(kind, field)| (*kind, field.as_ref()))
    }
}

/// How often a kind was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// In how many rows.
    pub rows: u64,
    /// The line of the first of them, counted from 1. In a message, which record.
    pub first_line: u64,
    /// The field of the first of them, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_field: Option<Arc<str>>,
}

/// Repairs and doubts of a whole file, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Repairs(BTreeMap<RepairKind, Met>);

impl Repairs {
    /// Counts what one row has.
    pub fn note(&mut self, line: u64, row: &RowRepairs) {
        for (kind, field) in row.iter() {
            let met = Met {
                rows: 1,
                first_line: line,
                first_field: field.cloned(),
            };
            self.count(kind, met);
        }
    }

    /// Adds what another part of the same file has shown.
    pub fn merge(&mut self, other: &Self) {
        for (kind, met) in &other.0 {
            self.count(*kind, met.clone());
        }
    }

    /// Counts so many rows of a kind.
    pub fn count(&mut self, kind: RepairKind, more: Met) {
        let met = self.0.entry(kind).or_insert_with(|| Met {
            rows: 0,
            ..more.clone()
        });
        met.rows += more.rows;
        if more.first_line < met.first_line {
            (met.first_line, met.first_field) = (more.first_line, more.first_field);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a kind out: it has turned out to be something else.
    pub fn remove(&mut self, kind: RepairKind) -> Option<Met> {
        self.0.remove(&kind)
    }

    /// How often a kind was met.
    pub fn of(&self, kind: RepairKind) -> Option<Met> {
        self.0.get(&kind).cloned()
    }

    /// A sentence for each kind, for the report's warnings. Of rows that share a key more is known: their own sentence names
    /// the lines of several.
    pub fn sentences(&self) -> impl Iterator<Item = String> + '_ {
        let kinds = self.0.iter().filter(|(kind, _)| **kind != RepairKind::SameKey);
        kinds.map(|(kind, met)| {
            let rows = if met.rows == 1 {
                "1 row".to_owned()
            } else {
                format!("{} rows", met.rows)
            };
            let field = met
                .first_field
                .as_ref()
                .map_or_else(String::new, |field| format!(", in {field}"));
            format!(
                "{}: {rows}, the first on line {}{field}. {}",
                kind.as_str(),
                met.first_line,
                kind.meaning()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_and_the_number_of_rows_are_kept_however_parts_are_merged() {
        let (mut early, mut late) = (Repairs::default(), Repairs::default());
        let mut row = RowRepairs::default();
        row.add(RepairKind::PaddedRow);
        late.note(90, &row);
        row.add_in(&Arc::from("Email"), RepairKind::Unwrapped);
        early.note(7, &row);
        early.note(8, &RowRepairs::default());
        late.merge(&early);
        let met = |kind| late.of(kind).map(|met| (met.rows, met.first_line));
        assert_eq!(met(RepairKind::PaddedRow), Some((2, 7)));
        assert_eq!(met(RepairKind::Unwrapped), Some((1, 7)));
        assert_eq!(met(RepairKind::SameKey), None);
        for begins in [
            "padded_row: 2 rows, the first on line 7.",
            "unwrapped: 1 row, the first on line 7, in Email.",
        ] {
            assert!(late.sentences().any(|text| text.starts_with(begins)), "{begins}");
        }
    }

    #[test]
    fn every_kind_has_a_word_of_its_own_which_is_the_key_in_a_report() {
        let mut all = RowRepairs::default();
        for kind in RepairKind::ALL {
            all.add(kind);
        }
        assert_eq!(all.iter().count(), RepairKind::ALL.len());
        let mut repairs = Repairs::default();
        repairs.note(3, &all);
        let json = serde_json::to_value(&repairs).unwrap();
        for kind in RepairKind::ALL {
            assert_eq!(json[kind.as_str()]["first_line"], 3, "{kind:?}");
        }
        assert_eq!(serde_json::from_value::<Repairs>(json).unwrap(), repairs);
    }
}
