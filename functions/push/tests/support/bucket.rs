//! A versioned bucket in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use shared::bucket::{BucketError, Listed, ObjectVersion, Objects, VersionMarker};
use tokio::sync::RwLock;

use super::crash::Crash;
use super::uploads::Uploads;

const NAME: &str = "data";

/// A bucket in memory, whose ranges are small so that every file takes several. Clones share what is in it.
#[derive(Clone)]
pub struct MemoryBucket {
    held: Arc<Mutex<BTreeMap<String, Vec<Version>>>>,
    crash: Crash,
    range: usize,
    uploads: Arc<Mutex<Uploads>>,
    /// Keys of objects that may not be read.
    pub forbidden: Arc<Mutex<BTreeSet<String>>>,
    /// They may not even be looked up, as where their key may not be used.
    pub forbids_heads: Arc<AtomicBool>,
    /// No part is written while a test holds this for writing.
    pub parts_gate: Arc<RwLock<()>>,
}

#[derive(Clone)]
struct Version {
    id: String,
    bytes: Vec<u8>,
    is_deletion: bool,
    put_at: Timestamp,
}

impl Version {
    /// As S3 does it, the tag depends on what is in the object alone.
    fn etag(&self) -> String {
        let hash = self.bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("\"{hash:016x}\"")
    }
}

impl MemoryBucket {
    pub fn new(crash: Crash) -> Self {
        Self {
            held: Arc::default(),
            crash,
            range: 4 << 10,
            uploads: Arc::default(),
            forbidden: Arc::default(),
            forbids_heads: Arc::default(),
            parts_gate: Arc::default(),
        }
    }

    /// Puts an object from outside; answers with its version.
    pub fn set(&self, key: &str, bytes: impl Into<Vec<u8>>) -> ObjectVersion {
        self.add(key, bytes.into(), false, Timestamp::now())
    }

    /// Deletes an object from outside, at that time: its versions stay, behind a delete marker.
    pub fn delete_at(&self, key: &str, at: Timestamp) {
        self.add(key, Vec::new(), true, at);
    }

    /// Takes the newest version, or the delete marker, away.
    pub fn take_back(&self, key: &str) {
        self.held.lock().unwrap().get_mut(key).unwrap().pop();
    }

    fn add(&self, key: &str, bytes: Vec<u8>, is_deletion: bool, put_at: Timestamp) -> ObjectVersion {
        let mut held = self.held.lock().unwrap();
        let versions = held.entry(key.to_owned()).or_default();
        let version = Version {
            id: format!("v{}", versions.len() + 1),
            bytes,
            is_deletion,
            put_at,
        };
        versions.push(version.clone());
        describe(key, &version)
    }

    /// The newest version of an object, looked at from outside.
    pub fn text(&self, key: &str) -> Option<Vec<u8>> {
        self.held
            .lock()
            .unwrap()
            .get(key)
            .and_then(|versions| versions.last())
            .filter(|version| !version.is_deletion)
            .map(|version| version.bytes.clone())
    }

    /// Deletes an object from outside, with all its versions.
    pub fn forget(&self, key: &str) {
        self.held.lock().unwrap().remove(key);
    }

    /// All keys with that prefix.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.held
            .lock()
            .unwrap()
            .keys()
            .filter(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }

    fn find(&self, key: &str, version_id: Option<&str>) -> Result<Version, BucketError> {
        let held = self.held.lock().unwrap();
        let versions = held.get(key).map(Vec::as_slice).unwrap_or_default();
        let found = match version_id {
            Some(id) => versions.iter().find(|version| version.id == id),
            None => versions.last(),
        };
        found
            .filter(|version| !version.is_deletion)
            .cloned()
            .ok_or_else(|| gone(key))
    }

    /// All uploads under way are forgotten, as the bucket's lifecycle does it.
    pub fn forget_uploads(&self) {
        self.uploads.lock().unwrap().forget_all();
    }
}

fn gone(key: &str) -> BucketError {
    BucketError::Gone {
        bucket: NAME.to_owned(),
        key: key.to_owned(),
    }
}

fn unreadable(key: &str) -> BucketError {
    BucketError::Unreadable {
        bucket: NAME.to_owned(),
        key: key.to_owned(),
        problem: "InvalidObjectState".to_owned(),
        action: "restore the object from its archive",
    }
}

fn describe(key: &str, version: &Version) -> ObjectVersion {
    ObjectVersion {
        key: key.to_owned(),
        version_id: Some(version.id.clone()),
        etag: version.etag(),
        size: version.bytes.len() as u64,
        put_at: None,
    }
}

impl Objects for MemoryBucket {
    const RANGE: usize = 700;
    const PIECE: usize = 1 << 10;

    fn name(&self) -> &str {
        NAME
    }

    async fn look_up(&self, key: &str, version_id: Option<&str>) -> Result<ObjectVersion, BucketError> {
        self.crash.touch().await;
        if self.forbidden.lock().unwrap().contains(key) && self.forbids_heads.load(Ordering::SeqCst) {
            return Err(unreadable(key));
        }
        Ok(describe(key, &self.find(key, version_id)?))
    }

    async fn read(&self, object: &ObjectVersion, from: u64) -> Result<Vec<u8>, BucketError> {
        self.crash.touch().await;
        if self.forbidden.lock().unwrap().contains(&object.key) {
            return Err(unreadable(&object.key));
        }
        let version = self.find(&object.key, object.version_id.as_deref())?;
        let from = usize::try_from(from).unwrap().min(version.bytes.len());
        let to = (from + self.range).min(version.bytes.len());
        Ok(version.bytes[from..to].to_vec())
    }

    async fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, BucketError> {
        self.crash.touch().await;
        match self.text(key) {
            Some(bytes) if bytes.len() as u64 > most => Err(BucketError::TooLarge {
                bucket: NAME.to_owned(),
                key: key.to_owned(),
                most,
            }),
            other => Ok(other),
        }
    }

    async fn put(&self, key: &str, _: &str, bytes: Vec<u8>) -> Result<(), BucketError> {
        self.crash.touch().await;
        if key.starts_with("work/") {
            drop(self.parts_gate.read().await);
        }
        self.set(key, bytes);
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), BucketError> {
        self.crash.touch().await;
        self.forget(key);
        Ok(())
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        self.crash.touch().await;
        Ok(Self::keys(self, prefix).into_iter().take(3).collect())
    }

    /// Pages of three versions, which cut the versions of one key apart.
    async fn versions(
        &self,
        prefix: &str,
        from: Option<VersionMarker>,
    ) -> Result<(Vec<Listed>, Option<VersionMarker>), BucketError> {
        self.crash.touch().await;
        let held = self.held.lock().unwrap();
        let keys = held.iter().filter(|(key, _)| key.starts_with(prefix));
        let listed = |key: &str, version: &Version| Listed {
            object: ObjectVersion {
                put_at: Some(version.put_at),
                ..describe(key, version)
            },
            is_deletion: version.is_deletion,
        };
        let all = keys.flat_map(|(key, versions)| versions.iter().rev().map(|version| listed(key, version)));
        let all: Vec<Listed> = all.collect();
        let is_mark = |listed: &Listed, mark: &VersionMarker| {
            listed.object.key == mark.key && listed.object.version_id == mark.version_id
        };
        let start = from.map_or(0, |mark| {
            all.iter().position(|listed| is_mark(listed, &mark)).unwrap() + 1
        });
        let page: Vec<_> = all.iter().skip(start).take(3).cloned().collect();
        let mark = |listed: &Listed| VersionMarker {
            key: listed.object.key.clone(),
            version_id: listed.object.version_id.clone(),
        };
        let next = (start + page.len() < all.len()).then(|| mark(page.last().unwrap()));
        Ok((page, next))
    }

    async fn read_range(&self, key: &str, from: u64) -> Result<(Vec<u8>, u64), BucketError> {
        self.crash.touch().await;
        let bytes = self.find(key, None)?.bytes;
        let at = usize::try_from(from).unwrap();
        assert!(
            at < bytes.len(),
            "S3 answers a range that begins behind the end with an error"
        );
        Ok((
            bytes[at..bytes.len().min(at + Self::RANGE)].to_vec(),
            bytes.len() as u64,
        ))
    }

    async fn begin_upload(&self, key: &str, _: &str) -> Result<String, BucketError> {
        self.crash.touch().await;
        Ok(self.uploads.lock().unwrap().begin(key))
    }

    async fn upload(&self, key: &str, upload: &str, number: usize, bytes: Vec<u8>) -> Result<String, BucketError> {
        self.crash.touch().await;
        let mut uploads = self.uploads.lock().unwrap();
        uploads.add(key, upload, number, bytes).ok_or_else(|| gone(key))
    }

    async fn complete_upload(&self, key: &str, upload: &str, tags: &[String]) -> Result<(), BucketError> {
        self.crash.touch().await;
        let whole = self.uploads.lock().unwrap().complete(key, upload, tags, Self::PIECE);
        self.set(key, whole.ok_or_else(|| gone(key))?);
        // Done, but nobody may hear of it.
        self.crash.touch().await;
        Ok(())
    }
}
