//! Why a refresh failed, as the alarm and its reader see it.

use bigin::oauth::TokenFailure;
use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use shared::intake::IntakeError;
use shared::state::StateError;
use shared::tokens::VaultError;

/// Why a refresh failed. The token there is stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// Zoho gave no token, in a way that may pass.
    #[error("the access token was not refreshed: {failure}. {}", until(*.valid_until))]
    Zoho {
        /// What Zoho did.
        failure: TokenFailure,
        /// Until when the token there is is good, if it is.
        valid_until: Option<Timestamp>,
    },
    /// The request makes no sense.
    #[error("the request is wrong: {problem}. Known are {{}} and {{\"rejected_version\": \"<VersionId>\"}}")]
    WrongRequest {
        /// What is wrong with it.
        problem: String,
    },
    /// The state table failed.
    #[error(transparent)]
    State(#[from] StateError),
    /// A secret failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The intake could not be switched, or push not be asked for its upkeep.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl RefreshError {
    /// A stable name that alarms can match on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Zoho {
                failure: TokenFailure::AccessDenied { .. },
                ..
            } => "RefreshThrottled",
            Self::Zoho { .. } => "RefreshFailing",
            Self::WrongRequest { .. } => "WrongRequest",
            Self::State(_) => "StateTable",
            Self::Vault(_) => "Secret",
            Self::Intake(_) => "Intake",
        }
    }
}

impl From<RefreshError> for Diagnostic {
    fn from(error: RefreshError) -> Self {
        Self {
            error_type: error.kind().to_owned(),
            error_message: error.to_string(),
        }
    }
}

fn until(valid_until: Option<Timestamp>) -> String {
    match valid_until {
        Some(until) => format!("The present token is good until {until}; the next run tries again"),
        None => "There is no good token: delivery waits, and the next run tries again".to_owned(),
    }
}
