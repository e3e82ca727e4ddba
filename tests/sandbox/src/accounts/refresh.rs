//! Refresh token to a new access token, ten times in ten minutes at most.

use jiff::Timestamp;

use super::Accounts;
use super::clients::{TEN_MINUTES, forget_old};
use super::exchange::Grant;
use crate::names::Names;
use crate::settings::Settings;

/// Why a refresh gives nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoRefresh {
    /// Unknown, revoked, crowded out, or another client's.
    InvalidCode,
    /// Too many in ten minutes.
    AccessDenied,
}

impl Accounts {
    pub(crate) fn refresh(
        &mut self,
        names: &mut Names,
        now: Timestamp,
        settings: &Settings,
        client_id: &str,
        refresh_token: &str,
    ) -> Result<Grant, NoRefresh> {
        let token = self
            .refresh_tokens
            .get_mut(refresh_token)
            .filter(|token| token.client_id == client_id)
            .ok_or(NoRefresh::InvalidCode)?;
        forget_old(&mut token.refreshed, now);
        let locked = token.denied_until.is_some_and(|until| until > now);
        if locked || token.refreshed.len() >= settings.refreshes_per_10_minutes {
            if settings.denied_tries_prolong {
                token.denied_until = now.checked_add(TEN_MINUTES).ok();
            }
            self.counts.denied += 1;
            return Err(NoRefresh::AccessDenied);
        }
        token.denied_until = None;
        token.refreshed.push_back(now);
        let scopes = token.scopes.clone();
        let access_token = self.mint(names, now, settings, refresh_token);
        self.counts.refreshed += 1;
        Ok(Grant {
            access_token,
            refresh_token: None,
            scopes,
        })
    }
}
