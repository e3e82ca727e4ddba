//! Why delivery stops before everything is delivered. Nothing is lost by it: what was not delivered waits.

use serde::{Deserialize, Serialize};

/// Why nothing more is sent for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// Somebody, or something, paused delivery.
    Paused {
        /// The pause's code.
        code: String,
        /// What happened.
        message: String,
        /// How to resume.
        action: String,
    },
    /// There is no authorization, or it was revoked.
    NotAuthorized,
    /// Bigin refuses even a fresh access token.
    TokenRejected {
        /// Zoho's code.
        code: String,
    },
    /// No fresh access token could be had for now.
    NoFreshToken {
        /// What happened.
        message: String,
    },
    /// The API credits of the last 24 hours are used up.
    CreditsGone,
    /// Bigin kept throttling for longer than a call may wait.
    Throttled,
    /// Bigin does not let this module be written; its records wait, others go on.
    ModuleHeld {
        /// Zoho's code.
        code: String,
        /// What happened.
        message: String,
    },
    /// Bigin is out of reach or failing.
    Unavailable {
        /// What happened.
        message: String,
    },
    /// An import has the calls in flight that the queue's consumers leave.
    TurnTaken,
    /// The invocation's time is used up.
    OutOfTime,
}

impl Stop {
    /// A stable word for the report.
    pub fn code(&self) -> &str {
        match self {
            Self::Paused { code, .. } | Self::ModuleHeld { code, .. } | Self::TokenRejected { code } => code,
            Self::NotAuthorized => "NOT_AUTHORIZED",
            Self::NoFreshToken { .. } => "NO_FRESH_TOKEN",
            Self::CreditsGone => "CREDITS_EXHAUSTED",
            Self::Throttled => "THROTTLED",
            Self::Unavailable { .. } => "BIGIN_UNAVAILABLE",
            Self::TurnTaken => "TURN_TAKEN",
            Self::OutOfTime => "OUT_OF_TIME",
        }
    }

    /// What happened.
    pub fn message(&self) -> String {
        match self {
            Self::Paused { message, .. }
            | Self::NoFreshToken { message }
            | Self::ModuleHeld { message, .. }
            | Self::Unavailable { message } => message.clone(),
            Self::NotAuthorized => "there is no authorization, or it was revoked".to_owned(),
            Self::TokenRejected { code } => format!("Bigin refuses a fresh access token ({code})"),
            Self::CreditsGone => "the API credits of the last 24 hours are used up".to_owned(),
            Self::Throttled => "Bigin kept throttling for over a minute".to_owned(),
            Self::TurnTaken => "an import is using the calls that may be in flight".to_owned(),
            Self::OutOfTime => "the invocation's time was used up".to_owned(),
        }
    }

    /// What the operator can do.
    pub fn action(&self) -> String {
        match self {
            Self::Paused { action, .. } => action.clone(),
            Self::NotAuthorized | Self::TokenRejected { .. } => {
                "generate a code in Zoho's API console and invoke authorize; what waits goes on by itself".to_owned()
            }
            Self::CreditsGone => {
                "nothing: delivery goes on as the 24 hours roll on; more credits need a larger plan".to_owned()
            }
            Self::ModuleHeld { .. } => {
                "mend what the message names; the relay tries this module again every quarter of an hour".to_owned()
            }
            Self::NoFreshToken { .. }
            | Self::Throttled
            | Self::Unavailable { .. }
            | Self::TurnTaken
            | Self::OutOfTime => "nothing: the relay tries again by itself".to_owned(),
        }
    }

    /// How long to wait before looking again, in seconds, when this has lasted for that long already. Waits grow with
    /// what has been waited, so that weeks of waiting stay within an execution's history of 25,000 events.
    pub fn look_again_after(&self, waited: u64) -> u64 {
        let (first, most) = match self {
            Self::OutOfTime => return 0,
            Self::Paused { .. } | Self::NotAuthorized | Self::TokenRejected { .. } | Self::CreditsGone => (10, 1800),
            Self::ModuleHeld { .. } => (60, 900),
            Self::NoFreshToken { .. } | Self::Throttled | Self::Unavailable { .. } | Self::TurnTaken => (5, 600),
        };
        (waited / 5).clamp(first, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_of_waiting_stay_within_an_executions_history() {
        let (mut waited, mut looks) = (0, 0);
        while waited < 28 * 86_400 {
            waited += Stop::NotAuthorized.look_again_after(waited);
            looks += 1;
        }
        // Each look is some nine events of at most 25,000.
        assert!(looks * 9 < 20_000, "{looks}");
    }
}
