//! Slice: one invocation's share of the delivery, in the turn.

use std::sync::atomic::Ordering;

use jiff::SignedDuration;

use crate::context::{Services, Turn};
use crate::import::codes::UNREADABLE;
use crate::import::measures;
use crate::import::prepare::{Asking, Preparation, Ready, goes_on_without};
use crate::import::progress::{EarlyEnd, Plan, Progress};
use crate::import::progress_revision::ProgressRevision;
use crate::import::slice::columns::Columns;
use crate::import::slice::{Ended, Slice};
use crate::import::state_machine::Imports;
use crate::import::step::{Import, Next, Step};
use crate::import::steps::{ImportError, Importer};
use crate::import::vanished;
use crate::report::{Counts, Reason, RunStatus};
use shared::authorized_bigin::AskFailure;
use shared::metadata_cache::Freshness;
use shared::stop::Stop;

/// How long an import goes on before it looks at the fields again.
const LOOKS_AT_FIELDS_EVERY: SignedDuration = SignedDuration::from_mins(1);

impl<S: Services, I: Imports> Importer<'_, S, I> {
    pub(in crate::import) async fn slice(&self, import: Import) -> Result<Next, ImportError> {
        if let Err(older) = self.may_deliver(&import).await? {
            return self.wait_behind(import, &older).await;
        }
        let lasts = self.context.settings.slice_turn_lasts;
        let Some(turn) = self.context.take_turn_for(&import.execution, lasts).await? else {
            return self.wait_for_turn(import).await;
        };
        let ledger = self.context.ledger();
        ledger.note_round(&import.module, self.context.now()).await?;
        // After an error too: what it had in flight is over by now. Only the turn of an invocation that has died runs out by
        // itself, since calls that were cut off may still be carried out until then.
        let next = self.slice_in_turn(import, &turn).await;
        let given_back = self.context.give_turn_back(turn).await;
        let next = next?;
        given_back?;
        Ok(next)
    }

    async fn slice_in_turn(&self, import: Import, turn: &Turn) -> Result<Next, ImportError> {
        let context = self.context;
        let begun = || Progress::begun(Self::new_report(&import));
        let (hold, mut progress) = context
            .ledger()
            .take_over(&import.run_id(), begun, context.now())
            .await?;
        if progress.ending.is_some() || progress.is_over() {
            return Ok(Next::progress(Step::Finish, import));
        }
        if !progress.counted.is_done {
            return Ok(Next::step(Step::Plan, import));
        }
        let ended = progress.report.counts.ended();
        let asking = if ended > 0 { Asking::UnderWay } else { Asking::InTurn };
        let Ready {
            plan,
            columns,
            metadata,
            vanished,
            ..
        } = match self.prepare(&import, asking).await? {
            Preparation::Ready(ready) => *ready,
            Preparation::Stop(stop) => {
                context.pause_watch(None).note(&stop).await?;
                return self.step_aside(import, &stop).await;
            }
            Preparation::Refused { reason, vanished, .. } => {
                let whole_up_to = progress.whole_up_to;
                let reason = vanished.map_or(reason, |column| vanished::stops(&column, whole_up_to, ended));
                return self.break_off(import, hold, progress, reason).await;
            }
        };
        let (ended_before, report_before) = (progress.report.counts.ended(), progress.report.clone());
        for column in vanished {
            let warning = vanished::warns(&column, progress.whole_up_to, ended);
            progress.report.warn(warning);
        }
        progress.whole_up_to = ended;
        progress.sent_since = progress.sent_since.or(Some(context.now()));
        progress.report.status = RunStatus::Running;
        progress.report.reason = None;
        let watch = context.pause_watch(Some(plan.module.clone()));
        let mut slice = Slice::new(self, turn, hold, &import, &plan, (columns, metadata), progress);
        let ended = slice.run(&import, &plan).await;
        let others_wait = slice.others_wait;
        let (mut hold, mut progress) = slice.into_progress();
        let got_on = progress.report.counts.ended() > ended_before;
        measures::slice(&context.settings.stack, context.now(), &report_before, &progress.report);
        let ended = ended?;
        let counts = &progress.report.counts;
        tracing::info!(
            run_id = progress.report.run_id,
            read = counts.read,
            accepted = counts.inserted + counts.updated + counts.deleted,
            unchanged = counts.unchanged,
            rejected = counts.rejected,
            deferred = counts.deferred,
            api_calls = progress.report.api_calls,
            credits = progress.report.credits,
            "slice delivered"
        );
        if accepted(&progress.report.counts) > accepted(&report_before.counts) {
            let was_held = watch.release().await?;
            self.has_ended_hold.fetch_or(was_held, Ordering::Relaxed);
        }
        match ended {
            Ended::File => {
                if let Some(reason) = self.see_whether_all_fields_are_there(&plan, &mut progress).await? {
                    return self.break_off(import, hold, progress, reason).await;
                }
                context.ledger().save(&mut hold, &progress, context.now()).await?;
                Ok(Next::progress(Step::Finish, import))
            }
            Ended::Stop(Stop::OutOfTime) if others_wait => self.let_others_go(import).await,
            Ended::Stop(Stop::OutOfTime) if got_on => Ok(Next::progress(Step::Slice, import)),
            Ended::Stop(Stop::OutOfTime) => self.wait_after_nothing(import).await,
            Ended::Stop(stop) => {
                let stop = credits_in_truth(stop, progress.report.credits_left);
                watch.note(&stop).await?;
                // The slice has written "running" into the report.
                let waited = if got_on { 0 } else { import.waited };
                self.step_aside(
                    Import {
                        reported: None,
                        waited,
                        ..import
                    },
                    &stop,
                )
                .await
            }
            Ended::Broken(reason) => self.break_off(import, hold, progress, reason).await,
        }
    }

    /// An import that has sent rows for a while looks at the fields once more when all are sent: one of them may have
    /// vanished since the last look. Why it stops, or else a warning in the report.
    async fn see_whether_all_fields_are_there(
        &self,
        plan: &Plan,
        progress: &mut Progress,
    ) -> Result<Option<Reason>, ImportError> {
        let now = self.context.now();
        if progress
            .sent_since
            .is_none_or(|since| now.duration_since(since) < LOOKS_AT_FIELDS_EVERY)
        {
            return Ok(None);
        }
        let metadata = match self.context.metadata.fields(&plan.module, Freshness::OneMinute).await {
            Ok(metadata) => metadata,
            Err(AskFailure::State(error)) => return Err(error.into()),
            Err(failure) => {
                let warning = "whether the fields of all columns are still there could not be seen at the end";
                progress.report.warn(format!("{warning}: {failure}"));
                return Ok(None);
            }
        };
        let (ended, whole_up_to) = (progress.report.counts.ended(), progress.whole_up_to);
        let mut plan = plan.clone();
        while let Err(unusable) = Columns::of(&plan, &metadata) {
            let Some(column) = unusable.unknown_column else {
                return Ok(Some(unusable.reason));
            };
            if !goes_on_without(&plan) {
                return Ok(Some(vanished::stops(&column, whole_up_to, ended)));
            }
            progress.report.warn(vanished::warns(&column, whole_up_to, ended));
            plan.vanished.push(column);
        }
        Ok(None)
    }

    /// A slice in which nothing got done is not repeated at once.
    async fn wait_after_nothing(&self, import: Import) -> Result<Next, ImportError> {
        let wait = (import.waited / 5).clamp(5, 600);
        let import = import.waiting_for(Stop::OutOfTime.code());
        self.stand_in_line(&import, wait).await?;
        Ok(Next::after(wait, import))
    }

    /// Gives the rest of the file up.
    async fn break_off(
        &self,
        import: Import,
        mut hold: ProgressRevision,
        mut progress: Progress,
        reason: Reason,
    ) -> Result<Next, ImportError> {
        if reason.code == UNREADABLE {
            // It is not done: whoever can read it goes on.
            return self.leave_off(import, RunStatus::Stopped, reason, Step::Done).await;
        }
        progress.ending = Some(EarlyEnd {
            status: RunStatus::Stopped,
            reason,
        });
        self.context
            .ledger()
            .save(&mut hold, &progress, self.context.now())
            .await?;
        Ok(Next::progress(Step::Finish, import))
    }
}

/// How many records Bigin has taken: that alone ends a hold.
fn accepted(counts: &Counts) -> u64 {
    counts.inserted + counts.updated + counts.deleted
}

/// The status does not tell a throttle from credits that are used up; fewer than a full call costs do.
fn credits_in_truth(stop: Stop, left: Option<u64>) -> Stop {
    match (&stop, left) {
        (Stop::Throttled, Some(left)) if left < 10 => Stop::CreditsGone,
        _ => stop,
    }
}
