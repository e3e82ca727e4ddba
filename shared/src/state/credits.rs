//! The ledger of API credits: what calls cost, by the hour, and what Bigin last said is left.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::{Key, StateError, Table};

/// Bigin's window.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
const SPENT: &str = "credits";

/// What Bigin last said is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditsLeft {
    /// The credits.
    pub left: u64,
    /// When Bigin said so.
    pub at: Timestamp,
}

/// Adds what calls cost.
///
/// # Errors
/// The table failed.
pub async fn spend(table: &impl Table, now: Timestamp, credits: u64) -> Result<(), StateError> {
    if credits > 0 {
        let keep_until = Some(now + WINDOW + SignedDuration::from_hours(2));
        table
            .add(
                &Key::new(SPENT, hour(now)),
                i64::try_from(credits).unwrap_or(i64::MAX),
                keep_until,
            )
            .await?;
    }
    Ok(())
}

/// What calls of the last 24 hours cost. The hour that is partly older counts in full: rather too much than too little.
///
/// # Errors
/// The table failed.
pub async fn spent(table: &impl Table, now: Timestamp) -> Result<u64, StateError> {
    let hours = table.counts(SPENT, &hour(now - WINDOW)).await?;
    Ok(hours
        .into_iter()
        .filter_map(|(_, credits)| u64::try_from(credits).ok())
        .sum())
}

/// Notes what Bigin said is left.
///
/// # Errors
/// The table failed.
pub async fn note_left(table: &impl Table, now: Timestamp, left: u64) -> Result<(), StateError> {
    table
        .put(&left_key(), &CreditsLeft { left, at: now }, Some(now + WINDOW))
        .await
}

/// What Bigin last said is left, within a day.
///
/// # Errors
/// The table failed.
pub async fn left(table: &impl Table) -> Result<Option<CreditsLeft>, StateError> {
    Ok(table.get::<CreditsLeft>(&left_key()).await?.map(|stored| stored.value))
}

fn left_key() -> Key {
    Key::new("relay", "credits-left")
}

/// Text that sorts as the hours do.
fn hour(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};
    use crate::state::MemoryTable;

    #[tokio::test]
    async fn credits_are_counted_over_24_hours_and_then_forgotten() {
        let clock = ManualClock::at("2026-11-24T09:30:00Z");
        let table = MemoryTable::with_clock(clock.clone());
        let start = clock.now();
        spend(&table, start, 10).await.unwrap();
        spend(&table, start + SignedDuration::from_hours(5), 7).await.unwrap();
        assert_eq!(spent(&table, start + SignedDuration::from_hours(24)).await.unwrap(), 17);
        assert_eq!(spent(&table, start + SignedDuration::from_hours(25)).await.unwrap(), 7);
        clock.advance(SignedDuration::from_hours(48));
        assert_eq!(spent(&table, start).await.unwrap(), 0, "old hours are cleared away");
    }
}
