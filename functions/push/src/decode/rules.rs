//! What a mapping says about how a file is written and which of its lines are records.

use serde::{Deserialize, Serialize};

use super::form::Encoding;

/// Rules for reading a file. The default is what happens without a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileRules {
    /// How its text is written in bytes; `None` to tell by evidence.
    pub encoding: Option<Encoding>,
    /// What quotes mean.
    pub quotes: Quotes,
    /// Rows with fewer cells than the header.
    pub short_rows: ShortRows,
    /// So many lines stand before the header.
    pub skip_first: u32,
    /// So many rows at the end are no records. Blank lines do not count.
    pub skip_last: u32,
    /// The line that starts with this, and all behind it, are no records.
    pub end_at: Option<String>,
}

impl FileRules {
    /// The most lines that may be skipped at the start.
    pub const MOST_SKIPPED_FIRST: u32 = 100;
    /// The most rows that may be skipped at the end: so many are kept in memory.
    pub const MOST_SKIPPED_LAST: u32 = 20;
}

/// Whether a file may be read after all that has that fault, if a mapping says how.
pub fn depends_on_rules(code: &str) -> bool {
    const CODES: [&str; 9] = [
        "ENCODING_UNKNOWN",
        "INVALID_ENCODING",
        "EMPTY_FILE",
        "HEADER_UNNAMED",
        "HEADER_TOO_LONG",
        "TOO_MANY_COLUMNS",
        "NO_HEADER",
        "STRAY_QUOTE",
        "UNCLOSED_QUOTE",
    ];
    CODES.contains(&code)
}

/// What quotes mean in delimited text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quotes {
    /// They stand around cells. A cell whose lines look like rows is not believed.
    #[default]
    Check,
    /// They stand around cells, whatever is in them.
    Trust,
    /// They are characters like any other.
    None,
}

/// What is done with rows that have fewer cells than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortRows {
    /// They are rejected: nobody can say which delimiter is missing.
    #[default]
    Reject,
    /// The cells at their end are absent.
    Accept,
}
