//! How far a run has come, as the ledger keeps it: one invocation at a time may write it.

use jiff::Timestamp;
use serde::de::IgnoredAny;
use shared::state::{Stored, Swap, Table};

use crate::import::Progress;
use crate::import::ledger::{Ledger, LedgerError, REMEMBERED, run};

/// An import's progress, taken over: whoever takes it over later makes this one's savings fail.
#[derive(Debug, Clone)]
pub struct ProgressRevision {
    run_id: String,
    revision: u64,
}

impl<T: Table> Ledger<T> {
    /// How far a run has come, without taking it over.
    ///
    /// # Errors
    /// The table failed.
    pub async fn progress(&self, run_id: &str) -> Result<Option<Progress>, LedgerError> {
        Ok(self
            .table
            .get(&run(run_id, "progress"))
            .await?
            .map(|progress| progress.value))
    }

    /// Begins a run's progress, or takes over what an earlier invocation left. The epoch counts the takings over.
    ///
    /// # Errors
    /// [`LedgerError::TakenOver`] when another invocation does the same right now, or the table failed.
    pub async fn take_over(
        &self,
        run_id: &str,
        first: impl FnOnce() -> Progress,
        now: Timestamp,
    ) -> Result<(ProgressRevision, Progress), LedgerError> {
        let before = self.table.get::<Progress>(&run(run_id, "progress")).await?;
        let (mut progress, expected) = match before {
            Some(Stored { value, revision }) => (value, Some(revision)),
            None => (first(), None),
        };
        progress.epoch += 1;
        let mut hold = ProgressRevision {
            run_id: run_id.to_owned(),
            revision: 0,
        };
        self.write(&mut hold, expected, &progress, now).await?;
        Ok((hold, progress))
    }

    /// Whether nobody has taken a run over since.
    ///
    /// # Errors
    /// [`LedgerError::TakenOver`] where somebody has, or the table failed.
    pub async fn still_holds(&self, hold: &ProgressRevision) -> Result<(), LedgerError> {
        let now = self.table.get::<IgnoredAny>(&run(&hold.run_id, "progress")).await?;
        if now.is_some_and(|now| now.revision == hold.revision) {
            return Ok(());
        }
        Err(LedgerError::TakenOver {
            run_id: hold.run_id.clone(),
        })
    }

    /// Saves how far a run has come, unless a later invocation has taken over.
    ///
    /// # Errors
    /// [`LedgerError::TakenOver`], or the table failed.
    pub async fn save(
        &self,
        hold: &mut ProgressRevision,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let expected = Some(hold.revision);
        self.write(hold, expected, progress, now).await
    }

    async fn write(
        &self,
        hold: &mut ProgressRevision,
        expected: Option<u64>,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let item = run(&hold.run_id, "progress");
        match self
            .table
            .swap(&item, expected, progress, Some(now + REMEMBERED))
            .await?
        {
            Swap::Done(revision) => {
                hold.revision = revision;
                Ok(())
            }
            Swap::Lost => Err(LedgerError::TakenOver {
                run_id: hold.run_id.clone(),
            }),
        }
    }
}
