//! Where push gets its access token: from the secret, and from refresh when the one it has is used up.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::Client as Lambda;
use aws_sdk_lambda::error::DisplayErrorContext;
use aws_sdk_lambda::primitives::Blob;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::bigin::Access;
use shared::clock::Clock;
use shared::tokens::AccessTokenStore;
use tokio::sync::Mutex;

use crate::deliver::{Pass, Tokens};
use crate::stop::Stop;

/// A token with less life than this is not used any more: a call takes up to half a minute.
const LEAST_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How often to look whether somebody else's refresh has come through.
const LOOKS: u32 = 12;

/// Hands out passes to all calls of an invocation, and keeps the last one for the next invocation.
#[derive(Clone)]
pub struct TokenDesk<C> {
    store: AccessTokenStore,
    lambda: Lambda,
    refresh_function: String,
    clock: C,
    held: Arc<Mutex<Option<Held>>>,
}

#[derive(Clone)]
struct Held {
    pass: Pass,
    expires_at: Timestamp,
}

impl Held {
    fn is_good(&self, now: Timestamp) -> bool {
        now + LEAST_LIFE < self.expires_at
    }
}

/// What refresh answered.
enum Refreshed {
    /// The secret has a token worth reading.
    Read,
    /// Somebody else is at it.
    InProgress,
    /// There is no authorization.
    NotAuthorized,
}

impl<C: Clock + Clone> TokenDesk<C> {
    /// A desk that reads that secret and asks that function.
    pub fn new(store: AccessTokenStore, lambda: Lambda, refresh_function: impl Into<String>, clock: C) -> Self {
        Self {
            store,
            lambda,
            refresh_function: refresh_function.into(),
            clock,
            held: Arc::default(),
        }
    }

    /// The secret's token as it stands; `None` when there is no authorization.
    async fn read(&self) -> Result<Option<Held>, Stop> {
        let stored = self.store.read().await.map_err(|error| Stop::NoFreshToken {
            message: error.to_string(),
        })?;
        Ok(stored.map(|stored| Held {
            expires_at: stored.record.expires_at,
            pass: Pass {
                access: Access {
                    api_domain: stored.record.api_domain,
                    token: stored.record.access_token,
                },
                version: stored.version.to_string(),
            },
        }))
    }

    /// Reads the secret first, since somebody may have refreshed already, and asks refresh only if the token there is
    /// the refused one or too old.
    async fn fetch(&self, refused: Option<&str>) -> Result<Held, Stop> {
        let is_new = |held: &Held, now| held.is_good(now) && refused != Some(held.pass.version.as_str());
        let Some(stored) = self.read().await? else {
            return Err(Stop::NotAuthorized);
        };
        if is_new(&stored, self.clock.now()) {
            return Ok(stored);
        }
        let asked_about = stored.pass.version;
        match self.ask_refresh(&asked_about).await? {
            Refreshed::NotAuthorized => return Err(Stop::NotAuthorized),
            Refreshed::Read | Refreshed::InProgress => {}
        }
        for look in 0..LOOKS {
            let Some(stored) = self.read().await? else {
                return Err(Stop::NotAuthorized);
            };
            if stored.is_good(self.clock.now()) && stored.pass.version != asked_about {
                return Ok(stored);
            }
            let wait = Duration::from_millis(200) * (look + 1);
            self.clock.sleep(wait.mul_f64(0.5 + fastrand::f64())).await;
        }
        Err(Stop::NoFreshToken {
            message: "refresh has not published a fresh access token in time".to_owned(),
        })
    }

    async fn ask_refresh(&self, rejected_version: &str) -> Result<Refreshed, Stop> {
        let failed = |message: String| Stop::NoFreshToken { message };
        let payload = json!({"rejected_version": rejected_version}).to_string();
        let answer = self
            .lambda
            .invoke()
            .function_name(&self.refresh_function)
            .payload(Blob::new(payload))
            .send()
            .await
            .map_err(|error| failed(format!("refresh could not be invoked: {}", DisplayErrorContext(&error))))?;
        let body: Value = answer
            .payload()
            .and_then(|blob| serde_json::from_slice(blob.as_ref()).ok())
            .unwrap_or_default();
        if answer.function_error().is_some() {
            let text = |key| body.get(key).and_then(Value::as_str).unwrap_or("unknown").to_owned();
            return Err(failed(format!(
                "refresh failed ({}): {}",
                text("errorType"),
                text("errorMessage")
            )));
        }
        Ok(match body.get("status").and_then(Value::as_str) {
            Some("in_progress") => Refreshed::InProgress,
            Some("revoked" | "revoking" | "not_authorized" | "needs_authorization") => Refreshed::NotAuthorized,
            _ => Refreshed::Read,
        })
    }
}

impl<C: Clock + Clone + 'static> Tokens for TokenDesk<C> {
    async fn pass(&self) -> Result<Pass, Stop> {
        let mut held = self.held.lock().await;
        if let Some(good) = held.as_ref().filter(|held| held.is_good(self.clock.now())) {
            return Ok(good.pass.clone());
        }
        let fresh = self.fetch(None).await?;
        Ok(held.insert(fresh).pass.clone())
    }

    async fn newer_than(&self, refused: &Pass) -> Result<Pass, Stop> {
        // The lock makes one question out of all calls that were refused together.
        let mut held = self.held.lock().await;
        if let Some(newer) = held.as_ref().filter(|held| held.pass.version != refused.version) {
            return Ok(newer.pass.clone());
        }
        let fresh = self.fetch(Some(&refused.version)).await?;
        Ok(held.insert(fresh).pass.clone())
    }
}
