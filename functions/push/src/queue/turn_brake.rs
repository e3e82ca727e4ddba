//! Stops delivery when it is paused, and when the turn is lost.

use crate::deliver::Brake;
use crate::relay::{Means, Relay, Turn};
use crate::stop::Stop;

/// Looks at the pause, and shows that the turn is still used.
pub(super) struct TurnBrake<'a, M: Means> {
    pub relay: &'a Relay<M>,
    pub turn: &'a Turn,
}

impl<M: Means> Brake for TurnBrake<'_, M> {
    async fn look(&self) -> Option<Stop> {
        match self.relay.keep_turn(self.turn).await {
            Ok(true) => self.relay.pause_watch(None).look().await,
            Ok(false) => Some(Stop::TurnTaken),
            Err(error) => Some(Stop::Unavailable {
                message: error.to_string(),
            }),
        }
    }
}
