//! Why delivery stops before everything is delivered. Nothing is lost by it: what was not delivered waits.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What cannot be reached, or fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Service {
    /// Bigin.
    Bigin,
    /// The state table, in DynamoDB.
    StateTable,
    /// The data bucket, in S3.
    Bucket,
    /// The secret with the access token, in Secrets Manager.
    Secret,
    /// The function that refreshes the access token.
    Refresh,
    /// The relay itself: a fault of its own.
    Relay,
}

impl Service {
    /// The stable word for its being unavailable.
    fn code(self) -> &'static str {
        match self {
            Self::Bigin => "BIGIN_UNAVAILABLE",
            Self::StateTable => "STATE_TABLE_UNAVAILABLE",
            Self::Bucket => "BUCKET_UNAVAILABLE",
            Self::Secret => "SECRET_UNAVAILABLE",
            Self::Refresh => "REFRESH_UNAVAILABLE",
            Self::Relay => "RELAY_FAULT",
        }
    }

    /// What the operator can do. Every one of them is tried again by itself.
    fn action(self) -> &'static str {
        match self {
            Self::Bigin => "nothing: the relay tries again by itself; https://status.zoho.com tells of outages",
            Self::StateTable => {
                "nothing, if it passes; if it persists, check the state table and that the function's role may use it"
            }
            Self::Bucket => {
                "nothing, if it passes; if it persists, check the data bucket and that the function's role may use it"
            }
            Self::Secret => {
                "nothing, if it passes; if it persists, check that the access token's secret is there and that the function's role may read it; one that \
                 is scheduled for deletion comes back with `aws secretsmanager restore-secret`"
            }
            Self::Refresh => {
                "nothing, if it passes; if it persists, look at the log of the refresh function and what its errors say to do"
            }
            Self::Relay => "report this as a fault of bigin-relay; what waits is tried again by itself",
        }
    }
}

/// The codes of [`Stop`] that are ours, with what each means. A pause has its own codes, and a held module has Zoho's.
pub const CODES: &[(&str, &str)] = &[
    ("NOT_AUTHORIZED", "There is no authorization, or it was revoked."),
    (
        "NO_FRESH_TOKEN",
        "No fresh access token could be had for now; the message says why.",
    ),
    ("CREDITS_EXHAUSTED", "The API credits of the last 24 hours are used up."),
    ("THROTTLED", "Bigin kept throttling for longer than a call may wait."),
    ("TURN_TAKEN", "An import is using the calls that may be in flight."),
    (
        "OUT_OF_TIME",
        "The invocation's time was used up; the next one goes on.",
    ),
    ("BIGIN_UNAVAILABLE", "Bigin is out of reach or failing."),
    ("STATE_TABLE_UNAVAILABLE", "The state table (DynamoDB) cannot be used."),
    ("BUCKET_UNAVAILABLE", "The data bucket (S3) cannot be used."),
    (
        "SECRET_UNAVAILABLE",
        "The secret with the access token (Secrets Manager) cannot be read.",
    ),
    (
        "REFRESH_UNAVAILABLE",
        "The refresh function cannot be invoked, or failed.",
    ),
    (
        "RELAY_FAULT",
        "The relay made a mistake of its own; nothing is lost by it.",
    ),
];

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
    /// Something is out of reach or failing.
    Unavailable {
        /// What.
        service: Service,
        /// What happened.
        message: String,
    },
    /// An import has the calls in flight that the queue's consumers leave.
    TurnTaken,
    /// The invocation's time is used up.
    OutOfTime,
}

impl Stop {
    /// Something is out of reach or failing, as its own words say.
    pub fn unavailable(service: Service, problem: impl fmt::Display) -> Self {
        Self::Unavailable {
            service,
            message: problem.to_string(),
        }
    }

    /// A stable word for the report.
    pub fn code(&self) -> &str {
        match self {
            Self::Paused { code, .. } | Self::ModuleHeld { code, .. } | Self::TokenRejected { code } => code,
            Self::NotAuthorized => "NOT_AUTHORIZED",
            Self::NoFreshToken { .. } => "NO_FRESH_TOKEN",
            Self::CreditsGone => "CREDITS_EXHAUSTED",
            Self::Throttled => "THROTTLED",
            Self::Unavailable { service, .. } => service.code(),
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
            | Self::Unavailable { message, .. } => message.clone(),
            Self::NotAuthorized => "there is no authorization, or it was revoked".to_owned(),
            Self::TokenRejected { code } if code.contains("INACTIVE") || code.contains("DEACTIVATED") => {
                format!("the user who authorized is deactivated in Bigin ({code})")
            }
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
            Self::TokenRejected { code } if code.contains("INACTIVE") || code.contains("DEACTIVATED") => {
                "activate the user in Bigin's settings, or generate a code as another user and invoke authorize".to_owned()
            }
            Self::NotAuthorized | Self::TokenRejected { .. } => {
                "generate a code in Zoho's API console and invoke authorize; what waits goes on by itself".to_owned()
            }
            Self::CreditsGone => {
                "nothing: delivery goes on as the 24 hours roll on; more credits need a larger plan".to_owned()
            }
            Self::ModuleHeld { .. } => {
                "mend what the message names; the relay tries this module again every quarter of an hour. If it is the records' own \
                 fault, invoke revoke with {\"action\": \"reject_held\", \"module\": \"...\"}"
                    .to_owned()
            }
            Self::Unavailable { service, .. } => service.action().to_owned(),
            Self::NoFreshToken { .. } | Self::Throttled | Self::TurnTaken | Self::OutOfTime => {
                "nothing: the relay tries again by itself".to_owned()
            }
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
    fn each_service_has_a_code_of_its_own_and_every_code_of_ours_is_listed() {
        use Service::{Bigin, Bucket, Refresh, Relay, Secret, StateTable};
        let services = [Bigin, StateTable, Bucket, Secret, Refresh, Relay];
        let mut stops: Vec<_> = services.map(|service| Stop::unavailable(service, "m")).to_vec();
        let message = String::new();
        stops.extend([
            Stop::NotAuthorized,
            Stop::NoFreshToken { message },
            Stop::CreditsGone,
            Stop::Throttled,
            Stop::TurnTaken,
            Stop::OutOfTime,
        ]);
        let mut codes: Vec<_> = stops.iter().map(Stop::code).collect();
        let mut listed: Vec<_> = CODES.iter().map(|(code, _)| *code).collect();
        codes.sort_unstable();
        listed.sort_unstable();
        assert_eq!(codes, listed);
    }

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
