//! Writes rejected rows as text. Pure.
//!
//! A rejects file is in the input's own format and dialect: our columns first, then the row as it was read, unaltered.
//! Mended and dropped back into the inbox, it decodes and maps again; our columns are known by their names.

use serde_json::{Map, Value, json};

use crate::decode::{CellScanner, Encoding, Form, Format, Quotes, Scan, end_byte, members};
use crate::record::{Origin, Reject};
use crate::record::{RAW_KEY, RELAY_COLUMNS, Row, is_relay_column};
use crate::report::quoted::push_quoted;

/// What is said about a rejected row.
#[derive(Debug, Clone, Copy)]
pub struct RejectInfo<'a> {
    /// The message it came with, if it came with one.
    pub message_id: Option<&'a str>,
    /// What was to be done with it.
    pub operation: &'a str,
    /// The fields it was to be matched by.
    pub match_on: &'a [String],
    /// Why it was rejected.
    pub reject: &'a Reject,
}

/// Writes the rejects of one file.
#[derive(Debug, Clone)]
pub struct RejectsWriter {
    form: Form,
    /// Which columns of the input are ours already, because it is a rejects file itself.
    ours: Vec<bool>,
}

impl RejectsWriter {
    /// For the rejects of a file of that form.
    pub fn new(form: &Form) -> Self {
        let ours: Vec<_> = form.header.iter().map(|name| is_relay_column(name)).collect();
        Self {
            form: form.clone(),
            ours: if ours.contains(&true) { ours } else { Vec::new() },
        }
    }

    /// What stands at the start of the rejects file, once: nothing for JSON. A byte order mark stands there if the input
    /// had one or was in another encoding, since spreadsheet programs take text without it for Windows-1252.
    pub fn header(&self) -> Vec<u8> {
        let form = &self.form;
        let mut out = Vec::new();
        if form.format != Format::Delimited {
            return out;
        }
        if form.bom || form.encoding != Encoding::Utf8 {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        if form.sep_line {
            out.extend_from_slice(format!("sep={}{}", form.delimiter, form.line_end.as_str()).as_bytes());
        }
        for column in RELAY_COLUMNS {
            self.push_cell(&mut out, column);
        }
        self.push_own(&mut out, form.header_text.as_bytes());
        out
    }

    /// Adds a rejected row.
    pub fn push(&self, out: &mut Vec<u8>, row: &Row, info: &RejectInfo<'_>) {
        if self.form.format != Format::Delimited {
            push_object(out, info, Some(row.line), &own_members(row));
            return;
        }
        let reject = info.reject;
        self.push_cell(out, &row.line.to_string());
        self.push_cell(out, &defused(info.message_id.unwrap_or_default()));
        self.push_cell(out, info.operation);
        self.push_cell(out, &defused(&info.match_on.join(",")));
        self.push_cell(out, &defused(&reject.code));
        self.push_cell(out, &defused(reject.field.as_deref().unwrap_or_default()));
        self.push_cell(out, &defused(&reject.message));
        self.push_cell(out, &defused(reject.record_id.as_deref().unwrap_or_default()));
        self.push_cell(out, origin(reject.origin));
        self.push_own(out, row.raw_bytes());
    }

    /// A cell of ours, with the delimiter behind it.
    fn push_cell(&self, out: &mut Vec<u8>, text: &str) {
        if self.form.rules.quotes == Quotes::None {
            // Nothing can be put into quotes where quotes mean nothing.
            let plain = text.replace([self.form.delimiter, '\r', '\n'], " ");
            out.extend_from_slice(plain.as_bytes());
        } else {
            push_quoted(out, text, self.form.delimiter);
        }
        out.extend_from_slice(self.form.delimiter.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// The row's own text but for the columns that are ours, with a line end behind it.
    fn push_own(&self, out: &mut Vec<u8>, raw: &[u8]) {
        self.without_ours(out, raw)
            .unwrap_or_else(|| out.extend_from_slice(raw));
        out.extend_from_slice(self.form.line_end.as_str().as_bytes());
    }

    fn without_ours(&self, out: &mut Vec<u8>, raw: &[u8]) -> Option<()> {
        let delimiter = u8::try_from(self.form.delimiter).ok()?;
        let mut scanner = CellScanner::new(delimiter, end_byte(self.form.line_end));
        if self.form.rules.quotes == Quotes::None {
            scanner = scanner.without_quotes();
        }
        if self.ours.is_empty() || !matches!(scanner.scan(raw, true), Scan::Row { .. }) {
            return None;
        }
        let mut start = 0;
        let mut first = true;
        for (column, end) in scanner.ends(raw).enumerate() {
            if !self.ours.get(column).copied().unwrap_or(false) {
                if !std::mem::take(&mut first) {
                    out.push(delimiter);
                }
                out.extend_from_slice(&raw[start..end]);
            }
            start = end + 1;
        }
        Some(())
    }
}

/// Adds a rejected record of a message, as one line of NDJSON.
pub fn push_message_reject(out: &mut Vec<u8>, record: &Map<String, Value>, info: &RejectInfo<'_>) {
    let members: Vec<_> = record
        .iter()
        .filter(|(key, _)| !is_relay_column(key))
        .map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())))
        .collect();
    push_object(out, info, None, &members);
}

/// Text of ours never starts a formula when a spreadsheet program opens the file, and stays on one line.
fn defused(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ");
    if text.starts_with(['=', '+', '-', '@', '\t']) {
        format!("'{text}")
    } else {
        text
    }
}

/// The row's own members as they are written, or its whole text under a key of ours if it is no JSON object.
fn own_members(row: &Row) -> Vec<String> {
    let raw = row.raw();
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(raw).is_ok();
    match members(raw) {
        Some(members) if is_json && row.is_text() => members
            .into_iter()
            .filter(|(name, _)| !is_relay_column(name.trim_matches('"')))
            // Line breaks in JSON only stand between its parts.
            .map(|(_, member)| member.replace(['\r', '\n'], " "))
            .collect(),
        _ => vec![format!("\"{RAW_KEY}\":{}", Value::from(raw))],
    }
}

fn push_object(out: &mut Vec<u8>, info: &RejectInfo<'_>, line: Option<u64>, members: &[String]) {
    let reject = info.reject;
    let ours = [
        json!(line),
        json!(info.message_id),
        json!(info.operation),
        json!(info.match_on),
        json!(reject.code),
        json!(reject.field),
        json!(reject.message),
        json!(reject.record_id),
        json!(origin(reject.origin)),
    ];
    let ours = RELAY_COLUMNS
        .iter()
        .zip(ours)
        .map(|(key, value)| format!("\"{key}\":{value}"));
    let all: Vec<_> = ours.chain(members.iter().cloned()).collect();
    out.push(b'{');
    out.extend_from_slice(all.join(",").as_bytes());
    out.extend_from_slice(b"}\n");
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Zoho => "zoho",
        Origin::Relay => "relay",
    }
}

#[cfg(test)]
mod tests;
