//! The turn: who of all runs may ask Bigin. There is one, so that pull has one call in flight and no more.

use jiff::SignedDuration;
use shared::state::lease::{self, Taken};
use shared::state::{Key, StateError};
use uuid::Uuid;

use crate::context::{Context, Services};

/// A call takes 30 s, a fresh token up to 20 s, the call again 30 s: nothing longer passes between two signs of life.
const TURN_LASTS: SignedDuration = SignedDuration::from_secs(100);

/// The turn, of one invocation.
pub(super) struct Turn<'a, S: Services> {
    context: &'a Context<S>,
    holder: String,
}

impl<'a, S: Services> Turn<'a, S> {
    /// The turn of one invocation: one that hangs on while the state machine has begun it again must not ask beside it.
    pub(super) fn new(context: &'a Context<S>, run_id: &str) -> Self {
        Self {
            context,
            holder: format!("{run_id}/{}", Uuid::new_v4()),
        }
    }

    fn key() -> Key {
        Key::new("pull", "turn")
    }

    /// Takes the turn, or shows that it is still used. False when somebody else has it.
    pub(super) async fn keep(&self) -> Result<bool, StateError> {
        let (table, now) = (&self.context.table, self.context.now());
        let taken = lease::take(table, &Self::key(), &self.holder, now, TURN_LASTS).await?;
        Ok(matches!(taken, Taken::Yes { .. }))
    }

    /// Gives the turn back.
    pub(super) async fn give_back(&self) -> Result<(), StateError> {
        lease::give_back(&self.context.table, &Self::key(), &self.holder).await
    }
}
