//! Reads a file's rows, stretch by stretch, from one version of an object.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::decode::{Checkpoint, Decoder, FileFault, Form};
use crate::import::codes;
use crate::import::steps::ImportError;
use crate::record::Row;
use crate::report::Reason;
use shared::bucket::{BucketError, ObjectVersion, Objects};

/// The most rows handed over at once: few, since no call is sent while they are mapped.
pub const MOST_ROWS: usize = 100;
/// Or the most bytes, since a packed megabyte may hold hundreds of the longest rows: memory follows from this, never
/// from what a file unpacks to. The row that goes over it is the last.
pub const MOST_BYTES: usize = 1 << 20;
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
        loop {
            let rows = some_rows(&mut self.decoder).map_err(ReadFailure::File)?;
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

    /// A better form for the file, if its rows have shown one.
    ///
    /// # Errors
    /// The rows are in an encoding that cannot be told.
    pub fn second_thoughts(&self) -> Result<Option<Box<Form>>, FileFault> {
        self.decoder.second_thoughts().map(|form| form.map(Box::new))
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

/// The next rows that there are bytes for, each with the place just before it.
fn some_rows(decoder: &mut Decoder) -> Result<Vec<(Row, Checkpoint)>, FileFault> {
    let (mut rows, mut size) = (Vec::new(), 0);
    while rows.len() < MOST_ROWS && size < MOST_BYTES {
        let before = decoder.checkpoint();
        let Some(row) = decoder.next()? else {
            break;
        };
        size += row.raw().len();
        rows.push((row, before));
    }
    Ok(rows)
}

/// An object that is gone or has changed ends the import; anything else is tried again.
pub(in crate::import) fn gone_or_failed(error: BucketError) -> Result<Reason, ImportError> {
    match &error {
        BucketError::Gone { .. } => Ok(Reason::new(
            codes::OBJECT_GONE,
            error.to_string(),
            "put the object again if it is still wanted",
        )),
        BucketError::Changed { .. } => Ok(Reason::new(codes::OBJECT_CHANGED, error.to_string(), "nothing")),
        BucketError::Unreadable { action, .. } => {
            let action = format!("{action}; then invoke push with this bucket and key, or put the file again");
            Ok(Reason::new(codes::UNREADABLE, error.to_string(), action))
        }
        _ => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::decode::{Limits, form_of};

    #[test]
    fn of_a_megabyte_that_unpacks_to_many_no_more_is_taken_at_once_than_a_stretch() {
        let row = "x".repeat(400_000);
        let text = format!("a,b\n{}", format!("{row},1\n").repeat(150));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(text.as_bytes()).unwrap();
        let packed = gzip.finish().unwrap();
        assert!(packed.len() < 1 << 20, "one read has all of it");

        let mut decoder = Decoder::new(&form_of("x.csv.gz", &packed, true).unwrap());
        decoder.feed(&packed);
        decoder.end_of_file();
        let mut all = 0;
        loop {
            let rows = some_rows(&mut decoder).unwrap();
            let size: usize = rows.iter().map(|(row, _)| row.raw().len()).sum();
            assert!(size < MOST_BYTES + Limits::default().row, "{size} bytes at once");
            all += rows.len();
            if rows.is_empty() {
                break;
            }
        }
        assert_eq!(all, 150);
    }

    #[test]
    fn short_rows_are_taken_by_the_hundred() {
        let text = format!("a,b\n{}", "1,2\n".repeat(250));
        let mut decoder = Decoder::new(&form_of("x.csv", text.as_bytes(), true).unwrap());
        decoder.feed(text.as_bytes());
        let counts = [0; 4].map(|_| some_rows(&mut decoder).unwrap().len());
        assert_eq!(counts, [100, 100, 50, 0]);
    }
}
