//! Reads a file's rows, stretch by stretch, from one version of an object.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::bucket::{BucketError, ObjectVersion, Objects};
use crate::decode::{Checkpoint, Decoder, FileFault, Form};
use crate::row::Row;

/// The most rows handed over at once: few, since no call is sent while they are mapped.
pub const MOST_ROWS: usize = 100;
/// How many stretches are read ahead.
const AHEAD: usize = 8;

/// What comes next in a file.
#[derive(Debug)]
pub enum Stretch {
    /// Rows.
    Rows {
        /// Each with the place just before it.
        rows: Vec<(Row, Checkpoint)>,
        /// The place behind the last.
        after: Checkpoint,
    },
    /// There is nothing more.
    End,
}

/// A file that cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadFailure {
    /// The file is at fault.
    #[error("{}", .0.message)]
    File(FileFault),
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

/// Reads one file.
pub struct FileReader<O> {
    bucket: O,
    object: ObjectVersion,
    decoder: Decoder,
    offset: u64,
    has_ended: bool,
}

impl<O: Objects> FileReader<O> {
    /// Reads from a checkpoint on, or from the start.
    pub fn open(bucket: O, object: ObjectVersion, form: &Form, from: Option<Checkpoint>) -> Self {
        let from = from.unwrap_or(form.start);
        Self {
            bucket,
            object,
            decoder: Decoder::resume(form, from),
            offset: from.read_from(),
            has_ended: false,
        }
    }

    /// The next rows.
    ///
    /// # Errors
    /// The file or the bucket is at fault.
    pub async fn next(&mut self) -> Result<Stretch, ReadFailure> {
        let mut rows = Vec::new();
        loop {
            while rows.len() < MOST_ROWS {
                let before = self.decoder.checkpoint();
                match self.decoder.next().map_err(ReadFailure::File)? {
                    Some(row) => rows.push((row, before)),
                    None => break,
                }
            }
            if !rows.is_empty() {
                return Ok(Stretch::Rows {
                    rows,
                    after: self.decoder.checkpoint(),
                });
            }
            if self.has_ended {
                return Ok(Stretch::End);
            }
            let bytes = self.bucket.read(&self.object, self.offset).await?;
            self.offset += bytes.len() as u64;
            if bytes.is_empty() {
                self.has_ended = true;
                self.decoder.end_of_file();
            } else {
                self.decoder.feed(&bytes);
            }
        }
    }

    /// What was noticed about the rows so far.
    pub fn warnings(&self) -> Vec<String> {
        self.decoder.warnings()
    }

    /// A better form for the file, if its rows have shown one.
    pub fn second_thoughts(&self) -> Option<Box<Form>> {
        self.decoder.second_thoughts().map(Box::new)
    }

    /// Reads ahead in a task of its own. The last thing that comes is [`Stretch::End`] or a failure; a channel that
    /// closes before was cut off.
    pub fn read_ahead(mut self) -> (mpsc::Receiver<Result<Stretch, ReadFailure>>, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let reader = tokio::spawn(async move {
            loop {
                let stretch = self.next().await;
                let is_last = matches!(stretch, Ok(Stretch::End) | Err(_));
                if sender.send(stretch).await.is_err() || is_last {
                    return;
                }
            }
        });
        (receiver, reader)
    }
}
