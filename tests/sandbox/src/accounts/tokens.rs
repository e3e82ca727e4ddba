//! Tokens and how long they live.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{AccessToken, Accounts, Grantee};
use crate::clock::later;
use crate::names::Names;
use crate::settings::Settings;

/// A refresh token, which lives until it is revoked or crowded out.
#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) client_id: String,
    pub(crate) grantee: Grantee,
    pub(crate) scopes: Vec<String>,
    /// Its place in the order of making.
    pub(crate) order: u64,
    /// Its access tokens, oldest first, dead ones too.
    pub(crate) access_tokens: VecDeque<String>,
    /// When it was refreshed, for the limit of ten in ten minutes.
    pub(crate) refreshed: VecDeque<Timestamp>,
    /// Until when every refresh is denied.
    pub(crate) denied_until: Option<Timestamp>,
}

/// Who calls the API: what an access token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) client_id: String,
    pub(crate) grantee: Grantee,
    pub(crate) scopes: Vec<String>,
    pub(crate) dies_at: Timestamp,
}

impl Accounts {
    /// Who presents this access token; `None` when it is unknown, revoked or expired.
    pub(crate) fn bearer(&self, access_token: &str, now: Timestamp) -> Option<Bearer> {
        let token = self
            .access_tokens
            .get(access_token)
            .filter(|token| token.dies_at > now)?;
        let refresh = self.refresh_tokens.get(&token.refresh_token)?;
        Some(Bearer {
            client_id: refresh.client_id.clone(),
            grantee: refresh.grantee,
            scopes: refresh.scopes.clone(),
            dies_at: token.dies_at,
        })
    }

    /// On whose behalf a refresh token is.
    pub(crate) fn grantee(&self, refresh_token: &str) -> Option<Grantee> {
        Some(self.refresh_tokens.get(refresh_token)?.grantee)
    }

    /// Makes an access token. Beyond the limit of live ones the oldest dies at once.
    pub(crate) fn mint(
        &mut self,
        names: &mut Names,
        now: Timestamp,
        settings: &Settings,
        refresh_token: &str,
    ) -> String {
        let text = names.token();
        let dies_at = later(now, settings.access_token_life_s);
        let access = AccessToken {
            refresh_token: refresh_token.to_owned(),
            dies_at,
        };
        self.access_tokens.insert(text.clone(), access);
        if let Some(refresh) = self.refresh_tokens.get_mut(refresh_token) {
            refresh.access_tokens.push_back(text.clone());
            let alive = &self.access_tokens;
            refresh
                .access_tokens
                .retain(|token| alive.get(token).is_some_and(|access| access.dies_at > now));
            while refresh.access_tokens.len() > settings.live_access_tokens.max(1) {
                if let Some(oldest) = refresh.access_tokens.pop_front() {
                    self.access_tokens.remove(&oldest);
                }
            }
        }
        text
    }

    /// Keeps a new refresh token. Beyond the limit of one user and client the oldest goes, its access tokens with it.
    pub(crate) fn keep(&mut self, text: String, client_id: String, grantee: Grantee, scopes: Vec<String>, most: usize) {
        self.made += 1;
        let token = RefreshToken {
            client_id,
            grantee,
            scopes,
            order: self.made,
            access_tokens: VecDeque::new(),
            refreshed: VecDeque::new(),
            denied_until: None,
        };
        let same = |other: &RefreshToken| other.client_id == token.client_id && other.grantee.user == grantee.user;
        let mut siblings: Vec<_> = self.refresh_tokens.iter().filter(|(_, other)| same(other)).collect();
        siblings.sort_by_key(|(_, other)| other.order);
        let surplus = (siblings.len() + 1).saturating_sub(most.max(1));
        let crowded_out: Vec<_> = siblings
            .into_iter()
            .take(surplus)
            .map(|(text, _)| text.clone())
            .collect();
        for text in crowded_out {
            self.forget_refresh_token(&text);
        }
        self.refresh_tokens.insert(text, token);
    }

    /// Removes a refresh token and every access token made from it. Tells whether there was one.
    pub(crate) fn forget_refresh_token(&mut self, text: &str) -> bool {
        let Some(token) = self.refresh_tokens.remove(text) else {
            return false;
        };
        for access in token.access_tokens {
            self.access_tokens.remove(&access);
        }
        true
    }

    /// Removes one access token. Tells whether there was one.
    pub(crate) fn forget_access_token(&mut self, text: &str) -> bool {
        self.access_tokens.remove(text).is_some()
    }

    /// Live access tokens and refresh tokens, for the console.
    pub(crate) fn alive(&self, now: Timestamp) -> (usize, usize) {
        let access = self.access_tokens.values().filter(|token| token.dies_at > now).count();
        (access, self.refresh_tokens.len())
    }
}
