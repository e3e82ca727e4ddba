//! Messages of a held module are put into the bucket: on the queue each look at them would use up one of their
//! deliveries. They come back when the hold ends, and some of them when it is time to try the module again.
//!
//! Those of a FIFO queue stay on it, out of sight: what is sent behind them in their group must not overtake them. Half of
//! the time that messages may wait on the queue is the most for them too: a hold may last for longer than the queue keeps
//! them, and than their deliveries do.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use shared::bucket::{BucketError, Objects};
use shared::state::upkeep;
use shared::state::{StateError, held};
use shared::stop::Stop;

use super::batch::{Batch, Consignment};
use super::deferred::{self, Deferred};
use super::memory::{Memory, remember_while_deferred};
use super::received::Received;
use super::run::Ran;
use crate::context::{Context, Services};

/// Where they lie, by module.
pub const HELD_FOLDER: &str = "deferred/held/";

/// Why messages were not put away.
#[derive(Debug, thiserror::Error)]
enum NotPutAway {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Bucket(#[from] BucketError),
    #[error("a message cannot be put into words: a fault of the relay's own")]
    Words(#[from] serde_json::Error),
}

/// Messages that were put away.
#[derive(Default)]
pub(super) struct PutAway {
    /// The queue's names for them.
    pub names: HashSet<String>,
    /// Whether a hold of theirs has ended meanwhile: whoever ended it did not see them.
    pub is_let_go: bool,
}

/// Puts the messages of held modules away. Those that cannot be put away go back to the queue.
pub(super) async fn put_away<S: Services>(context: &Context<S>, batch: &Batch, ran: &Ran) -> PutAway {
    let mut by_module: BTreeMap<String, Vec<&Consignment>> = BTreeMap::new();
    for (consignment, stop) in batch.returned() {
        let module = consignment.shape.as_ref().map(|shape| shape.module.as_str().to_owned());
        if let (Stop::ModuleHeld { .. }, Some(module), Some(_)) = (stop, module, &consignment.received.receipt)
            && may_leave(&consignment.received, context.now(), context.settings.defer_after)
        {
            by_module.entry(module).or_default().push(consignment);
        }
    }
    let mut put_away = PutAway::default();
    for (module, consignments) in by_module {
        let put = put_away_of(context, &module, &consignments).await;
        if let Err(error) = put {
            tracing::warn!(%error, "messages of a held module stay on the queue");
            continue;
        }
        put_away
            .names
            .extend(consignments.iter().map(|each| each.received.item_id.clone()));
        if ran.holds.contains(module.as_str()) {
            let hold = held::of_module(&context.table, &module).await;
            put_away.is_let_go |= matches!(hold, Ok(None));
        }
    }
    put_away
}

/// Whether a message may leave the queue.
fn may_leave(received: &Received, now: Timestamp, limit: SignedDuration) -> bool {
    let is_old = |since: Timestamp| now.duration_since(since) >= limit / 2;
    received.group.is_none() || received.first_received_at.is_some_and(is_old)
}

async fn put_away_of<S: Services>(
    context: &Context<S>,
    module: &str,
    consignments: &[&Consignment],
) -> Result<(), NotPutAway> {
    let (table, now) = (&context.table, context.now());
    for consignment in consignments {
        // Where it comes back its deliveries are counted anew.
        let memory = Memory {
            delivery: 0,
            ..consignment.memory.clone()
        };
        if consignment.memory != Memory::default() {
            remember_while_deferred(table, &consignment.received.message_id, &memory, now).await?;
        }
    }
    let messages: Vec<Deferred> = consignments.iter().map(|each| Deferred::from(&each.received)).collect();
    for (number, text) in deferred::write(&messages, deferred::MOST_BYTES)?
        .into_iter()
        .enumerate()
    {
        let key = key(module, now, number);
        context.bucket.put(&key, "application/x-ndjson", text).await?;
    }
    // Written last, and before the queue lets go of them: what was put away is then sure to be brought back.
    Ok(upkeep::watch(table, now, context.settings.defer_after).await?)
}

fn key(module: &str, now: Timestamp, number: usize) -> String {
    let key = deferred::key(now, number);
    let place = key.strip_prefix(deferred::FOLDER).unwrap_or(&key);
    format!("{HELD_FOLDER}{module}/{place}")
}

/// The module whose messages lie at that key.
pub fn module_of(key: &str) -> Option<&str> {
    key.strip_prefix(HELD_FOLDER)?.split_once('/').map(|(module, _)| module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_module_and_keys_of_one_are_in_the_order_of_time() {
        let at = |second| key("Contacts", Timestamp::from_second(second).unwrap(), 0);
        assert_eq!(module_of(&at(0)), Some("Contacts"));
        assert!(at(1_000) < at(100_000));
        assert_eq!(module_of(&deferred::key(Timestamp::UNIX_EPOCH, 0)), None);
        assert!(
            !at(0).starts_with(deferred::OF_A_PAUSE),
            "what a pause has moved lies elsewhere"
        );
    }
}
