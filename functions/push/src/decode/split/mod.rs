//! Splits text into rows, by format.

mod delimited;
mod lines;
mod not_a_record;
pub(super) mod swallowed;

pub(super) use not_a_record::is_program_message;
mod values;

use super::fault::FileFault;
use super::form::{Form, Format};
use super::limits::Limits;
use crate::record::Row;

/// The code of a row that is not text in the file's encoding.
pub(crate) const INVALID_ENCODING: &str = "INVALID_ENCODING";

/// The code of a row that is no record.
pub(crate) const NOT_A_RECORD: &str = "NOT_A_RECORD";
/// The code of a row whose quotes have other rows in them.
pub(crate) const ROWS_IN_QUOTES: &str = "ROWS_IN_QUOTES";

/// What was found at the start of the unread text.
pub(crate) enum SplitStep {
    /// A row: `len` bytes of text with all that ends it, `lines` line ends among them.
    Row { row: Row, len: usize, lines: u64 },
    /// Text between rows.
    Skip { len: usize, lines: u64 },
    /// More text is needed.
    More,
    /// There is nothing left.
    End,
}

/// Splits text into rows. Remembers how far it has looked into a row that is not all there.
pub(crate) enum Splitter {
    Delimited(Box<delimited::DelimitedRows>),
    Lines(lines::Lines),
    Values(values::Values),
}

impl Splitter {
    /// `within` says that a row came before.
    pub(crate) fn new(form: &Form, limits: Limits, within: bool) -> Self {
        match form.format {
            Format::Delimited => Self::Delimited(Box::new(delimited::DelimitedRows::new(form, limits))),
            Format::Ndjson => Self::Lines(lines::Lines::new(limits)),
            Format::JsonArray => Self::Values(values::Values::in_array(form.wrapped, within, limits)),
            Format::JsonObjects => Self::Values(values::Values::one_by_one(limits)),
        }
    }

    /// Looks at the unread text, which starts on that line. `last` says that no more will come; [`SplitStep::More`] is not
    /// answered then.
    pub(crate) fn step(&mut self, text: &[u8], last: bool, line: u64) -> Result<SplitStep, FileFault> {
        match self {
            Self::Delimited(rows) => rows.step(text, last, line),
            Self::Lines(lines) => lines.step(text, last, line),
            Self::Values(values) => values.step(text, last, line),
        }
    }
}

/// How many line feeds there are.
pub(crate) fn line_feeds(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// A row that is longer than rows may be.
fn too_long(limits: &Limits, line: u64) -> FileFault {
    FileFault::new(
        "ROW_TOO_LONG",
        format!("the row that begins here has more than {} bytes", limits.row),
        "check that rows end in line breaks and that quotes and brackets are closed",
    )
    .on_line(line)
}
