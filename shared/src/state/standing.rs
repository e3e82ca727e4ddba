//! The one item that says whether records may be sent: the authorization's state and the causes of a pause.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::MOST_SWAPS;
use super::authorization::{Authorization, AuthorizationEvent, AuthorizationState};
use super::pause::{Pause, PauseCode, SetCause};
use super::table::{Key, StateError, Stored, Swap, Table};

/// How the relay stands. A table without the item is one where nobody has authorized yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// The authorization.
    pub authorization: Authorization,
    /// What else pauses.
    #[serde(default)]
    pub causes: Vec<SetCause>,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It stands; this is how the relay stands now.
    Done(Standing),
    /// It changes nothing, or something newer has happened since the authorization was looked at.
    Ignored(Standing),
}

impl Recorded {
    /// How the relay stands now, either way.
    pub fn standing(self) -> Standing {
        match self {
            Self::Done(standing) | Self::Ignored(standing) => standing,
        }
    }
}

impl Standing {
    /// Reads it.
    ///
    /// # Errors
    /// The table failed.
    pub async fn read(table: &impl Table) -> Result<Self, StateError> {
        Ok(table
            .get::<Self>(&key())
            .await?
            .map(|stored| stored.value)
            .unwrap_or_default())
    }

    /// The pause that stands now: the authorization's before an operator's, an operator's before the others.
    pub fn pause(&self, now: Timestamp) -> Option<Pause> {
        self.authorization_pause().or_else(|| {
            let holding = self.causes.iter().filter(|cause| cause.holds(now));
            // What ends by itself last is what one waits for.
            let longest = holding.min_by_key(|set| (set.resumes_at.is_some(), std::cmp::Reverse(set.resumes_at)));
            longest.map(SetCause::pause)
        })
    }

    fn authorization_pause(&self) -> Option<Pause> {
        let authorize = "generate a code in Zoho's API console and invoke authorize; what waits goes on by itself";
        let (code, otherwise, action) = match self.authorization.state {
            AuthorizationState::Active | AuthorizationState::RefreshFailing => return None,
            AuthorizationState::NotAuthorized => (
                PauseCode::NotAuthorized,
                "nobody has authorized the relay yet",
                authorize,
            ),
            AuthorizationState::NeedsAuthorization => (
                PauseCode::NeedsAuthorization,
                "Zoho does not accept the refresh token any more",
                authorize,
            ),
            AuthorizationState::Revoking => (
                PauseCode::Revoked,
                "an operator is revoking the access",
                "invoke revoke again until it answers revoked; to bring the access back, authorize",
            ),
            AuthorizationState::Revoked => (PauseCode::Revoked, "an operator revoked the access", authorize),
        };
        let authorization = &self.authorization;
        Some(Pause {
            code,
            message: authorization.message.clone().unwrap_or_else(|| otherwise.to_owned()),
            action: action.to_owned(),
            since: authorization.since,
            by: authorization.by.clone().unwrap_or_else(|| "deploy".to_owned()),
            resumes_at: None,
        })
    }
}

/// Records an event that stands whatever happened before: authorize's and revoke's.
///
/// # Errors
/// The table failed.
pub async fn record(table: &impl Table, event: &AuthorizationEvent, now: Timestamp) -> Result<Recorded, StateError> {
    conclude(table, None, event, now).await
}

/// Records a conclusion from the secrets, if the authorization is still as it was `seen` before they were
/// read. Otherwise authorize or revoke have acted since, and know better.
///
/// # Errors
/// The table failed.
pub async fn conclude(
    table: &impl Table,
    seen: Option<&Authorization>,
    event: &AuthorizationEvent,
    now: Timestamp,
) -> Result<Recorded, StateError> {
    let mut is_done = false;
    let standing = change(table, |standing| {
        let is_as_seen = seen.is_none_or(|seen| *seen == standing.authorization);
        let next = is_as_seen.then(|| standing.authorization.after(event, now)).flatten();
        is_done = next.is_some();
        next.map(|authorization| Standing {
            authorization,
            causes: standing.causes.clone(),
        })
    })
    .await?;
    Ok(if is_done {
        Recorded::Done(standing)
    } else {
        Recorded::Ignored(standing)
    })
}

/// Changes the item as `decide` says, which is asked again when somebody else was faster. `None` leaves it as it is.
pub(super) async fn change(
    table: &impl Table,
    mut decide: impl FnMut(&Standing) -> Option<Standing> + Send,
) -> Result<Standing, StateError> {
    let key = key();
    for _ in 0..MOST_SWAPS {
        let stored: Option<Stored<Standing>> = table.get(&key).await?;
        let (standing, revision) = stored.map_or_else(Default::default, |stored| (stored.value, Some(stored.revision)));
        let Some(next) = decide(&standing) else {
            return Ok(standing);
        };
        if let Swap::Done(_) = table.swap(&key, revision, &next, None).await? {
            return Ok(next);
        }
    }
    Err(StateError::Contended { what: key.to_string() })
}

fn key() -> Key {
    Key::new("relay", "standing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryTable;
    use crate::state::pause::{self, Cause};

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cause(cause: Cause, since: &str, resumes_at: Option<&str>) -> SetCause {
        let resumes_at = resumes_at.map(instant);
        SetCause {
            cause,
            message: "m".to_owned(),
            since: instant(since),
            by: "test".to_owned(),
            resumes_at,
        }
    }

    async fn active(table: &MemoryTable) {
        let expires_at = instant("2026-01-01T01:00:00Z");
        record(
            table,
            &AuthorizationEvent::Authorized { expires_at },
            instant("2026-01-01T00:00:00Z"),
        )
        .await
        .unwrap();
    }

    async fn code(table: &MemoryTable, now: &str) -> Option<PauseCode> {
        pause::current(table, instant(now))
            .await
            .unwrap()
            .map(|pause| pause.code)
    }

    #[tokio::test]
    async fn a_new_table_is_paused_until_someone_authorizes() {
        let table = MemoryTable::default();
        assert_eq!(
            code(&table, "2026-01-01T00:00:00Z").await,
            Some(PauseCode::NotAuthorized)
        );
        active(&table).await;
        assert_eq!(code(&table, "2026-01-01T00:00:00Z").await, None);
    }

    #[tokio::test]
    async fn a_credits_pause_ends_by_itself_and_does_not_end_an_operators() {
        let table = MemoryTable::default();
        active(&table).await;
        pause::set(&table, &cause(Cause::Operator, "2026-01-01T00:00:00Z", None))
            .await
            .unwrap();
        let credits = cause(Cause::Credits, "2026-01-01T00:10:00Z", Some("2026-01-01T01:00:00Z"));
        pause::set(&table, &credits).await.unwrap();
        assert_eq!(code(&table, "2026-01-01T00:30:00Z").await, Some(PauseCode::Operator));
        pause::clear_ended(&table, instant("2026-01-01T02:00:00Z"))
            .await
            .unwrap();
        assert_eq!(code(&table, "2026-01-01T02:00:00Z").await, Some(PauseCode::Operator));
        let standing = pause::clear(&table, &[Cause::Operator]).await.unwrap();
        assert_eq!(standing.causes, []);
        assert_eq!(code(&table, "2026-01-01T02:00:00Z").await, None);
    }

    #[tokio::test]
    async fn a_pause_that_is_set_again_keeps_its_start() {
        let table = MemoryTable::default();
        active(&table).await;
        for since in ["2026-01-01T00:00:00Z", "2026-01-01T05:00:00Z"] {
            pause::set(&table, &cause(Cause::Operator, since, None)).await.unwrap();
        }
        let pause = pause::current(&table, instant("2026-01-01T06:00:00Z"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(pause.since, Some(instant("2026-01-01T00:00:00Z")));
    }

    #[tokio::test]
    async fn what_was_concluded_from_an_older_look_is_dropped() {
        let table = MemoryTable::default();
        let seen = Standing::read(&table).await.unwrap().authorization;
        active(&table).await;
        let late = conclude(
            &table,
            Some(&seen),
            &AuthorizationEvent::NoAuthorizationFound,
            Timestamp::UNIX_EPOCH,
        )
        .await;
        assert!(matches!(late.unwrap(), Recorded::Ignored(_)));
        assert_eq!(code(&table, "2026-01-01T00:00:00Z").await, None);
    }

    #[tokio::test]
    async fn a_pause_set_meanwhile_does_not_hide_a_conclusion() {
        let table = MemoryTable::default();
        active(&table).await;
        let seen = Standing::read(&table).await.unwrap().authorization;
        pause::set(&table, &cause(Cause::Operator, "2026-01-01T00:00:00Z", None))
            .await
            .unwrap();
        let dead = AuthorizationEvent::RefreshTokenDead {
            message: "dead".to_owned(),
        };
        let recorded = conclude(&table, Some(&seen), &dead, Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        assert!(matches!(recorded, Recorded::Done(_)));
        assert_eq!(recorded.standing().causes.len(), 1);
    }
}
