//! Why authorize failed: each says what it may be and what to do, and whether the code is spent.

use std::fmt::Write;

use bigin::CallFailure;
use bigin::oauth::TokenFailure;
use jiff::Timestamp;
use lambda_runtime::Diagnostic;
use shared::state::StateError;
use shared::state::mints::MintRefusal;
use shared::tokens::VaultError;

use crate::scopes::{MissingScope, SCOPES_LINE};

/// Where a refresh token is that could not be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In force: there was no authorization before.
    InForce,
    /// Beside the authorization before it, which stays in force.
    Pending,
}

/// Why there is no new authorization, or not yet.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// The payload is something else.
    #[error(
        "this is no self client file: found {found}. Send the JSON file that Zoho's API console lets you download under \
         Self Client, Generate Code. Nothing was spent"
    )]
    NotASelfClientFile {
        /// What it is.
        found: &'static str,
    },
    /// Keys are missing.
    #[error(
        "the self client file lacks {}: in Zoho's API console open Self Client, Generate Code, create a code and \
         download that file whole. Nothing was spent", .keys.join(", ")
    )]
    KeysMissing {
        /// Which.
        keys: Vec<&'static str>,
    },
    /// Another kind of client.
    #[error(
        "this file is not of a Self Client ({sign}): Bigin gives server-side access without a browser to clients of the \
         type Self Client alone. Add one in Zoho's API console and download its file. Nothing was spent"
    )]
    WrongKindOfClient {
        /// What shows it.
        sign: String,
    },
    /// One of our own keys makes no sense.
    #[error("{key} cannot be read: {problem}. Nothing was spent")]
    WishUnclear {
        /// Which.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The code is too old.
    #[error(
        "the code in the file expired at {expired_at} and it is {now} now: codes live for 3 to 10 minutes. Generate a \
         new code (10 minutes) and send its file at once"
    )]
    CodeExpired {
        /// When it expired.
        expired_at: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// The code was made for too few scopes.
    #[error("the code was made for too few scopes and was not spent. {}", lacking(.missing))]
    ScopesMissing {
        /// Which are lacking.
        missing: Vec<MissingScope>,
    },
    /// A secret cannot be read or written; found out before the code was spent.
    #[error("{0}. The code was not spent: mend it and send the same file again while it is good")]
    SecretNotReady(VaultError),
    /// The state table failed before the code was spent.
    #[error("{0}. The code was not spent: mend it and send the same file again while it is good")]
    StateNotReady(StateError),
    /// The refresh token that is stored is dead.
    #[error("{message}. Generate a new code in Zoho's API console and send its file")]
    RefreshTokenDead {
        /// Whose it was, and all that may have become of it.
        message: String,
    },
    /// Zoho gave no tokens.
    #[error("{failure}{}", spent(.failure))]
    Zoho {
        /// What Zoho did.
        failure: TokenFailure,
    },
    /// Zoho gave an access token alone.
    #[error(
        "Zoho gave an access token but no refresh token, so the relay could not live on it: the code is not of a Self \
         Client, or consent was given before. Nothing was changed; generate a new code under Self Client"
    )]
    NoRefreshToken,
    /// The new refresh token could not be stored.
    #[error(
        "the new refresh token could not be stored: {problem}. The code is spent{}. The authorization before it was not \
         touched; mend the secret, generate a new code and authorize again", whereabouts(*.taken_back)
    )]
    NotStored {
        /// What went wrong.
        problem: String,
        /// Whether Zoho has revoked it again.
        taken_back: bool,
    },
    /// Somebody else changed the authorization meanwhile.
    #[error(
        "the authorization was changed while this ran, by a revoke or another authorize{}. Look at it with revoke \
         {{\"action\": \"status\"}}; to authorize all the same, generate a new code", whereabouts(*.taken_back)
    )]
    Overtaken {
        /// Whether Zoho has revoked the new refresh token again.
        taken_back: bool,
    },
    /// The code is for another organisation.
    #[error(
        "the code is for the organisation {found_name:?} ({found}), but this relay delivers to {known}: records would go \
         to the wrong place{}. The authorization before it stays in force. If the organisation is to change, generate a \
         new code and send its file with \"change_org\": true", whereabouts(*.taken_back)
    )]
    OtherOrganisation {
        /// The organisation so far.
        known: String,
        /// The organisation of the code.
        found: String,
        /// Its name.
        found_name: String,
        /// Whether Zoho has revoked the new refresh token again.
        taken_back: bool,
    },
    /// The scopes do not let the organisation be read, and there was one before.
    #[error(
        "which organisation the code is for cannot be read (the scope ZohoBigin.org.READ is lacking), and this relay \
         delivers to {known}{}. The authorization before it stays in force. Generate a code with all scopes \
         ({SCOPES_LINE}), or send a new one with \"change_org\": true", whereabouts(*.taken_back)
    )]
    OrganisationUnknown {
        /// The organisation so far.
        known: String,
        /// Whether Zoho has revoked the new refresh token again.
        taken_back: bool,
    },
    /// The new tokens could not be tried out.
    #[error("the new refresh token is stored, but could not be tried out: {failure}. {}", still_kept(*.kept))]
    VerificationFailed {
        /// What Bigin did.
        failure: CallFailure,
        /// Where the refresh token is.
        kept: Kept,
    },
    /// There is nothing to verify.
    #[error(
        "there is no refresh token stored that could be verified: generate a code in Zoho's API console and send its file"
    )]
    NothingToVerify,
    /// A revoke has begun or is done.
    #[error(
        "an operator has revoked the access, and verifying does not bring it back: generate a code in Zoho's API console \
         and send its file"
    )]
    IsRevoked,
    /// Zoho is to be left alone for now.
    #[error("no access token may be asked for before {}: Zoho locks out who asks too often. Verify again then", until(.0))]
    LeftAlone(MintRefusal),
    /// All is well with Zoho, but something of ours failed after that.
    #[error(
        "the new authorization is stored and verified, but not everything could be put in order after it: {problem}. \
         Invoke authorize with {{\"verify\": true}}, which needs no code, until it answers"
    )]
    Unfinished {
        /// What went wrong.
        problem: String,
    },
}

impl AuthorizeError {
    /// A stable name that scripts and alarms can match on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotASelfClientFile { .. } => "NotASelfClientFile",
            Self::KeysMissing { .. } => "KeysMissing",
            Self::WrongKindOfClient { .. } => "WrongKindOfClient",
            Self::WishUnclear { .. } => "WishUnclear",
            Self::CodeExpired { .. } => "CodeExpired",
            Self::ScopesMissing { .. } => "ScopesMissing",
            Self::SecretNotReady(_) => "SecretNotReady",
            Self::StateNotReady(_) => "StateNotReady",
            Self::RefreshTokenDead { .. } => "RefreshTokenRefused",
            Self::Zoho { failure } => failure.kind(),
            Self::NoRefreshToken => "NoRefreshToken",
            Self::NotStored { .. } => "NotStored",
            Self::Overtaken { .. } => "Overtaken",
            Self::OtherOrganisation { .. } => "OtherOrganisation",
            Self::OrganisationUnknown { .. } => "OrganisationUnknown",
            Self::VerificationFailed { .. } => "VerificationFailed",
            Self::NothingToVerify => "NothingToVerify",
            Self::IsRevoked => "IsRevoked",
            Self::LeftAlone(_) => "LeftAlone",
            Self::Unfinished { .. } => "Unfinished",
        }
    }
}

impl From<AuthorizeError> for Diagnostic {
    fn from(error: AuthorizeError) -> Self {
        Self {
            error_type: error.kind().to_owned(),
            error_message: error.to_string(),
        }
    }
}

fn lacking(missing: &[MissingScope]) -> String {
    let mut text = String::from("Lacking: ");
    for (place, MissingScope { scope, needed_for }) in missing.iter().enumerate() {
        let comma = if place == 0 { "" } else { "; " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{scope} ({needed_for})");
    }
    text + &format!(
        ". Generate a code with this line of scopes: {SCOPES_LINE}; or send the same file with \"accept_missing\": true \
         to do without"
    )
}

fn spent(failure: &TokenFailure) -> &'static str {
    if failure.may_have_been_carried_out() {
        ". The code may be spent: should the same file be refused, generate a new code"
    } else {
        ""
    }
}

fn whereabouts(taken_back: bool) -> &'static str {
    if taken_back {
        "; the new refresh token was revoked again"
    } else {
        "; the new refresh token could not be revoked: remove it in Zoho Accounts under Connected Apps"
    }
}

fn still_kept(kept: Kept) -> &'static str {
    match kept {
        Kept::InForce => {
            "It is in force and nothing is lost: refresh takes it up by itself within 20 minutes. Invoke authorize with \
             {\"verify\": true}, which needs no code, to try it out again; if Bigin answered with a web page, check that \
             the account has Bigin"
        }
        Kept::Pending => {
            "It waits beside the authorization before it, which stays in force. Invoke authorize with \
             {\"verify\": true}, which needs no code, when Bigin answers again"
        }
    }
}

fn until(refusal: &MintRefusal) -> Timestamp {
    match refusal {
        MintRefusal::Budget { until } | MintRefusal::CircuitOpen { until } => *until,
    }
}
