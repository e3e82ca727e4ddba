//! Free: an execution was stopped, timed out or failed, which runs no code of the import's. Its place in the line is freed,
//! its version may be imported again, and the report says so.

use serde_json::{Value, json};

use crate::context::Services;
use crate::import::asked::Asked;
use crate::import::execution_ended::ExecutionEnded;
use crate::import::ledger::VersionState;
use crate::import::line::Waiting;
use crate::import::state_machine::Imports;
use crate::import::step::{Import, Step};
use crate::import::steps::{ImportError, Importer};
use shared::bucket::ObjectVersion;

impl<S: Services, I: Imports> Importer<'_, S, I> {
    /// Frees what an execution that has ended holds. False where it holds nothing: it ended in good order.
    ///
    /// # Errors
    /// The table or the bucket failed.
    pub async fn free(&self, ended: &ExecutionEnded) -> Result<bool, ImportError> {
        let line = self.context.ledger().line().await?;
        let place = line.into_iter().find(|waiting| waiting.runs_in == ended.name);
        let Some(import) = self.left_behind(ended, place.as_ref()).await? else {
            return Ok(false);
        };
        tracing::warn!(
            run_id = import.run_id(),
            status = ended.status,
            "an execution ended without a word"
        );
        let next = self.abandon(import, Some(&told(ended))).await?;
        if next.next != Step::Abandon {
            tracing::info!("it was done; only its end was not told");
        }
        self.hand_on().await;
        Ok(true)
    }

    /// The import that the execution had, if it has left anything behind.
    async fn left_behind(
        &self,
        ended: &ExecutionEnded,
        place: Option<&Waiting>,
    ) -> Result<Option<Import>, ImportError> {
        let input = ended.input.clone().unwrap_or_default();
        let mut import = match input
            .get("handed_on")
            .map(|import| serde_json::from_value::<Import>(import.clone()))
        {
            Some(Ok(import)) => import,
            _ => Import::begun(&ended.name, ended.started_at, input),
        };
        import.runs_in.clone_from(&ended.name);
        if let Some(place) = place {
            import.execution.clone_from(&place.execution);
            import.place = Some(place.place.clone());
            import.module.clone_from(&place.module);
            import.resumes = Some(place.run_id.clone());
        }
        let Ok(asked) = Asked::read(&import.event) else {
            return Ok(place.is_some().then_some(import));
        };
        let entries = self.context.ledger().versions(&asked.key).await?;
        let is_its = |standing, execution: &str| standing == VersionState::Claimed && execution == import.execution;
        let entry = entries
            .into_iter()
            .find(|(_, entry)| is_its(entry.standing, &entry.execution));
        let is_left = place.is_some() || entry.is_some();
        if let Some((name, entry)) = entry {
            import.object = Some(ObjectVersion {
                key: name.key.clone(),
                version_id: entry.version_id,
                etag: entry.etag,
                size: 0,
                put_at: None,
            });
            import.resumes = Some(entry.run_id);
            import.entry = Some(name);
        }
        Ok(is_left.then_some(import))
    }
}

/// The end, as the state machine would have caught it.
fn told(ended: &ExecutionEnded) -> Value {
    let how = match ended.status.as_str() {
        "ABORTED" => "its execution was stopped by hand",
        "TIMED_OUT" => "its execution took longer than it may",
        _ => "its execution failed",
    };
    let why = [&ended.error, &ended.cause].into_iter().flatten();
    let why: Vec<&str> = why.map(String::as_str).filter(|why| !why.is_empty()).collect();
    let cause = if why.is_empty() {
        how.to_owned()
    } else {
        format!("{how} ({})", why.join(": "))
    };
    json!({"Error": ended.status, "Cause": cause})
}
