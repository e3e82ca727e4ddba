//! Slice: delivers rows for as long as the budget lasts, with a checkpoint every so often: first the parts of rejects
//! and outcomes, then the ledger, then the report.

use std::time::Duration;

use shared::bigin::Operation;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::file_reader::{self, Stretch};
use super::parts::Parts;
use super::progress::Progress;
use super::steps::{Import, ImportError, Importer, Next, Step};
use super::tracker::Tracker;
use crate::deliver::{Delivery, Limits};
use crate::ledger::EntryName;
use crate::map::RecordMapper;
use crate::parcel::{Outcome, Parcel, Reject, Settled};
use crate::pause_watch::PauseWatch;
use crate::relay::Relay;
use crate::report::{Reason, Status};
use crate::row::Row;
use crate::stop::Stop;
use crate::token_desk::RelayTokens;

/// A checkpoint is due after that many rows have ended.
const ROWS_A_CHECKPOINT: u64 = 5_000;
/// A checkpoint is due after that long.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// How a slice ended.
enum Ended {
    /// Every row of the file has ended.
    File,
    /// Delivery stopped; what is left goes on later.
    Stop(Stop),
    /// The file cannot be read on; what is left cannot be sent.
    Broken(Reason),
}

impl Importer<'_> {
    pub(super) async fn slice(&self, import: Import) -> Result<Next, ImportError> {
        let (Some(name), Some(object)) = (import.entry.clone(), import.object.clone()) else {
            return Err(ImportError::OutOfOrder("slice"));
        };
        let (epoch, progress) = self.relay.ledger.take_over(&name).await?;
        let Some(progress) = progress else { return Err(ImportError::OutOfOrder("slice")) };
        if !self.relay.take_turn(&import.execution).await? {
            return Ok(Next::after(self.relay.settings.turn_poll_s, Step::Claim, import));
        }
        let columns = match self.columns(&object, &progress).await? {
            Ok(columns) => columns,
            Err(stop) => return self.step_aside(import, progress, &stop).await,
        };
        let mut slice = Slice::new(self.relay, name, epoch, import.run_id(), progress, columns);
        let ended = slice.run(&object).await?;
        let progress = slice.progress;
        match ended {
            Ended::File => Ok(Next::step(Step::Finish, import)),
            Ended::Stop(Stop::OutOfTime) => Ok(Next::step(Step::Slice, import)),
            Ended::Stop(stop) => {
                self.relay.pause_for(&stop, &progress.shape.module).await?;
                self.step_aside(import, progress, &stop).await
            }
            Ended::Broken(reason) => {
                let mut progress = progress;
                progress.report.end(Status::Stopped, Some(reason), self.relay.now());
                let name = import.entry.clone().ok_or(ImportError::OutOfOrder("slice"))?;
                self.relay.ledger.save(&name, epoch, &progress, self.relay.now()).await?;
                Ok(Next::step(Step::Finish, import))
            }
        }
    }

    /// Waits without holding the turn: the report says why.
    pub(super) async fn step_aside(
        &self,
        import: Import,
        mut progress: Progress,
        stop: &Stop,
    ) -> Result<Next, ImportError> {
        let wait = stop.look_again_after(import.waited);
        if let Some(place) = &import.place {
            let aside = matches!(stop, Stop::ModuleHeld { .. });
            self.stand_in_line(place, self.relay.now(), wait, aside).await?;
        }
        self.relay.give_turn_back(&import.execution).await?;
        progress.report.status = Status::Paused;
        progress.report.reason = Some(Reason::from(stop));
        self.relay.reports().write(&mut progress.report).await?;
        Ok(Next::after(wait, Step::Claim, import))
    }
}

/// One slice under way.
struct Slice<'a> {
    relay: &'a Relay,
    name: EntryName,
    epoch: u64,
    progress: Progress,
    mapper: RecordMapper,
    tracker: Tracker,
    parts: Parts,
    delivery: Delivery<RelayTokens, PauseWatch>,
    ended_since: u64,
    saved_at: Instant,
    spent: u64,
}

impl<'a> Slice<'a> {
    fn new(
        relay: &'a Relay,
        name: EntryName,
        epoch: u64,
        run_id: String,
        mut progress: Progress,
        mapper: RecordMapper,
    ) -> Self {
        let limits = Limits {
            width: relay.settings.import_width(),
            sending_ends: Instant::now() + relay.settings.slice_budget,
            ..relay.settings.limits()
        };
        let delivery = relay.delivery(progress.shape.clone(), limits);
        let parts = Parts::new(run_id, &progress);
        let tracker = Tracker::resume(progress.next_row, std::mem::take(&mut progress.ended_ahead));
        progress.report.status = Status::Running;
        progress.report.reason = None;
        Self {
            relay,
            name,
            epoch,
            progress,
            mapper,
            tracker,
            parts,
            delivery,
            ended_since: 0,
            saved_at: Instant::now(),
            spent: 0,
        }
    }

    async fn run(&mut self, object: &crate::bucket::ObjectVersion) -> Result<Ended, ImportError> {
        let (mut stretches, reader) = file_reader::start(
            self.relay.bucket.clone(),
            object.clone(),
            self.progress.checkpoint.clone(),
        );
        let ended = self.deliver(&mut stretches).await;
        drop(stretches);
        reader.abort();
        let ended = ended?;
        self.checkpoint(matches!(ended, Ended::File)).await?;
        Ok(ended)
    }

    async fn deliver(&mut self, stretches: &mut mpsc::Receiver<Stretch>) -> Result<Ended, ImportError> {
        let mut reading = true;
        let mut broken = None;
        loop {
            self.delivery.dispatch(!reading).await;
            let stopped = self.delivery.stopped().is_some();
            if !self.delivery.is_busy() && (!reading || stopped) {
                break;
            }
            tokio::select! {
                settled = self.delivery.settled(), if self.delivery.is_busy() => {
                    for settled in settled {
                        self.settle(settled);
                    }
                }
                stretch = stretches.recv(), if reading && self.delivery.has_room() => match stretch {
                    Some(Stretch::Rows(rows)) => {
                        for (row, before) in rows {
                            self.take_in(row, before);
                        }
                    }
                    Some(Stretch::Broken(reason)) => {
                        broken = Some(reason);
                        reading = false;
                    }
                    None => reading = false,
                }
            }
            if self.ended_since >= ROWS_A_CHECKPOINT || self.saved_at.elapsed() >= CHECKPOINT_EVERY {
                self.checkpoint(false).await?;
            }
        }
        Ok(match (self.delivery.stopped(), broken) {
            (Some(stop), _) => Ended::Stop(stop.clone()),
            (None, Some(reason)) => Ended::Broken(reason),
            (None, None) => Ended::File,
        })
    }

    /// A row was read: it becomes a parcel, or is rejected here.
    fn take_in(&mut self, row: Row, before: file_reader::Before) {
        let mapped = self.mapper.map(&row);
        let Some(number) = self.tracker.read(row, before) else { return };
        let shape = &self.progress.shape;
        match mapped {
            Ok(record) => {
                let parcel = Parcel::new(number, record, &shape.match_on);
                if shape.operation == Operation::Upsert && parcel.keys.is_empty() && !self.mapper.inserts_without_key() {
                    let reject = key_missing(&shape.match_on);
                    self.end(number, parcel.record, Outcome::Rejected(reject));
                } else {
                    self.delivery.offer(parcel);
                }
            }
            Err(reject) => self.end(number, serde_json::Map::new(), Outcome::Rejected(reject)),
        }
    }

    fn settle(&mut self, settled: Settled) {
        self.end(settled.place, settled.record, settled.outcome);
    }

    fn end(&mut self, number: u64, record: serde_json::Map<String, serde_json::Value>, outcome: Outcome) {
        let Some(row) = self.tracker.end(number) else { return };
        self.progress.report.counts.settle(&outcome);
        self.parts.add(&row, &record, &outcome);
        self.ended_since += 1;
    }

    async fn checkpoint(&mut self, at_end: bool) -> Result<(), ImportError> {
        let _ = at_end;
        let calls = self.delivery.take_tally();
        self.progress.report.add_calls(calls);
        self.relay.state.spend_credits(self.relay.now(), calls.credits).await?;
        self.spent += calls.credits;
        let (next_row, before, ended_ahead) = self.tracker.checkpoint();
        self.progress.next_row = next_row;
        self.progress.ended_ahead = ended_ahead;
        if let Some(before) = before {
            self.progress.checkpoint = Some(before.checkpoint());
        }
        self.parts.write(&self.relay.bucket, &mut self.progress).await?;
        self.relay.ledger.save(&self.name, self.epoch, &self.progress, self.relay.now()).await?;
        self.relay.reports().write(&mut self.progress.report).await?;
        self.ended_since = 0;
        self.saved_at = Instant::now();
        Ok(())
    }
}

fn key_missing(match_on: &[String]) -> Reject {
    Reject::relay(
        "MATCH_KEY_MISSING",
        match_on.first().cloned(),
        format!(
            "an upsert needs a value in {}: fill it in, or set without_key = \"insert\" in the mapping",
            match_on.join(" or ")
        ),
    )
}
