//! The table in memory, for tests: the same promises, no AWS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::table::{Key, StateError, Stored, Swap, Table, read, write};
use crate::clock::Clock;
use crate::stepping::step;

/// A table in memory. Clones share what they hold.
#[derive(Clone)]
pub struct MemoryTable {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    held: Arc<Mutex<Items>>,
}

#[derive(Default)]
struct Items {
    items: BTreeMap<Key, MemoryItem>,
    last_revision: u64,
}

#[derive(Default, Clone)]
struct MemoryItem {
    document: Option<String>,
    count: i64,
    revision: u64,
    keep_until: Option<Timestamp>,
}

impl std::fmt::Debug for MemoryTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MemoryTable").field(&self.dump()).finish()
    }
}

impl Default for MemoryTable {
    fn default() -> Self {
        Self {
            now: Arc::new(Timestamp::now),
            held: Arc::default(),
        }
    }
}

impl MemoryTable {
    /// An empty table that goes by that clock.
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        Self {
            now: Arc::new(move || clock.now()),
            held: Arc::default(),
        }
    }

    /// Everything in the table as text, for tests that look for what must not be there.
    pub fn dump(&self) -> Vec<(Key, String)> {
        let held = self.held();
        held.items
            .iter()
            .map(|(key, item)| (key.clone(), item.document.clone().unwrap_or_default()))
            .collect()
    }

    fn held(&self) -> MutexGuard<'_, Items> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.now)();
        held.items
            .retain(|_, item| item.keep_until.is_none_or(|until| until.as_second() > now.as_second()));
        held
    }
}

impl Items {
    fn write(&mut self, key: &Key, document: String, keep_until: Option<Timestamp>) -> u64 {
        self.last_revision += 1;
        let revision = self.last_revision;
        self.items.insert(
            key.clone(),
            MemoryItem {
                document: Some(document),
                count: 0,
                revision,
                keep_until,
            },
        );
        revision
    }
}

fn stored<T: DeserializeOwned>(key: &Key, item: &MemoryItem) -> Result<Stored<T>, StateError> {
    Ok(Stored {
        value: read(key, item.document.as_deref().unwrap_or(""))?,
        revision: item.revision,
    })
}

impl Table for MemoryTable {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Stored<T>>, StateError> {
        step().await;
        self.held().items.get(key).map(|item| stored(key, item)).transpose()
    }

    async fn swap<T: Serialize + Sync>(
        &self,
        key: &Key,
        expected: Option<u64>,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<Swap, StateError> {
        step().await;
        let document = write(key, value)?;
        let mut held = self.held();
        if held.items.get(key).map(|item| item.revision) != expected {
            return Ok(Swap::Lost);
        }
        Ok(Swap::Done(held.write(key, document, keep_until)))
    }

    async fn put<T: Serialize + Sync>(
        &self,
        key: &Key,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<(), StateError> {
        step().await;
        let document = write(key, value)?;
        self.held().write(key, document, keep_until);
        Ok(())
    }

    async fn remove(&self, key: &Key, expected: Option<u64>) -> Result<bool, StateError> {
        step().await;
        let mut held = self.held();
        let is_others = |item: &MemoryItem| expected.is_some_and(|revision| revision != item.revision);
        if held.items.get(key).is_some_and(is_others) {
            return Ok(false);
        }
        held.items.remove(key);
        Ok(true)
    }

    async fn add(&self, key: &Key, amount: i64, keep_until: Option<Timestamp>) -> Result<i64, StateError> {
        step().await;
        let mut held = self.held();
        let item = held.items.entry(key.clone()).or_default();
        item.count += amount;
        item.keep_until = keep_until.or(item.keep_until);
        Ok(item.count)
    }

    async fn count(&self, key: &Key) -> Result<i64, StateError> {
        step().await;
        Ok(self.held().items.get(key).map_or(0, |item| item.count))
    }

    async fn list<T: DeserializeOwned + Send>(&self, pk: &str) -> Result<Vec<(String, Stored<T>)>, StateError> {
        step().await;
        let held = self.held();
        let under = held.items.iter().filter(|(key, _)| key.pk == pk);
        under
            .map(|(key, item)| Ok((key.sk.clone(), stored(key, item)?)))
            .collect()
    }

    async fn counts(&self, pk: &str, from: &str) -> Result<Vec<(String, i64)>, StateError> {
        step().await;
        let held = self.held();
        let under = held
            .items
            .iter()
            .filter(|(key, _)| key.pk == pk && key.sk.as_str() >= from);
        Ok(under.map(|(key, item)| (key.sk.clone(), item.count)).collect())
    }

    async fn get_many<T: DeserializeOwned + Send>(&self, keys: &[Key]) -> Result<Vec<(Key, Stored<T>)>, StateError> {
        step().await;
        let held = self.held();
        let found = keys
            .iter()
            .filter_map(|key| held.items.get(key).map(|item| (key, item)));
        found.map(|(key, item)| Ok((key.clone(), stored(key, item)?))).collect()
    }
}
