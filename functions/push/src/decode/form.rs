//! The form of a file: all that must be known to read it from any row on.

use serde::{Deserialize, Serialize};

use super::encoding::CodePage;
use super::rules::FileRules;
use super::split::swallowed::Looks;
use super::vacant::Vacant;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Cells with a delimiter between them, under a header.
    Delimited,
    /// One JSON object a line.
    Ndjson,
    /// JSON objects in an array.
    JsonArray,
    /// JSON objects one after the other, over any number of lines; also a single one.
    JsonObjects,
}

/// How text is written in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, and so ASCII too.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, the less significant byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the more significant byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Any other, by its name.
    #[serde(untagged)]
    CodePage(CodePage),
}

impl Encoding {
    /// The encoding of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "utf-16" | "utf-16le" => Some(Self::Utf16Le),
            "utf-16be" => Some(Self::Utf16Be),
            name => CodePage::named(name).map(Self::CodePage),
        }
    }
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// With a line feed.
    Lf,
    /// With a carriage return and a line feed.
    CrLf,
    /// With a carriage return alone, as on very old Macs.
    Cr,
}

impl LineEnd {
    /// The line end itself.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// A place between two rows, where decoding can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How much of the file's text lies before it, in bytes of UTF-8.
    pub offset: u64,
    /// The line it is on, counted from 1.
    pub line: u64,
    /// Whether the offset is one into the object as well: neither packed nor in another encoding.
    pub seekable: bool,
}

impl Checkpoint {
    /// Where in the object to read on. A file that is packed or in another encoding is read from its start again, and
    /// the decoder skips.
    pub fn read_from(self) -> u64 {
        if self.seekable { self.offset } else { 0 }
    }
}

/// The form of a file, learnt once from its first bytes and kept with the import's progress. No record content is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// How rows are written.
    pub format: Format,
    /// Whether the file is packed with gzip.
    pub gzipped: bool,
    /// How its text is written in bytes.
    pub encoding: Encoding,
    /// Whether it starts with a byte order mark.
    pub bom: bool,
    /// What stands between cells. A comma for JSON.
    pub delimiter: char,
    /// How lines end.
    pub line_end: LineEnd,
    /// Whether a line `sep=` stands before the header, as Excel writes and understands it.
    pub sep_line: bool,
    /// The columns' names, without blanks around. Nameless columns at the end are left out. Empty for JSON.
    pub header: Vec<String>,
    /// The header's own text, without its line end. Empty for JSON.
    pub header_text: String,
    /// Whether the JSON array is a member of an object, as in Zoho's own `{"data": [...]}`.
    pub wrapped: bool,
    /// The ending of the file's name in lower case, without `.gz`.
    pub ending: String,
    /// Just before the first row.
    pub start: Checkpoint,
    /// Whether its first bytes have told the encoding: they have something beside ASCII.
    #[serde(default)]
    pub settled: bool,
    /// What the mapping says about reading it.
    #[serde(default)]
    pub rules: FileRules,
    /// The columns that are left out as long as they are empty.
    #[serde(default)]
    pub vacant: Vec<Vacant>,
    /// What the cells of its first rows look like.
    #[serde(default)]
    pub looks: Looks,
    /// What an operator should know although it stops nothing.
    pub warnings: Vec<String>,
}

impl Form {
    /// The columns' names, with none for those that are left out.
    pub fn columns(&self) -> Vec<String> {
        let mut names = self.header.clone();
        for vacant in &self.vacant {
            names[vacant.column].clear();
        }
        names
    }

    /// Leaves a column out whatever is in it, if the mapping does, and reads one that the mapping names.
    pub fn ignore(&mut self, is_ignored: impl Fn(&str) -> bool, is_named: impl Fn(&str) -> bool) {
        let is_read = |vacant: &Vacant| {
            let is_alike = vacant.like.is_some_and(|like| self.header[like] != vacant.name);
            is_alike && is_named(&vacant.name)
        };
        self.vacant
            .retain(|vacant| !is_ignored(&vacant.name) && !is_read(vacant));
    }

    /// The ending for a file of rejected rows: they are written as they were read, JSON as one object a line.
    pub fn rejects_ending(&self) -> &str {
        match self.format {
            Format::Delimited => &self.ending,
            Format::Ndjson | Format::JsonArray | Format::JsonObjects => "ndjson",
        }
    }
}
