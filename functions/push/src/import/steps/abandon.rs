//! Abandon: a step has failed for good, or the file was withdrawn. The report says so, what was done so far stays found,
//! and the version may be imported again: it then goes on where it stopped.

use serde_json::Value;

use crate::context::Services;
use crate::import::codes::IMPORT_FAILED;
use crate::import::ledger::VersionState;
use crate::import::progress::Progress;
use crate::import::state_machine::Imports;
use crate::import::step::{Import, Next, Step};
use crate::import::steps::{ImportError, Importer};
use crate::report::{Reason, RunStatus};

impl<S: Services, I: Imports> Importer<'_, S, I> {
    pub(in crate::import) async fn abandon(&self, import: Import, error: Option<&Value>) -> Result<Next, ImportError> {
        let action = "mend what the message names; then invoke push with this bucket and key (the import goes on where it stopped), or put the file again";
        let reason = Reason::new(IMPORT_FAILED, describe(error), action);
        self.leave_off(import, RunStatus::Failed, reason, Step::Abandon).await
    }

    /// Ends an import wherever it is. Whoever imports the version again goes on there.
    pub(in crate::import) async fn leave_off(
        &self,
        import: Import,
        status: RunStatus,
        reason: Reason,
        next: Step,
    ) -> Result<Next, ImportError> {
        let (ledger, run_id) = (self.context.ledger(), import.run_id());
        let mut progress = None;
        if ledger.progress(&run_id).await?.is_some() {
            // An invocation that goes on although its execution has ended stops at its next checkpoint.
            let begun = || Progress::begun(Self::new_report(&import));
            progress = Some(ledger.take_over(&run_id, begun, self.context.now()).await?.1);
        }
        let mut report = Self::new_report(&import);
        if let Some(progress) = &mut progress {
            if progress.is_over() {
                // It was done; only the answer was lost. What may be missing is made good.
                return self.finish(import).await;
            }
            if progress.counted.is_done {
                progress.report.counts.out_of(progress.counted.rows);
            }
            report = progress.report.clone();
        }
        report.end(status, Some(reason), self.context.now());
        // Said first: what follows may fail for the same reason as the step.
        self.publish_end(&import, &mut report).await?;
        let standing = self
            .standing_after(&import, report.reason.as_ref(), VersionState::Broken)
            .await?;
        self.make_room(&import, standing).await?;
        if let Some(progress) = progress {
            self.add_files_so_far(&run_id, Progress { report, ..progress }).await;
        }
        Ok(Next::step(next, import))
    }

    /// Puts rejects and outcomes so far together, as well as it goes, and names them in the report. Where the import goes on
    /// later, its own finish puts all of them together.
    async fn add_files_so_far(&self, run_id: &str, mut progress: Progress) {
        let put_together = async {
            if let Some(plan) = self.context.ledger().plan(run_id).await? {
                while !self.put_together(run_id, &plan.form, &mut progress).await? {
                    if self.time_left().is_zero() {
                        tracing::warn!("there are too many rejects and outcomes so far for the time that is left");
                        return Ok(());
                    }
                }
                self.context.reports().write(&mut progress.report).await?;
            }
            Ok::<(), ImportError>(())
        };
        if let Err(error) = put_together.await {
            tracing::warn!(%error, "rejects and outcomes so far could not be put together");
        }
    }
}

/// What the state machine caught, in one line. The functions' errors hold no record content.
fn describe(error: Option<&Value>) -> String {
    let text = |key: &str| error.and_then(|error| error.get(key)).and_then(Value::as_str);
    let cause = text("Cause").unwrap_or_default();
    let told: Option<String> = serde_json::from_str::<Value>(cause)
        .ok()
        .and_then(|cause| cause.get("errorMessage").and_then(Value::as_str).map(str::to_owned));
    let cause: String = told.unwrap_or_else(|| cause.to_owned()).chars().take(1_000).collect();
    match (text("Error"), cause.is_empty()) {
        (Some(error), false) => format!("a step failed for good ({error}): {cause}"),
        (Some(error), true) => format!("a step failed for good ({error})"),
        (None, _) => "a step failed for good".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_functions_error_is_told_in_its_own_words() {
        let cause = json!({"errorType": "Bucket", "errorMessage": "could not read s3://b/k"}).to_string();
        let error = json!({"Error": "Bucket", "Cause": cause});
        assert_eq!(
            describe(Some(&error)),
            "a step failed for good (Bucket): could not read s3://b/k"
        );
        assert_eq!(
            describe(Some(&json!({"Error": "States.Timeout"}))),
            "a step failed for good (States.Timeout)"
        );
        assert_eq!(describe(None), "a step failed for good");
    }
}
