//! Code to tokens.

use jiff::Timestamp;

use super::{Accounts, RefreshToken};
use crate::names::Names;
use crate::settings::Settings;

/// What a grant hands out.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) access_token: String,
    pub(crate) refresh_token: Option<String>,
    pub(crate) scopes: Vec<String>,
}

impl Accounts {
    /// Spends a code. `None` for every reason that Zoho calls `invalid_code`.
    pub(crate) fn exchange(
        &mut self,
        names: &mut Names,
        now: Timestamp,
        settings: &Settings,
        client_id: &str,
        code: &str,
    ) -> Option<Grant> {
        self.codes.retain(|_, code| code.dies_at > now);
        // Another client's code stays good: whoever stole it burns nothing.
        self.codes.get(code).filter(|code| code.client_id == client_id)?;
        let code = self.codes.remove(code)?;
        let refresh_token = names.token();
        let most = settings.refresh_tokens_per_user;
        self.keep(
            refresh_token.clone(),
            code.client_id,
            code.grantee,
            code.scopes.clone(),
            most,
        );
        let access_token = self.mint(names, now, settings, &refresh_token);
        self.counts.exchanged += 1;
        Some(Grant {
            access_token,
            refresh_token: Some(refresh_token),
            scopes: code.scopes,
        })
    }

    /// The refresh tokens of a client, for the console.
    pub(crate) fn refresh_tokens_of<'a>(
        &'a self,
        client_id: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a RefreshToken)> {
        self.refresh_tokens
            .iter()
            .filter(move |(_, token)| token.client_id == client_id)
    }
}
