//! Zoho Accounts: self clients, codes, refresh tokens and access tokens (contract, section 2).

mod clients;
mod exchange;
mod refresh;
mod revoke;
pub(crate) mod scope;
mod tokens;

use std::collections::HashMap;

pub(crate) use clients::{Client, CodeRequest};
pub(crate) use exchange::Grant;
pub(crate) use refresh::NoRefresh;
pub(crate) use tokens::{Bearer, RefreshToken};

use jiff::Timestamp;

/// Everything that the accounts server knows.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) clients: HashMap<String, Client>,
    codes: HashMap<String, Code>,
    refresh_tokens: HashMap<String, RefreshToken>,
    /// Access token to the refresh token that it was made from, and when it dies.
    access_tokens: HashMap<String, AccessToken>,
    pub(crate) counts: TokenCounts,
    /// Counts refresh tokens, to know the oldest.
    made: u64,
}

/// What a code stands for.
#[derive(Debug, Clone)]
struct Code {
    client_id: String,
    grantee: Grantee,
    scopes: Vec<String>,
    dies_at: Timestamp,
}

/// On whose behalf, and for which organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grantee {
    /// The place of the organisation in the sandbox's list.
    pub(crate) organisation: usize,
    /// The user's id.
    pub(crate) user: u64,
}

/// An access token that was handed out.
#[derive(Debug, Clone)]
struct AccessToken {
    refresh_token: String,
    dies_at: Timestamp,
}

/// What was handed out and refused since the start or the last reset.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TokenCounts {
    pub(crate) exchanged: u64,
    pub(crate) refreshed: u64,
    pub(crate) denied: u64,
    pub(crate) refused: u64,
    pub(crate) revoked: u64,
}
