//! The line as it lies in the state table: an item for each import, the token by which it is woken, and the round. The
//! tokens have items of their own, since the line is read often and a token is long.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::state::waits::LINE;
use shared::state::{Key, Swap, Table};

use crate::import::ledger::{Ledger, LedgerError};
use crate::import::line::{RoundShare, Waiting};

/// How much longer than an import may be missed its items are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What wakes a waiting execution (AWS Step Functions developer guide, "Wait for a Callback with Task Token"). Whoever has
/// it may go on with the execution, so it is in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskToken(String);

impl TaskToken {
    /// A token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token itself, for Step Functions alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TaskToken(***)")
    }
}

impl<T: Table> Ledger<T> {
    /// Puts an import into the line, or says when it will look again.
    ///
    /// # Errors
    /// The table failed.
    pub async fn stand_in_line(&self, waiting: &Waiting) -> Result<(), LedgerError> {
        let keep_until = Some(waiting.looks_by + KEPT);
        Ok(self.table.put(&in_line(&waiting.place), waiting, keep_until).await?)
    }

    /// Says that an import which stands in the line waits and can be woken. False where its execution has gone on
    /// meanwhile: it may have left, and is not put back.
    ///
    /// # Errors
    /// The table failed.
    pub async fn wait_in_line(&self, waiting: &Waiting) -> Result<bool, LedgerError> {
        let (key, keep_until) = (in_line(&waiting.place), Some(waiting.looks_by + KEPT));
        let Some(stood) = self.table.get::<Waiting>(&key).await? else {
            return Ok(false);
        };
        let swap = self.table.swap(&key, Some(stood.revision), waiting, keep_until).await?;
        Ok(matches!(swap, Swap::Done(_)))
    }

    /// The line of imports, oldest first.
    ///
    /// # Errors
    /// The table failed.
    pub async fn line(&self) -> Result<Vec<Waiting>, LedgerError> {
        let line = self.table.list::<Waiting>(LINE).await?;
        Ok(line.into_iter().map(|(_, waiting)| waiting.value).collect())
    }

    /// Takes an import out of the line.
    ///
    /// # Errors
    /// The table failed.
    pub async fn leave_line(&self, place: &str) -> Result<(), LedgerError> {
        self.table.remove(&in_line(place), None).await?;
        Ok(())
    }

    /// Keeps what wakes the import at that place.
    ///
    /// # Errors
    /// The table failed.
    pub async fn keep_token(&self, place: &str, token: &TaskToken, looks_by: Timestamp) -> Result<(), LedgerError> {
        Ok(self.table.put(&token_of(place), token, Some(looks_by + KEPT)).await?)
    }

    /// What wakes the import at that place.
    ///
    /// # Errors
    /// The table failed.
    pub async fn token(&self, place: &str) -> Result<Option<TaskToken>, LedgerError> {
        Ok(self.table.get(&token_of(place)).await?.map(|token| token.value))
    }

    /// Whose share of the round it is.
    ///
    /// # Errors
    /// The table failed.
    pub async fn round(&self) -> Result<Option<RoundShare>, LedgerError> {
        Ok(self.table.get(&round()).await?.map(|round| round.value))
    }

    /// Notes that a module has the turn: its share of the round begins, unless it had the turn already.
    ///
    /// # Errors
    /// The table failed.
    pub async fn note_round(&self, module: &str, now: Timestamp) -> Result<(), LedgerError> {
        if self.round().await?.is_some_and(|round| round.module == module) {
            return Ok(());
        }
        let begun = RoundShare {
            module: module.to_owned(),
            since: now,
        };
        Ok(self.table.put(&round(), &begun, None).await?)
    }
}

fn in_line(place: &str) -> Key {
    Key::new(LINE, place)
}

fn token_of(place: &str) -> Key {
    Key::new("imports#token", place)
}

fn round() -> Key {
    Key::new("import", "round")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_to_nobody() {
        assert!(!format!("{:?}", TaskToken::new("AQC4")).contains("AQC4"));
    }
}
