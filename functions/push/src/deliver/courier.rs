//! Carries one call: with a token, and once more with a fresh one where the first was refused. Brings evidence along
//! where an insert meets a record that may be its own.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use shared::bigin::{Access, Bigin, CallFailure, CallShape, RecordsAnswer};

use super::decision::met_itself;
use crate::parcel::Parcel;
use crate::stop::Stop;

/// What lets a call in, and which version of the access-token secret it came from.
#[derive(Debug, Clone)]
pub struct Pass {
    /// Token and API domain.
    pub access: Access,
    /// The secret's version, named to refresh when the token is refused.
    pub version: String,
    /// Whether refresh was asked for it. One that was merely found in the secret may be as dead as the one before it.
    pub is_fresh: bool,
}

impl Pass {
    /// Whether another is worth asking for now that this one is refused: once in any case, and again while what came was
    /// only found and not made.
    pub fn may_be_replaced(&self, replaced: u32) -> bool {
        replaced == 0 || (!self.is_fresh && replaced < 3)
    }
}

/// Where tokens come from.
pub trait Tokens: Send + Sync + 'static {
    /// A pass that should be good now.
    fn pass(&self) -> impl Future<Output = Result<Pass, Stop>> + Send;

    /// A pass newer than one that was refused. A crowd that asks for the same costs one refresh.
    fn newer_than(&self, refused: &Pass) -> impl Future<Output = Result<Pass, Stop>> + Send;
}

/// Tells whether delivery may go on.
pub trait Brake: Send + Sync {
    /// Why it may not, or `None`.
    fn look(&self) -> impl Future<Output = Option<Stop>> + Send;
}

/// When records of Bigin's were made, by id; `None` when it could not be found out.
pub type Created = Option<HashMap<String, Timestamp>>;

/// How a call ended: answered, failed, or not made for want of a token.
#[derive(Debug)]
pub enum Trip {
    /// Bigin answered with outcomes.
    Answered(RecordsAnswer, Created),
    /// It failed as a whole.
    Failed(CallFailure),
    /// There was no token to make it with.
    NotMade(Stop),
}

/// A call that has come back.
#[derive(Debug)]
pub struct Carried {
    /// How it ended.
    pub trip: Trip,
    /// Calls made for it.
    pub calls: u64,
    /// Those of them that were made again.
    pub retries: u64,
    /// API credits that questions beside the call itself cost.
    pub credits: u64,
    /// When the last try set out, by the machine's clock: it is compared with the times that Bigin gives records.
    pub set_out: Timestamp,
}

/// Makes the call; a refused token is replaced by a fresh one and the call repeated with it.
pub async fn carry<T: Tokens>(bigin: &Bigin, tokens: &T, shape: &CallShape, parcels: &Arc<Vec<Parcel>>) -> Carried {
    let records: Vec<_> = parcels.iter().map(|parcel| &parcel.record).collect();
    let mut carried = Carried {
        trip: Trip::NotMade(Stop::OutOfTime),
        calls: 0,
        retries: 0,
        credits: 0,
        set_out: Timestamp::now(),
    };
    let mut pass = match tokens.pass().await {
        Ok(pass) => pass,
        Err(stop) => {
            return Carried {
                trip: Trip::NotMade(stop),
                ..carried
            };
        }
    };
    carried.calls += 1;
    carried.set_out = Timestamp::now();
    let mut written = bigin.write(&pass.access, shape, &records).await;
    let mut replaced = 0;
    while matches!(written, Err(CallFailure::TokenRejected { .. })) && pass.may_be_replaced(replaced) {
        replaced += 1;
        pass = match tokens.newer_than(&pass).await {
            Ok(pass) => pass,
            Err(stop) => {
                return Carried {
                    trip: Trip::NotMade(stop),
                    ..carried
                };
            }
        };
        carried.calls += 1;
        carried.retries += 1;
        carried.set_out = Timestamp::now();
        written = bigin.write(&pass.access, shape, &records).await;
    }
    carried.trip = match written {
        Err(failure) => Trip::Failed(failure),
        Ok(answer) => {
            let met: Vec<_> = parcels
                .iter()
                .zip(&answer.outcomes)
                .filter_map(|(parcel, outcome)| met_itself(parcel, outcome))
                .map(str::to_owned)
                .collect();
            if met.is_empty() {
                Trip::Answered(answer, None)
            } else {
                carried.calls += 1;
                carried.credits += 1;
                let created = bigin.created_times(&pass.access, &shape.module, &met).await;
                Trip::Answered(answer, created.ok())
            }
        }
    };
    carried
}
