//! Whether an import may go on now, and how it waits where it may not.

use crate::context::Services;
use crate::import::line::{self, May, Waiting};
use crate::import::state_machine::Imports;
use crate::import::step::{HOUR, Import, MINUTE, Next, QUARTER, Step};
use crate::import::steps::{ImportError, Importer};
use crate::report::{Reason, RunStatus};
use shared::module_names::by_own_name;
use shared::state::waits::ITS_TURN;
use shared::state::{Cause, PauseCode};
use shared::stop::Stop;

/// How long to wait, in seconds, while the holder of the turn wakes nobody. Such a holder is a message that
/// push was invoked with, or an invocation of this import that died.
const SHORTLY: u64 = 5;

impl<S: Services, I: Imports> Importer<'_, S, I> {
    /// Goes on when all imports that go before it have gone and nothing pauses; else waits and says why.
    pub(in crate::import) async fn see_whether_it_may_go(&self, import: Import) -> Result<Next, ImportError> {
        let import = Import {
            aside: false,
            waits_for: None,
            ..import
        };
        if let Err(older) = self.may_deliver(&import).await? {
            return self.wait_behind(import, &older).await;
        }
        // Whether this module is held concerns those alone that send.
        let module = by_own_name(&import.module).filter(|_| !import.dry_run);
        if let Some(stop) = self.context.pause_watch(module).reason().await? {
            return self.step_aside(import, &stop).await;
        }
        let is_ready = import.planned && import.refers_to.is_some();
        Ok(Next::step(if is_ready { Step::Slice } else { Step::Plan }, import))
    }

    /// Stands in the line and looks whether an older import goes first: then that one.
    pub(in crate::import) async fn may_deliver(&self, import: &Import) -> Result<Result<(), Waiting>, ImportError> {
        let Some(me) = self.in_line(import, self.context.settings.slice_budget.as_secs()) else {
            return Ok(Ok(()));
        };
        self.context.ledger().stand_in_line(&me).await?;
        let mut line = self.context.ledger().line().await?;
        // After a long wait it is time to ask whether those that it waits for still live.
        if import.waited >= MINUTE && self.free_the_ended(&line, import).await? {
            line = self.context.ledger().line().await?;
        }
        Ok(match line::may(&line, &me, self.context.now()) {
            May::Wait(older) => Err(older),
            May::Plan | May::Deliver => Ok(()),
        })
    }

    /// Waits until an older import, or the one that has the turn, wakes it.
    pub(in crate::import) async fn wait_behind(&self, import: Import, other: &Waiting) -> Result<Next, ImportError> {
        let message = format!("the import of {} with run_id {} goes first", other.module, other.run_id);
        let reason = Reason::new(ITS_TURN, message, "nothing");
        let import = import.waiting_for(ITS_TURN);
        let import = self.report_waiting(import, reason, Some(&other.run_id)).await?;
        let within = self.looks_within(&import).await?;
        self.stand_in_line(&import, within).await?;
        Ok(Next::wait(within, import))
    }

    /// The share of its module is over, and others wait.
    pub(in crate::import) async fn let_others_go(&self, import: Import) -> Result<Next, ImportError> {
        let import = Import {
            waited: 0,
            reported: None,
            ..import
        }
        .waiting_for(ITS_TURN);
        let within = self.looks_within(&import).await?;
        self.stand_in_line(&import, within).await?;
        Ok(Next::wait(within, import))
    }

    /// One import watches the line, so that those behind it need not.
    async fn looks_within(&self, import: &Import) -> Result<u64, ImportError> {
        let line = self.context.ledger().line().await?;
        let place = import.place.as_deref().unwrap_or_default();
        Ok(if line::needs_watcher(&line, place, self.context.now()) {
            MINUTE
        } else {
            HOUR
        })
    }

    /// Somebody else has the turn for the moment.
    pub(in crate::import) async fn wait_for_turn(&self, import: Import) -> Result<Next, ImportError> {
        let holder = self.context.turn_holder().await?;
        let line = self.context.ledger().line().await?;
        let is_holder =
            |waiting: &&Waiting| Some(&waiting.execution) == holder.as_ref() && waiting.execution != import.execution;
        if let Some(other) = line.iter().find(is_holder) {
            return self.wait_behind(import, other).await;
        }
        let import = import.waiting_for(ITS_TURN);
        self.stand_in_line(&import, SHORTLY).await?;
        Ok(Next::after(SHORTLY, import))
    }

    /// Waits because nothing can be sent: the report says why. It keeps nobody waiting but those that must come later.
    pub(in crate::import) async fn step_aside(&self, import: Import, stop: &Stop) -> Result<Next, ImportError> {
        let import = Import { aside: true, ..import }.waiting_for(stop.code());
        let import = self.report_waiting(import, Reason::from(stop), None).await?;
        let wait = stop.look_again_after(import.waited);
        if ends_with_an_event(stop) {
            let within = self.looks_within(&import).await?;
            self.stand_in_line(&import, within).await?;
            return Ok(Next::wait(within, import));
        }
        self.stand_in_line(&import, wait).await?;
        if matches!(stop, Stop::ModuleHeld { .. }) {
            return Ok(Next::wait(if wait < QUARTER { MINUTE } else { QUARTER }, import));
        }
        Ok(Next::after(wait, import))
    }

    /// Says in the report what the import waits for, once.
    async fn report_waiting(
        &self,
        import: Import,
        reason: Reason,
        waits_for: Option<&str>,
    ) -> Result<Import, ImportError> {
        let reported = Some(format!("{} {}", reason.code, waits_for.unwrap_or_default()));
        if import.reported == reported {
            return Ok(import);
        }
        let mut report = match self.context.ledger().progress(&import.run_id()).await? {
            Some(progress) => progress.report,
            None => Self::new_report(&import),
        };
        // Until a label is known to be a module's, the report's place is not known.
        if report.module.is_some() {
            report.status = RunStatus::Paused;
            report.reason = Some(reason);
            report.waits_for = waits_for.map(str::to_owned);
            self.context.reports().write(&mut report).await?;
        }
        Ok(Import { reported, ..import })
    }
}

/// Whether whoever ends the pause wakes those that wait. A pause that ends with the time wakes nobody.
fn ends_with_an_event(stop: &Stop) -> bool {
    let is_timed = |code: &str| {
        [Cause::Credits, Cause::TokenRejected]
            .iter()
            .any(|cause| code == PauseCode::from(*cause).as_str())
    };
    match stop {
        Stop::Paused { code, .. } => !is_timed(code),
        Stop::NotAuthorized => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_an_operator_is_woken_and_who_waits_for_time_is_not() {
        let paused = |code: &str| Stop::Paused {
            code: code.to_owned(),
            message: String::new(),
            action: String::new(),
        };
        for (code, is_woken) in [
            ("operator", true),
            ("revoked", true),
            ("needs_authorization", true),
            ("credits", false),
            ("token_rejected", false),
        ] {
            assert_eq!(ends_with_an_event(&paused(code)), is_woken, "{code}");
        }
        assert!(ends_with_an_event(&Stop::NotAuthorized));
        assert!(!ends_with_an_event(&Stop::Throttled));
    }
}
