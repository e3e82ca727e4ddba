//! Where the authorization stands, and what may come after what. Pure; it is kept in [`super::standing`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the authorization stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationState {
    /// Nobody has authorized yet.
    #[default]
    NotAuthorized,
    /// All is well.
    Active,
    /// Refreshing fails for now; the access token there is may still be good.
    RefreshFailing,
    /// The refresh token is dead: a human must authorize again.
    NeedsAuthorization,
    /// A revoke has begun and is not done yet, since Zoho could not be reached or the function died.
    Revoking,
    /// Revoked.
    Revoked,
}

impl AuthorizationState {
    /// The word in answers and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAuthorized => "not_authorized",
            Self::Active => "active",
            Self::RefreshFailing => "refresh_failing",
            Self::NeedsAuthorization => "needs_authorization",
            Self::Revoking => "revoking",
            Self::Revoked => "revoked",
        }
    }

    /// Whether records may be sent.
    pub fn may_send(self) -> bool {
        matches!(self, Self::Active | Self::RefreshFailing)
    }
}

/// The authorization as all functions see it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Authorization {
    /// Where it stands.
    pub state: AuthorizationState,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What happened, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Who or what brought it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Until when the access token is good, as far as known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_expires_at: Option<Timestamp>,
    /// Counts the changes, so that no two are taken for the same.
    pub change: u64,
}

/// What happens to an authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizationEvent {
    /// authorize has published new tokens.
    Authorized {
        /// Until when the access token is good.
        expires_at: Timestamp,
    },
    /// A refresh was published, or a good token was found.
    Refreshed {
        /// Until when the access token is good.
        expires_at: Timestamp,
    },
    /// A refresh failed in a way that may pass.
    RefreshFailed {
        /// What happened.
        message: String,
    },
    /// Zoho says for good that the refresh token or its client is no more.
    RefreshTokenDead {
        /// What happened.
        message: String,
    },
    /// There is no refresh token in the secret.
    NoAuthorizationFound,
    /// An operator revokes.
    RevokeBegun {
        /// Why.
        reason: String,
    },
    /// Zoho has revoked and no secret holds a token any more.
    RevokeDone,
}

impl Authorization {
    /// What the event makes of the state; `None` when it changes nothing. Only authorize undoes a revoke. A
    /// refresh that still believed a dead refresh token alive does not undo its death.
    pub fn after(&self, event: &AuthorizationEvent, now: Timestamp) -> Option<Self> {
        use AuthorizationEvent as Event;
        use AuthorizationState as State;
        let is_revoked = matches!(self.state, State::Revoking | State::Revoked);
        let (state, message, by, expires_at) = match event {
            Event::Authorized { expires_at } => (State::Active, None, "authorize", Some(*expires_at)),
            Event::RevokeBegun { reason } => (State::Revoking, Some(reason.clone()), "revoke", None),
            Event::RevokeDone if self.state == State::Revoking => {
                (State::Revoked, self.message.clone(), "revoke", None)
            }
            Event::RevokeDone => return None,
            _ if is_revoked => return None,
            Event::Refreshed { expires_at } => {
                let is_known = self.state == State::Active && self.token_expires_at == Some(*expires_at);
                if is_known || self.state == State::NeedsAuthorization {
                    return None;
                }
                (State::Active, None, "refresh", Some(*expires_at))
            }
            Event::RefreshFailed { message } => {
                if !self.state.may_send() {
                    return None;
                }
                (
                    State::RefreshFailing,
                    Some(message.clone()),
                    "refresh",
                    self.token_expires_at,
                )
            }
            Event::RefreshTokenDead { message } => {
                if self.state == State::NeedsAuthorization {
                    return None;
                }
                (State::NeedsAuthorization, Some(message.clone()), "refresh", None)
            }
            Event::NoAuthorizationFound => {
                if self.state == State::NotAuthorized {
                    return None;
                }
                (State::NotAuthorized, None, "refresh", None)
            }
        };
        let since = if state == self.state { self.since } else { Some(now) };
        Some(Self {
            state,
            since,
            message,
            by: Some(by.to_owned()),
            token_expires_at: expires_at,
            change: self.change + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AuthorizationEvent as Event;
    use AuthorizationState as State;

    fn at(state: State) -> Authorization {
        Authorization {
            state,
            ..Authorization::default()
        }
    }

    fn events() -> Vec<Event> {
        let expires_at = Timestamp::UNIX_EPOCH;
        vec![
            Event::Refreshed { expires_at },
            Event::RefreshFailed {
                message: "m".to_owned(),
            },
            Event::RefreshTokenDead {
                message: "m".to_owned(),
            },
            Event::NoAuthorizationFound,
        ]
    }

    #[test]
    fn nothing_but_authorize_undoes_a_revoke() {
        let now = Timestamp::UNIX_EPOCH;
        for state in [State::Revoking, State::Revoked] {
            for event in events() {
                assert_eq!(at(state).after(&event, now), None, "{state:?} {event:?}");
            }
            let authorized = at(state).after(&Event::Authorized { expires_at: now }, now);
            assert_eq!(authorized.map(|authorization| authorization.state), Some(State::Active));
        }
    }

    #[test]
    fn a_revoke_is_done_only_if_it_was_begun_and_not_overtaken_by_authorize() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(at(State::Active).after(&Event::RevokeDone, now), None);
        let begun = at(State::Active)
            .after(&Event::RevokeBegun { reason: "r".to_owned() }, now)
            .unwrap();
        assert_eq!(begun.after(&Event::RevokeDone, now).unwrap().state, State::Revoked);
    }

    #[test]
    fn a_failing_refresh_keeps_since_and_does_not_pause() {
        let (first, later) = (Timestamp::UNIX_EPOCH, "2026-01-01T00:00:00Z".parse().unwrap());
        let failed = Event::RefreshFailed {
            message: "m".to_owned(),
        };
        let failing = at(State::Active)
            .after(&failed, first)
            .unwrap()
            .after(&failed, later)
            .unwrap();
        assert_eq!(
            (failing.state, failing.since, failing.change),
            (State::RefreshFailing, Some(first), 2)
        );
        assert!(failing.state.may_send());
    }

    #[test]
    fn a_dead_refresh_token_is_not_called_alive_by_a_late_refresh() {
        let now = Timestamp::UNIX_EPOCH;
        let dead = at(State::Active)
            .after(
                &Event::RefreshTokenDead {
                    message: "m".to_owned(),
                },
                now,
            )
            .unwrap();
        assert_eq!(dead.after(&Event::Refreshed { expires_at: now }, now), None);
    }
}
