//! A call to Bigin that failed as a whole.

use std::time::Duration;

/// Why a call as a whole was not carried out, or why nobody can tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailure {
    /// The access token was refused; a fresh one may help, once.
    #[error("Bigin refused the access token ({code}): it expired, was revoked, or belongs to another data centre")]
    TokenRejected {
        /// Zoho's code.
        code: String,
    },
    /// The token is fine but was granted too little; a fresh one does not help.
    #[error(
        "the authorization lacks a scope that {call} needs: generate a new code with every scope of the README's line and authorize again"
    )]
    ScopeMissing {
        /// The method and path.
        call: String,
    },
    /// The authorizing user may not do this.
    #[error(
        "Bigin refused {call} ({code}: {message}): the authorizing user's profile lacks the permission; grant it in Bigin's settings or authorize as another user"
    )]
    NotPermitted {
        /// The method and path.
        call: String,
        /// Zoho's code.
        code: String,
        /// Zoho's message.
        message: String,
    },
    /// No such module in this organisation.
    #[error(
        "Bigin knows no module for {call}: module names are API names, letter case counts, as in Contacts or Accounts"
    )]
    UnknownModule {
        /// The method and path.
        call: String,
    },
    /// Too many calls at once, or no API credits left; the answer does not say which.
    #[error(
        "Bigin is throttling {call}: too many calls in flight, or the API credits of the last 24 hours are used up"
    )]
    Throttled {
        /// The method and path.
        call: String,
        /// The credits that are left, where the answer said so.
        credits_remaining: Option<u64>,
        /// How long to wait, where the answer said so.
        retry_after: Option<Duration>,
    },
    /// Bigin refused the request as a whole for what is in it.
    #[error("Bigin refused {call} as a whole (HTTP {status}, {code}: {message})")]
    Refused {
        /// The method and path.
        call: String,
        /// HTTP status.
        status: u16,
        /// Zoho's code.
        code: String,
        /// Zoho's message.
        message: String,
    },
    /// Bigin failed, or something in front of it answered; the call may or may not have been carried out.
    #[error("Bigin is unavailable: {call} was answered with HTTP {status}{}", if *.html { " and a web page" } else { "" })]
    Unavailable {
        /// The method and path.
        call: String,
        /// HTTP status.
        status: u16,
        /// Whether the body was a web page (maintenance, gateway).
        html: bool,
    },
    /// A success that cannot be read; the call may or may not have been carried out.
    #[error("Bigin's answer to {call} (HTTP {status}) cannot be read: {problem}")]
    Unreadable {
        /// The method and path.
        call: String,
        /// HTTP status.
        status: u16,
        /// What is wrong with it.
        problem: String,
    },
    /// No answer at all. Where the request had left, it may have been carried out.
    #[error("{call} got no answer from Bigin: {problem}")]
    NoAnswer {
        /// The method and path.
        call: String,
        /// What went wrong, without the address.
        problem: String,
        /// Whether Bigin can have received the request.
        may_have_arrived: bool,
    },
}

impl CallFailure {
    /// Whether a fresh access token may help. None does where the user who authorized is deactivated.
    pub fn asks_for_a_fresh_token(&self) -> bool {
        matches!(self, Self::TokenRejected { code } if !is_of_the_user(code))
    }

    /// Whether Bigin can have carried the call out although it failed: then repeating an insert may double it.
    pub fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Unreadable { .. } => true,
            Self::NoAnswer { may_have_arrived, .. } => *may_have_arrived,
            _ => false,
        }
    }
}

/// Whether a code says that the user who authorized is deactivated.
pub(super) fn is_of_the_user(code: &str) -> bool {
    matches!(
        code,
        "INACTIVE_USER" | "USER_INACTIVE" | "USER_DEACTIVATED" | "DEACTIVATED_USER"
    )
}
