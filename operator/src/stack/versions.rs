//! The versions of the bucket's objects: one that was deleted or replaced lives on until it is deleted by its id.

use std::io;

use super::Stack;
use crate::error::OperatorError;

/// One version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The object's key.
    pub key: String,
    /// The version's id.
    pub id: String,
    /// Whether it is what a reader of the key gets.
    pub is_latest: bool,
}

impl Stack {
    /// All versions of the objects whose keys begin so, those that were deleted or replaced among them.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, OperatorError> {
        let mut found = Vec::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let request = self.s3.list_object_versions().bucket(self.bucket().await?);
            let request = request
                .prefix(prefix)
                .set_key_marker(key_marker.take())
                .set_version_id_marker(version_marker.take());
            let page = request.send().await;
            let page = page.map_err(|error| OperatorError::aws(format!("listing the versions of {prefix}"), &error))?;
            found.extend(page.versions.unwrap_or_default().into_iter().filter_map(|version| {
                Some(ObjectVersion {
                    key: version.key?,
                    id: version.version_id?,
                    is_latest: version.is_latest.unwrap_or(false),
                })
            }));
            if page.is_truncated != Some(true) || page.next_key_marker.is_none() {
                return Ok(found);
            }
            (key_marker, version_marker) = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    /// Reads a version piece by piece.
    ///
    /// # Errors
    /// It cannot be read, or AWS refused or failed.
    pub async fn read_version(
        &self,
        version: &ObjectVersion,
        mut each: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), OperatorError> {
        let request = self.s3.get_object().bucket(self.bucket().await?);
        let got = request.key(&version.key).version_id(&version.id).send().await;
        let what = || format!("reading version {} of {}", version.id, version.key);
        let mut body = got.map_err(|error| OperatorError::aws(what(), &error))?.body;
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| OperatorError::Aws {
                what: what(),
                problem: error.to_string(),
            })?;
            each(&piece).map_err(|error| OperatorError::Unreadable {
                what: format!("version {} of {}", version.id, version.key),
                problem: error.to_string(),
            })?;
        }
        Ok(())
    }

    /// Deletes a version for good.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn delete_version(&self, version: &ObjectVersion) -> Result<(), OperatorError> {
        let request = self.s3.delete_object().bucket(self.bucket().await?);
        let deleted = request.key(&version.key).version_id(&version.id).send().await;
        deleted.map_err(|error| {
            OperatorError::aws(format!("deleting version {} of {}", version.id, version.key), &error)
        })?;
        Ok(())
    }
}
