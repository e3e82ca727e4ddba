//! What is wrong with a file as a whole.

use serde::{Deserialize, Serialize};

/// A file that cannot be read, or not any further. No record content is in it; names of columns may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{message}: {action}", self.place())]
pub struct FileFault {
    /// A stable word.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub action: String,
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The column (which cell of the row), counted from 1.
    pub column: Option<u64>,
}

impl FileFault {
    /// A fault of the file as a whole.
    pub(crate) fn new(code: &str, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            action: action.into(),
            line: None,
            column: None,
        }
    }

    /// The fault is on that line.
    pub(crate) fn on_line(self, line: u64) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }

    /// The fault is in that column, counted from 1.
    pub(crate) fn in_column(self, column: usize) -> Self {
        Self {
            column: Some(column as u64),
            ..self
        }
    }

    fn place(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: "),
            (Some(line), None) => format!("line {line}: "),
            (None, Some(column)) => format!("column {column}: "),
            (None, None) => String::new(),
        }
    }
}
