//! A mapping: how columns become fields, and what is done with the records. Read from a mapping file by
//! [`Mapping::parse`]; the default is what happens without one.

use std::collections::BTreeMap;

use bigin::{Field, FieldKind, Operation};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::coerce::{DatePattern, Language, NumberStyle, PhoneCountry};
use super::words::fold;
use crate::decode::FileRules;

/// What is done with a record that has no value by which Bigin could find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutKey {
    /// It is rejected.
    #[default]
    Reject,
    /// It is inserted.
    Insert,
}

/// What an empty cell does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyCells {
    /// The field stays as it is.
    #[default]
    Keep,
    /// The field is cleared.
    Clear,
}

/// What a record's tags do to those the record in Bigin has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tags {
    /// They are added.
    #[default]
    Add,
    /// They take their place.
    Replace,
}

/// What is done with a value that a pick list does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownPickList {
    /// The record is rejected.
    #[default]
    Reject,
    /// It is sent, and Bigin adds it to the list. Stages and sub-pipelines are never added.
    Add,
}

/// How closely values are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Validate {
    /// What Zoho itself refuses.
    #[default]
    Zoho,
    /// Also what is hardly meant: telephone numbers of three digits, dates in the year 1026, broken characters.
    Strict,
}

/// What is done with character references of HTML, such as `&amp;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HtmlReferences {
    /// Texts with one are warned of; what a record is found by is rejected.
    #[default]
    Check,
    /// They become their characters.
    Decode,
    /// They are meant as they stand.
    Keep,
}

/// How the records of a file go to Bigin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Route {
    /// As is best.
    #[default]
    Auto,
    /// In calls of up to 100 records.
    Records,
    /// As bulk write jobs.
    Bulk,
}

/// Which versions of a file are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// Each once, in their order: a file may have what changed since the one before.
    #[default]
    Each,
    /// The newest: each file has everything.
    Newest,
}

/// What is done when a field that a column fills is taken out of Bigin while the file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VanishedField {
    /// The import stops.
    #[default]
    Stop,
    /// It goes on without the column, and says so.
    Warn,
}

/// When an import stops because one code rejects too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopAfter {
    /// When that many in a hundred of the records so far have the code, and there were at least so many.
    Share {
        /// In a hundred.
        percent: u8,
        /// Records read before it counts.
        of_at_least: u64,
    },
    /// When that many records have the code.
    Rejects(u64),
    /// Never.
    Never,
}

impl Default for StopAfter {
    fn default() -> Self {
        Self::Share {
            percent: 20,
            of_at_least: 500,
        }
    }
}

/// What is done when rows of a file differ and share a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameKey {
    /// The report says so.
    Warn,
    /// The file is refused when they are more than that many in a hundred rows, and the file has at least so many.
    Share {
        /// In a hundred; 0: as soon as there are any.
        percent: u8,
        /// Rows in the file before it counts.
        of_at_least: u64,
    },
}

impl SameKey {
    /// Whether a file is refused that has so many rows, and among them those that share a key.
    pub fn refuses(self, sharing: u64, rows: u64) -> bool {
        match self {
            Self::Warn => false,
            Self::Share { percent, of_at_least } => {
                sharing > 0
                    && rows >= of_at_least
                    && sharing.saturating_mul(100) > rows.saturating_mul(u64::from(percent))
            }
        }
    }
}

impl Default for SameKey {
    fn default() -> Self {
        Self::Share {
            percent: 20,
            of_at_least: 100,
        }
    }
}

/// What is done when no record has the name that a lookup was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMissing {
    /// One is made.
    Create,
    /// The record is rejected.
    #[default]
    Reject,
    /// The field is left out.
    Empty,
}

/// What is done when several records have the name that a lookup was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAmbiguous {
    /// The record is rejected.
    #[default]
    Reject,
    /// The oldest of them is taken.
    Oldest,
    /// The field is left out.
    Empty,
}

/// What a mapping says about one column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ColumnRule {
    /// The field it fills; `None` where the column's own name says so.
    pub field: Option<String>,
    /// Of several values in a cell the first is taken.
    pub first: bool,
    /// The fields that the values behind the first one fill, in this order.
    pub rest: Vec<String>,
    /// Texts that mean no value in this column, beside those of all columns.
    pub none: Option<Vec<String>>,
    /// What they do.
    pub on_none: Option<EmptyCells>,
    /// What is done with character references of HTML in this column.
    pub html: Option<HtmlReferences>,
    /// How its dates are written.
    pub date: Option<DatePattern>,
    /// How its numbers are written.
    pub number: Option<NumberStyle>,
    /// What separates the values of one cell.
    pub split: Option<String>,
}

impl ColumnRule {
    /// What it says that does not go with the kind of its field, and what the field would have to be.
    pub(super) fn misfit(&self, kind: FieldKind) -> Option<(&'static str, &'static str)> {
        use FieldKind::{BigInt, Currency, Date, DateTime, Double, Integer, MultiSelectPickList, Other, Percent, Tags};
        if self.date.is_some() && !matches!(kind, Date | DateTime) {
            Some(("date", "is no date"))
        } else if self.number.is_some() && !matches!(kind, Integer | BigInt | Double | Currency | Percent) {
            Some(("number", "is no number"))
        } else if self.split.is_some()
            && !self.first
            && self.rest.is_empty()
            && !matches!(kind, MultiSelectPickList | Tags | Other)
        {
            Some(("split", "takes one value"))
        } else {
            None
        }
    }
}

/// What a mapping says about one lookup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LookupRule {
    /// The field of the other module that has the value.
    pub by: Option<String>,
    /// When no record has it.
    pub on_missing: OnMissing,
    /// When several have it.
    pub on_ambiguous: OnAmbiguous,
}

/// A mapping.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    /// What is done with the records; `None` for the module's default.
    pub operation: Option<Operation>,
    /// The unique fields records are looked up by; `None` for the module's default.
    pub match_on: Option<Vec<String>>,
    /// Which automation may start; `None` for none.
    pub trigger: Option<Vec<String>>,
    /// Records without a value in any match field.
    pub without_key: WithoutKey,
    /// Empty cells.
    pub empty: EmptyCells,
    /// A cell with this text clears its field.
    pub clear_marker: Option<String>,
    /// Texts that mean no value, in every column.
    pub none: Vec<String>,
    /// What they do; `None` for what an empty cell does.
    pub on_none: Option<EmptyCells>,
    /// Values that records are found by although they look as if they stood for none.
    pub allow_keys: Vec<String>,
    /// Character references of HTML.
    pub html: HtmlReferences,
    /// Tags.
    pub tags: Tags,
    /// Values that a pick list does not have.
    pub unknown_picklist: UnknownPickList,
    /// How closely values are looked at.
    pub validate: Validate,
    /// The zone of times that have no offset; `None` for the organisation's.
    pub time_zone: Option<TimeZone>,
    /// The language of words in dates; `None`: any, as long as there is one way to read them.
    pub language: Option<&'static Language>,
    /// Whose telephone numbers come without a country code.
    pub phone_country: Option<PhoneCountry>,
    /// Whether records may be deleted that take others along.
    pub cascade: bool,
    /// When an import stops because one code rejects too many.
    pub stop_after: StopAfter,
    /// When a file is refused because its rows share keys.
    pub same_key: SameKey,
    /// Which versions of a file are imported.
    pub versions: Versions,
    /// What is done when the field of a column vanishes under way.
    pub vanished_field: VanishedField,
    /// How the records of a file go to Bigin.
    pub route: Route,
    /// How a file is written, and which of its lines are records.
    pub file: FileRules,
    /// Columns that are left out.
    pub ignore: Vec<String>,
    /// What is said about single columns, by their name in the file.
    pub columns: BTreeMap<String, ColumnRule>,
    /// Fields that have the same value in every record.
    pub constants: BTreeMap<String, Value>,
    /// What is said about lookups, by their field.
    pub lookups: BTreeMap<String, LookupRule>,
}

impl Mapping {
    /// The texts that mean no value in a column, and whether that clears its field.
    pub(super) fn none_of(&self, rule: Option<&ColumnRule>) -> (Vec<String>, bool) {
        let of_column = rule.and_then(|rule| rule.none.clone());
        let does = rule
            .and_then(|rule| rule.on_none)
            .or(self.on_none)
            .unwrap_or(self.empty);
        let of_all = self.none.iter().cloned();
        (
            of_column.into_iter().flatten().chain(of_all).collect(),
            does == EmptyCells::Clear,
        )
    }

    /// What it says about a lookup, by the field's API name or label.
    pub(super) fn lookup(&self, field: &Field) -> Option<&LookupRule> {
        for name in [&field.api_name, &field.label] {
            if let Some(rule) = self.lookups.get(name) {
                return Some(rule);
            }
        }
        let names = [fold(&field.api_name), fold(&field.label)];
        let mut alike = self.lookups.iter().filter(|(name, _)| names.contains(&fold(name)));
        let (_, rule) = alike.next()?;
        alike.next().is_none().then_some(rule)
    }

    /// Whether a column of exactly that name is to be left out; an empty name stands for columns that have none.
    pub fn ignores(&self, column: &str) -> bool {
        self.ignore.iter().any(|name| name.trim() == column.trim())
    }
}

/// What a queue message, or a rejects file that was put back, says itself. It goes before the mapping.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Overrides {
    /// What is done with the records.
    pub operation: Option<Operation>,
    /// The unique fields records are looked up by.
    pub match_on: Option<Vec<String>>,
    /// Which automation may start.
    pub trigger: Option<Vec<String>>,
    /// Whether records may be deleted that take others along.
    pub cascade: Option<bool>,
}
