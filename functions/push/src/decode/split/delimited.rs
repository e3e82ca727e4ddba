//! Rows of cells.

use crate::decode::cells::{CellAt, CellScanner, Scan, Style, push_unquoted};
use crate::decode::dialect::{end_byte, is_blank, unclosed_quote};
use crate::decode::fault::FileFault;
use crate::decode::form::Form;
use crate::decode::limits::Limits;
use crate::decode::split::{INVALID_ENCODING, Step, too_long};
use crate::parcel::Reject;
use crate::row::{Row, Span};

/// Splits delimited text.
pub(crate) struct DelimitedRows {
    scanner: CellScanner,
    header: Vec<String>,
    limits: Limits,
    short_rows: u64,
    first_short: u64,
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
            short_rows: 0,
            first_short: 0,
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

    pub(crate) fn warnings(&self) -> Vec<String> {
        let Self {
            short_rows,
            first_short,
            ..
        } = self;
        if *short_rows == 0 {
            return Vec::new();
        }
        vec![format!(
            "{short_rows} rows have fewer cells than the header, the first on line {first_short}: what is missing at their \
             end was taken as absent"
        )]
    }

    /// The row that was found; `None` for a blank one.
    fn row(&mut self, raw: &[u8], line: u64) -> Option<Row> {
        let cells = self.scanner.cells();
        if cells
            .iter()
            .all(|cell| cell.style == Style::AsIs && is_empty(raw, cell))
        {
            return None;
        }
        let text = match std::str::from_utf8(raw) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                let column = cells.iter().position(|cell| at < cell.next);
                return Some(Row::broken(line, raw, self.not_text(column)));
            }
        };
        if let Some(reject) = self.fault(raw, cells) {
            return Some(Row::broken(line, raw, reject));
        }
        let cells = &cells[..cells.len().min(self.header.len())];
        let row = read(line, text, cells);
        if cells.len() < self.header.len() {
            if self.short_rows == 0 {
                self.first_short = line;
            }
            self.short_rows += 1;
        }
        Some(row)
    }

    fn fault(&self, raw: &[u8], cells: &[CellAt]) -> Option<Reject> {
        let columns = self.header.len();
        let named = |column: usize| self.header.get(column).cloned();
        for (column, cell) in cells.iter().enumerate() {
            if cell.style == Style::StrayQuote {
                let message = format!(
                    "in cell {}, text follows a closing quote: double the quotes within the cell, or close it before the \
                     delimiter",
                    column + 1
                );
                return Some(Reject::relay("STRAY_QUOTE", named(column), message));
            }
            if cell.end - cell.start > self.limits.cell {
                let message = format!(
                    "cell {} has more than {} bytes: shorten it",
                    column + 1,
                    self.limits.cell
                );
                return Some(Reject::relay("CELL_TOO_LONG", named(column), message));
            }
        }
        if cells.len() > columns && !cells[columns..].iter().all(|cell| is_empty(raw, cell)) {
            let message = format!(
                "the row has {} cells, but the header names {columns} columns: put cells that contain the delimiter in \
                 quotes",
                cells.len()
            );
            return Some(Reject::relay("TOO_MANY_CELLS", None, message));
        }
        None
    }

    fn not_text(&self, column: Option<usize>) -> Reject {
        let field = column.and_then(|column| self.header.get(column).cloned());
        let place = column.map_or_else(|| "the row".to_owned(), |column| format!("cell {}", column + 1));
        Reject::relay(
            INVALID_ENCODING,
            field,
            format!("{place} has bytes that are not UTF-8: save the file as CSV UTF-8"),
        )
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

fn is_empty(raw: &[u8], cell: &CellAt) -> bool {
    raw[cell.start..cell.end].iter().all(|byte| is_blank(*byte))
}

/// One buffer holds the row's own text and, behind it, the cells whose doubled quotes had to be undone.
fn read(line: u64, raw: &str, cells: &[CellAt]) -> Row {
    let rewritten: usize = cells
        .iter()
        .filter(|cell| cell.style == Style::DoubledQuotes)
        .map(|cell| cell.end - cell.start)
        .sum();
    let mut text = String::with_capacity(raw.len() + rewritten);
    text.push_str(raw);
    let spans = cells
        .iter()
        .map(|cell| {
            if cell.style == Style::DoubledQuotes {
                let start = text.len();
                push_unquoted(&mut text, &raw[cell.start..cell.end]);
                Span::new(start, text.len())
            } else {
                Span::new(cell.start, cell.end)
            }
        })
        .collect();
    Row::of_cells(line, text, raw.len(), spans)
}
