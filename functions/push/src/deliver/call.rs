//! Carries one call: with a token, and once more with a fresh one where the first was refused. Brings evidence along
//! where an insert meets a record that may be its own.

use std::collections::HashMap;
use std::sync::Arc;

use bigin::{Access, Bigin, CallFailure, CallShape, ColumnName, ModuleName, RecordOutcome, RecordsAnswer};
use jiff::Timestamp;
use shared::tokens::Tokens;

use super::decision::met_itself;
use crate::record::{CallKind, Parcel, Silence, Tag};
use shared::stop::Stop;

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
    /// Whether Bigin could be read after the call failed, where that was to be found out.
    pub readable: bool,
    /// When the last try set out, by the machine's clock: it is compared with the times that Bigin gives records.
    pub set_out: Timestamp,
}

/// Makes the call; a refused token is replaced by a fresh one and the call repeated with it. `reads_too`: should it fail
/// without a word, Bigin is asked whether it can be read.
pub async fn carry<T: Tokens>(
    bigin: &Bigin,
    tokens: &T,
    shape: &CallShape,
    parcels: &Arc<Vec<Parcel>>,
    reads_too: bool,
) -> Carried {
    let mut carried = Carried {
        trip: Trip::NotMade(Stop::OutOfTime),
        calls: 0,
        retries: 0,
        credits: 0,
        readable: false,
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
    let mut written = make(bigin, &pass.access, shape, parcels, &mut carried).await;
    let mut replaced = 0;
    while matches!(&written, Err(failure) if failure.asks_for_a_fresh_token()) && pass.may_be_replaced(replaced) {
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
        written = make(bigin, &pass.access, shape, parcels, &mut carried).await;
    }
    carried.trip = match written {
        Err(failure) => {
            if reads_too && Silence::of(&failure).is_some() {
                carried.calls += 1;
                carried.credits += 1;
                carried.readable = can_be_read(bigin, &pass.access, &shape.module).await;
            }
            Trip::Failed(failure)
        }
        Ok(answer) => {
            if let Some(expires_at) = answer.token_expires_at {
                tokens.confirmed(&pass, expires_at).await;
            }
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

async fn can_be_read(bigin: &Bigin, access: &Access, module: &ModuleName) -> bool {
    match ColumnName::parse("Modified_Time") {
        Some(field) => bigin.page(access, module, &field, None).await.is_ok(),
        None => false,
    }
}

/// Makes the call of the parcels' kind.
async fn make(
    bigin: &Bigin,
    access: &Access,
    shape: &CallShape,
    parcels: &[Parcel],
    carried: &mut Carried,
) -> Result<RecordsAnswer, CallFailure> {
    let records: Vec<_> = parcels.iter().map(|parcel| &parcel.record).collect();
    match parcels.first().map(|first| &first.call_kind) {
        Some(CallKind::AddTags(tags)) => {
            let ids: Vec<_> = records.iter().filter_map(|record| record.id()).collect();
            tag(bigin, access, &shape.module, tags, &ids, carried).await
        }
        Some(CallKind::AddNote { to, id: Some(id) }) => bigin.add_notes(access, (to, id), shape, &records).await,
        _ => bigin.write(access, shape, &records).await,
    }
}

/// Adds tags. Bigin refuses those that the module does not know yet, without saying so: they are made known, once.
async fn tag(
    bigin: &Bigin,
    access: &Access,
    module: &ModuleName,
    tags: &[Tag],
    ids: &[&str],
    carried: &mut Carried,
) -> Result<RecordsAnswer, CallFailure> {
    let names: Vec<_> = tags.iter().map(|tag| tag.0.as_str()).collect();
    let tagged = bigin.add_tags(access, module, &names, ids).await;
    let refused = match &tagged {
        Err(failure) => matches!(failure, CallFailure::Refused { .. }),
        Ok(answer) => answer
            .outcomes
            .iter()
            .all(|outcome| matches!(outcome, RecordOutcome::Refused(_)) && !outcome.is_unreadable()),
    };
    if !refused {
        return tagged;
    }
    carried.calls += 1;
    carried.credits += 1;
    match bigin.make_tags(access, module, &names).await {
        Ok(None) => {
            carried.calls += 1;
            bigin.add_tags(access, module, &names, ids).await
        }
        Ok(Some(error)) => Err(CallFailure::Refused {
            call: format!("the making of a tag of {module}"),
            status: 400,
            code: error.code,
            message: error.expectation.unwrap_or(error.message),
        }),
        // Who may not make tags may add those that there are: what was said of adding them stands.
        Err(CallFailure::Refused { .. } | CallFailure::ScopeMissing { .. } | CallFailure::NotPermitted { .. }) => {
            tagged
        }
        Err(failure) => Err(failure),
    }
}
