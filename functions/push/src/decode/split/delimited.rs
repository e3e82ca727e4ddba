//! Rows of cells.

use crate::decode::cells::{CellScanner, Scan, has_doubled_quotes, push_unquoted};
use crate::decode::dialect::{end_byte, is_blank, unclosed_quote};
use crate::decode::fault::FileFault;
use crate::decode::form::Form;
use crate::decode::limits::Limits;
use crate::decode::split::{INVALID_ENCODING, Step, too_long};
use crate::record::Reject;
use crate::record::RepairKind;
use crate::record::{Row, Span};

/// Splits delimited text.
pub(crate) struct DelimitedRows {
    scanner: CellScanner,
    header: Vec<String>,
    limits: Limits,
}

impl DelimitedRows {
    pub(crate) fn new(form: &Form, limits: Limits) -> Self {
        let delimiter = u8::try_from(form.delimiter).unwrap_or(b',');
        Self {
            scanner: CellScanner::new(delimiter, end_byte(form.line_end)),
            header: form.header.clone(),
            // Spans are 32 bits wide, and a row may be twice its length with rewritten cells.
            limits: Limits {
                row: limits.row.min(1 << 30),
                ..limits
            },
        }
    }

    pub(crate) fn step(&mut self, text: &[u8], last: bool, line: u64) -> Result<Step, FileFault> {
        if text.is_empty() {
            return Ok(if last { Step::End } else { Step::More });
        }
        match self.scanner.scan(text, last) {
            Scan::More | Scan::UnclosedQuote if text.len() > self.limits.row + 2 => Err(self.too_long(text, line)),
            Scan::More => Ok(Step::More),
            Scan::UnclosedQuote => Err(unclosed_quote(&self.scanner, line)),
            Scan::Row { len, .. } if len > self.limits.row => Err(self.too_long(text, line)),
            Scan::Row { len, with_end } => {
                let lines = self.scanner.lines_within() + 1;
                let row = self.row(&text[..len], line);
                self.scanner.reset();
                Ok(match row {
                    Some(row) => Step::Row {
                        row,
                        len: with_end,
                        lines,
                    },
                    None => Step::Skip { len: with_end, lines },
                })
            }
        }
    }

    /// The row that was found; `None` for a blank one.
    fn row(&self, raw: &[u8], line: u64) -> Option<Row> {
        let (cells, columns) = (self.scanner.cells(), self.header.len());
        if cells.iter().all(|cell| is_empty(raw, *cell)) && self.scanner.stray_quote().is_none() {
            return None;
        }
        let Ok(text) = std::str::from_utf8(raw) else {
            return Some(Row::broken(line, raw, self.not_text(raw)));
        };
        if let Some(reject) = self.fault(raw, cells) {
            return Some(Row::broken(line, raw, reject));
        }
        let cells = &cells[..cells.len().min(columns)];
        let row = if self.scanner.has_doubled_quotes() {
            rewritten(line, text, cells)
        } else {
            Row::of_cells(line, text.to_owned(), raw.len(), cells.to_vec())
        };
        Some(if cells.len() < columns {
            row.with(RepairKind::CellsMissing)
        } else {
            row
        })
    }

    fn fault(&self, raw: &[u8], cells: &[Span]) -> Option<Reject> {
        let columns = self.header.len();
        let named = |column: usize| self.header.get(column).cloned();
        if let Some(column) = self.scanner.stray_quote() {
            let message = format!(
                "in cell {}, text follows a closing quote: double the quotes within the cell, or close it before the \
                 delimiter",
                column + 1
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
