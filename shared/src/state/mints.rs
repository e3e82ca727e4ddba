//! The budget of mints: Zoho allows 10 access tokens from a refresh token in 10 minutes and then locks everybody out,
//! longer with every further try. Each mint is counted before it is asked for, and a first Access Denied opens a circuit.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::MOST_SWAPS;
use super::table::{Key, StateError, Stored, Swap, Table};

/// Zoho's window (Zoho Accounts, "Token limits").
const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Of the 10 that Zoho allows in it; others may use the same self client.
const MOST_IN_WINDOW: usize = 6;
/// How long the circuit stays open at first. Each Access Denied in a row doubles it.
const FIRST_QUIET: SignedDuration = SignedDuration::from_mins(10);
/// How long at most: a token's life.
const LONGEST_QUIET: SignedDuration = SignedDuration::from_mins(60);

/// The mints of late, and the circuit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mints {
    /// When mints were asked for, within the window.
    pub recent: Vec<Timestamp>,
    /// How many times in a row Zoho answered Access Denied.
    pub denied: u32,
    /// Until when nothing is asked for.
    pub open_until: Option<Timestamp>,
}

/// Why no mint may be asked for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MintRefusal {
    /// The budget of the window is used up.
    Budget {
        /// When there is room again.
        until: Timestamp,
    },
    /// The circuit is open.
    CircuitOpen {
        /// When it closes.
        until: Timestamp,
    },
}

impl Mints {
    /// How many mints lie within the window that ends now.
    pub fn in_window(&self, now: Timestamp) -> usize {
        self.recent.iter().filter(|at| now < **at + WINDOW).count()
    }

    /// Until when the circuit is open, if it is.
    pub fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.open_until.filter(|until| now < *until)
    }

    /// Counts a mint that is about to be asked for, if one may be.
    ///
    /// # Errors
    /// Why none may be.
    pub fn count(&self, now: Timestamp) -> Result<Self, MintRefusal> {
        if let Some(until) = self.open_until(now) {
            return Err(MintRefusal::CircuitOpen { until });
        }
        let mut recent: Vec<Timestamp> = self.recent.iter().copied().filter(|at| now < *at + WINDOW).collect();
        recent.sort();
        if recent.len() >= MOST_IN_WINDOW {
            let until = recent[recent.len() - MOST_IN_WINDOW] + WINDOW;
            return Err(MintRefusal::Budget { until });
        }
        recent.push(now);
        Ok(Self { recent, ..self.clone() })
    }

    /// Zoho answered Access Denied: the circuit opens.
    #[must_use]
    pub fn denied(&self, now: Timestamp) -> Self {
        let quiet = (FIRST_QUIET * (1 << self.denied.min(3))).min(LONGEST_QUIET);
        Self {
            denied: self.denied + 1,
            open_until: Some(now + quiet),
            ..self.clone()
        }
    }

    /// Zoho answered in any other way: the circuit's memory is wiped.
    #[must_use]
    pub fn answered(&self) -> Self {
        Self {
            denied: 0,
            open_until: None,
            ..self.clone()
        }
    }
}

/// Reads the budget.
///
/// # Errors
/// The table failed.
pub async fn read(table: &impl Table) -> Result<Mints, StateError> {
    Ok(table
        .get::<Mints>(&key())
        .await?
        .map(|stored| stored.value)
        .unwrap_or_default())
}

/// Counts a mint before it is asked for. The inner error says why none may be.
///
/// # Errors
/// The table failed: then none may be asked for either.
pub async fn count(table: &impl Table, now: Timestamp) -> Result<Result<Mints, MintRefusal>, StateError> {
    change(table, now, |mints| mints.count(now)).await
}

/// Opens the circuit after an Access Denied.
///
/// # Errors
/// The table failed.
pub async fn open_circuit(table: &impl Table, now: Timestamp) -> Result<Mints, StateError> {
    let opened: Result<Mints, std::convert::Infallible> = change(table, now, |mints| Ok(mints.denied(now))).await?;
    Ok(opened.unwrap_or_else(|never| match never {}))
}

/// Wipes the circuit's memory after any other answer.
///
/// # Errors
/// The table failed.
pub async fn close_circuit(table: &impl Table, now: Timestamp) -> Result<Mints, StateError> {
    let closed: Result<Mints, std::convert::Infallible> = change(table, now, |mints| Ok(mints.answered())).await?;
    Ok(closed.unwrap_or_else(|never| match never {}))
}

async fn change<E>(
    table: &impl Table,
    now: Timestamp,
    decide: impl Fn(&Mints) -> Result<Mints, E> + Send,
) -> Result<Result<Mints, E>, StateError> {
    let key = key();
    for _ in 0..MOST_SWAPS {
        let stored: Option<Stored<Mints>> = table.get(&key).await?;
        let (mints, revision) = stored.map_or_else(Default::default, |stored| (stored.value, Some(stored.revision)));
        let next = match decide(&mints) {
            Ok(next) if next == mints => return Ok(Ok(mints)),
            Ok(next) => next,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let keep_until = Some(now + SignedDuration::from_hours(24));
        if let Swap::Done(_) = table.swap(&key, revision, &next, keep_until).await? {
            return Ok(Ok(next));
        }
    }
    Err(StateError::Contended { what: key.to_string() })
}

fn key() -> Key {
    Key::new("relay", "mints")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minute(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    #[test]
    fn the_budget_is_used_up_before_zohos_is() {
        let mut mints = Mints::default();
        for _ in 0..MOST_IN_WINDOW {
            mints = mints.count(minute(0)).unwrap();
        }
        assert_eq!(mints.count(minute(9)), Err(MintRefusal::Budget { until: minute(10) }));
        assert_eq!(mints.count(minute(10)).unwrap().recent, [minute(10)]);
    }

    #[test]
    fn each_access_denied_in_a_row_keeps_quiet_for_longer() {
        let mut mints = Mints::default();
        for quiet in [10, 20, 40, 60, 60] {
            mints = mints.denied(minute(0));
            assert_eq!(
                mints.count(minute(quiet - 1)),
                Err(MintRefusal::CircuitOpen { until: minute(quiet) })
            );
            assert!(mints.count(minute(quiet)).is_ok());
        }
        assert_eq!(mints.answered().denied(minute(0)).open_until, Some(minute(10)));
    }

    proptest! {
        #[test]
        fn no_ten_minutes_ever_hold_more_than_the_budget(seconds in proptest::collection::vec(0_i64..90, 1..200)) {
            let (mut mints, mut now, mut granted) = (Mints::default(), Timestamp::UNIX_EPOCH, Vec::new());
            for step in seconds {
                now += SignedDuration::from_secs(step);
                if let Ok(next) = mints.count(now) {
                    mints = next;
                    granted.push(now);
                }
                let within = granted.iter().filter(|at| now < **at + WINDOW).count();
                prop_assert!(within <= MOST_IN_WINDOW);
            }
        }
    }
}
