//! Carries one call: with a token, and once more with a fresh one where the first was refused.

use std::sync::Arc;

use shared::bigin::{Access, Bigin, CallFailure, CallShape, RecordsAnswer};

use crate::parcel::Parcel;
use crate::stop::Stop;

/// What lets a call in, and which version of the access-token secret it came from.
#[derive(Debug, Clone)]
pub struct Pass {
    /// Token and API domain.
    pub access: Access,
    /// The secret's version, named to refresh when the token is refused.
    pub version: String,
}

/// Where tokens come from.
pub trait Tokens: Send + Sync + 'static {
    /// A pass that should be good now.
    fn pass(&self) -> impl Future<Output = Result<Pass, Stop>> + Send;

    /// A pass newer than one that was refused. A crowd that asks for the same costs one refresh.
    fn newer_than(&self, refused: &Pass) -> impl Future<Output = Result<Pass, Stop>> + Send;
}

/// Tells whether delivery may go on.
pub trait Brake: Send + Sync + 'static {
    /// Why it may not, or `None`.
    fn look(&self) -> impl Future<Output = Option<Stop>> + Send;
}

/// How a call ended: answered, failed, or not made for want of a token.
#[derive(Debug)]
pub enum Trip {
    /// Bigin answered with outcomes.
    Answered(RecordsAnswer),
    /// It failed as a whole.
    Failed(CallFailure),
    /// There was no token to make it with.
    NotMade(Stop),
}

/// Makes the call; a refused token is replaced once and the call repeated once. Counts the calls made.
pub async fn carry<T: Tokens>(
    bigin: &Bigin,
    tokens: &T,
    shape: &CallShape,
    parcels: &Arc<Vec<Parcel>>,
) -> (Trip, u64) {
    let records: Vec<_> = parcels.iter().map(|parcel| &parcel.record).collect();
    let pass = match tokens.pass().await {
        Ok(pass) => pass,
        Err(stop) => return (Trip::NotMade(stop), 0),
    };
    match bigin.write(&pass.access, shape, &records).await {
        Ok(answer) => (Trip::Answered(answer), 1),
        Err(CallFailure::TokenRejected { .. }) => {
            let pass = match tokens.newer_than(&pass).await {
                Ok(pass) => pass,
                Err(stop) => return (Trip::NotMade(stop), 1),
            };
            match bigin.write(&pass.access, shape, &records).await {
                Ok(answer) => (Trip::Answered(answer), 2),
                Err(failure) => (Trip::Failed(failure), 2),
            }
        }
        Err(failure) => (Trip::Failed(failure), 1),
    }
}
