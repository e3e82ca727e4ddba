//! The turn is handed on: whoever ends or steps aside wakes the next import. An import that looks at the line
//! after a long wait also finds what was forgotten: a wake that was lost, or an execution that ended without
//! a word.

use jiff::SignedDuration;

use crate::context::Services;
use crate::import::line::{self, GRACE, Waiting};
use crate::import::state_machine::{Imports, MachineError};
use crate::import::step::Import;
use crate::import::steps::{ImportError, Importer};

impl<S: Services, I: Imports> Importer<'_, S, I> {
    /// This import as it stands in the line; `None` before it has a place there.
    pub(in crate::import) fn in_line(&self, import: &Import, looks_within_s: u64) -> Option<Waiting> {
        let wait = SignedDuration::from_secs(i64::try_from(looks_within_s).unwrap_or(3_600));
        Some(Waiting {
            place: import.place.clone()?,
            execution: import.execution.clone(),
            runs_in: import.runs_in.clone(),
            run_id: import.run_id(),
            // All checks take turns as one module.
            module: if import.dry_run {
                String::new()
            } else {
                import.module.clone()
            },
            refers_to: import.refers_to.clone(),
            looks_by: self.context.now() + wait + GRACE,
            aside: import.aside,
            waits_for: import.waits_for.clone(),
            waits: false,
            watches: false,
        })
    }

    /// Says in the line that this import is there, and when it will look again.
    pub(in crate::import) async fn stand_in_line(&self, import: &Import, wait: u64) -> Result<(), ImportError> {
        if let Some(waiting) = self.in_line(import, wait) {
            self.context.ledger().stand_in_line(&waiting).await?;
        }
        Ok(())
    }

    /// Wakes the next import if nobody has the turn. What fails here is found by the watcher.
    pub(in crate::import) async fn hand_on(&self) {
        if let Err(error) = self.wake_next().await {
            tracing::warn!(%error, "the turn was not handed on; the import that watches the line finds it within a minute");
        }
    }

    async fn wake_next(&self) -> Result<(), ImportError> {
        let (ledger, now) = (&self.context.ledger(), self.context.now());
        if self.context.turn_holder().await?.is_some() {
            return Ok(());
        }
        let line = ledger.line().await?;
        if !line.iter().any(|waiting| waiting.waits) {
            return Ok(());
        }
        let round = ledger.round().await?;
        let mut woken = "";
        // One that does not wait any more is on its way by itself, or dead.
        for waiting in line::next(&line, round.as_ref(), self.context.settings.share(), now) {
            if self.wake(waiting).await? {
                woken = &waiting.place;
                break;
            }
        }
        if let Some(watcher) = line::new_watcher(&line, woken, now) {
            self.wake(watcher).await?;
        }
        Ok(())
    }

    /// Wakes an import. False where it does not wait any more.
    pub(in crate::import) async fn wake(&self, waiting: &Waiting) -> Result<bool, ImportError> {
        let Some(token) = self.context.ledger().token(&waiting.place).await? else {
            return Ok(false);
        };
        let is_woken = self.imports.wake(&token).await?;
        tracing::info!(run_id = waiting.run_id, is_woken, "turn handed on");
        Ok(is_woken)
    }

    /// Wakes all imports that wait for something else than their turn: it may have come.
    ///
    /// # Errors
    /// The table or the state machine failed.
    pub async fn wake_those_aside(&self) -> Result<usize, ImportError> {
        let mut woken = 0;
        for waiting in self.context.ledger().line().await? {
            if waiting.waits && waiting.aside && self.wake(&waiting).await? {
                woken += 1;
            }
        }
        self.wake_next().await?;
        Ok(woken)
    }

    /// Frees the places of imports whose executions have ended without a word. Step Functions tells of each, but not for
    /// sure ("Automating Step Functions event delivery with EventBridge": best effort).
    pub(in crate::import) async fn free_the_ended(&self, line: &[Waiting], me: &Import) -> Result<bool, ImportError> {
        let mut is_freed = false;
        for waiting in line::firsts(line) {
            if waiting.runs_in.is_empty() || waiting.runs_in == me.runs_in {
                continue;
            }
            match self.imports.ended(&waiting.runs_in).await {
                Ok(Some(ended)) => is_freed |= Box::pin(self.free(&ended)).await?,
                Ok(None) => {}
                Err(error @ MachineError { .. }) => tracing::warn!(%error, "an older import may be dead"),
            }
        }
        Ok(is_freed)
    }
}
