//! The parts of the rejects and outcomes files that wait for the next checkpoint.

use std::io::Write;

use bigin::{CallShape, Operation};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::decode::Form;
use crate::import::progress::Progress;
use crate::record::Row;
use crate::record::{MatchKey, Outcome};
use crate::report::{OutcomesWriter, RejectInfo, RejectsWriter};
use shared::bucket::{BucketError, Objects};

/// More than that is written at once, whether a checkpoint is due or not.
const FULL: usize = 16 << 20;

/// The words of the parts' keys.
pub const OUTCOMES: &str = "outcomes";
/// The words of the parts' keys.
pub const REJECTS: &str = "rejects";

/// What waits.
pub struct Parts {
    run_id: String,
    shape: CallShape,
    operation: String,
    rejects_writer: RejectsWriter,
    outcomes_writer: OutcomesWriter,
    outcomes: Vec<u8>,
    rejects: Vec<u8>,
}

impl Parts {
    /// Nothing waits yet.
    pub fn new(run_id: String, form: &Form, shape: CallShape) -> Self {
        Self {
            run_id,
            operation: shape.operation.to_string(),
            rejects_writer: RejectsWriter::new(form),
            outcomes_writer: OutcomesWriter::new(shape.match_on.clone()),
            shape,
            outcomes: Vec::new(),
            rejects: Vec::new(),
        }
    }

    /// Whether so much waits that it should be written.
    pub fn are_full(&self) -> bool {
        self.outcomes.len() + self.rejects.len() >= FULL
    }

    /// Adds a row that has ended.
    pub fn add(&mut self, row: &Row, keys: &[MatchKey], outcome: &Outcome) {
        let reject = match outcome {
            Outcome::Accepted { lacks, .. } => {
                // Put back as it is, a new record must not be inserted once more.
                let operation = match self.shape.operation {
                    Operation::Insert => "update",
                    _ => &self.operation,
                };
                lacks.as_deref().map(|lacks| (operation, lacks))
            }
            Outcome::Unchanged => None,
            Outcome::Rejected(reject) => Some((self.operation.as_str(), reject)),
        };
        if let Some((operation, reject)) = reject {
            let info = RejectInfo {
                message_id: None,
                operation,
                match_on: &self.shape.match_on,
                reject,
            };
            self.rejects_writer.push(&mut self.rejects, row, &info);
        }
        self.outcomes_writer.push(&mut self.outcomes, row.line, outcome, keys);
    }

    /// Takes what waits, as parts of their own, and notes them in the progress, which may be saved once they are written.
    /// The first part of a file has its header.
    pub fn take(&mut self, progress: &mut Progress) -> Vec<FilePart> {
        let mut parts = Vec::new();
        if !self.outcomes.is_empty() {
            let mut text = if progress.outcomes.is_empty() {
                self.outcomes_writer.header()
            } else {
                Vec::new()
            };
            text.append(&mut self.outcomes);
            let key = progress.outcomes.next_key(&self.run_id, OUTCOMES, progress.epoch);
            progress.outcomes.written(progress.epoch);
            let is_packed = true;
            parts.push(FilePart { key, text, is_packed });
        }
        if !self.rejects.is_empty() {
            let mut text = if progress.rejects.is_empty() {
                self.rejects_writer.header()
            } else {
                Vec::new()
            };
            text.append(&mut self.rejects);
            let key = progress.rejects.next_key(&self.run_id, REJECTS, progress.epoch);
            progress.rejects.written(progress.epoch);
            let is_packed = false;
            parts.push(FilePart { key, text, is_packed });
        }
        parts
    }
}

/// A part of a file that is put together at the end.
pub struct FilePart {
    key: String,
    text: Vec<u8>,
    is_packed: bool,
}

impl FilePart {
    /// Writes it.
    ///
    /// # Errors
    /// The bucket failed.
    pub async fn write<O: Objects>(self, bucket: &O) -> Result<(), BucketError> {
        let Self { key, text, is_packed } = self;
        if !is_packed {
            return bucket.put(&key, "application/octet-stream", text).await;
        }
        let packed = pack(&text).map_err(|error| BucketError::Failed {
            action: "pack",
            bucket: bucket.name().to_owned(),
            key: key.clone(),
            problem: error.to_string(),
        })?;
        bucket.put(&key, "application/gzip", packed).await
    }
}

/// Gzip files may be joined end to end (RFC 1952, section 2.2).
fn pack(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text)?;
    packed.finish()
}
