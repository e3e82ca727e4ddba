//! Why a run comes to nothing, or a slice of it fails.

use std::io;

use bigin::CallFailure;
use shared::authorized_bigin::AskFailure;
use shared::bucket::BucketError;
use shared::state::StateError;
use shared::stop::{Service, Stop};

use super::record_events::NotSent;

/// Why a module cannot be pulled until somebody does something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Bigin does not answer: scope, permission or module are missing.
    #[error("{module} cannot be pulled: {failure}")]
    Bigin {
        /// The module.
        module: String,
        /// What Bigin said.
        failure: CallFailure,
    },
    /// Nobody says which fields the module has.
    #[error("{module} cannot be pulled, since its fields are unknown: {why}")]
    FieldsUnknown {
        /// The module.
        module: String,
        /// Why.
        why: String,
    },
    /// Nobody says which organisation this is, and every change names it.
    #[error(
        "{module} cannot be pulled, since Bigin does not say which organisation this is: generate a new code with every scope of \
         the README's line (ZohoBigin.org.READ is among them) and authorize again"
    )]
    OrganisationUnknown {
        /// The module.
        module: String,
    },
    /// The module's records do not tell when they were written.
    #[error(
        "{module} cannot be pulled: its records have no field Modified_Time, so nobody can tell what has changed; take it out \
         of PullModules"
    )]
    ModifiedTimeAbsent {
        /// The module.
        module: String,
    },
    /// There are more parts than names for them.
    #[error(
        "the run over {module} has {parts} parts, more than there are names for: report this as a fault of bigin-relay"
    )]
    TooManyParts {
        /// The module.
        module: String,
        /// How many.
        parts: u32,
    },
}

impl Refusal {
    /// A stable name that alarms can match on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bigin {
                failure: CallFailure::ScopeMissing { .. },
                ..
            } => "ScopeMissing",
            Self::Bigin {
                failure: CallFailure::UnknownModule { .. },
                ..
            } => "ModuleUnknown",
            Self::Bigin { .. } => "BiginRefuses",
            Self::FieldsUnknown { .. } => "FieldsUnknown",
            Self::OrganisationUnknown { .. } => "OrganisationUnknown",
            Self::ModifiedTimeAbsent { .. } => "ModifiedTimeAbsent",
            Self::TooManyParts { .. } => "TooManyParts",
        }
    }
}

/// Why a step failed; it may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The state table.
    #[error(transparent)]
    State(#[from] StateError),
    /// A part could not be read again.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// Record events.
    #[error(transparent)]
    Events(#[from] NotSent),
    /// A part could not be put together: a fault of the relay's own.
    #[error("a part could not be written or read in memory: {0}")]
    Part(#[from] io::Error),
    /// A manifest or a schema that cannot be put into words: a fault of the relay's own.
    #[error("the run could not be put into words: {0}")]
    Json(#[from] serde_json::Error),
}

/// Why a slice does not go on.
#[derive(Debug)]
pub(super) enum Halt {
    /// For now.
    Stop(Stop),
    /// For now, and what was read could not be written: it does not count.
    Unwritten(Stop),
    /// For good.
    Refused(Refusal),
    /// Somebody else moved the run on: what was read here does not count.
    Lost,
    /// By a fault.
    Failed(RunError),
}

impl Halt {
    /// What a question without an answer means for the run over a module.
    pub(super) fn of(failure: AskFailure, module: &str) -> Self {
        match failure {
            AskFailure::Stop(stop) => Self::Stop(stop),
            AskFailure::Refused(failure) => Self::Refused(Refusal::Bigin {
                module: module.to_owned(),
                failure,
            }),
            AskFailure::State(error) => Self::Failed(error.into()),
        }
    }
}

impl From<BucketError> for Halt {
    fn from(error: BucketError) -> Self {
        Self::Unwritten(Stop::unavailable(Service::Bucket, error))
    }
}

impl From<StateError> for Halt {
    fn from(error: StateError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<serde_json::Error> for Halt {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(error.into())
    }
}
