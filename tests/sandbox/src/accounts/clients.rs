//! What the API console does by hand: self clients and one-time codes.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{Accounts, Code, Grantee};
use crate::clock::later;
use crate::names::Names;

/// A self client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) secret: String,
    /// What it is called; Zoho needs no name.
    pub(crate) name: String,
    /// Where it was registered; elsewhere nobody knows it.
    pub(crate) data_center: String,
    /// When codes were made, for the limit of ten in ten minutes.
    codes_made: VecDeque<Timestamp>,
}

/// What a code is asked for.
#[derive(Debug, Clone)]
pub(crate) struct CodeRequest {
    pub(crate) client_id: String,
    pub(crate) grantee: Grantee,
    pub(crate) scopes: Vec<String>,
    pub(crate) minutes: u64,
}

/// Why there is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodeTrouble {
    #[error("no self client has that client_id; make one with POST /console/self-clients")]
    UnknownClient,
    #[error(
        "access_denied: too many codes in ten minutes; wait, or raise codes_per_10_minutes in PUT /console/settings"
    )]
    TooMany,
}

/// The window of both limits that count in ten minutes.
pub(super) const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);

/// Drops what lies ten minutes back or more.
pub(super) fn forget_old(times: &mut VecDeque<Timestamp>, now: Timestamp) {
    while times
        .front()
        .is_some_and(|made| now.duration_since(*made) >= TEN_MINUTES)
    {
        times.pop_front();
    }
}

impl Accounts {
    /// Registers a self client; gives its id and secret.
    pub(crate) fn register(&mut self, names: &mut Names, name: String, data_center: String) -> (String, String) {
        let (id, secret) = (names.client_id(), names.client_secret());
        let client = Client {
            secret: secret.clone(),
            name,
            data_center,
            codes_made: VecDeque::new(),
        };
        self.clients.insert(id.clone(), client);
        (id, secret)
    }

    /// Makes a code; gives it and the moment it dies.
    pub(crate) fn make_code(
        &mut self,
        names: &mut Names,
        now: Timestamp,
        most_codes: usize,
        request: CodeRequest,
    ) -> Result<(String, Timestamp), CodeTrouble> {
        let client = self
            .clients
            .get_mut(&request.client_id)
            .ok_or(CodeTrouble::UnknownClient)?;
        forget_old(&mut client.codes_made, now);
        if client.codes_made.len() >= most_codes {
            return Err(CodeTrouble::TooMany);
        }
        client.codes_made.push_back(now);
        let (text, dies_at) = (names.token(), later(now, request.minutes.saturating_mul(60)));
        let CodeRequest {
            client_id,
            grantee,
            scopes,
            ..
        } = request;
        self.codes.insert(
            text.clone(),
            Code {
                client_id,
                grantee,
                scopes,
                dies_at,
            },
        );
        Ok((text, dies_at))
    }
}
