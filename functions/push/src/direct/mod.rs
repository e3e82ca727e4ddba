//! A file by hand, answered with its report.

mod file;
mod imports;

pub use file::{FileError, FileRequest};
pub use imports::{Imports, StartError, StateMachine};
