//! What refresh answers: where the token stands, never the token.

use jiff::Timestamp;
use serde::Serialize;
use shared::state::mints::MintRefusal;
use shared::tokens::VersionId;

/// Where the token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshStatus {
    /// A new token was published.
    Refreshed,
    /// The current token will do: nothing was asked of Zoho.
    Fresh,
    /// Somebody else is refreshing.
    InProgress,
    /// Nobody has authorized yet.
    NotAuthorized,
    /// The refresh token is dead: a human must authorize again.
    NeedsAuthorization,
    /// A revoke has begun.
    Revoking,
    /// The access was revoked.
    Revoked,
    /// Zoho has denied access for being asked too often; it is left in peace.
    CircuitOpen,
    /// The budget of mints is used up for the moment.
    Budget,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Where the token stands.
    pub status: RefreshStatus,
    /// When the current token runs out, where there is one.
    pub expires_at: Option<Timestamp>,
    /// The version of the current token.
    pub version: Option<String>,
    /// When it is worth asking again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// What happened and what to do, where a human has to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Answer {
    /// An answer with nothing but a status.
    pub fn of(status: RefreshStatus) -> Self {
        Self {
            status,
            expires_at: None,
            version: None,
            retry_at: None,
            message: None,
        }
    }

    /// There is a token of that version.
    pub fn token(status: RefreshStatus, version: &VersionId, expires_at: Timestamp) -> Self {
        Self {
            expires_at: Some(expires_at),
            version: Some(version.to_string()),
            ..Self::of(status)
        }
    }

    /// No mint may be asked for now; the current token may still be good.
    pub fn refused(refusal: MintRefusal, valid_until: Option<Timestamp>) -> Self {
        let (status, until) = match refusal {
            MintRefusal::Budget { until } => (RefreshStatus::Budget, until),
            MintRefusal::CircuitOpen { until } => (RefreshStatus::CircuitOpen, until),
        };
        Self {
            expires_at: valid_until,
            retry_at: Some(until),
            ..Self::of(status)
        }
    }

    /// The same with a message.
    #[must_use]
    pub fn saying(self, message: Option<String>) -> Self {
        Self { message, ..self }
    }
}
