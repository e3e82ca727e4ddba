//! Learns the dialect of delimited text from its first rows: line ends, delimiter, header.

use std::collections::HashMap;

use super::cells::{CellScanner, Scan, has_doubled_quotes, push_unquoted};
use super::fault::FileFault;
use super::find::find;
use super::form::LineEnd;
use super::limits::Limits;
use super::rules::{FileRules, Quotes};
use super::split::swallowed::Looks;
use super::vacant::Vacant;
use crate::record::Span;

/// The delimiters that are tried. Of two that fit alike the first wins: commas are within cells most often (names,
/// decimal commas), tabs hardly ever.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];
/// How many rows have a say.
const SAMPLE: u32 = 200;

/// What was learnt. Offsets count from the start of the text.
#[derive(Debug)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) line_end: LineEnd,
    pub(crate) sep_line: bool,
    pub(crate) header: Vec<String>,
    pub(crate) header_text: String,
    /// Where the first row starts.
    pub(crate) start: usize,
    /// On which line.
    pub(crate) line: u64,
    /// The columns that are to be empty.
    pub(crate) vacant: Vec<Vacant>,
    /// What cells look like.
    pub(crate) looks: Looks,
}

/// Learns from the first bytes, `whole` if there are no more. `usual` is the delimiter where there is but one column.
pub(crate) fn learn(
    text: &[u8],
    whole: bool,
    usual: u8,
    rules: &FileRules,
    limits: &Limits,
) -> Result<Dialect, FileFault> {
    let line_end = line_end(text, rules.quotes);
    let end_byte = end_byte(line_end);
    let (mut at, mut line) = (0, 1);
    let mut named = None;
    if let Some((delimiter, len)) = sep_line(text, end_byte) {
        (named, at, line) = (Some(delimiter), len, 2);
    }
    for _ in 0..rules.skip_first {
        let skipped = find(end_byte, &text[at..]).ok_or_else(|| nothing_behind(rules.skip_first))?;
        at += skipped + 1;
        line += 1;
    }
    while let Some(len) = blank_line(&text[at..], end_byte) {
        at += len;
        line += 1;
    }
    let text_left = &text[at..];
    if whole && text_left.iter().all(|byte| is_blank(*byte)) {
        return Err(empty());
    }
    let new_scanner = |delimiter| {
        let scanner = CellScanner::new(delimiter, end_byte);
        if rules.quotes == Quotes::None {
            scanner.without_quotes()
        } else {
            scanner
        }
    };
    let candidates: &[u8] = named.as_ref().map_or(&DELIMITERS, std::slice::from_ref);
    let mut best: Option<(DelimiterFit, u8)> = None;
    for delimiter in candidates {
        let fit = fit(text_left, whole, &new_scanner(*delimiter));
        if fit.is_some_and(|fit| best.is_none_or(|(best, _)| fit > best)) {
            best = fit.map(|fit| (fit, *delimiter));
        }
    }
    let delimiter = match (named, best) {
        (Some(named), _) => named,
        (None, Some((fit, delimiter))) if fit.several => delimiter,
        _ => usual,
    };
    let mut scanner = new_scanner(delimiter);
    let (len, with_end) = match scanner.scan(text_left, whole) {
        Scan::Row { len, with_end } if len <= limits.header => (len, with_end),
        Scan::UnclosedQuote => return Err(unclosed_quote(&scanner, line)),
        Scan::Row { .. } | Scan::More => return Err(endless(limits).on_line(line)),
    };
    let header_text = std::str::from_utf8(&text_left[..len]).map_err(|_| not_text().on_line(line))?;
    let header = names(header_text, &scanner).map_err(|fault| fault.on_line(line))?;
    check(&header, limits).map_err(|fault| fault.on_line(line))?;
    let lines = scanner.lines_within() + 1;
    let mut looks = Looks::default();
    let mut filled = vec![false; header.len()];
    each_of_sample(text_left, with_end, whole, &mut scanner, |row, scanner| {
        if scanner.lines_within() == 0 {
            looks.add(row, &scanner.cells()[..scanner.cells().len().min(header.len())]);
        }
        for (filled, cell) in filled.iter_mut().zip(scanner.cells()) {
            *filled |= !row[cell.range()].iter().all(|byte| is_blank(*byte));
        }
    });
    Ok(Dialect {
        delimiter,
        line_end,
        sep_line: named.is_some(),
        vacant: vacant(&header, &filled),
        looks,
        header,
        header_text: header_text.to_owned(),
        start: at + with_end,
        line: line + lines,
    })
}

/// The byte that ends a line.
pub(crate) fn end_byte(line_end: LineEnd) -> u8 {
    if line_end == LineEnd::Cr { b'\r' } else { b'\n' }
}

/// How lines end, by the first line end outside quotes.
fn line_end(text: &[u8], quotes: Quotes) -> LineEnd {
    let mut within = false;
    let first = text.iter().position(|byte| {
        within ^= *byte == b'"' && quotes != Quotes::None;
        !within && matches!(byte, b'\r' | b'\n')
    });
    let Some(first) = first.or_else(|| text.iter().position(|byte| matches!(byte, b'\r' | b'\n'))) else {
        return LineEnd::Lf;
    };
    // Some programs write two carriage returns before a line feed.
    match text[first..].iter().find(|byte| **byte != b'\r') {
        Some(b'\n') if text[first] == b'\n' => LineEnd::Lf,
        Some(b'\n') => LineEnd::CrLf,
        _ => LineEnd::Cr,
    }
}

/// The line that tells Excel the delimiter, and how long it is.
fn sep_line(text: &[u8], end_byte: u8) -> Option<(u8, usize)> {
    let end = text.iter().position(|byte| *byte == end_byte)?;
    let line = text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]);
    let line = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
        .unwrap_or(line);
    match line {
        [s, e, p, b'=', delimiter] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => {
            let usable = delimiter.is_ascii()
                && !delimiter.is_ascii_alphanumeric()
                && !matches!(delimiter, b'"' | b'\r' | b'\n');
            usable.then_some((*delimiter, end + 1))
        }
        _ => None,
    }
}

/// How long the first line is, if it is complete and nothing but blanks and delimiters.
fn blank_line(text: &[u8], end_byte: u8) -> Option<usize> {
    let end = text
        .iter()
        .position(|byte| *byte == end_byte || !is_blank(*byte) && !DELIMITERS.contains(byte))?;
    (text[end] == end_byte).then_some(end + 1)
}

pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// How well a delimiter fits; the greater the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct DelimiterFit {
    several: bool,
    rows_like_header: u8,
    columns: usize,
}

/// `None` if the header does not end.
fn fit(text: &[u8], whole: bool, scanner: &CellScanner) -> Option<DelimiterFit> {
    let mut scanner = scanner.clone();
    let Scan::Row { with_end, .. } = scanner.scan(text, whole) else {
        return None;
    };
    let columns = scanner.cells().len();
    let (mut rows, mut alike) = (0, 0);
    each_of_sample(text, with_end, whole, &mut scanner, |_, scanner| {
        rows += 1;
        alike += u32::from(scanner.cells().len() == columns);
    });
    let rows_like_header = u8::from(alike * 2 >= rows) + u8::from(alike * 10 >= rows * 9);
    Some(DelimiterFit {
        several: columns > 1,
        rows_like_header,
        columns,
    })
}

/// Looks at the first rows that have something in them, from that place on.
fn each_of_sample(
    text: &[u8],
    mut at: usize,
    whole: bool,
    scanner: &mut CellScanner,
    mut look: impl FnMut(&[u8], &CellScanner),
) {
    let mut rows = 0;
    while rows < SAMPLE && at < text.len() {
        scanner.reset();
        let Scan::Row { len, with_end } = scanner.scan(&text[at..], whole) else {
            return;
        };
        if len > 0 {
            rows += 1;
            look(&text[at..at + len], scanner);
        }
        at += with_end;
    }
}

/// The columns that are to be empty: nameless ones, and of those with the same name all but the first that is filled.
fn vacant(header: &[String], filled: &[bool]) -> Vec<Vacant> {
    let names: Vec<String> = header.iter().map(|name| bare(name)).collect();
    let mut read: HashMap<&str, usize> = HashMap::new();
    for (column, name) in names.iter().enumerate() {
        let place = read.entry(name).or_insert(column);
        if !filled[*place] && filled[column] {
            *place = column;
        }
    }
    let vacant = header.iter().enumerate().filter_map(|(column, name)| {
        let like = (!name.is_empty()).then(|| read[names[column].as_str()]);
        // Names that are written otherwise may be other fields: only an empty column is left out for that.
        let is_other = like.is_some_and(|like| header[like] != *name && filled[column]);
        (like != Some(column) && !is_other).then(|| Vacant {
            column,
            like,
            name: name.clone(),
        })
    });
    vacant.collect()
}

/// A name without letter case and what stands between its words.
fn bare(name: &str) -> String {
    let bare = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '.' | '\u{a0}'));
    bare.flat_map(char::to_lowercase).collect()
}

/// The columns' names, without the nameless ones at the end.
fn names(text: &str, scanner: &CellScanner) -> Result<Vec<String>, FileFault> {
    if let Some(column) = scanner.stray_quote() {
        let action = "double the quotes within a name, or take them out";
        let fault = FileFault::new("STRAY_QUOTE", "in the header, text follows a closing quote", action);
        return Err(fault.in_column(column + 1));
    }
    let name = |cell: &Span| {
        let content = &text[cell.range()];
        if !has_doubled_quotes(text.as_bytes(), *cell) {
            return content.trim().to_owned();
        }
        let mut name = String::new();
        push_unquoted(&mut name, content);
        name.trim().to_owned()
    };
    let mut names: Vec<_> = scanner.cells().iter().map(name).collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    Ok(names)
}

fn check(header: &[String], limits: &Limits) -> Result<(), FileFault> {
    if header.is_empty() {
        return Err(FileFault::new(
            "HEADER_UNNAMED",
            "no column has a name",
            "put a header with the columns' names first",
        ));
    }
    if header.len() > limits.columns {
        let message = format!(
            "the header names {} columns, more than {}",
            header.len(),
            limits.columns
        );
        return Err(FileFault::new(
            "TOO_MANY_COLUMNS",
            message,
            "take out the columns that Bigin does not need",
        ));
    }
    if looks_like_data(header) {
        return Err(FileFault::new(
            "NO_HEADER",
            "the first row has no names of columns but values",
            "put a header with the fields' names in front of it",
        ));
    }
    Ok(())
}

/// No column is named like an e-mail address, and not all of them like numbers or dates.
fn looks_like_data(header: &[String]) -> bool {
    let is_address = |name: &String| {
        name.split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !name.contains(' '))
    };
    let is_number = |name: &String| {
        name.bytes().any(|byte| byte.is_ascii_digit())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-.,:/ ".contains(&byte))
    };
    header.iter().any(is_address) || header.iter().filter(|name| !name.is_empty()).all(is_number)
}

/// A file that ends before the lines that are to be skipped do.
fn nothing_behind(skipped: u32) -> FileFault {
    FileFault::new(
        "EMPTY_FILE",
        format!("the file ends within the {skipped} lines that the mapping's skip_first leaves out"),
        "check the export, or correct skip_first",
    )
}

/// A file with nothing in it.
pub(crate) fn empty() -> FileFault {
    FileFault::new(
        "EMPTY_FILE",
        "the file is empty",
        "check the export, and put the file again",
    )
}

/// Quotes that are not closed before the file ends.
pub(crate) fn unclosed_quote(scanner: &CellScanner, row_line: u64) -> FileFault {
    let (below, column) = scanner.open_quote().unwrap_or((0, 1));
    let message = "a quote is opened here and not closed before the file ends";
    let action = "close it, or double it if it belongs to the text; if the end of the file is missing, put it again";
    FileFault::new("UNCLOSED_QUOTE", message, action)
        .on_line(row_line + below)
        .in_column(column)
}

fn endless(limits: &Limits) -> FileFault {
    FileFault::new(
        "HEADER_TOO_LONG",
        format!("the header has more than {} bytes", limits.header),
        "check that the first line names the columns, that lines end in line breaks and that quotes are closed",
    )
}

fn not_text() -> FileFault {
    FileFault::new(
        "INVALID_ENCODING",
        "the header has bytes that are not UTF-8",
        "save the file as CSV UTF-8",
    )
}
