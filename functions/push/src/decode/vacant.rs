//! Columns that are left out because nothing is to be in them: nameless ones, and those with the name of another.

use serde::{Deserialize, Serialize};

use super::dialect::is_blank;
use super::fault::FileFault;
use crate::record::Span;

/// A column that is left out as long as it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacant {
    /// Which, from 0.
    pub(crate) column: usize,
    /// The column of the same name that is read, from 0. `None` where it has no name.
    pub(crate) like: Option<usize>,
    /// Its name.
    pub(crate) name: String,
}

impl Vacant {
    /// Why the file is refused if a row has something in the column.
    pub(crate) fn fault(&self, row: &[u8], cells: &[Span]) -> Option<FileFault> {
        let cell = cells.get(self.column)?;
        if row[cell.range()].iter().all(|byte| is_blank(*byte)) {
            return None;
        }
        let fault = match self.like {
            None => FileFault::new(
                "HEADER_UNNAMED",
                "the column has no name, but here it has a value",
                "give it the name of a field, take the column out (an index column of pandas: index=False), or say ignore = \
                 [\"\"] in the mapping",
            ),
            Some(like) => FileFault::new(
                "HEADER_DUPLICATE",
                format!(
                    "the column is named \"{}\" like column {}, and both have values",
                    self.name,
                    like + 1
                ),
                "rename one of the two, take it out, or name it in the mapping's ignore to leave out both",
            ),
        };
        Some(fault.in_column(self.column + 1))
    }
}
