//! Rows that would be rejected because of how Bigin keeps a field: they wait until the fields have been read once more,
//! since somebody may just have added the field, made it longer, or given its list another value. The rows behind them
//! wait as well, so that no row overtakes an earlier one of its key, and no more rows are read meanwhile.

use std::future::pending;
use std::pin::Pin;

use bigin::ModuleName;
use jiff::{SignedDuration, Timestamp};

use super::Slice;
use crate::context::{Context, Services};
use crate::import::slice::columns::Columns;
use crate::import::steps::ImportError;
use crate::map::codes::rests_on_fields;
use crate::record::Reject;
use shared::authorized_bigin::AskFailure;
use shared::metadata_cache::{Freshness, Metadata};
use shared::stop::Stop;

/// For how long what was read because of a doubt is believed: a module's fields are read once a minute at most.
const BELIEVED_FOR: SignedDuration = SignedDuration::from_mins(1);

/// The answer to whether the fields are still as they were.
pub type MetadataAnswer = Result<Metadata, AskFailure>;

/// Rows in doubt, and those behind them, in the order of the file.
#[derive(Default)]
pub struct Doubts<'a> {
    rows: Vec<u64>,
    reading: Option<Pin<Box<dyn Future<Output = MetadataAnswer> + Send + 'a>>>,
    believed_until: Option<Timestamp>,
}

impl<'a> Doubts<'a> {
    /// Whether a reject has to wait for another look at the fields.
    pub fn concern(&self, reject: &Reject, now: Timestamp) -> bool {
        rests_on_fields(&reject.code) && self.believed_until.is_none_or(|until| now >= until)
    }

    /// A row waits.
    pub fn add(&mut self, row: u64) {
        self.rows.push(row);
    }

    /// Whether rows wait.
    pub fn are_there(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether the fields should be read, and are not being read yet.
    pub fn want_reading(&self) -> bool {
        self.are_there() && self.reading.is_none()
    }

    /// Reads the fields once more.
    pub fn read<S: Services>(&mut self, context: &'a Context<S>, module: ModuleName) {
        self.reading = Some(Box::pin(async move {
            context.metadata.fields(&module, Freshness::Doubted).await
        }));
    }

    /// Waits for the fields, for ever where they are not being read. Safe to cancel.
    pub async fn answer(&mut self) -> MetadataAnswer {
        match &mut self.reading {
            Some(reading) => {
                let answer = reading.as_mut().await;
                self.reading = None;
                answer
            }
            None => pending().await,
        }
    }

    fn settle(&mut self, now: Timestamp) -> Vec<u64> {
        self.believed_until = Some(now + BELIEVED_FOR);
        std::mem::take(&mut self.rows)
    }
}

impl<S: Services> Slice<'_, S> {
    /// Has the fields read once more where rows wait for that. It takes the place of a call.
    pub(in crate::import) fn look_into_doubts(&mut self) {
        if self.doubts.want_reading() && self.dispatcher.lend_call() {
            self.doubts.read(self.context, self.plan.module.clone());
        }
    }

    /// The fields were read once more: what waited for that is sent, or rejected.
    pub(in crate::import) fn take_answer(&mut self, answer: MetadataAnswer) -> Result<(), ImportError> {
        self.dispatcher.take_call_back();
        match answer {
            Ok(metadata) if !metadata.is_same(&self.metadata) => {
                let Ok(columns) = Columns::of(self.plan, &metadata) else {
                    // What is to be done about that is decided where the next slice begins.
                    self.dispatcher.stop(Stop::OutOfTime);
                    return Ok(());
                };
                (self.columns, self.metadata) = (columns, metadata);
            }
            // What Bigin does not let be read it does not keep from being believed.
            Ok(_) | Err(AskFailure::Refused(_)) => {}
            Err(AskFailure::Stop(stop)) => {
                self.dispatcher.stop(stop);
                return Ok(());
            }
            Err(AskFailure::State(error)) => return Err(error.into()),
        }
        for number in self.doubts.settle(self.context.now()) {
            self.map_again(number);
        }
        Ok(())
    }
}
