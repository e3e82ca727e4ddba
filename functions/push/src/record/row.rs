//! A row as it was read: what decoding hands to mapping, and what a reject is written from.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::record::Reject;
use crate::record::RowRepairs;

/// The columns (in JSON the keys) that we write in front of a rejected row. On the way in they are known to be ours:
/// mapping leaves them out.
pub const RELAY_COLUMNS: [&str; 9] = [
    "_line",
    "_message_id",
    "_operation",
    "_match_on",
    "_code",
    "_field",
    "_message",
    "_record_id",
    "_origin",
];

/// The key under which a reject keeps the text of a row that is no JSON object. On the way in, the row is read from it
/// where all other keys are ours too.
pub const RAW_KEY: &str = "_raw";

/// Whether a column or key is one of ours, so no field of the record.
pub fn is_relay_column(name: &str) -> bool {
    RELAY_COLUMNS.contains(&name)
}

/// One row of a file. It owns its text, in one buffer.
#[derive(Clone, PartialEq)]
pub struct Row {
    /// The line of the file on which the row begins; the first line is 1.
    pub line: u64,
    /// What decoding has mended or doubts.
    pub repairs: RowRepairs,
    /// The row's own text, and behind it the cells that had to be rewritten because of doubled quotes.
    text: String,
    /// How much of the text is the row's own.
    raw_len: usize,
    /// The row's own bytes, where they are no text.
    bytes: Option<Vec<u8>>,
    body: Body,
}

#[derive(Clone, PartialEq)]
enum Body {
    Cells(Vec<Span>),
    Object(Map<String, Value>),
    Broken(Reject),
}

/// Where a cell lies in the row's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// Rows are far shorter than 4 GiB.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            start: narrow(start),
            end: narrow(end),
        }
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What is in a row.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// Cells in the header's order.
    Cells(Cells<'a>),
    /// A JSON object.
    Object(&'a Map<String, Value>),
    /// A row that cannot be read; the reject says why.
    Broken(&'a Reject),
}

impl Row {
    /// A row of cells. `text` starts with the row's own text, `raw_len` bytes long.
    pub(crate) fn of_cells(line: u64, text: String, raw_len: usize, cells: Vec<Span>) -> Self {
        Self {
            line,
            repairs: RowRepairs::default(),
            text,
            raw_len,
            bytes: None,
            body: Body::Cells(cells),
        }
    }

    /// A row that is a JSON object.
    pub(crate) fn of_object(line: u64, raw: String, object: Map<String, Value>) -> Self {
        Self {
            line,
            repairs: RowRepairs::default(),
            raw_len: raw.len(),
            text: raw,
            bytes: None,
            body: Body::Object(object),
        }
    }

    /// A row that cannot be read.
    pub(crate) fn broken(line: u64, raw: &[u8], reject: Reject) -> Self {
        let (text, bytes) = match String::from_utf8_lossy(raw) {
            Cow::Borrowed(text) => (text.to_owned(), None),
            Cow::Owned(text) => (text, Some(raw.to_vec())),
        };
        Self {
            line,
            repairs: RowRepairs::default(),
            raw_len: text.len(),
            text,
            bytes,
            body: Body::Broken(reject),
        }
    }

    /// What is in the row.
    pub fn content(&self) -> Content<'_> {
        match &self.body {
            Body::Cells(spans) => Content::Cells(Cells {
                text: &self.text,
                spans,
            }),
            Body::Object(object) => Content::Object(object),
            Body::Broken(reject) => Content::Broken(reject),
        }
    }

    /// The row's own text, unaltered, without its line end. Bytes that are no text are shown as U+FFFD.
    pub fn raw(&self) -> &str {
        &self.text[..self.raw_len]
    }

    /// Whether the row's own bytes are text.
    pub(crate) fn is_text(&self) -> bool {
        self.bytes.is_none()
    }

    /// The row's own bytes (in UTF-8, whatever the file's encoding), without its line end.
    pub fn raw_bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or(self.raw().as_bytes())
    }
}

/// Record content never reaches a log, so not through `Debug` either.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.body {
            Body::Cells(cells) => format!("{} cells", cells.len()),
            Body::Object(object) => format!("{} keys", object.len()),
            Body::Broken(reject) => reject.code.clone(),
        };
        write!(f, "Row(line {}, {kind}, {} bytes)", self.line, self.raw_len)
    }
}

/// The cells of a row, unquoted, in the header's order.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    spans: &'a [Span],
}

impl<'a> Cells<'a> {
    /// How many cells the row has: never more than the header has columns, fewer where cells are missing at its end.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The cell in that column, counted from 0; `None` where the row ends before it.
    pub fn get(&self, column: usize) -> Option<&'a str> {
        self.spans.get(column).map(|span| self.cut(*span))
    }

    /// The cells in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let text = self.text;
        self.spans.iter().map(move |span| &text[span.range()])
    }

    fn cut(&self, span: Span) -> &'a str {
        &self.text[span.range()]
    }
}
