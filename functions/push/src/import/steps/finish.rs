//! Finish: puts the parts of rejects and outcomes together, writes the last report and makes room for the next import.

use crate::context::Services;
use crate::decode::{Form, Format};
use crate::import::ledger::Standing;
use crate::import::progress::{Ending, Progress};
use crate::import::slice::parts::{OUTCOMES, REJECTS};
use crate::import::state_machine::Imports;
use crate::import::step::{Import, Next, Step};
use crate::import::steps::{ImportError, Importer};
use crate::report::RunFiles;
use shared::bucket::Objects;

impl<S: Services, I: Imports> Importer<'_, S, I> {
    pub(in crate::import) async fn finish(&self, import: Import) -> Result<Next, ImportError> {
        let (context, run_id) = (self.context, import.run_id());
        let begun = || Progress::begun(Self::new_report(&import));
        let (mut hold, mut progress) = context.ledger().take_over(&run_id, begun, context.now()).await?;
        if !progress.is_over() {
            let plan = context
                .ledger()
                .plan(&run_id)
                .await?
                .ok_or(ImportError::OutOfOrder("finish"))?;
            self.put_together(&run_id, &plan.form, &mut progress).await?;
            progress.report.counts.out_of(progress.counted.rows);
            match progress.ending.clone() {
                Some(Ending { status, reason }) => progress.report.end(status, Some(reason), context.now()),
                None => progress.report.finish(context.now()),
            }
            context.ledger().save(&mut hold, &progress, context.now()).await?;
        }
        self.publish_end(&import, &mut progress.report).await?;
        self.give_up_older_unread(&import).await?;
        self.make_room(&import, Standing::Ended).await?;
        self.clear_away(&progress.outcomes.keys(&run_id, OUTCOMES)).await;
        self.clear_away(&progress.rejects.keys(&run_id, REJECTS)).await;
        Ok(Next::step(Step::Done, import))
    }

    /// Makes whole files of the parts. Their keys are in the report only if there is something in them.
    pub(in crate::import) async fn put_together(
        &self,
        run_id: &str,
        form: &Form,
        progress: &mut Progress,
    ) -> Result<(), ImportError> {
        let report = &mut progress.report;
        let files = RunFiles::of_file(report.module.as_deref(), &report.source, run_id, report.started_at);
        if !progress.rejects.is_empty() {
            let key = files.rejects(form.rejects_ending());
            let parts = progress.rejects.keys(run_id, REJECTS);
            self.context
                .bucket
                .put_together(&key, content_type(form), &parts)
                .await?;
            report.rejects_key = Some(key);
        }
        if !progress.outcomes.is_empty() {
            let key = files.outcomes();
            let parts = progress.outcomes.keys(run_id, OUTCOMES);
            self.context
                .bucket
                .put_together(&key, "application/gzip", &parts)
                .await?;
            report.outcomes_key = Some(key);
        }
        Ok(())
    }
}

fn content_type(form: &Form) -> &'static str {
    match form.format {
        Format::Delimited => "text/csv; charset=utf-8",
        _ => "application/x-ndjson",
    }
}
