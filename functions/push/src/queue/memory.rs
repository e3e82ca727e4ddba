//! What is remembered of a message that comes again: which of its records have ended, so that redelivery repeats
//! nothing. Kept in the state table by message id, for longer than a message can live. Numbers only, no record content.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::state::{Key, StateError, Table};

use crate::record::{Suspicion, Written};

/// A message lives for at most 14 days.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 15);

/// One that was put into the bucket waits there for as long as a pause or a hold lasts, and lives anew when it comes back.
const REMEMBERED_DEFERRED: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What is remembered of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// The records that have ended, by their place in the message.
    pub ended: BTreeSet<usize>,
    /// Records that a call carried whose answer was lost, and when the first such call set out.
    pub lost: BTreeMap<usize, Timestamp>,
    /// Records that Bigin has while something is left to be done for them.
    pub taken: BTreeMap<usize, Written>,
    /// Records whose calls fail without a word about any record.
    pub suspects: BTreeMap<usize, Suspicion>,
    /// The delivery that this speaks of. One that came after it and says nothing has died.
    pub delivery: u32,
}

/// The memory as it lies in the table.
#[derive(Serialize, Deserialize)]
struct Wire {
    ended: Vec<(usize, usize)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<(usize, usize, Timestamp)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taken: Vec<(usize, Written)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suspects: Vec<(usize, usize, Suspicion)>,
    delivery: u32,
}

impl From<&Memory> for Wire {
    fn from(memory: &Memory) -> Self {
        let ended = runs(memory.ended.iter().map(|place| (*place, ())));
        Self {
            ended: ended.into_iter().map(|(first, last, ())| (first, last)).collect(),
            lost: runs(memory.lost.iter().map(|(place, at)| (*place, *at))),
            taken: memory.taken.clone().into_iter().collect(),
            suspects: runs(
                memory
                    .suspects
                    .iter()
                    .map(|(place, suspicion)| (*place, suspicion.clone())),
            ),
            delivery: memory.delivery,
        }
    }
}

impl From<Wire> for Memory {
    fn from(wire: Wire) -> Self {
        Self {
            ended: wire.ended.into_iter().flat_map(|(first, last)| first..=last).collect(),
            lost: wire
                .lost
                .into_iter()
                .flat_map(|(first, last, at)| (first..=last).map(move |place| (place, at)))
                .collect(),
            taken: wire.taken.into_iter().collect(),
            suspects: wire
                .suspects
                .into_iter()
                .flat_map(|(first, last, suspicion)| (first..=last).map(move |place| (place, suspicion.clone())))
                .collect(),
            delivery: wire.delivery,
        }
    }
}

/// Neighbours that say the same, as first and last.
fn runs<T: PartialEq>(places: impl Iterator<Item = (usize, T)>) -> Vec<(usize, usize, T)> {
    let mut runs: Vec<(usize, usize, T)> = Vec::new();
    for (place, what) in places {
        match runs.last_mut() {
            Some((_, last, same)) if *last + 1 == place && *same == what => *last = place,
            _ => runs.push((place, place, what)),
        }
    }
    runs
}

fn key(message_id: &str) -> Key {
    Key {
        pk: format!("message#{message_id}"),
        sk: "settled".to_owned(),
    }
}

/// What is remembered of these messages; those never heard of are left out.
///
/// # Errors
/// The table failed.
pub async fn recall(table: &impl Table, message_ids: &[&str]) -> Result<HashMap<String, Memory>, StateError> {
    if message_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<_> = message_ids.iter().map(|id| key(id)).collect();
    let found = table.get_many::<Wire>(&keys).await?;
    let id = |key: &Key| key.pk.strip_prefix("message#").map(str::to_owned);
    Ok(found
        .into_iter()
        .filter_map(|(key, stored)| Some((id(&key)?, stored.value.into())))
        .collect())
}

/// Remembers a message.
///
/// # Errors
/// The table failed.
pub async fn remember(table: &impl Table, message_id: &str, memory: &Memory, now: Timestamp) -> Result<(), StateError> {
    let keep_until = Some(now + REMEMBERED);
    table.put(&key(message_id), &Wire::from(memory), keep_until).await
}

/// Remembers a message that is put into the bucket, and may come back after months.
///
/// # Errors
/// The table failed.
pub async fn remember_while_deferred(
    table: &impl Table,
    message_id: &str,
    memory: &Memory,
    now: Timestamp,
) -> Result<(), StateError> {
    let keep_until = Some(now + REMEMBERED_DEFERRED);
    table.put(&key(message_id), &Wire::from(memory), keep_until).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::state::MemoryTable;

    fn taken() -> Written {
        Written {
            action: bigin::Action::Updated,
            id: "4711000000000000001".into(),
            possibly_duplicated: false,
            second_done: true,
            lacks: None,
        }
    }

    #[tokio::test]
    async fn what_is_remembered_is_recalled_and_strangers_are_not() {
        let table = MemoryTable::default();
        let now = Timestamp::now();
        let memory = Memory {
            ended: [0, 1, 2, 7].into(),
            lost: [(3, now), (4, now)].into(),
            taken: [(5, taken())].into(),
            suspects: [(3, Suspicion::new(2, now)), (4, Suspicion::new(1, now))].into(),
            delivery: 2,
        };
        remember(&table, "m1", &memory, now).await.unwrap();
        let recalled = recall(&table, &["m1", "m2"]).await.unwrap();
        assert_eq!(recalled, HashMap::from([("m1".to_owned(), memory)]));
    }

    #[test]
    fn ten_thousand_records_that_ended_take_a_few_bytes() {
        let memory = Memory {
            ended: (0..10_000).collect(),
            ..Memory::default()
        };
        assert!(serde_json::to_string(&Wire::from(&memory)).unwrap().len() < 60);
    }

    proptest! {
        #[test]
        fn any_memory_survives_the_table(ended: BTreeSet<u8>, lost in prop::collection::btree_map(any::<u8>(), 0i64..3, 0..9)) {
            let memory = Memory {
                ended: ended.into_iter().map(usize::from).collect(),
                lost: lost.into_iter().map(|(place, at)| (usize::from(place), Timestamp::from_second(at).unwrap())).collect(),
                taken: BTreeMap::new(),
                suspects: BTreeMap::new(),
                delivery: 1,
            };
            let text = serde_json::to_string(&Wire::from(&memory)).unwrap();
            prop_assert_eq!(Memory::from(serde_json::from_str::<Wire>(&text).unwrap()), memory);
        }
    }
}
