//! A bucket and a state table in memory, in a process that may die.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::bucket::{BucketError, Listed, ObjectVersion, Objects, VersionMarker};
use shared::state::{Key, MemoryTable, StateError, Stored, Swap, Table};

use super::death::Death;

const NAME: &str = "data";

/// A bucket in memory. Clones share what is in it.
#[derive(Clone, Default)]
pub struct TestBucket {
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// The order in which objects were put.
    pub puts: Arc<Mutex<Vec<String>>>,
    /// How many of the next puts fail.
    pub failures: Arc<Mutex<u32>>,
    pub death: Death,
}

impl TestBucket {
    pub fn new(death: Death) -> Self {
        Self {
            death,
            ..Self::default()
        }
    }

    pub fn bytes(&self, key: &str) -> Option<Vec<u8>> {
        self.objects.lock().unwrap().get(key).cloned()
    }

    /// Puts these bytes there, or takes away what is there.
    pub fn set(&self, key: &str, bytes: Option<Vec<u8>>) {
        let mut objects = self.objects.lock().unwrap();
        match bytes {
            Some(bytes) => objects.insert(key.to_owned(), bytes),
            None => objects.remove(key),
        };
    }

    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let objects = self.objects.lock().unwrap();
        objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
    }
}

fn failed(key: &str) -> BucketError {
    BucketError::Failed {
        action: "use",
        bucket: NAME.to_owned(),
        key: key.to_owned(),
        problem: "SlowDown".to_owned(),
    }
}

impl Objects for TestBucket {
    fn name(&self) -> &str {
        NAME
    }

    async fn look_up(&self, key: &str, _: Option<&str>) -> Result<ObjectVersion, BucketError> {
        Err(failed(key))
    }

    async fn read(&self, object: &ObjectVersion, _: u64) -> Result<Vec<u8>, BucketError> {
        Err(failed(&object.key))
    }

    async fn get(&self, key: &str, _: u64) -> Result<Option<Vec<u8>>, BucketError> {
        // Pull may not list the bucket's keys, and so S3 does not tell it what is missing from what is forbidden.
        let forbidden = || BucketError::Unreadable {
            bucket: NAME.to_owned(),
            key: key.to_owned(),
            problem: "AccessDenied".to_owned(),
            action: "let the role read it",
        };
        self.bytes(key).map(Some).ok_or_else(forbidden)
    }

    async fn put(&self, key: &str, _: &str, bytes: Vec<u8>) -> Result<(), BucketError> {
        let dies = self.death.before().await;
        let fails = {
            let mut failures = self.failures.lock().unwrap();
            let fails = *failures > 0;
            *failures -= u32::from(fails);
            fails
        };
        if fails {
            return Err(failed(key));
        }
        self.objects.lock().unwrap().insert(key.to_owned(), bytes);
        self.puts.lock().unwrap().push(key.to_owned());
        if dies {
            self.death.die().await;
        }
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), BucketError> {
        self.objects.lock().unwrap().remove(key);
        Ok(())
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        Err(failed(prefix))
    }

    async fn versions(
        &self,
        prefix: &str,
        _: Option<VersionMarker>,
    ) -> Result<(Vec<Listed>, Option<VersionMarker>), BucketError> {
        Err(failed(prefix))
    }

    async fn read_range(&self, key: &str, _: u64) -> Result<(Vec<u8>, u64), BucketError> {
        Err(failed(key))
    }

    async fn begin_upload(&self, key: &str, _: &str) -> Result<String, BucketError> {
        Err(failed(key))
    }

    async fn upload(&self, key: &str, _: &str, _: usize, _: Vec<u8>) -> Result<String, BucketError> {
        Err(failed(key))
    }

    async fn complete_upload(&self, key: &str, _: &str, _: &[String]) -> Result<(), BucketError> {
        Err(failed(key))
    }
}

/// A table in memory. Clones share what is in it.
#[derive(Clone)]
pub struct TestTable {
    pub inner: MemoryTable,
    pub death: Death,
}

impl Table for TestTable {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Stored<T>>, StateError> {
        self.inner.get(key).await
    }

    async fn swap<T: Serialize + Sync>(
        &self,
        key: &Key,
        expected: Option<u64>,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<Swap, StateError> {
        let dies = self.death.before().await;
        let swap = self.inner.swap(key, expected, value, keep_until).await;
        if dies {
            self.death.die().await;
        }
        swap
    }

    async fn put<T: Serialize + Sync>(
        &self,
        key: &Key,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<(), StateError> {
        self.inner.put(key, value, keep_until).await
    }

    async fn remove(&self, key: &Key, expected: Option<u64>) -> Result<bool, StateError> {
        self.inner.remove(key, expected).await
    }

    async fn add(&self, key: &Key, amount: i64, keep_until: Option<Timestamp>) -> Result<i64, StateError> {
        self.inner.add(key, amount, keep_until).await
    }

    async fn count(&self, key: &Key) -> Result<i64, StateError> {
        self.inner.count(key).await
    }

    async fn list<T: DeserializeOwned + Send>(&self, pk: &str) -> Result<Vec<(String, Stored<T>)>, StateError> {
        self.inner.list(pk).await
    }

    async fn counts(&self, pk: &str, from: &str) -> Result<Vec<(String, i64)>, StateError> {
        self.inner.counts(pk, from).await
    }

    async fn get_many<T: DeserializeOwned + Send>(&self, keys: &[Key]) -> Result<Vec<(Key, Stored<T>)>, StateError> {
        self.inner.get_many(keys).await
    }
}
