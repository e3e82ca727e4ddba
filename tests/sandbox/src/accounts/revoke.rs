//! Taking tokens away.

use super::Accounts;

impl Accounts {
    /// What `/oauth/v2/token/revoke` does: a refresh token goes with every access token made from it, an access token
    /// alone. Tells whether the token was known.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        let known = self.forget_refresh_token(token) || self.forget_access_token(token);
        self.counts.revoked += u64::from(known);
        known
    }

    /// What a user does who removes a client from the list of connected applications. Gives the number of refresh
    /// tokens concerned; with `access_only` these live on and only their access tokens die.
    pub(crate) fn revoke_client(&mut self, client_id: &str, access_only: bool) -> usize {
        let tokens: Vec<String> = self
            .refresh_tokens_of(client_id)
            .map(|(text, _)| text.clone())
            .collect();
        for text in &tokens {
            if access_only {
                let access = self
                    .refresh_tokens
                    .get_mut(text)
                    .map(|token| std::mem::take(&mut token.access_tokens));
                for token in access.into_iter().flatten() {
                    self.forget_access_token(&token);
                }
            } else {
                self.revoke(text);
            }
        }
        tokens.len()
    }
}
