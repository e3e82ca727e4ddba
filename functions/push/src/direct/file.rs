//! A file by hand: it goes through the import like any other, and the report is waited for while there is time.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::clock::Clock;
use tokio::time::Instant;
use uuid::Uuid;

use super::imports::{Imports, StartError};
use crate::bucket::{BucketError, Objects};
use crate::import::{ByHand, Import};
use crate::inbox_key::InboxKey;
use crate::ledger::LedgerError;
use crate::module_directory::by_own_name;
use crate::relay::{Means, Relay};
use crate::report_file::RunFiles;

/// A report is small; a larger one is not read.
pub const LARGEST_REPORT: u64 = 1 << 20;
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

/// A file by hand.
pub struct FileRequest<'a, M: Means, S> {
    /// The means.
    pub relay: &'a Relay<M>,
    /// What starts imports.
    pub imports: &'a S,
}

impl<M: Means, S: Imports> FileRequest<'_, M, S> {
    /// Starts the import and answers with its report: the final one, or how it stands when the time is up.
    ///
    /// # Errors
    /// The import could not be started, or nothing can be told of it.
    pub async fn answer(&self, file: &ByHand, until: Instant) -> Result<Value, FileError> {
        let execution = format!("by-hand-{}", Uuid::new_v4());
        let started_at = self.imports.start(&execution, &json!(file)).await?;
        let mut wait = LOOKS.0;
        loop {
            if let Some(key) = self.relay.ledger.report_of(&execution).await?
                && let Some(report) = self.read(&key).await?
            {
                return Ok(report);
            }
            if Instant::now() + wait >= until {
                return self.how_it_stands(file, &execution, started_at).await;
            }
            self.relay.clock.sleep(wait).await;
            wait = (wait * 2).min(LOOKS.1);
        }
    }

    /// The report as it is so far, or at least where it will be.
    async fn how_it_stands(&self, file: &ByHand, execution: &str, started_at: Timestamp) -> Result<Value, FileError> {
        let key = report_key(file, execution, started_at);
        if let Some(key) = &key
            && let Some(report) = self.read(key).await?
        {
            return Ok(report);
        }
        Ok(json!({"status": "running", "source": file.key, "execution": execution, "report_key": key}))
    }

    async fn read(&self, key: &str) -> Result<Option<Value>, FileError> {
        let bytes = self.relay.bucket.get(key, LARGEST_REPORT).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }
}

/// Where the report of that execution will lie; `None` where only Bigin knows the module's name.
fn report_key(file: &ByHand, execution: &str, started_at: Timestamp) -> Option<String> {
    let import: Import = serde_json::from_value(json!({
        "execution": execution, "started_at": started_at, "event": file,
    }))
    .ok()?;
    let module = InboxKey::parse(&file.key)
        .ok()
        .and_then(|key| by_own_name(&key.module))?;
    Some(RunFiles::of_file(Some(module.as_str()), &file.key, &import.run_id(), started_at).report())
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
        let started_at: Timestamp = "2026-11-24T09:30:00.123Z".parse().unwrap();
        let key = report_key(&file, "by-hand-1", started_at).unwrap();
        assert!(
            key.starts_with("reports/Accounts/2026-11-24/x.20261124T093000-"),
            "{key}"
        );
        let unknown = ByHand {
            key: "inbox/Kunden/x.csv".into(),
            ..file
        };
        assert_eq!(report_key(&unknown, "by-hand-1", started_at), None);
    }
}
