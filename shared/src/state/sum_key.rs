//! The key of the sums by which the stack tells records from others. It is random and each stack has its own, so that
//! nobody guesses values from a sum, and no sum of one stack can be found in another.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::MOST_SWAPS;
use super::table::{Key, StateError, Swap, Table};

/// The key. Should it be lost, records count as others once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumKey {
    key: String,
}

impl SumKey {
    /// A new one.
    pub fn random() -> Self {
        Self {
            key: format!("{}{}", Uuid::new_v4(), Uuid::new_v4()),
        }
    }

    /// What sums are made with.
    pub fn bytes(&self) -> &[u8] {
        self.key.as_bytes()
    }
}

impl fmt::Debug for SumKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SumKey")
    }
}

/// The stack's key. Whoever asks first makes it.
///
/// # Errors
/// The table failed.
pub async fn of_stack(table: &impl Table) -> Result<SumKey, StateError> {
    let item = Key::new("stack", "sum_key");
    for _ in 0..MOST_SWAPS {
        if let Some(stored) = table.get::<SumKey>(&item).await? {
            return Ok(stored.value);
        }
        let made = SumKey::random();
        if let Swap::Done(_) = table.swap(&item, None, &made, None).await? {
            return Ok(made);
        }
    }
    Err(StateError::Contended { what: item.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryTable;

    #[tokio::test]
    async fn a_stack_has_one_key_and_another_stack_another() {
        let table = MemoryTable::default();
        let key = of_stack(&table).await.unwrap();
        assert_eq!(of_stack(&table).await.unwrap(), key);
        assert_ne!(of_stack(&MemoryTable::default()).await.unwrap(), key);
        assert!(!format!("{key:?}").contains(&key.key));
    }
}
