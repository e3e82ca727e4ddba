//! The data bucket: ranged reads of one version of an object, whole small objects, and files put together from many.

mod inbox_key;
mod joined;
mod s3;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use inbox_key::{Area, InboxKey, MisplacedKey, stem};
pub use joined::{Join, Joined};
pub use s3::S3Bucket;

/// What went wrong with an object.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The object, or that version of it, is not there.
    #[error(
        "s3://{bucket}/{key} is not there (any more): if it was moved or deleted, nothing is to be done; else put it again"
    )]
    Gone {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// The object was overwritten since the version that was asked for.
    #[error("s3://{bucket}/{key} has changed while it was read: the newer version has an import of its own")]
    Changed {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// The object is there, and may not be read.
    #[error("s3://{bucket}/{key} cannot be read ({problem}): {action}")]
    Unreadable {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// S3's code.
        problem: String,
        /// What to do about it.
        action: &'static str,
    },
    /// The object is larger than what is read whole.
    #[error("s3://{bucket}/{key} has more than {most} bytes")]
    TooLarge {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// The most bytes that are read.
        most: u64,
    },
    /// S3 refused or failed.
    #[error(
        "could not {action} s3://{bucket}/{key} ({problem}): check that the function's role may do it and that S3 is well"
    )]
    Failed {
        /// What was tried.
        action: &'static str,
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// S3's words.
        problem: String,
    },
}

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// The key.
    pub key: String,
    /// The version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The entity tag.
    pub etag: String,
    /// The size in bytes.
    pub size: u64,
    /// When it was put.
    pub put_at: Option<Timestamp>,
}

impl ObjectVersion {
    /// Whether it is the same version of one key. Where no version is named, the entity tags tell.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.version_id, &other.version_id) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.tag() == other.tag(),
        }
    }

    /// The entity tag without its quotes, as events have it.
    pub fn tag(&self) -> &str {
        self.etag.trim_matches('"')
    }
}

/// Where a listing goes on: behind that key, and behind that version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionMarker {
    /// The key.
    pub key: String,
    /// The version of it.
    pub version_id: Option<String>,
}

/// What a listing says of one version of an object. A marker says that the object was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The version.
    pub object: ObjectVersion,
    /// Whether the object was deleted, and this says so.
    pub is_deletion: bool,
}

/// The data bucket, as the rooms above see it. The functions work with [`S3Bucket`], tests with objects in memory.
pub trait Objects: Clone + Send + Sync + 'static {
    /// How much of an object is read at once.
    const RANGE: usize = 512 << 10;
    /// How large the pieces of an upload are, all but the last. S3 wants 5 MiB or more (Amazon S3 user guide, "Multipart
    /// upload limits").
    const PIECE: usize = 5 << 20;

    /// The bucket's name.
    fn name(&self) -> &str;

    /// Looks an object up: the newest version, or the one asked for.
    ///
    /// # Errors
    /// [`BucketError::Gone`] where it is not there.
    fn look_up(
        &self,
        key: &str,
        version_id: Option<&str>,
    ) -> impl Future<Output = Result<ObjectVersion, BucketError>> + Send;

    /// Reads on from an offset: the next stretch of the object, empty at its end.
    ///
    /// # Errors
    /// [`BucketError::Changed`] where the object is no longer that version.
    fn read(&self, object: &ObjectVersion, from: u64) -> impl Future<Output = Result<Vec<u8>, BucketError>> + Send;

    /// A whole small object; `None` where it is not there.
    ///
    /// # Errors
    /// The object is larger than `most` bytes, or the bucket failed.
    fn get(&self, key: &str, most: u64) -> impl Future<Output = Result<Option<Vec<u8>>, BucketError>> + Send;

    /// Writes an object whole.
    ///
    /// # Errors
    /// The bucket refused or failed.
    fn put(
        &self,
        key: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<(), BucketError>> + Send;

    /// Removes an object. One that is not there is no error.
    ///
    /// # Errors
    /// The bucket refused or failed.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), BucketError>> + Send;

    /// Removes objects. Those that are not there are no error.
    ///
    /// # Errors
    /// The bucket refused or failed.
    fn delete_all(&self, keys: &[String]) -> impl Future<Output = Result<(), BucketError>> + Send {
        async move {
            for key in keys {
                self.delete(key).await?;
            }
            Ok(())
        }
    }

    /// The first keys that begin so, in their order: some of them, none if there are none.
    ///
    /// # Errors
    /// The bucket refused or failed.
    fn keys(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>, BucketError>> + Send;

    /// Some of the versions of all objects whose keys begin so, from the mark on: by key, and of one key the newest
    /// first. And where the next ones begin, if there are more.
    ///
    /// # Errors
    /// The bucket refused or failed.
    fn versions(
        &self,
        prefix: &str,
        from: Option<VersionMarker>,
    ) -> impl Future<Output = Result<(Vec<Listed>, Option<VersionMarker>), BucketError>> + Send;

    /// Reads on from an offset of the newest version: [`Self::RANGE`] bytes, or what there is up to its end. And the object's
    /// whole size, so that nobody has to ask for that first.
    ///
    /// # Errors
    /// [`BucketError::Gone`] where it is not there; it is empty, or the bucket failed.
    fn read_range(&self, key: &str, from: u64) -> impl Future<Output = Result<(Vec<u8>, u64), BucketError>> + Send;

    /// Begins an upload in pieces; answers with its id. Until it is completed, nothing is there under the key.
    ///
    /// # Errors
    /// The bucket refused or failed.
    fn begin_upload(&self, key: &str, content_type: &str) -> impl Future<Output = Result<String, BucketError>> + Send;

    /// Uploads a piece, counted from 1, also again; answers with its tag. All pieces but the last have [`Self::PIECE`] bytes.
    ///
    /// # Errors
    /// [`BucketError::Gone`] where no such upload is known any more.
    fn upload(
        &self,
        key: &str,
        upload: &str,
        number: usize,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<String, BucketError>> + Send;

    /// Makes an object of the pieces with these tags.
    ///
    /// # Errors
    /// [`BucketError::Gone`] where no such upload, or not such a piece, is known any more.
    fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        tags: &[String],
    ) -> impl Future<Output = Result<(), BucketError>> + Send;
}
