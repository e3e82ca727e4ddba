//! Finish: puts the parts of rejects and outcomes together, writes the last report and makes room for the next import.
//!
//! However many parts there are: each time a checkpoint is due, or the invocation's time is over, another finish goes on
//! from there. Nothing is sent to Bigin, so nobody is kept from the turn meanwhile.

use crate::context::Services;
use crate::decode::{Form, Format};
use crate::import::ledger::VersionState;
use crate::import::progress::{EarlyEnd, Progress, rest_key};
use crate::import::slice::parts::{OUTCOMES, REJECTS};
use crate::import::state_machine::Imports;
use crate::import::step::{Import, Next, Step};
use crate::import::steps::{ImportError, Importer};
use crate::report::RunFiles;
use shared::bucket::Join;
use tokio::time::Instant;

impl<S: Services, I: Imports> Importer<'_, S, I> {
    pub(in crate::import) async fn finish(&self, import: Import) -> Result<Next, ImportError> {
        let (context, run_id) = (self.context, import.run_id());
        let begun = || Progress::begun(Self::new_report(&import));
        let (mut hold, mut progress) = context.ledger().take_over(&run_id, begun, context.now()).await?;
        let mut left_over = Self::left_over(&progress);
        if !progress.is_over() {
            let plan = context
                .ledger()
                .plan(&run_id)
                .await?
                .ok_or(ImportError::OutOfOrder("finish"))?;
            if !self.put_together(&run_id, &plan.form, &mut progress).await? {
                context.ledger().save(&mut hold, &progress, context.now()).await?;
                let needed = Self::left_over(&progress);
                left_over.retain(|key| !needed.contains(key));
                self.clear_away(&left_over).await;
                self.stand_in_line(&import, context.settings.slice_budget.as_secs())
                    .await?;
                return Ok(Next::progress(Step::Finish, import));
            }
            progress.report.counts.out_of(progress.counted.rows);
            match progress.ending.clone() {
                Some(EarlyEnd { status, reason }) => progress.report.end(status, Some(reason), context.now()),
                None => progress.report.finish(context.now()),
            }
            context.ledger().save(&mut hold, &progress, context.now()).await?;
        }
        self.publish_end(&import, &mut progress.report).await?;
        self.give_up_older_unread(&import).await?;
        self.make_room(&import, VersionState::Ended).await?;
        self.clear_away(&left_over).await;
        self.clear_away(&progress.outcomes.keys(&run_id, OUTCOMES)).await;
        self.clear_away(&progress.rejects.keys(&run_id, REJECTS)).await;
        Ok(Next::step(Step::Done, import))
    }

    /// Makes whole files of the parts, for as long as a checkpoint is not due. True when both are there. Their keys are in the
    /// report only if there is something in them.
    pub(in crate::import) async fn put_together(
        &self,
        run_id: &str,
        form: &Form,
        progress: &mut Progress,
    ) -> Result<bool, ImportError> {
        let until = Instant::now() + self.time_left().min(self.context.settings.checkpoint_every);
        let report = &mut progress.report;
        let files = RunFiles::of_file(report.module.as_deref(), &report.source, run_id, report.started_at);
        let rejects = (
            (REJECTS, files.rejects(form.rejects_ending()), content_type(form)),
            (&progress.rejects, &mut progress.rejects_joined, &mut report.rejects_key),
        );
        let outcomes = (
            (OUTCOMES, files.outcomes(), "application/gzip"),
            (
                &progress.outcomes,
                &mut progress.outcomes_joined,
                &mut report.outcomes_key,
            ),
        );
        for ((kind, key, content_type), (parts, joined, reported)) in [rejects, outcomes] {
            if parts.is_empty() {
                continue;
            }
            let join = Join {
                key: &key,
                content_type,
                parts: &parts.keys(run_id, kind),
                rest_key: &rest_key(run_id, kind, progress.epoch),
            };
            let stretch = joined.go_on(&self.context.bucket, &join, || Instant::now() < until);
            if !stretch.await? {
                return Ok(false);
            }
            *reported = Some(key);
        }
        Ok(true)
    }

    /// What an earlier stretch of putting together has left for the next one.
    fn left_over(progress: &Progress) -> Vec<String> {
        let joined = [&progress.rejects_joined, &progress.outcomes_joined].into_iter();
        joined.filter_map(|joined| joined.rest().map(str::to_owned)).collect()
    }
}

fn content_type(form: &Form) -> &'static str {
    match form.format {
        Format::Delimited => "text/csv; charset=utf-8",
        _ => "application/x-ndjson",
    }
}
