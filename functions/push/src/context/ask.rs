//! Questions to Bigin that are no records: with a token, once more with a fresh one, and again after a passing failure.

use std::time::Duration;

use bigin::{Access, CallFailure};
use shared::clock::Clock;
use shared::state::StateError;

use super::{Context, Services};
use crate::deliver::Tokens;
use shared::stop::{Service, Stop};

/// How often a question is asked before its failure counts.
const TRIES: u32 = 4;

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

impl<S: Services> Context<S> {
    /// Asks Bigin something. Costs a credit each time.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn ask<T, F, A>(&self, question: F) -> Result<T, AskFailure>
    where
        F: Fn(Access) -> A,
        A: Future<Output = Result<T, CallFailure>>,
    {
        self.ask_for(1, question).await
    }

    /// Asks Bigin something that costs so many credits each time.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn ask_for<T, F, A>(&self, credits: u64, question: F) -> Result<T, AskFailure>
    where
        F: Fn(Access) -> A,
        A: Future<Output = Result<T, CallFailure>>,
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
                Err(CallFailure::TokenRejected { .. }) if pass.may_be_replaced(replaced) => {
                    replaced += 1;
                    pass = self.tokens.newer_than(&pass).await.map_err(AskFailure::Stop)?;
                }
                Err(failure) => match stop_for(&failure) {
                    None => return Err(AskFailure::Refused(failure)),
                    Some(stop) if tries >= TRIES || !passes(&stop) => return Err(AskFailure::Stop(stop)),
                    Some(_) => self.clock.sleep(self.wait(tries)).await,
                },
            }
        }
    }

    fn wait(&self, tries: u32) -> Duration {
        self.settings
            .first_wait
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
