//! The data bucket in Amazon S3.

use crate::aws::{Lazy, lazy};
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    CompletedMultipartUpload, CompletedPart, Delete, DeleteMarkerEntry, ObjectIdentifier, ObjectVersion as VersionEntry,
};
use jiff::Timestamp;

use super::{BucketError, Listed, ObjectVersion, Objects, VersionMarker};

/// How much of an object is read at once.
const RANGE: u64 = 1 << 20;
/// S3 deletes so many at once (Amazon S3 API reference, "`DeleteObjects`").
const DELETED_AT_ONCE: usize = 1_000;

/// The data bucket.
#[derive(Debug, Clone)]
pub struct S3Bucket {
    s3: Lazy<Client>,
    name: String,
}

impl S3Bucket {
    /// The bucket of that name.
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        Self {
            s3: lazy(config, Client::new),
            name: name.into(),
        }
    }

    fn failed<E>(&self, action: &'static str, key: &str, error: &SdkError<E>) -> BucketError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let (bucket, key) = (self.name.clone(), key.to_owned());
        match (error.code(), status) {
            (Some("NoSuchKey" | "NotFound" | "NoSuchVersion" | "NoSuchUpload"), _) | (_, Some(404)) => {
                BucketError::Gone { bucket, key }
            }
            (Some("PreconditionFailed"), _) | (_, Some(412)) => BucketError::Changed { bucket, key },
            // An answer to HEAD has a status and no code.
            (code, Some(403)) if matches!(action, "look up" | "read") && is_for_good(code) => BucketError::Unreadable {
                bucket,
                key,
                problem: code.unwrap_or("403 Forbidden").to_owned(),
                action: match code {
                    Some("InvalidObjectState") => "restore the object from its archive",
                    _ => "let push's role read the object and use its KMS key",
                },
            },
            _ => BucketError::Failed {
                action,
                bucket,
                key,
                problem: DisplayErrorContext(error).to_string(),
            },
        }
    }

    /// All of an answer's body. The SDK's own way, `collect` and `to_vec`, copies byte by byte: that took a third of an
    /// import's CPU time.
    ///
    /// The first `skip` bytes are passed over, and no more than `most` are kept: true where there were more.
    async fn body(
        &self,
        key: &str,
        mut body: ByteStream,
        mut skip: u64,
        most: u64,
    ) -> Result<(Vec<u8>, bool), BucketError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let length = body.size_hint().0.saturating_sub(skip);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(most).min(most));
        while let Some(chunk) = body.try_next().await.map_err(|error| self.broke("read", key, &error))? {
            let passed = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            skip -= passed as u64;
            let chunk = &chunk[passed..];
            let room = most - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok((bytes, true));
            }
        }
        Ok((bytes, false))
    }

    fn broke(&self, action: &'static str, key: &str, error: &dyn std::error::Error) -> BucketError {
        BucketError::Failed {
            action,
            bucket: self.name.clone(),
            key: key.to_owned(),
            problem: error.to_string(),
        }
    }
}

impl Objects for S3Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    async fn look_up(&self, key: &str, version_id: Option<&str>) -> Result<ObjectVersion, BucketError> {
        let head = self
            .s3
            .head_object()
            .bucket(&self.name)
            .key(key)
            .set_version_id(version_id.map(str::to_owned))
            .send()
            .await
            .map_err(|error| self.failed("look up", key, &error))?;
        Ok(ObjectVersion {
            key: key.to_owned(),
            version_id: head.version_id().filter(|id| *id != "null").map(str::to_owned),
            etag: head.e_tag().unwrap_or_default().to_owned(),
            size: u64::try_from(head.content_length().unwrap_or(0)).unwrap_or(0),
            put_at: head
                .last_modified()
                .and_then(|at| Timestamp::from_second(at.secs()).ok()),
        })
    }

    async fn read(&self, object: &ObjectVersion, from: u64) -> Result<Vec<u8>, BucketError> {
        if from >= object.size {
            return Ok(Vec::new());
        }
        let to = (from + RANGE).min(object.size) - 1;
        let answer = self
            .s3
            .get_object()
            .bucket(&self.name)
            .key(&object.key)
            .set_version_id(object.version_id.clone())
            .if_match(&object.etag)
            .range(format!("bytes={from}-{to}"))
            .send()
            .await
            .map_err(|error| self.failed("read", &object.key, &error))?;
        // A server may leave a range out of account and answer with everything (RFC 9110, 14.2); stand-ins for S3 do where
        // a version is named. Taken for the range, the file would begin anew.
        let skip = if answer.content_range().is_none() { from } else { 0 };
        let (bytes, _) = self.body(&object.key, answer.body, skip, to + 1 - from).await?;
        Ok(bytes)
    }

    async fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, BucketError> {
        let answer = match self.s3.get_object().bucket(&self.name).key(key).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match self.failed("read", key, &error) {
                    BucketError::Gone { .. } => Ok(None),
                    error => Err(error),
                };
            }
        };
        let (bytes, there_is_more) = self.body(key, answer.body, 0, most).await?;
        if there_is_more {
            return Err(BucketError::TooLarge {
                bucket: self.name.clone(),
                key: key.to_owned(),
                most,
            });
        }
        Ok(Some(bytes))
    }

    async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), BucketError> {
        self.s3
            .put_object()
            .bucket(&self.name)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| self.failed("write", key, &error))?;
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), BucketError> {
        self.s3
            .delete_object()
            .bucket(&self.name)
            .key(key)
            .send()
            .await
            .map_err(|error| self.failed("delete", key, &error))?;
        Ok(())
    }

    async fn delete_all(&self, keys: &[String]) -> Result<(), BucketError> {
        for some in keys.chunks(DELETED_AT_ONCE) {
            let named = some.iter().map(|key| ObjectIdentifier::builder().key(key).build());
            let named: Vec<_> = named
                .collect::<Result<_, _>>()
                .map_err(|error| self.broke("delete", "", &error))?;
            let delete = Delete::builder().set_objects(Some(named)).quiet(true).build();
            let delete = delete.map_err(|error| self.broke("delete", "", &error))?;
            let first = some.first().map_or("", String::as_str);
            let request = self.s3.delete_objects().bucket(&self.name).delete(delete);
            request
                .send()
                .await
                .map_err(|error| self.failed("delete", first, &error))?;
        }
        Ok(())
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        let list = self.s3.list_objects_v2().bucket(&self.name).prefix(prefix);
        let page = list.send().await.map_err(|error| self.failed("list", prefix, &error))?;
        let objects = page.contents.unwrap_or_default().into_iter();
        Ok(objects.filter_map(|object| object.key).collect())
    }

    async fn versions(
        &self,
        prefix: &str,
        from: Option<VersionMarker>,
    ) -> Result<(Vec<Listed>, Option<VersionMarker>), BucketError> {
        let (key, version) = from.map_or((None, None), |mark| (Some(mark.key), mark.version_id));
        let list = self.s3.list_object_versions().bucket(&self.name).prefix(prefix);
        let list = list.set_key_marker(key).set_version_id_marker(version);
        let page = list.send().await.map_err(|error| self.failed("list", prefix, &error))?;
        let next = page.next_key_marker.map(|key| VersionMarker {
            key,
            version_id: page.next_version_id_marker,
        });
        let versions = page.versions.unwrap_or_default().into_iter().filter_map(of_version);
        let deletions = page.delete_markers.unwrap_or_default().into_iter();
        let mut listed: Vec<_> = versions.chain(deletions.filter_map(of_deletion)).collect();
        // S3 lists versions and deletions apart, each newest first and to the second.
        listed.sort_by(|(one, one_is_latest), (other, other_is_latest)| {
            let by_key = one.object.key.cmp(&other.object.key);
            let latest_first = other_is_latest.cmp(one_is_latest);
            by_key
                .then(latest_first)
                .then(other.object.put_at.cmp(&one.object.put_at))
        });
        let listed = listed.into_iter().map(|(listed, _)| listed).collect();
        Ok((listed, next.filter(|_| page.is_truncated == Some(true))))
    }

    async fn read_range(&self, key: &str, from: u64) -> Result<(Vec<u8>, u64), BucketError> {
        let most = Self::RANGE as u64;
        let range = format!("bytes={from}-{}", from + most - 1);
        let get = self.s3.get_object().bucket(&self.name).key(key).range(range);
        let answer = get.send().await.map_err(|error| self.failed("read", key, &error))?;
        let told = answer
            .content_range()
            .and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let length = u64::try_from(answer.content_length().unwrap_or(0)).unwrap_or(0);
        let skip = if answer.content_range().is_none() { from } else { 0 };
        let (bytes, _) = self.body(key, answer.body, skip, most).await?;
        Ok((bytes, told.unwrap_or(length)))
    }

    async fn begin_upload(&self, key: &str, content_type: &str) -> Result<String, BucketError> {
        let create = self.s3.create_multipart_upload().bucket(&self.name).key(key);
        let begun = create.content_type(content_type).send().await;
        let begun = begun.map_err(|error| self.failed("begin to write", key, &error))?;
        Ok(begun.upload_id.unwrap_or_default())
    }

    async fn upload(&self, key: &str, upload: &str, number: usize, bytes: Vec<u8>) -> Result<String, BucketError> {
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let request = self.s3.upload_part().bucket(&self.name).key(key).upload_id(upload);
        let request = request.part_number(number).body(ByteStream::from(bytes));
        let answer = request
            .send()
            .await
            .map_err(|error| self.failed("write a piece of", key, &error))?;
        Ok(answer.e_tag.unwrap_or_default())
    }

    async fn complete_upload(&self, key: &str, upload: &str, tags: &[String]) -> Result<(), BucketError> {
        let piece = |(number, tag): (i32, &String)| CompletedPart::builder().part_number(number).e_tag(tag).build();
        let pieces = CompletedMultipartUpload::builder().set_parts(Some((1..).zip(tags).map(piece).collect()));
        let request = self.s3.complete_multipart_upload().bucket(&self.name).key(key);
        let done = request.upload_id(upload).multipart_upload(pieces.build()).send().await;
        done.map_err(|error| match error.code() {
            // Somebody else has uploaded it once more. Encrypted by KMS, the same bytes have another tag.
            Some("InvalidPart") => BucketError::Gone {
                bucket: self.name.clone(),
                key: key.to_owned(),
            },
            _ => self.failed("finish writing", key, &error),
        })?;
        Ok(())
    }
}

/// Whether asking again would be answered the same: the object is archived, or its key or a policy forbids to read it
/// (Amazon S3 API reference, "Error responses").
fn is_for_good(code: Option<&str>) -> bool {
    match code {
        None | Some("AccessDenied" | "InvalidObjectState") => true,
        Some(code) => code.starts_with("KMS."),
    }
}

fn of_version(version: VersionEntry) -> Option<(Listed, bool)> {
    let (put_at, is_latest) = (version.last_modified(), version.is_latest == Some(true));
    let listed = Listed {
        object: ObjectVersion {
            put_at: put_at.and_then(|at| Timestamp::from_second(at.secs()).ok()),
            key: version.key?,
            version_id: version.version_id.filter(|id| id != "null"),
            etag: version.e_tag.unwrap_or_default(),
            size: u64::try_from(version.size.unwrap_or(0)).unwrap_or(0),
        },
        is_deletion: false,
    };
    Some((listed, is_latest))
}

fn of_deletion(marker: DeleteMarkerEntry) -> Option<(Listed, bool)> {
    let (put_at, is_latest) = (marker.last_modified(), marker.is_latest == Some(true));
    let listed = Listed {
        object: ObjectVersion {
            put_at: put_at.and_then(|at| Timestamp::from_second(at.secs()).ok()),
            key: marker.key?,
            version_id: marker.version_id,
            etag: String::new(),
            size: 0,
        },
        is_deletion: true,
    };
    Some((listed, is_latest))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &'static str, skip: u64, most: u64) -> (String, bool) {
        let bucket = S3Bucket::new(&SdkConfig::builder().build(), "b");
        let body = ByteStream::from_static(text.as_bytes());
        let (bytes, there_is_more) = bucket.body("k", body, skip, most).await.unwrap();
        (String::from_utf8(bytes).unwrap(), there_is_more)
    }

    #[test]
    fn what_is_archived_or_forbidden_is_not_asked_for_again() {
        for code in [
            None,
            Some("AccessDenied"),
            Some("InvalidObjectState"),
            Some("KMS.DisabledException"),
        ] {
            assert!(is_for_good(code), "{code:?}");
        }
        for code in ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidAccessKeyId"] {
            assert!(!is_for_good(Some(code)), "{code}");
        }
    }

    #[tokio::test]
    async fn no_more_of_an_object_is_kept_than_was_asked_for() {
        assert_eq!(read("0123456789", 0, 10).await, ("0123456789".to_owned(), false));
        assert_eq!(read("0123456789", 0, 9).await, ("012345678".to_owned(), true));
        assert_eq!(read("0123456789", 4, 3).await, ("456".to_owned(), true));
        assert_eq!(read("0123456789", 4, 6).await, ("456789".to_owned(), false));
        assert_eq!(read("0123456789", 20, 6).await, (String::new(), false));
    }
}
