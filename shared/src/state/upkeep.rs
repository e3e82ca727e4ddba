//! A note of what a pause leaves to do. It stands from the first look at a pause until everything that the
//! pause held back is on its way again. Push writes it; the scheduled refresh sees by it that push must be
//! asked.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::MOST_SWAPS;
use super::table::{Key, StateError, Stored, Swap, Table};

/// The note on a pause that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upkeep {
    /// When the queue is to be gone through for old messages.
    pub look_at: Timestamp,
    /// An object whose messages are being put back onto the queue, and how many of them are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_back: Option<(String, usize)>,
    /// Whether nothing waits for it by a fault: it only watches for files that can be read, and for the end of holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_watch: bool,
}

impl Upkeep {
    /// The note on a pause that nobody looked at before. A pause of less than a seventh of the age limit (a day of
    /// seven) is left alone, since going through the queue costs each message a delivery.
    pub fn of_pause(since: Timestamp, limit: SignedDuration) -> Self {
        Self {
            look_at: since + limit / 7,
            brought_back: None,
            is_watch: false,
        }
    }
}

/// The note, while there is something to do or to watch.
///
/// # Errors
/// The table failed.
pub async fn read(table: &impl Table) -> Result<Option<Upkeep>, StateError> {
    Ok(stored(table).await?.map(|stored| stored.value))
}

/// The note as it lies in the table.
///
/// # Errors
/// The table failed.
pub async fn stored(table: &impl Table) -> Result<Option<Stored<Upkeep>>, StateError> {
    table.get(&key()).await
}

/// Has the upkeep come back for something that waits from now on. The note is written anew even where it stands: an upkeep
/// under way may have looked before, and then does not take it away.
///
/// # Errors
/// The table failed.
pub async fn watch(table: &impl Table, now: Timestamp, limit: SignedDuration) -> Result<(), StateError> {
    for _ in 0..MOST_SWAPS {
        let stored = stored(table).await?;
        let revision = stored.as_ref().map(|stored| stored.revision);
        let note = stored.map_or_else(
            || Upkeep {
                is_watch: true,
                ..Upkeep::of_pause(now, limit)
            },
            |stored| stored.value,
        );
        if let Swap::Done(_) = table.swap(&key(), revision, &note, None).await? {
            return Ok(());
        }
    }
    Err(StateError::Contended {
        what: key().to_string(),
    })
}

/// Writes the note. Whoever does so holds the upkeep's lease.
///
/// # Errors
/// The table failed.
pub async fn write(table: &impl Table, upkeep: &Upkeep) -> Result<(), StateError> {
    table.put(&key(), upkeep, None).await
}

/// Takes the note of that revision away: nothing is left to do. False where somebody has written it since.
///
/// # Errors
/// The table failed.
pub async fn clear(table: &impl Table, revision: u64) -> Result<bool, StateError> {
    table.remove(&key(), Some(revision)).await
}

fn key() -> Key {
    Key::new("relay", "upkeep")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryTable;

    #[tokio::test]
    async fn a_note_stands_until_it_is_taken_away() {
        let table = MemoryTable::default();
        assert_eq!(read(&table).await.unwrap(), None);
        let since: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let upkeep = Upkeep::of_pause(since, SignedDuration::from_hours(7 * 24));
        assert_eq!(upkeep.look_at, since + SignedDuration::from_hours(24));
        write(&table, &upkeep).await.unwrap();
        assert_eq!(read(&table).await.unwrap(), Some(upkeep));
        let seen = stored(&table).await.unwrap().unwrap().revision;
        assert!(clear(&table, seen).await.unwrap());
        assert_eq!(read(&table).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_note_is_not_taken_away_by_who_looked_before_something_came_to_wait() {
        let (table, now, limit) = (MemoryTable::default(), Timestamp::now(), SignedDuration::from_hours(24));
        watch(&table, now, limit).await.unwrap();
        let seen = stored(&table).await.unwrap().unwrap();
        watch(&table, now + limit, limit).await.unwrap();
        assert!(!clear(&table, seen.revision).await.unwrap());
        assert_eq!(read(&table).await.unwrap(), Some(seen.value));
    }
}
