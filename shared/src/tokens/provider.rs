//! Where push gets its access token: from the secret, and from refresh when the one it has is used up.

use std::sync::Arc;
use std::time::Duration;

use super::{AccessTokenStore, Pass, Secrets, Tokens};
use crate::clock::Clock;
use bigin::Access;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::stop::{Service, Stop};

/// A token with less life than this is not used any more: a call takes up to half a minute.
const LEAST_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How often to look whether somebody else's refresh has come through: for some fifteen seconds in all.
const LOOKS: u32 = 12;

/// What refresh answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The secret has a token worth reading.
    Read,
    /// Somebody else is at it.
    InProgress,
    /// There is no authorization.
    NotAuthorized,
}

/// Whoever makes new access tokens.
pub trait TokenMinter: Send + Sync + 'static {
    /// Asks for a token in place of the one that the secret has under that version.
    fn refresh(&self, rejected_version: &str) -> impl Future<Output = Result<Refreshed, Stop>> + Send;
}

/// Hands out passes to all calls of an invocation, and keeps the last one for the next invocation.
#[derive(Debug)]
pub struct TokenProvider<S, R, C> {
    store: AccessTokenStore<S>,
    refresher: R,
    clock: C,
    held: Mutex<Option<KnownPass>>,
}

#[derive(Debug, Clone)]
struct KnownPass {
    pass: Pass,
    expires_at: Timestamp,
}

impl KnownPass {
    fn is_good(&self, now: Timestamp) -> bool {
        now + LEAST_LIFE < self.expires_at
    }
}

impl<S: Secrets, R: TokenMinter, C: Clock> TokenProvider<S, R, C> {
    /// A provider that reads that secret and asks that refresher.
    pub fn new(store: AccessTokenStore<S>, refresher: R, clock: C) -> Arc<Self> {
        Arc::new(Self {
            store,
            refresher,
            clock,
            held: Mutex::new(None),
        })
    }

    /// The secret's token as it stands; `None` when there is no authorization.
    async fn read(&self) -> Result<Option<KnownPass>, Stop> {
        let stored = self
            .store
            .read()
            .await
            .map_err(|error| Stop::unavailable(Service::Secret, error))?;
        Ok(stored.map(|stored| KnownPass {
            expires_at: stored.record.expires_at,
            pass: Pass {
                access: Access {
                    api_domain: stored.record.api_domain,
                    token: stored.record.access_token,
                },
                version: stored.version.to_string(),
                is_fresh: false,
            },
        }))
    }

    /// Reads the secret first, since somebody may have refreshed already, and asks refresh only if the token there is
    /// the refused one or too old.
    async fn fetch(&self, refused: Option<&str>) -> Result<KnownPass, Stop> {
        let Some(stored) = self.read().await? else {
            return Err(Stop::NotAuthorized);
        };
        if stored.is_good(self.clock.now()) && refused != Some(stored.pass.version.as_str()) {
            return Ok(stored);
        }
        let asked_about = stored.pass.version;
        match self.refresher.refresh(&asked_about).await? {
            Refreshed::NotAuthorized => return Err(Stop::NotAuthorized),
            Refreshed::Read | Refreshed::InProgress => {}
        }
        for look in 0..LOOKS {
            let Some(stored) = self.read().await? else {
                return Err(Stop::NotAuthorized);
            };
            if stored.is_good(self.clock.now()) && stored.pass.version != asked_about {
                let pass = Pass {
                    is_fresh: true,
                    ..stored.pass
                };
                return Ok(KnownPass { pass, ..stored });
            }
            let wait = Duration::from_millis(200) * (look + 1);
            self.clock.sleep(wait.mul_f64(0.5 + fastrand::f64())).await;
        }
        Err(Stop::NoFreshToken {
            message: "refresh has not published a fresh access token in time".to_owned(),
        })
    }
}

impl<S: Secrets + 'static, R: TokenMinter, C: Clock + 'static> Tokens for TokenProvider<S, R, C> {
    async fn pass(&self) -> Result<Pass, Stop> {
        let mut held = self.held.lock().await;
        if let Some(good) = held.as_ref().filter(|held| held.is_good(self.clock.now())) {
            return Ok(good.pass.clone());
        }
        let used_up = held.take().map(|held| held.pass.version);
        let fresh = self.fetch(used_up.as_deref()).await?;
        Ok(held.insert(fresh).pass.clone())
    }

    async fn newer_than(&self, refused: &Pass) -> Result<Pass, Stop> {
        // The lock makes one question out of all calls that were refused together.
        let mut held = self.held.lock().await;
        if let Some(newer) = held.as_ref().filter(|held| held.pass.version != refused.version) {
            return Ok(newer.pass.clone());
        }
        *held = None;
        let fresh = self.fetch(Some(&refused.version)).await?;
        Ok(held.insert(fresh).pass.clone())
    }

    /// Bigin may name an earlier end than the secret does. The provider believes it, so that the token is
    /// replaced before it is refused. It does not believe it of a token made just now: Bigin would say the
    /// same of the next one, and each would cost a mint.
    async fn confirmed(&self, pass: &Pass, expires_at: Timestamp) {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_mut().filter(|held| held.pass.version == pass.version)
            && !pass.is_fresh
        {
            held.expires_at = held.expires_at.min(expires_at);
        }
    }
}

#[cfg(test)]
#[path = "provider_tests.rs"]
mod tests;
