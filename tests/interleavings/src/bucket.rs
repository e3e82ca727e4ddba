//! The bucket of a scene: reports are written, and nothing hangs on them.

use shared::bucket::{BucketError, Listed, ObjectVersion, Objects, VersionMarker};

/// Takes everything, keeps nothing.
#[derive(Clone)]
pub struct SceneBucket;

const NAME: &str = "data";

fn gone<R>(key: &str) -> Result<R, BucketError> {
    Err(BucketError::Gone {
        bucket: NAME.to_owned(),
        key: key.to_owned(),
    })
}

impl Objects for SceneBucket {
    fn name(&self) -> &str {
        NAME
    }

    async fn look_up(&self, key: &str, _: Option<&str>) -> Result<ObjectVersion, BucketError> {
        gone(key)
    }

    async fn read(&self, object: &ObjectVersion, _: u64) -> Result<Vec<u8>, BucketError> {
        gone(&object.key)
    }

    async fn get(&self, _: &str, _: u64) -> Result<Option<Vec<u8>>, BucketError> {
        Ok(None)
    }

    async fn put(&self, _: &str, _: &str, _: Vec<u8>) -> Result<(), BucketError> {
        Ok(())
    }

    async fn delete(&self, _: &str) -> Result<(), BucketError> {
        Ok(())
    }

    async fn keys(&self, _: &str) -> Result<Vec<String>, BucketError> {
        Ok(Vec::new())
    }

    async fn versions(
        &self,
        _: &str,
        _: Option<VersionMarker>,
    ) -> Result<(Vec<Listed>, Option<VersionMarker>), BucketError> {
        Ok((Vec::new(), None))
    }

    async fn read_range(&self, key: &str, _: u64) -> Result<(Vec<u8>, u64), BucketError> {
        gone(key)
    }

    async fn begin_upload(&self, key: &str, _: &str) -> Result<String, BucketError> {
        gone(key)
    }

    async fn upload(&self, key: &str, _: &str, _: usize, _: Vec<u8>) -> Result<String, BucketError> {
        gone(key)
    }

    async fn complete_upload(&self, key: &str, _: &str, _: &[String]) -> Result<(), BucketError> {
        gone(key)
    }
}
