//! Whether and why nothing may be sent. The authorization's own state pauses too; what is set and cleared here are the
//! other causes. They are all kept in [`super::standing`], one item, so that no two of them contradict each other.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::standing::{Standing, change};
use super::table::{StateError, Table};

/// A cause that is set and cleared by itself, beside the state of the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// An operator asked for it.
    Operator,
    /// Bigin refuses even fresh access tokens.
    TokenRejected,
    /// The API credits of the last 24 hours are used up.
    Credits,
}

/// Why delivery is paused: a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseCode {
    /// Nobody has authorized yet.
    NotAuthorized,
    /// An operator revoked the access.
    Revoked,
    /// The refresh token is dead.
    NeedsAuthorization,
    /// An operator paused.
    Operator,
    /// Bigin refuses even fresh access tokens.
    TokenRejected,
    /// The API credits are used up.
    Credits,
}

impl PauseCode {
    /// The word in answers and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAuthorized => "not_authorized",
            Self::Revoked => "revoked",
            Self::NeedsAuthorization => "needs_authorization",
            Self::Operator => "operator",
            Self::TokenRejected => "token_rejected",
            Self::Credits => "credits",
        }
    }
}

impl fmt::Display for PauseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Cause> for PauseCode {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Operator => Self::Operator,
            Cause::TokenRejected => Self::TokenRejected,
            Cause::Credits => Self::Credits,
        }
    }
}

/// A pause, as whoever is stopped by it tells it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub code: PauseCode,
    /// What happened.
    pub message: String,
    /// How to resume.
    pub action: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Who or what paused.
    pub by: String,
    /// When it ends by itself.
    pub resumes_at: Option<Timestamp>,
}

/// A cause as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCause {
    /// Which.
    pub cause: Cause,
    /// What happened.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
    /// Who or what paused.
    pub by: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes_at: Option<Timestamp>,
}

impl SetCause {
    /// Whether it still pauses.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.resumes_at.is_none_or(|resumes_at| now < resumes_at)
    }

    /// The cause in full.
    pub(super) fn pause(&self) -> Pause {
        let action = match self.cause {
            Cause::Operator => "invoke revoke with {\"action\": \"resume\"}",
            Cause::TokenRejected => {
                "check in Bigin that the authorizing user may use the API, or authorize again; the relay looks again by itself"
            }
            Cause::Credits => {
                "nothing: delivery goes on as the 24 hours roll on; more credits need a larger plan, then invoke revoke with {\"action\": \"resume\"}"
            }
        };
        Pause {
            code: self.cause.into(),
            message: self.message.clone(),
            action: action.to_owned(),
            since: Some(self.since),
            by: self.by.clone(),
            resumes_at: self.resumes_at,
        }
    }
}

/// The pause that stands now; `None` when records may be sent.
///
/// # Errors
/// The table failed.
pub async fn current(table: &impl Table, now: Timestamp) -> Result<Option<Pause>, StateError> {
    Ok(Standing::read(table).await?.pause(now))
}

/// Sets a cause. One that is set already keeps its start and takes the rest.
///
/// # Errors
/// The table failed.
pub async fn set(table: &impl Table, new: &SetCause) -> Result<Standing, StateError> {
    change(table, |standing| {
        let mut next = standing.clone();
        let old = next
            .causes
            .iter()
            .position(|set| set.cause == new.cause)
            .map(|at| next.causes.remove(at));
        // One that had run out is over: the new one starts by itself.
        let since = old
            .filter(|old| old.holds(new.since))
            .map_or(new.since, |old| old.since);
        next.causes.push(SetCause { since, ..new.clone() });
        (next != *standing).then_some(next)
    })
    .await
}

/// Clears these causes.
///
/// # Errors
/// The table failed.
pub async fn clear(table: &impl Table, causes: &[Cause]) -> Result<Standing, StateError> {
    keep(table, |set| !causes.contains(&set.cause)).await
}

/// Clears the causes whose time is over.
///
/// # Errors
/// The table failed.
pub async fn clear_ended(table: &impl Table, now: Timestamp) -> Result<Standing, StateError> {
    keep(table, |set| set.holds(now)).await
}

async fn keep(table: &impl Table, stays: impl Fn(&SetCause) -> bool + Send + Sync) -> Result<Standing, StateError> {
    change(table, |standing| {
        let mut next = standing.clone();
        next.causes.retain(&stays);
        (next != *standing).then_some(next)
    })
    .await
}
