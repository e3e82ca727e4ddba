//! Questions to Bigin that are no records. Each is asked with an access token, once more with a fresh token where Bigin
//! refuses the first, and again after a failure that passes.

use std::sync::Arc;
use std::time::Duration;

use bigin::{Access, Bigin, CallFailure};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::state::{StateError, Table, credits};
use crate::stop::{Service, Stop};
use crate::tokens::Tokens;

/// How often a question is asked before its failure counts.
pub const TRIES: u32 = 4;

/// A question without an answer.
#[derive(Debug, thiserror::Error)]
pub enum AskFailure {
    /// Nothing can be asked for now.
    #[error("{}", .0.message())]
    Stop(Stop),
    /// Bigin does not answer this question: scope, permission or module are missing.
    #[error(transparent)]
    Refused(CallFailure),
    /// The state table.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The Bigin API together with the tokens that let calls in, and the table that counts the credits. Cheap to clone.
#[derive(Debug)]
pub struct AuthorizedBigin<K, T, C> {
    bigin: Bigin,
    tokens: Arc<K>,
    table: T,
    clock: C,
    first_wait: Duration,
}

// Derived, it would ask for tokens that can be cloned too.
impl<K, T: Clone, C: Clone> Clone for AuthorizedBigin<K, T, C> {
    fn clone(&self) -> Self {
        Self {
            bigin: self.bigin.clone(),
            tokens: Arc::clone(&self.tokens),
            table: self.table.clone(),
            clock: self.clock.clone(),
            first_wait: self.first_wait,
        }
    }
}

impl<K: Tokens, T: Table, C: Clock> AuthorizedBigin<K, T, C> {
    /// `first_wait` is the wait after a first failed call; it doubles with each further one.
    pub fn new(bigin: Bigin, tokens: Arc<K>, table: T, clock: C, first_wait: Duration) -> Self {
        Self {
            bigin,
            tokens,
            table,
            clock,
            first_wait,
        }
    }

    /// The API itself, for the question that [`AuthorizedBigin::ask`] is given.
    pub fn bigin(&self) -> &Bigin {
        &self.bigin
    }

    pub(crate) fn table(&self) -> &T {
        &self.table
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Asks Bigin something. Costs a credit each time.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn ask<V, F, A>(&self, question: F) -> Result<V, AskFailure>
    where
        F: Fn(Access) -> A,
        A: Future<Output = Result<V, CallFailure>>,
    {
        self.ask_for(1, question).await
    }

    /// Asks Bigin something that costs so many credits each time.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn ask_for<V, F, A>(&self, credits: u64, question: F) -> Result<V, AskFailure>
    where
        F: Fn(Access) -> A,
        A: Future<Output = Result<V, CallFailure>>,
    {
        self.ask_up_to(TRIES, credits, question).await
    }

    /// The same, up to so many times.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn ask_up_to<V, F, A>(&self, most: u32, credits: u64, question: F) -> Result<V, AskFailure>
    where
        F: Fn(Access) -> A,
        A: Future<Output = Result<V, CallFailure>>,
    {
        let mut pass = self.tokens.pass().await.map_err(AskFailure::Stop)?;
        let mut replaced = 0;
        let mut tries = 0;
        loop {
            let answer = question(pass.access.clone()).await;
            self.spend_credits(credits).await?;
            tries += 1;
            match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.asks_for_a_fresh_token() && pass.may_be_replaced(replaced) => {
                    replaced += 1;
                    pass = self.tokens.newer_than(&pass).await.map_err(AskFailure::Stop)?;
                }
                Err(failure) => match stop_for(&failure) {
                    None => return Err(AskFailure::Refused(failure)),
                    Some(stop) if tries >= most || !passes(&stop) => return Err(AskFailure::Stop(stop)),
                    Some(_) => self.clock.sleep(self.wait(tries)).await,
                },
            }
        }
    }

    /// Counts API credits that calls cost.
    ///
    /// # Errors
    /// The table failed.
    pub async fn spend_credits(&self, credits: u64) -> Result<(), StateError> {
        if credits > 0 {
            credits::spend(&self.table, self.now(), credits).await?;
        }
        Ok(())
    }

    fn wait(&self, tries: u32) -> Duration {
        self.first_wait
            .saturating_mul(1 << tries.min(6))
            .mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// Why nothing can be asked for now; `None` when asking later would not help either.
fn stop_for(failure: &CallFailure) -> Option<Stop> {
    match failure {
        CallFailure::TokenRejected { code } => Some(Stop::TokenRejected { code: code.clone() }),
        CallFailure::Throttled {
            credits_remaining: Some(0),
            ..
        } => Some(Stop::CreditsGone),
        CallFailure::Throttled { .. } => Some(Stop::Throttled),
        CallFailure::Unavailable { .. } | CallFailure::Unreadable { .. } | CallFailure::NoAnswer { .. } => {
            Some(Stop::unavailable(Service::Bigin, failure))
        }
        CallFailure::ScopeMissing { .. }
        | CallFailure::NotPermitted { .. }
        | CallFailure::UnknownModule { .. }
        | CallFailure::Refused { .. } => None,
    }
}

/// Whether it is worth asking again at once.
fn passes(stop: &Stop) -> bool {
    matches!(stop, Stop::Throttled | Stop::Unavailable { .. })
}
