//! An issuer in memory, for tests: knows its refresh tokens, fails when told to, and can be held up in the middle.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::issuer::Issuer;
use super::self_client::StandingGrant;
use crate::stepping::step;
use bigin::data_centre::{ApiDomain, DataCentre};
use bigin::oauth::{Grant, Revoked, TokenFailure};
use bigin::secret::{AccessToken, RefreshToken};

const AT: &str = "accounts.memory";

/// An issuer in memory. Clones share what it knows.
#[derive(Clone)]
pub struct MemoryIssuer {
    known: Arc<Mutex<Known>>,
    gate: watch::Sender<bool>,
}

#[derive(Default)]
struct Known {
    refresh_tokens: BTreeSet<String>,
    asked: u64,
    minted: u64,
    revocations: u64,
    failures: VecDeque<TokenFailure>,
}

impl std::fmt::Debug for MemoryIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryIssuer")
            .field("minted", &self.minted())
            .finish_non_exhaustive()
    }
}

impl MemoryIssuer {
    /// An issuer that has issued these refresh tokens.
    pub fn with_refresh_tokens(tokens: &[&str]) -> Self {
        let refresh_tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        let known = Known {
            refresh_tokens,
            ..Known::default()
        };
        Self {
            known: Arc::new(Mutex::new(known)),
            gate: watch::Sender::new(true),
        }
    }

    /// The next question ends like this.
    pub fn fail_next(&self, failure: TokenFailure) {
        self.known().failures.push_back(failure);
    }

    /// From now on questions wait for an answer.
    pub fn close_gate(&self) {
        self.gate.send_replace(false);
    }

    /// Lets those who wait, and all others, have their answers.
    pub fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// How many mints were asked for.
    pub fn asked(&self) -> u64 {
        self.known().asked
    }

    /// How many tokens were minted.
    pub fn minted(&self) -> u64 {
        self.known().minted
    }

    /// How many revocations were asked for.
    pub fn revocations(&self) -> u64 {
        self.known().revocations
    }

    /// Whether a refresh token is good.
    pub fn is_good(&self, refresh_token: &str) -> bool {
        self.known().refresh_tokens.contains(refresh_token)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the gate, then answers with what stands at that moment.
    async fn wait(&self) {
        let mut gate = self.gate.subscribe();
        step().await;
        // The sender lives as long as this issuer.
        let _ = gate.wait_for(|is_open| *is_open).await;
    }
}

impl Issuer for MemoryIssuer {
    async fn refresh(&self, grant: StandingGrant<'_>) -> Result<Grant, TokenFailure> {
        self.known().asked += 1;
        self.wait().await;
        let mut known = self.known();
        if let Some(failure) = known.failures.pop_front() {
            return Err(failure);
        }
        let refused = || TokenFailure::RefreshTokenRefused { at: AT.to_owned() };
        if !known.refresh_tokens.contains(grant.refresh_token.expose()) {
            return Err(refused());
        }
        known.minted += 1;
        Ok(Grant {
            access_token: AccessToken::new(format!("minted-{}", known.minted)).ok_or_else(refused)?,
            refresh_token: None,
            api_domain: ApiDomain::try_from("https://www.zohoapis.eu".to_owned()).map_err(|_| refused())?,
            scope: None,
            lives: Duration::from_hours(1),
        })
    }

    async fn revoke(&self, _: DataCentre, refresh_token: &RefreshToken) -> Result<Revoked, TokenFailure> {
        self.known().revocations += 1;
        self.wait().await;
        let mut known = self.known();
        if let Some(failure) = known.failures.pop_front() {
            return Err(failure);
        }
        let was_known = known.refresh_tokens.remove(refresh_token.expose());
        Ok(if was_known { Revoked::Now } else { Revoked::NotKnown })
    }
}
