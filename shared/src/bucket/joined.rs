//! A file that is put together from many objects, a stretch at a time: what was done is kept, so that no number of objects
//! is too large for one invocation, and a death in the middle loses or doubles nothing.
//!
//! The file is cut into pieces of one size wherever the objects end, so each piece has the same bytes however often it is
//! uploaded. What does not fill a piece at the end of a stretch waits in an object of its own.

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{BucketError, Objects};

/// How many objects are read ahead, of each so much as is read at once.
const READS_AHEAD: usize = 12;
/// How much of one larger object is read ahead.
const RANGES_AHEAD: usize = 4;

/// What is put together, and where.
#[derive(Debug, Clone, Copy)]
pub struct Join<'a> {
    /// The file's key.
    pub key: &'a str,
    /// What is in it.
    pub content_type: &'a str,
    /// The keys of the objects, in their order. None of them is empty.
    pub parts: &'a [String],
    /// The key under which that waits which fills no piece yet: another one in each stretch.
    pub rest_key: &'a str,
}

/// How far a file has been put together. Whoever saves it goes on from there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Joined {
    /// So many of the objects are in it.
    parts: usize,
    /// The bytes that were uploaded.
    bytes: u64,
    /// The upload, where there is more than a piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<String>,
    /// The tags of the pieces that were uploaded, in their order. S3 takes 10,000, which are 48 GiB.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// The key of what fills no piece yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<String>,
    stage: JoinStage,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum JoinStage {
    /// Objects are added.
    #[default]
    Adding,
    /// All that is missing is that the upload is completed.
    Uploaded,
    /// The file is there.
    Whole,
}

impl Joined {
    /// Whether nothing was done yet.
    pub fn is_untouched(&self) -> bool {
        *self == Self::default()
    }

    /// The object that the next stretch begins with. Once that one is saved, nobody needs it any more.
    pub fn rest(&self) -> Option<&str> {
        self.rest.as_deref()
    }

    /// Does a stretch: as many objects as `may_go_on` allows, one at least. True when the file is whole; else this is to be
    /// saved before the next stretch. Where the upload is not known any more, the file begins anew.
    ///
    /// # Errors
    /// An object is gone, or the bucket refused or failed: the stretch is to be repeated from what was saved last.
    pub async fn go_on<O: Objects>(
        &mut self,
        bucket: &O,
        join: &Join<'_>,
        may_go_on: impl FnMut() -> bool + Send,
    ) -> Result<bool, BucketError> {
        if self.stage != JoinStage::Adding && self.parts != join.parts.len() {
            *self = Self::default();
        }
        let done = match self.stage {
            JoinStage::Adding => self.add(bucket, join, may_go_on).await,
            JoinStage::Uploaded => self.complete(bucket, join).await,
            JoinStage::Whole => Ok(()),
        };
        match done {
            Err(BucketError::Gone { key, .. }) if key == join.key || self.rest.as_ref() == Some(&key) => {
                *self = Self::default();
            }
            done => done?,
        }
        Ok(self.stage == JoinStage::Whole)
    }

    async fn add<O: Objects>(
        &mut self,
        bucket: &O,
        join: &Join<'_>,
        mut may_go_on: impl FnMut() -> bool + Send,
    ) -> Result<(), BucketError> {
        // Made at once in its full size, since a buffer that grows leaves all its former sizes behind in the heap.
        let mut piece = Vec::with_capacity(O::PIECE);
        if let Some(rest) = &self.rest {
            let waiting = bucket.get(rest, O::PIECE as u64).await?;
            piece.extend(waiting.ok_or_else(|| BucketError::Gone {
                bucket: bucket.name().to_owned(),
                key: rest.clone(),
            })?);
        }
        let left: Vec<String> = join.parts.iter().skip(self.parts).cloned().collect();
        let mut reads = stream::iter(left)
            .map(|key| async move { (bucket.read_range(&key, 0).await, key) })
            .buffered(READS_AHEAD);
        while let Some((read, key)) = reads.next().await {
            let (bytes, size) = read?;
            self.gather(bucket, join, &mut piece, &bytes).await?;
            let mut rest = stream::iter((bytes.len() as u64..size).step_by(O::RANGE))
                .map(|from| bucket.read_range(&key, from))
                .buffered(RANGES_AHEAD);
            while let Some(read) = rest.next().await {
                self.gather(bucket, join, &mut piece, &read?.0).await?;
            }
            self.parts += 1;
            if !may_go_on() {
                break;
            }
        }
        self.end_stretch(bucket, join, piece).await
    }

    /// Adds bytes to the piece, and uploads it each time it is full.
    async fn gather<O: Objects>(
        &mut self,
        bucket: &O,
        join: &Join<'_>,
        piece: &mut Vec<u8>,
        mut bytes: &[u8],
    ) -> Result<(), BucketError> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(O::PIECE - piece.len()));
            piece.extend_from_slice(now);
            bytes = later;
            if piece.len() == O::PIECE {
                let full = std::mem::replace(piece, Vec::with_capacity(O::PIECE));
                self.upload(bucket, join, full).await?;
            }
        }
        Ok(())
    }

    async fn upload<O: Objects>(&mut self, bucket: &O, join: &Join<'_>, piece: Vec<u8>) -> Result<(), BucketError> {
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => bucket.begin_upload(join.key, join.content_type).await?,
        };
        self.bytes += piece.len() as u64;
        let number = self.tags.len() + 1;
        self.tags.push(bucket.upload(join.key, &upload, number, piece).await?);
        self.upload = Some(upload);
        Ok(())
    }

    async fn end_stretch<O: Objects>(
        &mut self,
        bucket: &O,
        join: &Join<'_>,
        piece: Vec<u8>,
    ) -> Result<(), BucketError> {
        self.rest = None;
        if self.parts < join.parts.len() {
            if !piece.is_empty() {
                bucket.put(join.rest_key, "application/octet-stream", piece).await?;
                self.rest = Some(join.rest_key.to_owned());
            }
        } else if self.upload.is_none() {
            bucket.put(join.key, join.content_type, piece).await?;
            self.stage = JoinStage::Whole;
        } else {
            if !piece.is_empty() {
                self.upload(bucket, join, piece).await?;
            }
            self.stage = JoinStage::Uploaded;
        }
        Ok(())
    }

    async fn complete<O: Objects>(&mut self, bucket: &O, join: &Join<'_>) -> Result<(), BucketError> {
        let upload = self.upload.as_deref().unwrap_or_default();
        match bucket.complete_upload(join.key, upload, &self.tags).await {
            // Whoever completed it may have died before that was saved. An earlier file of fewer objects is shorter.
            Err(BucketError::Gone { .. }) if bucket.look_up(join.key, None).await?.size == self.bytes => {}
            done => done?,
        }
        self.stage = JoinStage::Whole;
        Ok(())
    }
}
