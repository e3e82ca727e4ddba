//! Wait: the import can be woken from now on. Nothing else is done, but one look at the line, since a turn may have been
//! handed on before the token lay there.

use crate::context::Services;
use crate::import::line::{self, Waiting};
use crate::import::state_machine::Imports;
use crate::import::step::{Import, MINUTE, Next, Step, StepEvent};
use crate::import::steps::{ImportError, Importer};
use shared::module_names::by_own_name;

impl<S: Services, I: Imports> Importer<'_, S, I> {
    pub(in crate::import) async fn wait(&self, import: Import, event: StepEvent) -> Result<Next, ImportError> {
        let token = event.token.ok_or(ImportError::OutOfOrder("wait"))?;
        let Some(waiting) = self.in_line(&import, event.looks_within_s) else {
            return Err(ImportError::OutOfOrder("wait"));
        };
        let waiting = Waiting {
            waits: true,
            watches: event.looks_within_s == MINUTE,
            ..waiting
        };
        let ledger = &self.context.ledger();
        ledger.keep_token(&waiting.place, &token, waiting.looks_by).await?;
        if ledger.wait_in_line(&waiting).await? && self.has_come(&import, &waiting).await? {
            self.imports.wake(&token).await?;
        }
        Ok(Next::step(Step::Claim, import))
    }

    /// Whether what it waits for is there already.
    async fn has_come(&self, import: &Import, waiting: &Waiting) -> Result<bool, ImportError> {
        if import.aside {
            let module = by_own_name(&import.module).filter(|_| !import.dry_run);
            return Ok(self.context.pause_watch(module).reason().await?.is_none());
        }
        if self.context.turn_holder().await?.is_some() {
            return Ok(false);
        }
        let (line, round) = (
            self.context.ledger().line().await?,
            self.context.ledger().round().await?,
        );
        let next = line::next(&line, round.as_ref(), self.context.settings.share(), self.context.now());
        Ok(next.first().is_some_and(|next| next.place == waiting.place))
    }
}
