//! Delivers rows for as long as a slice's budget lasts, with a checkpoint every so often, which is written beside it.

mod checkpoint;
pub(in crate::import) mod columns;
mod doubts;
pub(in crate::import) mod file_reader;
pub(in crate::import) mod parts;
pub(in crate::import) mod tracker;

use std::sync::Arc;

use bigin::CallShape;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::Plan;
use crate::context::{Context, Services, Turn};
use crate::decode::Checkpoint as Place;
use crate::import::progress::{Lost, Progress};
use crate::import::progress_revision::ProgressRevision;
use crate::import::slice::checkpoint::{CheckpointWrite, written};
use crate::import::slice::columns::Columns;
use crate::import::slice::doubts::Doubts;
use crate::import::slice::file_reader::{FileReader, MOST_ROWS, ReadFailure, Stretch, gone_or_failed};
use crate::import::slice::parts::Parts;
use crate::import::slice::tracker::Tracker;
use crate::import::state_machine::Imports;
use crate::import::step::Import;
use crate::import::steps::{ImportError, Importer};
use crate::import::suspects::Suspects;
use crate::map::Mapped;
use crate::record::Row;
use crate::record::{After, Reject, Written};
use crate::record::{MatchKey, Outcome, Parcel, Settled};
use crate::report::Reason;
use crate::resolve::{Dispatcher, Pending};
use shared::metadata_cache::Metadata;
use shared::pause_watch::PauseWatch;
use shared::stop::Stop;

/// How a slice ended.
pub(in crate::import) enum Ended {
    /// Every row of the file has ended.
    File,
    /// Delivery stopped; what is left goes on later.
    Stop(Stop),
    /// The import cannot go on; what is left cannot be sent.
    Broken(Reason),
}

/// One slice under way.
pub(in crate::import) struct Slice<'a, S: Services> {
    pub(in crate::import) context: &'a Context<S>,
    pub(in crate::import) turn: &'a Turn,
    pub(in crate::import) hold: ProgressRevision,
    pub(in crate::import) progress: Progress,
    pub(in crate::import) plan: &'a Plan,
    pub(in crate::import) columns: Columns,
    /// The fields that the columns were made by.
    pub(in crate::import) metadata: Metadata,
    pub(in crate::import) doubts: Doubts<'a>,
    shape: Arc<CallShape>,
    pub(in crate::import) tracker: Tracker,
    pub(in crate::import) parts: Parts,
    pub(in crate::import) dispatcher: Dispatcher<'a, S, PauseWatch<S::Table, S::Clock>>,
    /// Rows that an earlier invocation may have sent, and since when.
    pub(in crate::import) lost: Option<Lost>,
    /// Rows whose calls failed in earlier invocations without a word about any row.
    suspects: Suspects,
    pub(in crate::import) started: Timestamp,
    /// Rows from this number on are not sent before the next checkpoint has said so.
    pub(in crate::import) sends_below: u64,
    pub(in crate::import) writing: Option<CheckpointWrite<'a>>,
    pub(in crate::import) ended_since: u64,
    pub(in crate::import) checkpoint_at: Instant,
    /// When the last checkpoint that is written was begun: the turn was kept no earlier.
    pub(in crate::import) kept_at: Instant,
    /// When it was looked last whether somebody has taken the import over.
    looked_at: Instant,
    given_up: Option<Reason>,
    pub(in crate::import) began: Instant,
    /// The module has had its share of the round, and another one waits.
    pub(in crate::import) others_wait: bool,
}

impl<'a, S: Services> Slice<'a, S> {
    /// Goes on where the progress says.
    pub fn new<I: Imports>(
        importer: &Importer<'a, S, I>,
        turn: &'a Turn,
        hold: ProgressRevision,
        import: &Import,
        plan: &'a Plan,
        (columns, metadata): (Columns, Metadata),
        progress: Progress,
    ) -> Self {
        let Importer { context, resolvers, .. } = *importer;
        let settings = &context.settings;
        let shape = columns.shape().clone();
        let limits = settings.limits(settings.import_width(), importer.time_left());
        let check = context.pause_watch(Some(plan.module.clone()));
        Self {
            context,

            turn,
            hold,
            plan,
            columns,
            metadata,
            doubts: Doubts::default(),
            shape: Arc::new(shape.clone()),
            tracker: Tracker::resume(progress.next_row, progress.checkpoint, &progress.ended_ahead),
            parts: Parts::new(import.run_id(), &plan.form, shape),
            dispatcher: Dispatcher::of_one_shape(context, resolvers, import.run_id(), check, limits),
            lost: progress.lost.clone(),
            suspects: progress.suspects.clone(),
            started: context.now(),
            sends_below: 0,
            writing: None,
            ended_since: 0,
            checkpoint_at: Instant::now(),
            kept_at: Instant::now(),
            looked_at: Instant::now(),
            given_up: None,
            began: Instant::now(),
            others_wait: false,
            progress,
        }
    }

    /// How far the import has come, and what it takes to save that.
    pub fn into_progress(self) -> (ProgressRevision, Progress) {
        (self.hold, self.progress)
    }

    /// Delivers for as long as the budget lasts.
    pub async fn run(&mut self, import: &Import, plan: &Plan) -> Result<Ended, ImportError> {
        let object = import.object.clone().ok_or(ImportError::OutOfOrder("slice"))?;
        let file = FileReader::open(
            self.context.bucket.clone(),
            object,
            &plan.form,
            self.progress.checkpoint,
        );
        self.dispatcher.recall(&plan.module).await;
        // Says which rows may be sent before any is.
        self.checkpoint().await?;
        self.written().await?;
        let (mut stretches, reader) = file.read_ahead();
        let ended = self.deliver(&mut stretches).await;
        reader.abort();
        if ended.is_err() {
            self.land().await;
        }
        let ended = ended?;
        self.last_checkpoint().await?;
        self.dispatcher.keep_findings().await;
        Ok(ended)
    }

    /// Waits for the calls in flight, although nobody will keep what comes of them: once they are over, others may send.
    async fn land(&mut self) {
        self.dispatcher.stop(Stop::OutOfTime);
        while self.dispatcher.advance(false).await {
            self.dispatcher.next().await;
        }
        self.dispatcher.own_writes_noted().await;
    }

    /// Whether nobody has taken the import over: somebody stopped its execution, but not this invocation. The next
    /// checkpoint would show it too; others wait less this way.
    async fn look_for_successor(&mut self) -> Result<(), ImportError> {
        self.looked_at = Instant::now();
        Ok(self.context.ledger().still_holds(&self.hold).await?)
    }

    async fn deliver(
        &mut self,
        stretches: &mut mpsc::Receiver<Result<Stretch, ReadFailure>>,
    ) -> Result<Ended, ImportError> {
        let mut reading = true;
        let mut broken = None;
        loop {
            self.dispatcher.has_come_to(self.tracker.next_row());
            self.look_into_doubts();
            if !self.dispatcher.advance(reading || self.doubts.are_there()).await {
                break;
            }
            let has_room = reading && !self.is_stopped() && self.dispatcher.has_room() && !self.doubts.are_there();
            // What has come back makes room for the next call: it comes before more rows, which are mapped while calls fly.
            tokio::select! {
                biased;
                settled = self.dispatcher.next() => {
                    for settled in settled {
                        self.settle(&settled);
                    }
                }
                () = sleep_until(self.checkpoint_at + self.context.settings.checkpoint_every) => self.checkpoint().await?,
                // No call begins so late that the turn, if it is not kept any more, could run out before it is over.
                () = sleep_until(self.kept_at + 2 * self.context.settings.checkpoint_every), if self.writing.is_some() => {
                    self.written().await?;
                }
                () = sleep_until(self.looked_at + self.context.settings.successor_every), if self.writing.is_none() => {
                    self.look_for_successor().await?;
                }
                saved = written(&mut self.writing) => self.note_written(saved?),
                answer = self.doubts.answer() => self.take_answer(answer)?,
                stretch = stretches.recv(), if has_room && self.may_read() => match stretch {
                    Some(Ok(Stretch::Rows { rows, after })) => {
                        for (row, before) in rows {
                            self.take_in(row, before);
                        }
                        self.tracker.read_up_to(after);
                    }
                    Some(Ok(Stretch::End)) => {
                        reading = false;
                        broken = self.miscounted();
                    }
                    Some(Err(ReadFailure::File(fault))) => {
                        reading = false;
                        broken = Some(Reason::from(&fault));
                    }
                    Some(Err(ReadFailure::Bucket(error))) => {
                        reading = false;
                        broken = Some(gone_or_failed(error)?);
                    }
                    None => return Err(ImportError::ReaderCutOff),
                },
            }
            let is_due = self.ended_since >= self.context.settings.checkpoint_rows || (has_room && !self.may_read());
            if self.parts.are_full() || (is_due && self.writing.is_none()) {
                self.checkpoint().await?;
            }
        }
        if let Some(reason) = self.given_up.take() {
            return Ok(Ended::Broken(reason));
        }
        if let Some(stop) = self.dispatcher.stopped() {
            return Ok(Ended::Stop(stop.clone()));
        }
        Ok(broken.map_or(Ended::File, Ended::Broken))
    }

    fn is_stopped(&self) -> bool {
        self.dispatcher.stopped().is_some() || self.given_up.is_some()
    }

    /// Whether the next rows may be read, which is as good as sent.
    fn may_read(&self) -> bool {
        self.tracker.next_row() + MOST_ROWS as u64 <= self.sends_below
    }

    /// The plan and the slices read the same bytes with the same decoder: anything else is a fault of ours, and no
    /// report of it would add up.
    fn miscounted(&self) -> Option<Reason> {
        let (planned, read) = (self.progress.counted.rows, self.tracker.next_row());
        (planned != read).then(|| {
            let message = format!("the plan counted {planned} rows and the import has read {read}");
            Reason::new(
                "MISCOUNTED",
                message,
                "report this as a fault of bigin-relay, with this report",
            )
        })
    }

    /// A row was read: it becomes a parcel, or is rejected here.
    fn take_in(&mut self, row: Row, before: Place) {
        let mapped = self.columns.map(&row);
        let Some(number) = self.tracker.read(row, before) else {
            return;
        };
        match mapped {
            Err(reject) if self.doubts.concern(&reject, self.context.now()) => self.doubts.add(number),
            // It may have the key of a row in doubt, which comes first.
            _ if self.doubts.are_there() => self.doubts.add(number),
            mapped => self.take_mapped(number, mapped),
        }
    }

    /// A row that was in doubt is mapped by what Bigin says now.
    pub(in crate::import) fn map_again(&mut self, number: u64) {
        if let Some(row) = self.tracker.row(number) {
            let mapped = self.columns.map(row);
            self.take_mapped(number, mapped);
        }
    }

    fn take_mapped(&mut self, number: u64, mapped: Result<Mapped, Reject>) {
        let taken = self.progress.taken.get(&number);
        match mapped {
            Ok(mapped) => {
                let (mut parcel, references) = mapped.into_parcel(number, &self.shape);
                if let Some(taken) = taken.cloned() {
                    return self.go_on(parcel, taken);
                }
                parcel.lost_at = self
                    .lost
                    .as_ref()
                    .filter(|lost| lost.rows.contains(number))
                    .map(|lost| lost.since);
                parcel.suspect(self.suspects.suspicion(number));
                self.dispatcher.offer(Pending::new(parcel, references));
            }
            Err(reject) => {
                let outcome = match taken.cloned() {
                    Some(taken) => taken.ended_by(reject),
                    None => Outcome::Rejected(reject),
                };
                self.end(number, &[], &outcome);
            }
        }
    }

    /// Goes on with a row that Bigin has: whatever it refers to was found before.
    fn go_on(&mut self, parcel: Parcel, taken: Written) {
        match parcel.go_on(taken) {
            After::Ended(settled) => self.settle(&settled),
            After::GoesOn(mut parcel) => {
                parcel.suspect(self.suspects.suspicion(parcel.place));
                self.dispatcher.offer(Pending::new(parcel, Vec::new()));
            }
        }
    }

    fn settle(&mut self, settled: &Settled) {
        self.dispatcher.note_ended(&self.shape.module, settled);
        self.end(settled.place, &settled.keys, &settled.outcome);
    }

    fn end(&mut self, number: u64, keys: &[MatchKey], outcome: &Outcome) {
        let Some(row) = self.tracker.end(number) else { return };
        self.progress.taken.remove(&number);
        self.progress.report.counts.settle(outcome);
        self.parts.add(&row, keys, outcome);
        self.ended_since += 1;
        if matches!(outcome, Outcome::Rejected(_)) && self.given_up.is_none() {
            let counts = &self.progress.report.counts;
            self.given_up = self.columns.stops_at(counts.ended(), &counts.rejects_by_code);
            if self.given_up.is_some() {
                // Told is why the import is given up; the word for the stop reaches nobody.
                self.dispatcher.stop(Stop::OutOfTime);
            }
        }
    }
}
