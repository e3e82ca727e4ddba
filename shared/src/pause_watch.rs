//! Watches whether anything may be sent: the pause row, and the hold on a module.

use crate::clock::Clock;
use crate::state::pause::SetCause;
use crate::state::{Cause, Held, StateError, Table, held, pause};
use bigin::ModuleName;
use jiff::SignedDuration;

use crate::stop::{Service, Stop};

/// After that long one more call to a held module shows whether it works again.
const HELD_FOR: SignedDuration = SignedDuration::from_mins(15);
/// The window of credits rolls: after that long there are some again, or the pause is set anew.
const CREDITS_PAUSE: SignedDuration = SignedDuration::from_mins(30);
/// After that long another token may fare better.
const TOKEN_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Tells whether delivery may go on.
pub trait PauseCheck: Send + Sync {
    /// Why it may not, or `None`.
    fn look(&self) -> impl Future<Output = Option<Stop>> + Send;
}

/// Watches the state table.
#[derive(Debug, Clone)]
pub struct PauseWatch<T, C> {
    function: &'static str,
    table: T,
    clock: C,
    module: Option<ModuleName>,
}

impl<T: Table, C: Clock> PauseWatch<T, C> {
    /// Watches the pause row, and the hold on that module where one is named, for the function of that name.
    pub fn new(function: &'static str, table: T, clock: C, module: Option<ModuleName>) -> Self {
        Self {
            function,
            table,
            clock,
            module,
        }
    }

    /// Why nothing may be sent, or `None`.
    ///
    /// # Errors
    /// The table failed.
    pub async fn reason(&self) -> Result<Option<Stop>, StateError> {
        let now = self.clock.now();
        if let Some(pause) = pause::current(&self.table, now).await? {
            return Ok(Some(Stop::Paused {
                code: pause.code.as_str().to_owned(),
                message: pause.message,
                action: pause.action,
            }));
        }
        let Some(module) = &self.module else { return Ok(None) };
        let hold = held::of_module(&self.table, module.as_str()).await?;
        Ok(hold
            .filter(|held| now < held.look_again_at)
            .map(|held| Stop::ModuleHeld {
                code: held.code,
                message: held.message,
            }))
    }

    /// Lets the others know of a stop that is theirs too: a pause for all, a hold for all records of the module.
    ///
    /// # Errors
    /// The table failed.
    pub async fn note(&self, stop: &Stop) -> Result<(), StateError> {
        let now = self.clock.now();
        let cause = |cause, lasts: SignedDuration| SetCause {
            cause,
            message: stop.message(),
            since: now,
            by: self.function.to_owned(),
            resumes_at: Some(now + lasts),
        };
        match (stop, &self.module) {
            (Stop::CreditsGone, _) => {
                pause::set(&self.table, &cause(Cause::Credits, CREDITS_PAUSE)).await?;
            }
            (Stop::TokenRejected { .. }, _) => {
                pause::set(&self.table, &cause(Cause::TokenRejected, TOKEN_PAUSE)).await?;
            }
            (Stop::ModuleHeld { code, message }, Some(module)) => {
                let module = module.as_str().to_owned();
                let (code, message, action) = (code.clone(), message.clone(), stop.action());
                let held = Held {
                    module,
                    code,
                    message,
                    action,
                    since: now,
                    look_again_at: now + HELD_FOR,
                };
                held::hold(&self.table, &held).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Lets the module go: a call went through. Whether it had been held.
    ///
    /// # Errors
    /// The table failed.
    pub async fn release(&self) -> Result<bool, StateError> {
        let Some(module) = &self.module else { return Ok(false) };
        let was_held = held::of_module(&self.table, module.as_str()).await?.is_some();
        if was_held {
            held::release(&self.table, module.as_str()).await?;
        }
        Ok(was_held)
    }
}

impl<T: Table, C: Clock + 'static> PauseCheck for PauseWatch<T, C> {
    /// A table that cannot be read counts as a pause: whether records may be sent is not guessed.
    async fn look(&self) -> Option<Stop> {
        match self.reason().await {
            Ok(reason) => reason,
            Err(error) => Some(Stop::unavailable(Service::StateTable, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::state::{AuthorizationEvent, MemoryTable, standing};

    #[tokio::test]
    async fn a_pause_says_which_function_met_its_reason() {
        let clock = ManualClock::at("2026-11-27T09:00:00Z");
        let table = MemoryTable::with_clock(clock.clone());
        let authorized = AuthorizationEvent::Authorized {
            expires_at: clock.now() + SignedDuration::from_hours(1),
        };
        standing::record(&table, &authorized, clock.now()).await.unwrap();
        let watch = PauseWatch::new("pull", table.clone(), clock.clone(), None);
        watch.note(&Stop::CreditsGone).await.unwrap();
        let pause = pause::current(&table, clock.now()).await.unwrap().unwrap();
        assert_eq!(pause.by, "pull");
        assert!(matches!(watch.reason().await.unwrap(), Some(Stop::Paused { .. })));
    }
}
