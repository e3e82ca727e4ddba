//! Rows of cells.

use crate::decode::cells::{CellScanner, Scan, has_doubled_quotes, push_unquoted};
use crate::decode::controls;
use crate::decode::dialect::{end_byte, is_blank, unclosed_quote};
use crate::decode::fault::FileFault;
use crate::decode::form::Form;
use crate::decode::limits::Limits;
use crate::decode::rules::{FileRules, Quotes, ShortRows};
use crate::decode::split::not_a_record::{RecordForm, RowKind};
use crate::decode::split::swallowed::{self, Looks, Within, Writing};
use crate::decode::split::{INVALID_ENCODING, NOT_A_RECORD, ROWS_IN_QUOTES, SplitStep, too_long};
use crate::decode::vacant::Vacant;
use crate::record::Reject;
use crate::record::{RepairKind, RowRepairs};
use crate::record::{Row, Span, is_relay_column};

/// Splits delimited text.
pub(crate) struct DelimitedRows {
    scanner: CellScanner,
    delimiter: u8,
    line_end: u8,
    header: Vec<String>,
    vacant: Vec<Vacant>,
    rules: FileRules,
    form: RecordForm,
    looks: Looks,
    limits: Limits,
}

impl DelimitedRows {
    pub(crate) fn new(form: &Form, limits: Limits) -> Self {
        let delimiter = u8::try_from(form.delimiter).unwrap_or(b',');
        let line_end = end_byte(form.line_end);
        let scanner = CellScanner::new(delimiter, line_end);
        Self {
            scanner: if form.rules.quotes == Quotes::None {
                scanner.without_quotes()
            } else {
                scanner
            },
            delimiter,
            line_end,
            header: form.header.clone(),
            vacant: form.vacant.clone(),
            rules: form.rules.clone(),
            form: RecordForm::new(&form.header),
            looks: form.looks.clone(),
            // Spans are 32 bits wide, and a row may be twice its length with rewritten cells.
            limits: Limits {
                row: limits.row.min(1 << 30),
                ..limits
            },
        }
    }

    pub(crate) fn step(&mut self, text: &[u8], last: bool, line: u64) -> Result<SplitStep, FileFault> {
        if text.is_empty() {
            return Ok(if last { SplitStep::End } else { SplitStep::More });
        }
        match self.scanner.scan(text, last) {
            Scan::More | Scan::UnclosedQuote if text.len() > self.limits.row + 2 => Err(self.too_long(text, line)),
            Scan::More => Ok(SplitStep::More),
            Scan::UnclosedQuote => Err(unclosed_quote(&self.scanner, line)),
            Scan::Row { len, .. } if len > self.limits.row => Err(self.too_long(text, line)),
            Scan::Row { len, with_end } => {
                let lines = self.scanner.lines_within() + 1;
                let raw = &text[..len];
                if self.ends_at(raw) {
                    return Ok(SplitStep::End);
                }
                let row = self.row(raw, line)?;
                self.scanner.reset();
                Ok(match row {
                    Some(row) => SplitStep::Row {
                        row,
                        len: with_end,
                        lines,
                    },
                    None => SplitStep::Skip { len: with_end, lines },
                })
            }
        }
    }

    /// Whether the records end before this row, by the mapping.
    fn ends_at(&self, raw: &[u8]) -> bool {
        let Some(end) = &self.rules.end_at else {
            return false;
        };
        let start = raw.trim_ascii_start();
        let start = start.strip_prefix(b"\"").unwrap_or(start);
        start.starts_with(end.as_bytes())
    }

    /// The row that was found; `None` for a blank one.
    fn row(&self, raw: &[u8], line: u64) -> Result<Option<Row>, FileFault> {
        let cells = self.scanner.cells();
        if cells.iter().all(|cell| is_empty(raw, *cell)) && self.scanner.stray_quote().is_none() {
            return Ok(None);
        }
        let Ok(text) = std::str::from_utf8(raw) else {
            return Ok(Some(Row::broken(line, raw, self.not_text(raw))));
        };
        if let Some(reject) = self.fault(raw, cells, line) {
            return Ok(Some(Row::broken(line, raw, reject)));
        }
        let mut repairs = RowRepairs::default();
        if let Some(reject) = self.rows_in_quotes(raw, cells, line, &mut repairs) {
            return Ok(Some(Row::broken(line, raw, reject)));
        }
        if let Some(reject) = self.not_a_record(text, cells, line, &mut repairs)? {
            return Ok(Some(Row::broken(line, raw, reject)));
        }
        if let Some(fault) = self.vacant.iter().find_map(|vacant| vacant.fault(raw, cells)) {
            return Err(fault.on_line(line));
        }
        if self.scanner.has_bom() {
            repairs.add(RepairKind::InvisibleTakenOff);
        }
        let cells = &cells[..cells.len().min(self.header.len())];
        let mut row = if self.scanner.has_doubled_quotes() {
            rewritten(line, text, cells)
        } else {
            Row::of_cells(line, text.to_owned(), raw.len(), cells.to_vec())
        };
        row.repairs = repairs;
        Ok(Some(row))
    }

    /// Why the row is no record, if it is none for sure.
    #[inline]
    fn not_a_record(
        &self,
        text: &str,
        cells: &[Span],
        line: u64,
        repairs: &mut RowRepairs,
    ) -> Result<Option<Reject>, FileFault> {
        match self.form.kind(text, cells) {
            RowKind::Record => {}
            RowKind::Padded => repairs.add(RepairKind::PaddedRow),
            RowKind::MayBeTotal => repairs.add(RepairKind::MayBeTotal),
            RowKind::OtherHeader => return Err(other_header().on_line(line)),
            RowKind::Other(what) => {
                let message =
                    format!("the row is no record: {what}. Take it out, or see skip_last and end_at in the mapping");
                return Ok(Some(Reject::relay(NOT_A_RECORD, None, message)));
            }
        }
        let columns = self.header.len();
        if cells.len() >= columns {
            return Ok(None);
        }
        if self.rules.short_rows == ShortRows::Accept && cells.len() > 1 {
            repairs.add(RepairKind::CellsMissing);
            return Ok(None);
        }
        let message = format!(
            "the row has {} cells where the header names {columns} columns, so that a delimiter is missing or it is no record: \
             complete it, or say short_rows = \"accept\" in the mapping if cells are missing at the end alone",
            cells.len()
        );
        Ok(Some(Reject::relay(NOT_A_RECORD, None, message)))
    }

    fn fault(&self, raw: &[u8], cells: &[Span], line: u64) -> Option<Reject> {
        let columns = self.header.len();
        let named = |column: usize| self.header.get(column).cloned();
        if let Some(column) = self.scanner.stray_quote() {
            let message = format!(
                "in cell {}, text follows a closing quote{}: double the quotes within the cell, or close it before the \
                 delimiter",
                column + 1,
                self.swallows(raw, line)
            );
            return Some(Reject::relay("STRAY_QUOTE", named(column), message));
        }
        let most = self.limits.cell;
        if raw.len() > most
            && let Some(column) = cells.iter().position(|cell| cell.range().len() > most)
        {
            let message = format!("cell {} has more than {most} bytes: shorten it", column + 1);
            return Some(Reject::relay("CELL_TOO_LONG", named(column), message));
        }
        if let Some(at) = controls::first(raw) {
            let column = self.scanner.ends(raw).position(|end| at < end).unwrap_or(0);
            let message = format!(
                "cell {} has a NUL (U+0000), which no text has: put there what belongs there",
                column + 1
            );
            return Some(Reject::relay(controls::CONTROL_CHARACTER, named(column), message));
        }
        if cells.len() > columns && !cells[columns..].iter().all(|cell| is_empty(raw, *cell)) {
            let message = format!(
                "the row has {} cells, but the header names {columns} columns: put cells that contain the delimiter in \
                 quotes",
                cells.len()
            );
            return Some(Reject::relay("TOO_MANY_CELLS", None, message));
        }
        None
    }

    /// Says which lines a row with a stray quote has taken along.
    fn swallows(&self, raw: &[u8], line: u64) -> String {
        let lines = self.scanner.lines_within();
        if lines == 0 || raw.is_empty() {
            return String::new();
        }
        format!(
            " on line {}, whose quote may have been opened on line {line} and taken the rows between along",
            line + lines
        )
    }

    /// Why a row is not believed whose quotes have lines in them.
    fn rows_in_quotes(&self, raw: &[u8], cells: &[Span], line: u64, repairs: &mut RowRepairs) -> Option<Reject> {
        if self.scanner.lines_within() == 0 || self.rules.quotes != Quotes::Check {
            return None;
        }
        let writing = Writing {
            delimiter: self.delimiter,
            line_end: self.line_end,
            columns: self.header.len(),
            ours: self.header.iter().filter(|name| is_relay_column(name)).count(),
        };
        let within = swallowed::within(raw, cells, writing, &self.looks);
        let (column, below) = match within {
            Within::Text => return None,
            Within::Doubtful => {
                repairs.add(RepairKind::RowsInQuotes);
                return None;
            }
            Within::Rows { column, below } => (column, below),
        };
        let message = format!(
            "the quote opened on line {} in cell {} has lines in it, up to line {}, that look like rows of their own: double \
             it if it belongs to the text; if the lines are text, say quotes = \"trust\" in the mapping, and if quotes \
             mean nothing in this file, quotes = \"none\"",
            line + below,
            column + 1,
            line + self.scanner.lines_within(),
        );
        Some(Reject::relay(ROWS_IN_QUOTES, self.header.get(column).cloned(), message))
    }

    fn not_text(&self, raw: &[u8]) -> Reject {
        let valid = std::str::from_utf8(raw).map_or_else(|error| error.valid_up_to(), str::len);
        let column = self.scanner.ends(raw).position(|end| valid < end).unwrap_or(0);
        let message = format!(
            "cell {} has bytes that are not UTF-8: save the file as CSV UTF-8",
            column + 1
        );
        Reject::relay(INVALID_ENCODING, self.header.get(column).cloned(), message)
    }

    /// Says so too where it is because of a quote: whatever was scanned by now, the same is said of the same file.
    fn too_long(&self, text: &[u8], line: u64) -> FileFault {
        let fault = too_long(&self.limits, line);
        let mut scanner = self.scanner.clone();
        scanner.reset();
        scanner.scan(&text[..self.limits.row], false);
        match scanner.open_quote() {
            None => fault,
            Some((below, column)) => FileFault {
                message: format!("the quote opened here is not closed within {} bytes", self.limits.row),
                ..fault.on_line(line + below).in_column(column)
            },
        }
    }
}

/// A header in the middle that names the columns in another order.
fn other_header() -> FileFault {
    FileFault::new(
        "OTHER_HEADER",
        "here is a second header with columns of the first one in other places, so that what follows would go into the wrong \
         fields",
        "files with different headers were put one behind the other: put them one by one",
    )
}

fn is_empty(raw: &[u8], cell: Span) -> bool {
    raw[cell.range()].iter().all(|byte| is_blank(*byte))
}

/// The row with its doubled quotes undone: the cells that have some are written anew behind the row's own text.
fn rewritten(line: u64, raw: &str, cells: &[Span]) -> Row {
    let has_some = |cell: &Span| has_doubled_quotes(raw.as_bytes(), *cell);
    let more: usize = cells
        .iter()
        .filter(|cell| has_some(cell))
        .map(|cell| cell.range().len())
        .sum();
    let mut text = String::with_capacity(raw.len() + more);
    text.push_str(raw);
    let mut spans = cells.to_vec();
    for span in spans.iter_mut().filter(|span| has_some(span)) {
        let start = text.len();
        push_unquoted(&mut text, &raw[span.range()]);
        *span = Span::new(start, text.len());
    }
    Row::of_cells(line, text, raw.len(), spans)
}
