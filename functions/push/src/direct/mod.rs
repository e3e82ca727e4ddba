//! A file by hand, answered with its report.

mod file;
mod imports;

pub use file::{FileError, FileRequest, LARGEST_REPORT};
pub use imports::{Imports, StartError, StateMachine};
