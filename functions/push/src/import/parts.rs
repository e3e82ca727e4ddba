//! The parts of the rejects and outcomes files that wait for the next checkpoint.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use shared::bigin::Action;

use super::progress::Progress;
use super::steps::ImportError;
use crate::bucket::Objects;
use crate::decode::Form;
use crate::parcel::{MatchKey, Outcome};
use crate::rejects;
use crate::row::Row;

/// More than that is written at once, whether a checkpoint is due or not.
const FULL: usize = 16 << 20;

/// The words of the parts' keys.
pub const OUTCOMES: &str = "outcomes";
/// The words of the parts' keys.
pub const REJECTS: &str = "rejects";

/// What waits.
pub struct Parts {
    run_id: String,
    form: Form,
    match_on: Vec<String>,
    outcomes: csv::Writer<Vec<u8>>,
    has_outcomes: bool,
    rejects: Vec<u8>,
}

impl Parts {
    /// Nothing waits yet.
    pub fn new(run_id: String, form: Form, match_on: Vec<String>) -> Self {
        let outcomes = csv::Writer::from_writer(Vec::new());
        Self { run_id, form, match_on, outcomes, has_outcomes: false, rejects: Vec::new() }
    }

    /// Whether so much waits that it should be written.
    pub fn are_full(&self) -> bool {
        self.outcomes.get_ref().len() + self.rejects.len() >= FULL
    }

    /// Adds a row that has ended.
    ///
    /// # Errors
    /// The row cannot be put into words.
    pub fn add(&mut self, row: &Row, keys: &[MatchKey], outcome: &Outcome) -> Result<(), ImportError> {
        let (word, id) = match outcome {
            Outcome::Accepted { action: Action::Inserted, id, .. } => ("inserted", id.as_str()),
            Outcome::Accepted { action: Action::Updated, id, .. } => ("updated", id.as_str()),
            Outcome::Accepted { action: Action::Deleted, id, .. } => ("deleted", id.as_str()),
            Outcome::Unchanged => ("unchanged", ""),
            Outcome::Rejected(reject) => {
                rejects::write(&mut self.rejects, &self.form, row, reject);
                ("rejected", "")
            }
        };
        let line = row.line.to_string();
        let value = |field: &String| keys.iter().find(|key| key.field() == field).map_or("", MatchKey::value);
        let cells = [line.as_str(), word, id].into_iter().chain(self.match_on.iter().map(value));
        self.has_outcomes = true;
        Ok(self.outcomes.write_record(cells)?)
    }

    /// Writes what waits as parts of their own, and notes them in the progress. The first part of a file has its header.
    ///
    /// # Errors
    /// The bucket failed.
    pub async fn write<O: Objects>(&mut self, bucket: &O, progress: &mut Progress) -> Result<(), ImportError> {
        if self.has_outcomes {
            let rows = std::mem::replace(&mut self.outcomes, csv::Writer::from_writer(Vec::new()));
            let rows = rows.into_inner().map_err(|error| ImportError::Part(error.into_error()))?;
            let header = if progress.outcomes.is_empty() { self.outcomes_header()? } else { Vec::new() };
            // Gzip files may be joined end to end (RFC 1952, section 2.2).
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(&header).and_then(|()| packed.write_all(&rows)).map_err(ImportError::Part)?;
            let packed = packed.finish().map_err(ImportError::Part)?;
            let key = progress.outcomes.next_key(&self.run_id, OUTCOMES, progress.epoch);
            bucket.put(&key, "application/gzip", packed).await?;
            progress.outcomes.written(progress.epoch);
            self.has_outcomes = false;
        }
        if !self.rejects.is_empty() {
            let mut bytes = std::mem::take(&mut self.rejects);
            if progress.rejects.is_empty() {
                let mut whole = rejects::header(&self.form);
                whole.append(&mut bytes);
                bytes = whole;
            }
            let key = progress.rejects.next_key(&self.run_id, REJECTS, progress.epoch);
            bucket.put(&key, "application/octet-stream", bytes).await?;
            progress.rejects.written(progress.epoch);
        }
        Ok(())
    }

    fn outcomes_header(&self) -> Result<Vec<u8>, ImportError> {
        let mut header = csv::Writer::from_writer(Vec::new());
        header.write_record(["_line", "_outcome", "id"].into_iter().chain(self.match_on.iter().map(String::as_str)))?;
        header.into_inner().map_err(|error| ImportError::Part(error.into_error()))
    }
}
