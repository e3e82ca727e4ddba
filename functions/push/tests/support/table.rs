//! The state table in memory, in a process that may die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::state::{Key, MemoryTable, StateError, Stored, Swap, Table};

use super::crash::Crash;

/// A table in memory. Clones share what is in it.
#[derive(Clone)]
pub struct TestTable {
    pub inner: MemoryTable,
    crash: Crash,
    fails_to_count: Arc<AtomicBool>,
}

impl TestTable {
    pub fn new(inner: MemoryTable, crash: Crash) -> Self {
        Self {
            inner,
            crash,
            fails_to_count: Arc::default(),
        }
    }

    /// Whether DynamoDB fails to read single counters from now on.
    pub fn fails_to_count(&self, fails: bool) {
        self.fails_to_count.store(fails, Ordering::SeqCst);
    }
}

impl Table for TestTable {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Stored<T>>, StateError> {
        self.crash.touch().await;
        self.inner.get(key).await
    }

    async fn swap<T: Serialize + Sync>(
        &self,
        key: &Key,
        expected: Option<u64>,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<Swap, StateError> {
        self.crash.touch().await;
        self.inner.swap(key, expected, value, keep_until).await
    }

    async fn put<T: Serialize + Sync>(
        &self,
        key: &Key,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<(), StateError> {
        self.crash.touch().await;
        self.inner.put(key, value, keep_until).await
    }

    async fn remove(&self, key: &Key, expected: Option<u64>) -> Result<bool, StateError> {
        self.crash.touch().await;
        self.inner.remove(key, expected).await
    }

    async fn add(&self, key: &Key, amount: i64, keep_until: Option<Timestamp>) -> Result<i64, StateError> {
        self.crash.touch().await;
        self.inner.add(key, amount, keep_until).await
    }

    async fn count(&self, key: &Key) -> Result<i64, StateError> {
        if self.fails_to_count.load(Ordering::SeqCst) {
            return Err(StateError::Failed {
                action: "read",
                what: key.to_string(),
                problem: "ordered".into(),
            });
        }
        self.inner.count(key).await
    }

    async fn list<T: DeserializeOwned + Send>(&self, pk: &str) -> Result<Vec<(String, Stored<T>)>, StateError> {
        self.crash.touch().await;
        self.inner.list(pk).await
    }

    async fn counts(&self, pk: &str, from: &str) -> Result<Vec<(String, i64)>, StateError> {
        self.inner.counts(pk, from).await
    }

    async fn get_many<T: DeserializeOwned + Send>(&self, keys: &[Key]) -> Result<Vec<(Key, Stored<T>)>, StateError> {
        self.crash.touch().await;
        self.inner.get_many(keys).await
    }
}
