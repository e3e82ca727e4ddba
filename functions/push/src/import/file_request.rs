//! A file by hand: it goes through the import like any other, and the report is waited for while there is time.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use shared::clock::Clock;
use tokio::time::Instant;
use uuid::Uuid;

use super::state_machine::{Imports, StartError};
use crate::context::{Context, Services};
use crate::import::ledger::LedgerError;
use crate::import::{ByHand, Import, is_alive};
use crate::report::RunFiles;
use shared::bucket::InboxKey;
use shared::bucket::{BucketError, Objects};
use shared::module_names::by_own_name;

/// A report is small; a larger one is not read.
pub const LARGEST_REPORT: u64 = 1 << 20;
/// How long the report is waited for: the AWS CLI and boto3 take an invocation for lost after 60 s, and invoke again.
const PATIENCE: SignedDuration = SignedDuration::from_secs(40);
/// How often to look whether the report is there, at first and at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// Why a file by hand came to nothing, or nothing can be told of it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

/// The import that is waited for.
struct Running {
    execution: String,
    run_id: Option<String>,
}

/// A file by hand.
pub struct FileRequest<'a, S: Services, I> {
    /// The means.
    pub context: &'a Context<S>,
    /// What starts imports.
    pub imports: &'a I,
}

impl<S: Services, I: Imports> FileRequest<'_, S, I> {
    /// Starts the import and answers with its report: the final one, or how it stands when the time is up. A forced
    /// request that comes again while this version is being imported waits for that import.
    ///
    /// # Errors
    /// The import could not be started, or nothing can be told of it.
    pub async fn answer(&self, file: &ByHand, until: Instant) -> Result<Value, FileError> {
        let ends = self.context.now() + PATIENCE;
        let running = match self.under_way(file).await? {
            Some(running) => running,
            None => self.start(file).await?,
        };
        let mut wait = LOOKS.0;
        loop {
            if let Some(key) = self.context.ledger().report_of(&running.execution).await?
                && let Some(report) = self.read(&key).await?
            {
                return Ok(report);
            }
            if self.context.now() + wait >= ends || Instant::now() + wait >= until {
                return self.how_it_stands(file, &running).await;
            }
            self.context.clock.sleep(wait).await;
            wait = (wait * 2).min(LOOKS.1);
        }
    }

    async fn start(&self, file: &ByHand) -> Result<Running, FileError> {
        let execution = format!("by-hand-{}", Uuid::new_v4());
        let started_at = self.imports.start(&execution, &json!(file)).await?;
        let import: Option<Import> = serde_json::from_value(json!({
            "execution": execution, "started_at": started_at, "event": file,
        }))
        .ok();
        Ok(Running {
            run_id: import.map(|import| import.run_id()),
            execution,
        })
    }

    /// The import that has the version which a forced request would import once more.
    async fn under_way(&self, file: &ByHand) -> Result<Option<Running>, FileError> {
        if !file.force || file.dry_run || file.bucket != self.context.bucket.name() {
            return Ok(None);
        }
        let object = match self.context.bucket.look_up(&file.key, None).await {
            // The import says so in its report.
            Err(BucketError::Gone { .. }) => return Ok(None),
            object => object?,
        };
        let (ledger, now) = (&self.context.ledger(), self.context.now());
        let line = ledger.line().await?;
        let mut entries = ledger.versions(&file.key).await?.into_iter().map(|(_, entry)| entry);
        let running = entries.find(|entry| entry.is_under_way(&object, |entry| is_alive(&line, &entry.execution, now)));
        Ok(running.map(|entry| Running {
            execution: entry.execution,
            run_id: Some(entry.run_id),
        }))
    }

    /// The report as it is so far, or at least where it will be.
    async fn how_it_stands(&self, file: &ByHand, running: &Running) -> Result<Value, FileError> {
        let key = running.run_id.as_deref().and_then(|run_id| report_key(file, run_id));
        if let Some(key) = &key
            && let Some(report) = self.read(key).await?
        {
            return Ok(report);
        }
        Ok(json!({"status": "running", "source": file.key, "execution": running.execution, "report_key": key}))
    }

    async fn read(&self, key: &str) -> Result<Option<Value>, FileError> {
        let bytes = self.context.bucket.get(key, LARGEST_REPORT).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }
}

/// Where the report of that run will lie; `None` where only Bigin knows the module's name.
fn report_key(file: &ByHand, run_id: &str) -> Option<String> {
    let module = InboxKey::parse(&file.key)
        .ok()
        .and_then(|key| by_own_name(&key.module))?;
    // A run's name begins with when it started.
    let started_at = DateTime::strptime("%Y%m%dT%H%M%S", run_id.split('-').next()?).ok()?;
    let started_at = TimeZone::UTC.to_timestamp(started_at).ok()?;
    Some(RunFiles::of_file(Some(module.as_str()), &file.key, run_id, started_at).report())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_report_will_lie_is_known_before_there_is_one() {
        let file = ByHand {
            bucket: "b".into(),
            key: "inbox/Companies/x.csv".into(),
            dry_run: false,
            force: false,
        };
        let run_id = "20261124T093000-1a2b3c4d";
        assert_eq!(
            report_key(&file, run_id).unwrap(),
            format!("reports/Accounts/2026-11-24/x.{run_id}.json")
        );
        let unknown = ByHand {
            key: "inbox/Kunden/x.csv".into(),
            ..file
        };
        assert_eq!(report_key(&unknown, run_id), None);
    }
}
