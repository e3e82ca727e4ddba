//! Stops delivery when it is paused, and when the turn is lost.

use crate::context::{Context, Services, Turn};
use crate::deliver::PauseCheck;
use shared::stop::{Service, Stop};

/// Looks at the pause, and shows that the turn is still used.
pub(super) struct TurnCheck<'a, S: Services> {
    pub context: &'a Context<S>,
    pub turn: &'a Turn,
}

impl<S: Services> PauseCheck for TurnCheck<'_, S> {
    async fn look(&self) -> Option<Stop> {
        match self.context.keep_turn(self.turn).await {
            Ok(true) => self.context.pause_watch(None).look().await,
            Ok(false) => Some(Stop::TurnTaken),
            Err(error) => Some(Stop::unavailable(Service::StateTable, error)),
        }
    }
}
