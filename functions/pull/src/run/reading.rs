//! Reads on within a slice: deleted records first, then those that were written, then the manifest and the cursor.

use bigin::{CallFailure, MOST_ROWS_A_QUERY, ModuleName, WrittenPage};
use jiff::{SignedDuration, Timestamp};
use shared::authorized_bigin::AskFailure;
use shared::bucket::Objects;
use shared::state::own_writes;
use shared::stop::{Service, Stop};
use shared::telemetry::{Metric, measure};
use tokio::time::Instant;

use super::census::line_of;
use super::description::Description;
use super::failure::{Halt, Refusal};
use super::progress::{MOST_PARTS, Run, Stage, StoredProgress};
use super::record_events::MOST_RECORD_EVENTS;
use super::turn::Turn;
use crate::change::{Kind, Op};
use crate::context::{Context, Services};
use crate::deleted::{Sifted, sift};
use crate::file::{Manifest, PartWriter};
use crate::hydrate::{ByIds, Hydrator};
use crate::known::{Line, Merged, pack};
use crate::module_reader::ModuleReader;
use crate::origin::Origins;
use crate::window::Window;

/// Where Bigin's clock is not known, ours is taken for being wrong by no more than that.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// What the relay wrote is noted under the time of the answer, which comes so much later at most; deletes are looked for from
/// so much earlier on.
const AROUND: SignedDuration = SignedDuration::from_mins(6);

/// So many records are read between two looks at the time where each takes a call of its own.
const ONE_BY_ONE: usize = 50;

/// Reads on within a slice.
pub(super) struct Reading<'a, S: Services> {
    pub(super) context: &'a Context<S>,
    pub(super) module: &'a ModuleName,
    turn: &'a Turn<'a, S>,
    until: Instant,
    pub(super) reader: ModuleReader<'a, S>,
    pub(super) description: Option<Description>,
    pub(super) origins: Option<Origins>,
    pub(super) part: PartWriter,
    /// The lines of the part, as they are known by.
    pub(super) lines: Vec<Line>,
    /// What is known, for a census.
    pub(super) known: Option<Merged>,
    part_since: Instant,
    looked_at: Instant,
    calls: u64,
}

impl<'a, S: Services> Reading<'a, S> {
    pub(super) fn new(context: &'a Context<S>, module: &'a ModuleName, turn: &'a Turn<'a, S>, until: Instant) -> Self {
        Self {
            context,
            module,
            turn,
            until,
            reader: ModuleReader::new(context, module),
            description: None,
            origins: None,
            part: PartWriter::default(),
            lines: Vec::new(),
            known: None,
            part_since: Instant::now(),
            looked_at: Instant::now(),
            calls: 0,
        }
    }

    /// How many calls there were.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// Reads until the time is used up, false, or everything is read and the cursor has moved, true.
    pub(super) async fn read(&mut self, held: &mut StoredProgress) -> Result<bool, Halt> {
        run_of(held)?.open();
        self.write(held).await?;
        let ended = self.read_pages(held).await;
        self.count_calls(held);
        match ended {
            // What was read so far need not be read again; but where nothing may be sent, nothing leaves either.
            Err(Halt::Stop(stop)) if !is_pause(&stop) => {
                run_of(held)?.is_open = false;
                self.checkpoint(held).await?;
                Err(Halt::Stop(stop))
            }
            other => other,
        }
    }

    async fn read_pages(&mut self, held: &mut StoredProgress) -> Result<bool, Halt> {
        loop {
            match run_of(held)?.stage {
                Stage::Deleted => self.read_deleted(held).await?,
                Stage::Written => self.read_written(held).await?,
                Stage::Census => self.take_census(held).await?,
                Stage::Manifest => {
                    self.checkpoint(held).await?;
                    self.finish(held).await?;
                    return Ok(true);
                }
                Stage::Announce => return Ok(true),
            }
            let is_over = Instant::now() >= self.until;
            if is_over && run_of(held)?.stage != Stage::Manifest {
                run_of(held)?.is_open = false;
                self.checkpoint(held).await?;
                return Ok(false);
            }
            let settings = &self.context.settings;
            if self.part.bytes() >= settings.part_bytes || self.part_since.elapsed() >= settings.part_every {
                self.checkpoint(held).await?;
            } else if self.looked_at.elapsed() >= settings.look_every {
                self.look().await?;
            }
        }
    }

    async fn read_deleted(&mut self, held: &mut StoredProgress) -> Result<(), Halt> {
        let page_number = run_of(held)?.deleted_page;
        let page = match self.reader.deleted(page_number).await {
            Ok(page) => page,
            Err(AskFailure::Refused(failure)) if is_about_deletes(&failure) => {
                self.open_window(held, None).await?;
                let run = run_of(held)?;
                if page_number == 1 {
                    run.warn(
                        "DELETES_UNKNOWN",
                        format!("Bigin does not tell what was deleted: {failure}"),
                    );
                } else {
                    run.warn(
                        "DELETES_CUT_SHORT",
                        format!("deletes further back are not told: {failure}"),
                    );
                }
                run.stage = Stage::Written;
                return Ok(());
            }
            Err(failure) => return Err(Halt::of(failure, self.module.as_str())),
        };
        let window = self.open_window(held, page.at).await?;
        let ids = page.records.iter().map(|tombstone| tombstone.id.clone()).collect();
        let more = page.more && !page.records.is_empty();
        let run = run_of(held)?;
        let before = std::mem::replace(&mut run.page_before, ids);
        let told = std::mem::take(&mut run.told);
        // A full copy too goes back to where the run before it ended: those who keep a copy have not heard of what is newer.
        let span = Window {
            from: held.progress.cursor,
            to: window.to,
        };
        let Sifted {
            mut news,
            is_far_enough,
        } = sift(page.records, &span.deletes(), &told, &before);
        news.retain(|tombstone| !held.progress.told.knows(tombstone));
        run_of(held)?.told = told;
        if !news.is_empty() {
            let now = self.context.now();
            self.describe(held).await?;
            self.find_origins(held).await?;
            let (Some(known), Some(origins)) = (&self.description, &self.origins) else {
                return Err(Halt::Lost);
            };
            let teller = known.teller(self.module, held, origins, now).ok_or(Halt::Lost)?;
            for tombstone in &news {
                self.part.add(Op::Delete, &teller.deleted(tombstone))?;
                self.lines.extend(line_of(&tombstone.id, tombstone.deleted_at, true));
            }
        }
        let run = run_of(held)?;
        run.told.add(&news);
        run.deleted_page += 1;
        if is_far_enough || !more {
            run.stage = Stage::Written;
            run.page_before.clear();
        }
        Ok(())
    }

    /// The run's window; the first answer of Bigin's opens it.
    pub(super) async fn open_window(
        &mut self,
        held: &mut StoredProgress,
        bigin_now: Option<Timestamp>,
    ) -> Result<Window, Halt> {
        if let Some(window) = run_of(held)?.window {
            return Ok(window);
        }
        let mut bigin_now = bigin_now;
        if bigin_now.is_none() {
            let nothing = Window {
                from: Some(self.context.now()),
                to: self.context.now(),
            };
            let asked = self.reader.written(&nothing, 0).await;
            bigin_now = self.written(asked, held).await?.at;
        }
        let cursor = held.progress.cursor;
        let run = run_of(held)?;
        // A full copy begins anew, whatever was read before.
        let cursor = cursor.filter(|_| run.kind.follows_the_cursor());
        let bigin_now = bigin_now.unwrap_or_else(|| {
            run.warn(
                "CLOCK_UNKNOWN",
                "Bigin's answers have no Date; the relay's own clock was taken",
            );
            self.context.now() - CLOCKS_DIFFER
        });
        Ok(*run.window.insert(Window::after(cursor, bigin_now)))
    }

    async fn read_written(&mut self, held: &mut StoredProgress) -> Result<(), Halt> {
        let window = self.open_window(held, None).await?;
        let after = run_of(held)?.after;
        if window.is_empty() {
            let run = run_of(held)?;
            run.stage = run.after_written();
            return Ok(());
        }
        let asked = self.reader.written(&window, after).await;
        let mut page = self.written(asked, held).await?;
        if run_of(held)?.by_ids == ByIds::Fails && page.rows.len() > ONE_BY_ONE {
            page.rows.truncate(ONE_BY_ONE);
            page.more = true;
        }
        if !page.rows.is_empty() {
            let last = page.last_id(after).ok_or_else(out_of_order)?;
            self.describe(held).await?;
            self.find_origins(held).await?;
            let (Some(known), Some(origins)) = (&self.description, &self.origins) else {
                return Err(Halt::Lost);
            };
            let hydrator = Hydrator {
                reader: &self.reader,
                columns: &known.columns,
                window: &window,
            };
            let run = run_of(held)?;
            let records = hydrator.read(&page.rows, &mut run.by_ids).await;
            let records = records.map_err(|failure| Halt::of(failure, self.module.as_str()))?;
            let op = run.kind.op();
            run.after = last;
            let teller = known
                .teller(self.module, held, origins, self.context.now())
                .ok_or(Halt::Lost)?;
            for (record, at) in &records {
                self.part.add(op, &teller.written(record, *at, &known.columns))?;
                self.lines.extend(line_of(&record.id, *at, false));
            }
        }
        if !page.more && page.rows.len() < MOST_ROWS_A_QUERY {
            let run = run_of(held)?;
            run.stage = run.after_written();
        }
        Ok(())
    }

    /// A query that is refused may be so since the module lacks the field that it asks for.
    pub(super) async fn written(
        &mut self,
        asked: Result<WrittenPage, AskFailure>,
        held: &mut StoredProgress,
    ) -> Result<WrittenPage, Halt> {
        if let Err(AskFailure::Refused(CallFailure::Refused { .. })) = &asked {
            self.describe(held).await?;
        }
        asked.map_err(|failure| Halt::of(failure, self.module.as_str()))
    }

    pub(super) async fn describe(&mut self, held: &mut StoredProgress) -> Result<(), Halt> {
        if self.description.is_none() {
            let found = Description::find(self.context, self.module, &self.reader, held).await?;
            self.description = Some(found);
        }
        Ok(())
    }

    /// Reads what the relay wrote itself in the time of this run.
    pub(super) async fn find_origins(&mut self, held: &mut StoredProgress) -> Result<(), Halt> {
        if self.origins.is_some() {
            return Ok(());
        }
        let window = self.open_window(held, None).await?;
        let run = run_of(held)?;
        let is_noted = self.context.settings.modules.may_have(self.module);
        let from = window.from.filter(|_| is_noted);
        let all_since = Origins::noted_since(from, run.started_at);
        let relay_user = self.description.as_ref().and_then(|known| known.relay_user.clone());
        let mut origins = Origins::new(relay_user, all_since);
        if is_noted {
            let from = window.from.unwrap_or_else(|| Origins::earliest(window.to));
            for stretch in own_writes::stretches(from - AROUND, window.to + AROUND) {
                origins.add(own_writes::within(&self.context.table, self.module, stretch).await?);
            }
        }
        self.origins = Some(origins.sorted());
        Ok(())
    }

    /// Whether Bigin may still be asked, and whether it is still this run's turn.
    async fn look(&mut self) -> Result<(), Halt> {
        self.looked_at = Instant::now();
        if let Some(stop) = self.context.pause_watch().reason().await? {
            return Err(Halt::Stop(stop));
        }
        if self.turn.keep().await? {
            Ok(())
        } else {
            Err(Halt::Lost)
        }
    }

    /// Writes what was read so far as a part, then how far that was.
    pub(super) async fn checkpoint(&mut self, held: &mut StoredProgress) -> Result<(), Halt> {
        self.look().await?;
        self.count_calls(held);
        let module = self.module;
        if !self.part.is_empty() {
            let part = std::mem::take(&mut self.part).finish()?;
            let run = run_of(held)?;
            if run.next_part > MOST_PARTS {
                return Err(Halt::Refused(Refusal::TooManyParts {
                    module: module.as_str().to_owned(),
                    parts: run.next_part,
                }));
            }
            let key = run.files(module).part(run.next_part);
            let list = run.files(module).list(run.next_part);
            let lines = std::mem::take(&mut self.lines);
            let is_known_by = run.kind == Kind::Backfill || held.progress.known.is_some();
            let run = run_of(held)?;
            if is_known_by {
                run.lists.push(list.clone());
            }
            run.note_part(key.clone(), &part);
            // Where this fails, nothing of what was noted since the last checkpoint is written.
            self.context.bucket.put(&key, "application/gzip", part.bytes).await?;
            if is_known_by {
                self.context.bucket.put(&list, "application/gzip", pack(lines)?).await?;
            }
        }
        self.part_since = Instant::now();
        self.write(held).await
    }

    /// The manifest, and only then the cursor.
    async fn finish(&mut self, held: &mut StoredProgress) -> Result<(), Halt> {
        let now = self.context.now();
        let window = self.open_window(held, None).await?;
        let run = run_of(held)?;
        if self.context.settings.record_events && run.counts.sum() > MOST_RECORD_EVENTS {
            run.warn(
                "RECORD_EVENTS_LEFT_OUT",
                format!(
                    "the run has more than {MOST_RECORD_EVENTS} changes: none has an event of its own, read the files"
                ),
            );
        }
        let manifest = run.manifest(self.module, window, now);
        let key = run.files(self.module).manifest();
        let json = serde_json::to_vec_pretty(&manifest)?;
        self.context.bucket.put(&key, "application/json", json).await?;
        run.stage = Stage::Announce;
        let told = std::mem::take(&mut run.told);
        let lists = std::mem::take(&mut run.lists);
        let cut_short = run.has_warned("DELETES_CUT_SHORT");
        let is_copy = run.kind == Kind::Backfill;
        held.progress.needs_census = manifest.missed.is_none() && (held.progress.needs_census || cut_short);
        held.progress
            .note_known(lists, is_copy, manifest.missed.and(Some(window.to)));
        held.progress.told.join(told);
        held.progress.told.forget_before(window.next_deletes_from());
        held.progress.cursor = held.progress.cursor.max(Some(window.to));
        self.write(held).await?;
        self.measure_census(&manifest);
        let counts = manifest.counts;
        tracing::info!(
            module = self.module.as_str(),
            run_id = manifest.run_id,
            key,
            upsert = counts.upsert,
            delete = counts.delete,
            snapshot = counts.snapshot,
            credits = manifest.credits,
            "the run is written"
        );
        Ok(())
    }

    fn measure_census(&self, manifest: &Manifest) {
        let settings = &self.context.settings;
        if let Some(census) = manifest.census.filter(|_| !settings.stack.is_empty()) {
            let metrics = [
                (Metric::ChangesMissed, census.missed),
                (Metric::VanishedHeld, census.held),
            ];
            measure(&settings.stack, self.context.now(), &metrics);
        }
    }

    pub(super) async fn write(&self, held: &mut StoredProgress) -> Result<(), Halt> {
        if held.write(&self.context.table, self.module).await? {
            Ok(())
        } else {
            Err(Halt::Lost)
        }
    }

    fn count_calls(&mut self, held: &mut StoredProgress) {
        let calls = self.reader.take_calls();
        self.calls += calls;
        if let Some(run) = &mut held.progress.run {
            run.credits += calls;
        }
    }
}

/// The run that is read; it is there as long as nobody else moved on.
pub(super) fn run_of(held: &mut StoredProgress) -> Result<&mut Run, Halt> {
    held.progress.run.as_mut().ok_or(Halt::Lost)
}

/// A page that cannot be read on from.
pub(super) fn out_of_order() -> Halt {
    let problem = "Bigin's answer to a query is not in the order of ids, and so cannot be read on from";
    Halt::Stop(Stop::unavailable(Service::Bigin, problem))
}

/// Whether nothing may leave the relay.
fn is_pause(stop: &Stop) -> bool {
    matches!(stop, Stop::Paused { .. } | Stop::NotAuthorized)
}

/// Whether a refusal is about deleted records alone: their place, or a page too far away.
fn is_about_deletes(failure: &CallFailure) -> bool {
    matches!(failure, CallFailure::Refused { .. } | CallFailure::UnknownModule { .. })
}
