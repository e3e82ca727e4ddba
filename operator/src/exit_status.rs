//! What the tool ends with.

use std::process::ExitCode;

/// How a command ended, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// It is done as asked.
    Complete,
    /// An import is done, and some of its rows were rejected.
    Partial,
    /// Nothing was done, since it was refused.
    Refused,
    /// It was stopped in the middle, or failed.
    Failed,
    /// AWS does not allow it.
    NotAllowed,
    /// The command line makes no sense.
    Usage,
    /// Ctrl-C ended the tool; what it had begun goes on by itself.
    Interrupted,
}

impl ExitStatus {
    /// Of a run, by its report's status. A run that goes on counts as complete: nothing is wrong with it.
    pub fn of_report(status: &str) -> Self {
        match status {
            "partial" => Self::Partial,
            "refused" | "duplicate" => Self::Refused,
            "stopped" | "failed" => Self::Failed,
            _ => Self::Complete,
        }
    }

    /// The process's exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Partial => 2,
            Self::Refused => 3,
            Self::Failed => 4,
            Self::NotAllowed => 5,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        status.code().into()
    }
}
