//! Finds quotes that swallow rows. A quote that was never meant as one, such as an inch mark, makes a single
//! cell of all rows up to the next quote.
//!
//! A line within quotes fits the file if it looks like a whole row to a reader that ignores quotes. Such a
//! line has as many cells as the header. Each of its cells looks like others of its column; prose, for
//! example, has a blank behind its commas.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::record::Span;

/// What the cells of each column look like, learnt from a file's first rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Looks {
    rows: u32,
    columns: Vec<Look>,
}

/// What the cells of one column have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Look {
    /// Blanks at their start.
    #[serde(rename = "s")]
    at_start: bool,
    /// Blanks between words.
    #[serde(rename = "w")]
    within: bool,
}

/// So many rows must have been seen before something that no cell had counts.
const ENOUGH: u32 = 20;

impl Looks {
    /// Adds a row.
    pub(crate) fn add(&mut self, row: &[u8], cells: &[Span]) {
        self.rows += 1;
        self.columns
            .resize(self.columns.len().max(cells.len()), Look::default());
        for (look, cell) in self.columns.iter_mut().zip(cells) {
            let cell = &row[cell.range()];
            look.at_start |= cell.first() == Some(&b' ') && !cell.trim_ascii().is_empty();
            look.within |= cell.trim_ascii().contains(&b' ');
        }
    }

    /// Whether a cell looks like those of its column. The first cell of a row is not set off from anything.
    fn allows(&self, column: usize, is_first: bool, cell: &[u8]) -> bool {
        let look = self.columns.get(column).copied().unwrap_or_default();
        let text = cell.trim_ascii();
        let is_prose = self.rows >= ENOUGH && !look.within && text.split(|byte| *byte == b' ').count() > 2;
        let is_set_off = !is_first && !look.at_start && cell.first() == Some(&b' ') && !text.is_empty();
        !is_prose && !is_set_off
    }

    /// Whether a line, read without quotes, looks like a row of those columns.
    fn fits(&self, line: &[u8], delimiter: u8, columns: Range<usize>) -> bool {
        let (mut count, mut filled) = (0, 0);
        for (place, cell) in line.split(|byte| *byte == delimiter).enumerate() {
            let column = columns.start + place;
            if column >= columns.end || !self.allows(column, place == 0, cell) {
                return false;
            }
            count += 1;
            filled += usize::from(!cell.trim_ascii().is_empty());
        }
        // A letter's "Kind regards," is no row of two columns.
        count == columns.len() && filled > 1
    }
}

/// What the lines within a row's quotes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// Text.
    Text,
    /// Text, some of whose lines might be rows.
    Doubtful,
    /// Rows, as far as anybody can tell.
    Rows {
        /// In which column the quote was opened, from 0.
        column: usize,
        /// How many lines below the row's first.
        below: u64,
    },
}

/// What rows are written with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writing {
    /// What stands between cells.
    pub delimiter: u8,
    /// What ends a line.
    pub line_end: u8,
    /// How many columns there are.
    pub columns: usize,
    /// How many of them a rejects file has in front: lines that were swallowed before have none.
    pub ours: usize,
}

/// Looks at a row that has line breaks within its quotes.
pub(crate) fn within(row: &[u8], cells: &[Span], writing: Writing, looks: &Looks) -> Within {
    let Writing {
        delimiter,
        line_end,
        columns,
        ours,
    } = writing;
    if columns - ours < 2 {
        return Within::Doubtful;
    }
    let fits = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        looks.fits(line, delimiter, 0..columns) || ours > 0 && looks.fits(line, delimiter, ours..columns)
    };
    // Our own cells may hold the delimiter.
    let own_start = cells.get(ours).filter(|_| ours > 0).map_or(0, |cell| {
        let start = cell.start as usize;
        start - usize::from(start > 0 && row[start - 1] == b'"')
    });
    let mut doubtful = false;
    for (column, cell) in cells.iter().enumerate() {
        let (start, end) = (cell.start as usize, cell.end as usize);
        let breaks: Vec<usize> = (start..end).filter(|at| row[*at] == line_end).collect();
        let (Some(first_break), Some(last_break)) = (breaks.first(), breaks.last()) else {
            continue;
        };
        let line_start = row[..start]
            .iter()
            .rposition(|byte| *byte == line_end)
            .map_or(own_start, |at| at + 1);
        let last_end = row[end..]
            .iter()
            .position(|byte| *byte == line_end)
            .map_or(row.len(), |at| end + at);
        let at_an_edge = fits(&row[line_start..*first_break]) || fits(&row[last_break + 1..last_end]);
        let both_edges = fits(&row[line_start..*first_break]) && fits(&row[last_break + 1..last_end]);
        let whole = breaks.windows(2).map(|pair| &row[pair[0] + 1..pair[1]]);
        let (mut lines, mut rows) = (0, 0);
        for line in whole.filter(|line| !line.trim_ascii().is_empty()) {
            lines += 1;
            rows += u32::from(fits(line));
        }
        let are_rows = if lines == 0 {
            both_edges
        } else {
            rows * 2 >= lines && rows > 0 && (at_an_edge || rows > 2)
        };
        if are_rows {
            let below = row[..start].split(|byte| *byte == line_end).count() as u64 - 1;
            return Within::Rows { column, below };
        }
        doubtful |= rows > 0;
    }
    if doubtful { Within::Doubtful } else { Within::Text }
}
