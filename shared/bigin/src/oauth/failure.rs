//! A question to Zoho's accounts server that brought no token. Each text says what it may be and what to do.

use crate::data_centre::HostRefused;

/// Why there is no token. `at` is the accounts server that was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFailure {
    /// The one-time code is not good, here or any more (`invalid_code`).
    #[error(
        "{at} refused the one-time code: it has expired (a code lives for 3 to 10 minutes), was used before (a code \
         works once), was not copied completely, or was generated in another data centre. Generate a new code in the \
         API console of the data centre you log in to Bigin at, name that data centre, and authorize at once"
    )]
    CodeRefused {
        /// The accounts server.
        at: String,
    },
    /// The refresh token is not good, here or any more (`invalid_code`; Zoho has one word for both).
    #[error(
        "{}, or it belongs to another data centre. Nothing is lost: generate a new code in Zoho's API console and \
         authorize again", refresh_token_dead(.at, None)
    )]
    RefreshTokenRefused {
        /// The accounts server.
        at: String,
    },
    /// No such client here (`invalid_client`).
    #[error(
        "{at} does not know this client_id: the self client belongs to another data centre (check DATA_CENTER or \
         data_center against the address you log in to Bigin at), was deleted, or the client_id was not copied \
         completely"
    )]
    ClientUnknown {
        /// The accounts server.
        at: String,
    },
    /// The client is known, its secret is not right (`invalid_client_secret`).
    #[error(
        "{at} knows this client_id but not this client_secret: the secret was regenerated in the API console, was not \
         copied completely, or is that of another data centre. Download the self client's file again and authorize"
    )]
    ClientSecretWrong {
        /// The accounts server.
        at: String,
    },
    /// Asked too often (`Access Denied`, `access_denied`).
    #[error(
        "{at} denies access for having been asked too often: it gives 10 access tokens (or codes) in 10 minutes. Let \
         it rest for at least 10 minutes, since every further try prolongs the lock; if it comes back, something else \
         is minting tokens with this self client"
    )]
    AccessDenied {
        /// The accounts server.
        at: String,
    },
    /// A web page or a redirect in place of an answer.
    #[error(
        "{at} answered with a web page (HTTP {status}) where a token belongs: Zoho is under maintenance, the host is \
         not Zoho's accounts server, or something in between blocks the request. Try again in some minutes; if it \
         stays, check DATA_CENTER and ACCOUNTS_URL"
    )]
    WebPage {
        /// The accounts server.
        at: String,
        /// HTTP status.
        status: u16,
    },
    /// An answer that makes no sense.
    #[error("{at} answered with HTTP {status} and something that cannot be used: {problem}. Try again in some minutes")]
    Unreadable {
        /// The accounts server.
        at: String,
        /// HTTP status.
        status: u16,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The answer names an API host that is not to be trusted with a token.
    #[error("{refused}{}", match .given_back { Some(true) => "; the refresh token it came with was revoked at once", Some(false) => "; the refresh token it came with could not be revoked: remove it in Zoho Accounts under Connected Apps", None => "" })]
    ApiDomainRefused {
        /// Which host and why.
        refused: HostRefused,
        /// Whether the refresh token of the same answer was revoked; `None` where there was none.
        given_back: Option<bool>,
    },
    /// No answer at all.
    #[error(
        "{at} gave no answer: {problem}. Check that the function can reach the internet, and Zoho's status page; try again in some minutes"
    )]
    NoAnswer {
        /// The accounts server.
        at: String,
        /// What went wrong.
        problem: &'static str,
        /// Whether the server can have received the question: then a one-time code may be spent.
        may_have_arrived: bool,
    },
    /// An error this relay does not know.
    #[error(
        "{at} refused with {error:?} (HTTP {status}), which Zoho documents nowhere. Try again in some minutes; if it stays, authorize anew"
    )]
    Other {
        /// The accounts server.
        at: String,
        /// Zoho's word for it, where it is a word.
        error: String,
        /// HTTP status.
        status: u16,
    },
}

/// Why a refresh token may be dead, with all that Zoho has one word for (Zoho Accounts, "Token limits": the 21st refresh
/// token of a user and client silently deletes the first).
pub fn refresh_token_dead(at: &str, user: Option<&str>) -> String {
    let user = user.unwrap_or("the authorizing user");
    format!(
        "{at} does not accept the refresh token of {user} any more: it was revoked, {user} changed the password, left or \
         was deactivated, the self client was deleted, or it was the oldest of more than 20 refresh tokens made with this \
         self client (the 21st deletes the first)"
    )
}

impl TokenFailure {
    /// A stable name, for error types and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CodeRefused { .. } => "CodeRefused",
            Self::RefreshTokenRefused { .. } => "RefreshTokenRefused",
            Self::ClientUnknown { .. } => "ClientUnknown",
            Self::ClientSecretWrong { .. } => "ClientSecretWrong",
            Self::AccessDenied { .. } => "AccessDenied",
            Self::WebPage { .. } => "ZohoWebPage",
            Self::Unreadable { .. } => "ZohoUnreadable",
            Self::ApiDomainRefused { .. } => "ApiDomainRefused",
            Self::NoAnswer { .. } => "ZohoNoAnswer",
            Self::Other { .. } => "ZohoOther",
        }
    }

    /// Whether asking again cannot help: a human has to do something.
    pub fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::CodeRefused { .. }
                | Self::RefreshTokenRefused { .. }
                | Self::ClientUnknown { .. }
                | Self::ClientSecretWrong { .. }
                | Self::ApiDomainRefused { .. }
        )
    }

    /// Whether the server may have acted all the same, so that a one-time code may be spent or a token minted.
    pub fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::NoAnswer { may_have_arrived, .. } => *may_have_arrived,
            Self::WebPage { .. } | Self::Unreadable { .. } | Self::ApiDomainRefused { .. } => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_refresh_token_is_told_with_its_user_and_every_cause() {
        let said = refresh_token_dead("zoho", Some("ann@acme.example"));
        for cause in [
            "zoho",
            "ann@acme.example",
            "revoked",
            "password",
            "left",
            "deactivated",
            "client was deleted",
            "21st",
        ] {
            assert!(said.contains(cause), "{cause} is missing in: {said}");
        }
        assert!(refresh_token_dead("zoho", None).contains("the authorizing user changed the password"));
    }
}
