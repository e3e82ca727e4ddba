//! Modules that are held: Bigin does not let them be written for now, so their records wait while others go on.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::table::{Key, StateError, Table};

const HELD: &str = "held";
/// How long a hold is remembered that nobody looks at any more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 14);

/// A held module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The module's API name.
    pub module: String,
    /// Zoho's code, or ours.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub action: String,
    /// Since when.
    pub since: Timestamp,
    /// When one call is let through to see whether it works again.
    pub look_again_at: Timestamp,
}

/// Holds a module. One that is held already keeps its start.
///
/// # Errors
/// The table failed.
pub async fn hold(table: &impl Table, held: &Held) -> Result<(), StateError> {
    let key = key(&held.module);
    let since = table.get::<Held>(&key).await?.map_or(held.since, |old| old.value.since);
    table
        .put(
            &key,
            &Held { since, ..held.clone() },
            Some(held.look_again_at + REMEMBERED),
        )
        .await
}

/// The hold on a module, if there is one. It lets calls through again from its `look_again_at` on.
///
/// # Errors
/// The table failed.
pub async fn of_module(table: &impl Table, module: &str) -> Result<Option<Held>, StateError> {
    Ok(table.get::<Held>(&key(module)).await?.map(|stored| stored.value))
}

/// All held modules.
///
/// # Errors
/// The table failed.
pub async fn all(table: &impl Table) -> Result<Vec<Held>, StateError> {
    Ok(table
        .list::<Held>(HELD)
        .await?
        .into_iter()
        .map(|(_, stored)| stored.value)
        .collect())
}

/// Lets a module go.
///
/// # Errors
/// The table failed.
pub async fn release(table: &impl Table, module: &str) -> Result<(), StateError> {
    table.remove(&key(module), None).await.map(|_| ())
}

fn key(module: &str) -> Key {
    Key::new(HELD, module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryTable;

    #[tokio::test]
    async fn a_hold_keeps_its_start_until_the_module_is_let_go() {
        let table = MemoryTable::default();
        let now = Timestamp::now();
        let mut held = Held {
            module: "Contacts".to_owned(),
            code: "NO_PERMISSION".to_owned(),
            message: "m".to_owned(),
            action: "a".to_owned(),
            since: now,
            look_again_at: now + SignedDuration::from_mins(15),
        };
        hold(&table, &held).await.unwrap();
        held.since = now + SignedDuration::from_mins(20);
        hold(&table, &held).await.unwrap();
        assert_eq!(of_module(&table, "Contacts").await.unwrap().unwrap().since, now);
        release(&table, "Contacts").await.unwrap();
        assert_eq!(all(&table).await.unwrap(), []);
    }
}
