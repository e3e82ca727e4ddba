//! The turn: who may have the calls in flight that the queue's consumers leave. An import's step takes it,
//! and so does a message that push was invoked with. The holder is one invocation, not one import. An
//! invocation may hang while the state machine has begun the step again; the two must not send side by side.

use std::time::Duration;

use jiff::SignedDuration;
use shared::state::lease::{self, Taken};
use shared::state::{Key, StateError};
use uuid::Uuid;

use super::{Context, Services};

/// The turn, held by this invocation.
#[derive(Debug)]
pub struct Turn {
    holder: String,
    lasts: SignedDuration,
}

fn key() -> Key {
    Key {
        pk: "import".to_owned(),
        sk: "turn".to_owned(),
    }
}

impl<S: Services> Context<S> {
    /// Takes the turn; `None` while somebody else has it. `who` is for whoever reads the table.
    ///
    /// # Errors
    /// The table failed.
    pub async fn take_turn(&self, who: &str) -> Result<Option<Turn>, StateError> {
        self.take_turn_for(who, self.settings.turn_lasts).await
    }

    /// Takes the turn for one who shows a sign of life more often than others do: should he die, it is free the sooner.
    ///
    /// # Errors
    /// The table failed.
    pub async fn take_turn_for(&self, who: &str, lasts: Duration) -> Result<Option<Turn>, StateError> {
        let turn = Turn {
            holder: format!("{who}/{}", Uuid::new_v4()),
            lasts: SignedDuration::try_from(lasts).unwrap_or(SignedDuration::from_mins(2)),
        };
        Ok(self.keep_turn(&turn).await?.then_some(turn))
    }

    /// Shows that the turn is still used. False when it ran out and somebody else has it: then nothing more may be sent.
    ///
    /// # Errors
    /// The table failed.
    pub async fn keep_turn(&self, turn: &Turn) -> Result<bool, StateError> {
        let taken = lease::take(&self.table, &key(), &turn.holder, self.now(), turn.lasts).await?;
        Ok(matches!(taken, Taken::Yes { .. }))
    }

    /// Who has the turn: the execution, or the message that push was invoked with.
    ///
    /// # Errors
    /// The table failed.
    pub async fn turn_holder(&self) -> Result<Option<String>, StateError> {
        let holder = lease::holder(&self.table, &key(), self.now()).await?;
        Ok(holder.map(|holder| {
            holder
                .rsplit_once('/')
                .map_or(holder.clone(), |(who, _)| who.to_owned())
        }))
    }

    /// Gives the turn back.
    ///
    /// # Errors
    /// The table failed; the turn runs out by itself.
    pub async fn give_turn_back(&self, turn: Turn) -> Result<(), StateError> {
        lease::give_back(&self.table, &key(), &turn.holder).await
    }
}
