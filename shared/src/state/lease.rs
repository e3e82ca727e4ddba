//! A lease: one holder at a time, for a time. A dead holder's lease runs out.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::MOST_SWAPS;
use super::table::{Key, StateError, Swap, Table};

/// The lease as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    holder: String,
    until: Timestamp,
}

/// What became of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The asker holds it until then.
    Yes {
        /// When it runs out.
        until: Timestamp,
    },
    /// Somebody else has it.
    No {
        /// When it runs out at the latest.
        until: Timestamp,
    },
}

/// Takes a lease, or lengthens the one that the same holder has.
///
/// # Errors
/// The table failed.
pub async fn take(
    table: &impl Table,
    key: &Key,
    holder: &str,
    now: Timestamp,
    lasts: SignedDuration,
) -> Result<Taken, StateError> {
    let until = now + lasts;
    let lease = Lease {
        holder: holder.to_owned(),
        until,
    };
    for _ in 0..MOST_SWAPS {
        let stored = table.get::<Lease>(key).await?;
        if let Some(other) = stored.as_ref().map(|stored| &stored.value)
            && other.holder != holder
            && now < other.until
        {
            return Ok(Taken::No { until: other.until });
        }
        let revision = stored.map(|stored| stored.revision);
        // Kept a day beyond its end: until then a holder that comes too late is told apart from a new one.
        let keep_until = Some(until + SignedDuration::from_hours(24));
        if let Swap::Done(_) = table.swap(key, revision, &lease, keep_until).await? {
            return Ok(Taken::Yes { until });
        }
        // Lost to somebody who took it, or to one who gave it back: the next look tells.
    }
    Err(StateError::Contended { what: key.to_string() })
}

/// Who holds a lease now.
///
/// # Errors
/// The table failed.
pub async fn holder(table: &impl Table, key: &Key, now: Timestamp) -> Result<Option<String>, StateError> {
    let lease = table.get::<Lease>(key).await?.map(|stored| stored.value);
    Ok(lease.filter(|lease| now < lease.until).map(|lease| lease.holder))
}

/// Gives a lease back. One that was lost to somebody else is left to him.
///
/// # Errors
/// The table failed.
pub async fn give_back(table: &impl Table, key: &Key, holder: &str) -> Result<(), StateError> {
    if let Some(stored) = table.get::<Lease>(key).await?
        && stored.value.holder == holder
    {
        table.remove(key, Some(stored.revision)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryTable;

    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    #[tokio::test]
    async fn a_lease_has_one_holder_until_it_is_given_back_or_runs_out() {
        let (table, key) = (MemoryTable::default(), Key::new("lease", "x"));
        let now = Timestamp::now();
        let until = now + MINUTE;
        assert_eq!(
            take(&table, &key, "a", now, MINUTE).await.unwrap(),
            Taken::Yes { until }
        );
        assert_eq!(take(&table, &key, "b", now, MINUTE).await.unwrap(), Taken::No { until });
        give_back(&table, &key, "b").await.unwrap();
        assert_eq!(take(&table, &key, "b", now, MINUTE).await.unwrap(), Taken::No { until });
        give_back(&table, &key, "a").await.unwrap();
        assert!(matches!(
            take(&table, &key, "b", now, MINUTE).await.unwrap(),
            Taken::Yes { .. }
        ));
        let later = now + MINUTE * 2;
        assert!(matches!(
            take(&table, &key, "a", later, MINUTE).await.unwrap(),
            Taken::Yes { .. }
        ));
    }

    #[tokio::test]
    async fn a_holder_lengthens_its_own_lease() {
        let (table, key) = (MemoryTable::default(), Key::new("lease", "x"));
        let now = Timestamp::now();
        take(&table, &key, "a", now, MINUTE).await.unwrap();
        let later = now + SignedDuration::from_secs(50);
        assert_eq!(
            take(&table, &key, "a", later, MINUTE).await.unwrap(),
            Taken::Yes { until: later + MINUTE }
        );
        assert!(matches!(
            take(&table, &key, "b", now + MINUTE, MINUTE).await.unwrap(),
            Taken::No { .. }
        ));
    }
}
