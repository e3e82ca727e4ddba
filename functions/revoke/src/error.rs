//! Why an operator's request came to nothing.

use lambda_runtime::Diagnostic;
use shared::intake::IntakeError;
use shared::state::StateError;
use shared::tokens::VaultError;

use crate::request::WrongRequest;

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    /// The request makes no sense.
    #[error(transparent)]
    Request(#[from] WrongRequest),
    /// The confirmation is missing or another one.
    #[error(
        "nothing was revoked: \"confirm\" must be the {what} that {{\"action\": \"status\"}} shows{}",
        if *.is_given { ", and the one given is another" } else { "" }
    )]
    NotConfirmed {
        /// What is to be typed: `org_id` or `client_id`.
        what: &'static str,
        /// Whether one was given.
        is_given: bool,
    },
    /// There is nothing to resume.
    #[error("not resumed, since {message} ({code}): {action}")]
    CannotResume {
        /// The pause's code.
        code: &'static str,
        /// What happened.
        message: String,
        /// What to do.
        action: String,
    },
    /// An authorize kept writing the secrets while they were to be emptied.
    #[error(
        "authorize ran at the same time as this revoke: the access may stand again. Ask for the status, and repeat the revoke if it is still wanted"
    )]
    RacedByAuthorize,
    /// The state table failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// A secret failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The intake could not be switched.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl RevokeError {
    /// A stable name that alarms can match on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Request(_) => "WrongRequest",
            Self::NotConfirmed { .. } => "NotConfirmed",
            Self::CannotResume { .. } => "CannotResume",
            Self::RacedByAuthorize => "RacedByAuthorize",
            Self::State(_) => "StateTable",
            Self::Vault(_) => "Secret",
            Self::Intake(_) => "Intake",
        }
    }
}

impl From<RevokeError> for Diagnostic {
    fn from(error: RevokeError) -> Self {
        Self {
            error_type: error.kind().to_owned(),
            error_message: error.to_string(),
        }
    }
}
