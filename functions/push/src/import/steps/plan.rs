//! Plan: reads the whole file once before a credit is spent on records. A large file takes several invocations.

use std::time::Duration;

use bigin::ModuleName;
use jiff::SignedDuration;
use shared::clock::Clock;
use shared::state::credits;

use crate::context::Services;
use crate::decode::Form;
use crate::import::counted::Counted;
use crate::import::key_log::{KeyFiles, KeyLog, PARTS};
use crate::import::prepare::{Asking, Preparation, Ready};
use crate::import::progress::{Plan, Progress};
use crate::import::same_keys::SameKeys;
use crate::import::slice::columns::Columns;
use crate::import::slice::file_reader::{FileReader, ReadFailure, Stretch, gone_or_failed};
use crate::import::state_machine::Imports;
use crate::import::step::{Import, Next, Step};
use crate::import::steps::{ImportError, Importer};
use crate::map::Versions;
use crate::map::codes::rests_on_fields;
use crate::record::{Met, RepairKind};
use crate::report::{Reason, RunStatus};
use shared::authorized_bigin::AskFailure;
use shared::bucket::Objects;
use shared::metadata_cache::{Freshness, Metadata};
use shared::stop::Stop;

/// More than a file of keys has.
const LARGEST_KEY_FILE: u64 = 1 << 20;

/// How often a new import looks again whether somebody else has asked Bigin what it must know, ...
const LOOKS_AHEAD: u32 = 4;
/// ... and how long it waits in between.
const ASKED_WITHIN: Duration = Duration::from_millis(500);

/// What counting came to.
enum Count {
    /// All rows were read.
    Done,
    /// The invocation's time is used up.
    OutOfTime,
    /// The rows have shown that the file is written otherwise than its first bytes said.
    OtherForm(Box<Form>),
    /// The file cannot be read.
    Faulty(Reason),
}

/// What came of reading the fields once more.
enum Again {
    /// They are like this.
    Read(Metadata),
    /// They cannot be read for now.
    NotNow(Stop),
}

impl<S: Services, I: Imports> Importer<'_, S, I> {
    pub(in crate::import) async fn plan(&self, mut import: Import) -> Result<Next, ImportError> {
        let Some(prepared) = self.prepare_ahead(&import).await? else {
            return self.wait_for_turn(import).await;
        };
        let Ready {
            mut plan,
            columns,
            facts,
            metadata,
            ..
        } = match prepared {
            Preparation::Ready(ready) => *ready,
            Preparation::Stop(stop) => {
                self.context.pause_watch(None).note(&stop).await?;
                return self.step_aside(import, &stop).await;
            }
            Preparation::Refused { reason, module, .. } => {
                let mut report = Self::new_report(&import);
                report.module = module.map(|module| module.as_str().to_owned()).or(report.module);
                return self.end_early(import, report, RunStatus::Refused, reason).await;
            }
        };
        plan.module.as_str().clone_into(&mut import.module);
        // From now on it is known whom it waits for, and who waits for it.
        import.refers_to = Some(columns.refers_to().clone());
        if let Err(older) = self.may_deliver(&import).await? {
            return self.wait_behind(import, &older).await;
        }
        if columns.versions == Versions::Newest
            && let Some(reason) = self.look_for_newer(&import).await?
        {
            return self
                .end_early(import.clone(), Self::new_report(&import), RunStatus::Refused, reason)
                .await;
        }
        let run_id = import.run_id();
        let begun = || Progress::begun(facts.begin(Self::new_report(&import), &plan));
        let (mut hold, mut progress) = self
            .context
            .ledger()
            .take_over(&run_id, begun, self.context.now())
            .await?;
        let mut wait = None;
        let count = self.count(&import, &plan.form, &columns, &mut progress).await?;
        match count {
            Count::Faulty(reason) => {
                return self
                    .end_early(import, progress.report, RunStatus::Refused, reason)
                    .await;
            }
            Count::OtherForm(form) => {
                plan.form = *form;
                self.context
                    .ledger()
                    .keep_plan(&run_id, &plan, self.context.now())
                    .await?;
                progress.counted = Counted::default();
                for warning in &plan.form.warnings {
                    progress.report.warn(warning.clone());
                }
            }
            Count::OutOfTime => {}
            Count::Done if Self::is_in_doubt(&import, &columns, &progress.counted) => {
                match self.read_again(&import, &plan.module).await? {
                    Again::Read(read) if read.is_same(&metadata) => progress.counted.by_fields_read_again = true,
                    Again::Read(_) => {
                        progress.counted = Counted {
                            by_fields_read_again: true,
                            ..Counted::default()
                        };
                    }
                    // A check waits for nobody.
                    Again::NotNow(_) if import.dry_run => progress.counted.by_fields_read_again = true,
                    Again::NotNow(stop) => wait = Some(stop),
                }
            }
            Count::Done => {
                self.sum_up(&run_id, &mut plan, &columns, facts.daily_credits, &mut progress)
                    .await?;
            }
        }
        self.context
            .ledger()
            .save(&mut hold, &progress, self.context.now())
            .await?;
        match wait {
            Some(Stop::TurnTaken) => return self.wait_for_turn(import).await,
            Some(stop) => {
                self.context.pause_watch(None).note(&stop).await?;
                return self.step_aside(import, &stop).await;
            }
            None => {}
        }
        if !progress.counted.is_done || progress.report.plan.is_none() {
            return Ok(Next::progress(Step::Plan, import));
        }
        self.clear_away(&progress.counted.key_files.all(&run_id)).await;
        self.conclude(import, &columns, progress).await
    }

    /// What a plan leads to once the whole file is counted: it is only said, the file is refused, or the delivery begins.
    async fn conclude(&self, import: Import, columns: &Columns, mut progress: Progress) -> Result<Next, ImportError> {
        let rows = progress.counted.rows;
        let shared = progress.counted.same_keys.refusal(columns.same_key, rows);
        let shared = shared.or_else(|| columns.foreign_ids(rows, &progress.counted.rejects_by_code));
        if import.dry_run {
            if let Some(reason) = shared {
                progress.report.warn(format!(
                    "the import will be refused with {}: {}",
                    reason.code, reason.action
                ));
            }
            return self.end_as_planned(import, progress).await;
        }
        if let Some(reason) = shared {
            return self
                .end_early(import, progress.report, RunStatus::Refused, reason)
                .await;
        }
        if let Some(reason) = columns.stops_at(progress.counted.rows, &progress.counted.rejects_by_code) {
            return self
                .end_early(import, progress.report, RunStatus::Refused, reason)
                .await;
        }
        self.context.reports().write(&mut progress.report).await?;
        Ok(Next::progress(
            Step::Slice,
            Import {
                planned: true,
                ..import
            },
        ))
    }

    /// Whether so much is at odds with the fields that they are read once more before it is said.
    fn is_in_doubt(import: &Import, columns: &Columns, counted: &Counted) -> bool {
        let matters = || import.dry_run || columns.stops_at(counted.rows, &counted.rejects_by_code).is_some();
        !counted.by_fields_read_again && counted.rejects_by_code.keys().any(|code| rests_on_fields(code)) && matters()
    }

    /// Reads the module's fields once more, in the turn.
    async fn read_again(&self, import: &Import, module: &ModuleName) -> Result<Again, ImportError> {
        let kept = self.context.metadata.kept_fields(module, Freshness::Doubted).await?;
        if let Some(kept) = kept {
            return Ok(Again::Read(kept));
        }
        let Some(turn) = self.context.take_turn(&import.execution).await? else {
            return Ok(Again::NotNow(Stop::TurnTaken));
        };
        let read = self.context.metadata.fields(module, Freshness::Doubted).await;
        self.context.give_turn_back(turn).await?;
        match read {
            Ok(metadata) => Ok(Again::Read(metadata)),
            Err(AskFailure::State(error)) => Err(error.into()),
            Err(AskFailure::Stop(stop)) => Ok(Again::NotNow(stop)),
            Err(AskFailure::Refused(failure)) => Ok(Again::Read(Metadata::Unverified(failure.to_string()))),
        }
    }

    /// Says in the report what reading all rows has shown.
    async fn sum_up(
        &self,
        run_id: &str,
        plan: &mut Plan,
        columns: &Columns,
        daily_credits: Option<u64>,
        progress: &mut Progress,
    ) -> Result<(), ImportError> {
        progress.counted.doubt_commas();
        if progress.counted.decimal_comma && !plan.decimal_comma {
            plan.decimal_comma = true;
            self.context
                .ledger()
                .keep_plan(run_id, plan, self.context.now())
                .await?;
        }
        let shape = columns.shape();
        let credits_left = self.credits_left(daily_credits).await?;
        let needed = progress.counted.credits(shape);
        progress.report.plan = Some(progress.counted.as_plan(shape, &columns.described(), credits_left));
        progress.report.credits_left = credits_left;
        progress.report.repairs = progress.counted.repairs.clone();
        let same_keys = progress.counted.same_keys.clone();
        for sentence in progress.counted.repairs.sentences().chain(same_keys.sentences()) {
            progress.report.warn(sentence);
        }
        if credits_left.is_some_and(|left| left < needed) {
            progress.report.warn(format!(
                "the file needs about {needed} API credits and {} are left of the last 24 hours': the import will pause in the middle and go on by itself",
                credits_left.unwrap_or(0)
            ));
        }
        if progress.counted.unmended > 0 {
            progress.report.warn(format!(
                "{} rows have the fault for which they were rejected before: the rejects file was put back without mending them",
                progress.counted.unmended
            ));
        }
        if progress.counted.rows == 0 {
            progress.report.warn("the file has no rows");
        }
        progress.report.counts.out_of(progress.counted.rows);
        Ok(())
    }

    /// What must be known before the first row. Only questions to Bigin need the turn: where all is known, the header is
    /// read ahead of it. `None` while another import has the turn.
    async fn prepare_ahead(&self, import: &Import) -> Result<Option<Preparation>, ImportError> {
        for look in 0..=LOOKS_AHEAD {
            match self.prepare(import, Asking::OutOfTurn).await? {
                Preparation::Stop(Stop::TurnTaken) => {}
                prepared => return Ok(Some(prepared)),
            }
            if let Some(turn) = self.context.take_turn(&import.execution).await? {
                let prepared = self.prepare(import, Asking::InTurn).await;
                self.context.give_turn_back(turn).await?;
                return prepared.map(Some);
            }
            if look < LOOKS_AHEAD {
                // Of files that come together the first asks, and the others need not.
                self.context.clock.sleep(ASKED_WITHIN).await;
            }
        }
        Ok(None)
    }

    /// Reads on, for as long as the budget lasts.
    async fn count(
        &self,
        import: &Import,
        form: &Form,
        columns: &Columns,
        progress: &mut Progress,
    ) -> Result<Count, ImportError> {
        let object = import.object.clone().ok_or(ImportError::OutOfOrder("plan"))?;
        let counted = &mut progress.counted;
        if counted.is_done {
            return Ok(Count::Done);
        }
        let budget = SignedDuration::try_from(self.time_left()).unwrap_or(SignedDuration::from_mins(2));
        let ends = self.context.clock.now() + budget;
        let mut reader = FileReader::open(self.context.bucket.clone(), object, form, counted.checkpoint);
        let run_id = import.run_id();
        let mut keys = KeyLog::new(progress.epoch);
        loop {
            match reader.next().await {
                Ok(Stretch::Rows { rows, after }) => {
                    for (row, _) in &rows {
                        match columns.map(row) {
                            Ok(mapped) => {
                                let mut repairs = row.repairs.clone();
                                repairs.merge(&mapped.repairs);
                                counted.repairs.note(row.line, &repairs);
                                counted.decimal_comma |= mapped.decimal_comma;
                                counted.good();
                                if let Some(full) = keys.note(row.line, &mapped, &mut counted.key_files) {
                                    self.put_keys(&mut keys, full, &run_id, &mut counted.key_files).await?;
                                }
                            }
                            Err(reject) => {
                                counted.repairs.note(row.line, &row.repairs);
                                counted.unmended += u64::from(columns.is_unmended(row, &reject));
                                counted.bad(row.line, &reject);
                            }
                        }
                    }
                    counted.checkpoint = Some(after);
                }
                Ok(Stretch::End) => break,
                Err(ReadFailure::File(fault)) => return Ok(Count::Faulty(Reason::from(&fault))),
                Err(ReadFailure::Bucket(error)) => return gone_or_failed(error).map(Count::Faulty),
            }
            if self.context.clock.now() >= ends {
                match reader.second_thoughts() {
                    Ok(Some(form)) => return Ok(Count::OtherForm(form)),
                    Ok(None) => {}
                    Err(fault) => return Ok(Count::Faulty(Reason::from(&fault))),
                }
                for part in 0..PARTS {
                    self.put_keys(&mut keys, part, &run_id, &mut counted.key_files).await?;
                }
                return Ok(Count::OutOfTime);
            }
        }
        match reader.second_thoughts() {
            Ok(Some(form)) => return Ok(Count::OtherForm(form)),
            Ok(None) => {}
            Err(fault) => return Ok(Count::Faulty(Reason::from(&fault))),
        }
        self.count_same_keys(keys, &run_id, counted).await?;
        counted.is_done = true;
        Ok(Count::Done)
    }

    /// Puts what is remembered of a part's keys into the bucket.
    async fn put_keys(
        &self,
        keys: &mut KeyLog,
        part: usize,
        run_id: &str,
        files: &mut KeyFiles,
    ) -> Result<(), ImportError> {
        if let Some((key, bytes)) = keys.take(part, run_id, files) {
            self.context.bucket.put(&key, "application/octet-stream", bytes).await?;
        }
        Ok(())
    }

    /// Counts the rows that differ and share a key, part by part.
    async fn count_same_keys(&self, mut keys: KeyLog, run_id: &str, counted: &mut Counted) -> Result<(), ImportError> {
        let mut same = SameKeys::default();
        for part in 0..PARTS {
            let mut all = keys.held(part);
            for key in counted.key_files.of_part(run_id, part) {
                let bytes = self.context.bucket.get(&key, LARGEST_KEY_FILE).await?;
                // What is gone can only be missed: a part that nobody but this import writes is there, or the run is not ours.
                all.add(&bytes.unwrap_or_default(), &counted.key_files);
            }
            all.count(&counted.key_files, &mut same);
        }
        if let Some((rows, first_line)) = same.most() {
            let met = Met {
                rows,
                first_line,
                first_field: None,
            };
            counted.repairs.count(RepairKind::SameKey, met);
        }
        counted.same_keys = same;
        Ok(())
    }

    /// The API credits that are left: the organisation's credits less those that the relay spent in the last
    /// 24 hours. Where Bigin itself last named fewer, its number counts.
    async fn credits_left(&self, daily: Option<u64>) -> Result<Option<u64>, ImportError> {
        let spent = credits::spent(&self.context.table, self.context.now()).await?;
        let own = daily.map(|daily| daily.saturating_sub(spent));
        let said = credits::left(&self.context.table).await?.map(|said| said.left);
        Ok([own, said].into_iter().flatten().min())
    }

    async fn end_as_planned(&self, import: Import, mut progress: Progress) -> Result<Next, ImportError> {
        // In a plan nothing has ended and nothing waits.
        progress.report.counts = crate::report::Counts {
            read: progress.counted.rows,
            ..Default::default()
        };
        progress.report.end(RunStatus::Planned, None, self.context.now());
        self.publish_end(&import, &mut progress.report).await?;
        self.make_room(&import, crate::import::ledger::VersionState::Ended)
            .await?;
        Ok(Next::step(Step::Done, import))
    }
}
