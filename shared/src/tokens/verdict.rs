//! Whether the access token there is will do: a pure decision, asked before and again under the lease.

use jiff::{SignedDuration, Timestamp};

use super::access::{AccessDocument, BlankState};
use super::secrets::VersionId;
use super::store::VersionedDocument;

/// A scheduled refresh leaves a token alone that has more life than this. The schedule runs every 20 minutes.
/// A token that this run leaves alone is still good when the next run is missed and the one after it comes 5
/// minutes late.
const LEAST_LIFE_FOR_SCHEDULE: SignedDuration = SignedDuration::from_mins(45);
/// Who asks because of one token is sent to a newer one if it has more life than this.
const LEAST_LIFE_FOR_ASKER: SignedDuration = SignedDuration::from_mins(2);

/// Why a refresh is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshCause {
    /// The schedule, or an operator.
    BySchedule,
    /// Push: this version of the token was rejected, or is about to run out.
    Rejected(VersionId),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenVerdict {
    /// The current token will do.
    Fresh {
        /// Its version.
        version: VersionId,
        /// When it runs out.
        expires_at: Timestamp,
    },
    /// A new one is needed, to be published over this version.
    Mint {
        /// The version that is current; `None` when the secret holds nothing.
        over: Option<VersionId>,
        /// Until when the current token is good, if it is.
        valid_until: Option<Timestamp>,
    },
    /// A revoke has blanked it: nothing may fill it in but authorize.
    Revoked,
}

/// Judges what the secret holds.
pub fn judge_access(
    stored: Option<&VersionedDocument<AccessDocument>>,
    asked: &RefreshCause,
    now: Timestamp,
) -> TokenVerdict {
    let Some(VersionedDocument { document, version }) = stored else {
        return TokenVerdict::Mint {
            over: None,
            valid_until: None,
        };
    };
    let record = match document {
        AccessDocument::Blank(blank) if blank.state == BlankState::Revoked => return TokenVerdict::Revoked,
        // authorize has begun and not come to its end: if the self client holds a refresh token, it is used.
        AccessDocument::Blank(_) => {
            return TokenVerdict::Mint {
                over: Some(version.clone()),
                valid_until: None,
            };
        }
        AccessDocument::Token(record) => record,
    };
    let life = now.duration_until(record.expires_at);
    let will_do = match asked {
        RefreshCause::BySchedule => life > LEAST_LIFE_FOR_SCHEDULE,
        RefreshCause::Rejected(rejected) => rejected != version && life > LEAST_LIFE_FOR_ASKER,
    };
    if will_do {
        return TokenVerdict::Fresh {
            version: version.clone(),
            expires_at: record.expires_at,
        };
    }
    let is_rejected = matches!(asked, RefreshCause::Rejected(rejected) if rejected == version);
    let valid_until = (life.is_positive() && !is_rejected).then_some(record.expires_at);
    TokenVerdict::Mint {
        over: Some(version.clone()),
        valid_until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::AccessTokenRecord;
    use bigin::data_centre::ApiDomain;
    use bigin::secret::AccessToken;

    fn token(version: &str, life: SignedDuration) -> VersionedDocument<AccessDocument> {
        let now = Timestamp::UNIX_EPOCH;
        VersionedDocument {
            document: AccessDocument::Token(AccessTokenRecord {
                access_token: AccessToken::new("t").unwrap(),
                api_domain: ApiDomain::try_from("https://www.zohoapis.eu".to_owned()).unwrap(),
                org_id: None,
                issued_at: now,
                expires_at: now + life,
            }),
            version: VersionId::new(version),
        }
    }

    fn mints(stored: &VersionedDocument<AccessDocument>, asked: &RefreshCause) -> bool {
        matches!(
            judge_access(Some(stored), asked, Timestamp::UNIX_EPOCH),
            TokenVerdict::Mint { .. }
        )
    }

    #[test]
    fn a_schedule_of_20_minutes_may_miss_one_run_and_the_token_does_not_run_out() {
        let between_runs = SignedDuration::from_mins(20);
        let (mut life, mut minted) = (SignedDuration::from_mins(60), 0);
        for run in 1..=30 {
            life -= between_runs;
            assert!(life.is_positive(), "the token has run out at run {run}");
            let is_missed = run % 2 == 0;
            if !is_missed && mints(&token("v", life), &RefreshCause::BySchedule) {
                (life, minted) = (SignedDuration::from_mins(60), minted + 1);
            }
        }
        assert!(minted > 0);
    }

    #[test]
    fn a_token_with_plenty_of_life_is_left_alone_by_the_schedule() {
        assert!(!mints(
            &token("v", SignedDuration::from_mins(50)),
            &RefreshCause::BySchedule
        ));
        assert!(mints(
            &token("v", SignedDuration::from_mins(40)),
            &RefreshCause::BySchedule
        ));
    }

    #[test]
    fn only_the_current_version_is_replaced_for_being_rejected() {
        let stored = token("v2", SignedDuration::from_mins(30));
        assert!(!mints(&stored, &RefreshCause::Rejected(VersionId::new("v1"))));
        assert!(mints(&stored, &RefreshCause::Rejected(VersionId::new("v2"))));
        assert!(mints(
            &token("v2", SignedDuration::from_secs(30)),
            &RefreshCause::Rejected(VersionId::new("v1"))
        ));
    }

    #[test]
    fn a_blank_after_a_revoke_is_never_filled_in() {
        let blank = |state| VersionedDocument {
            document: AccessDocument::blank(state, None),
            version: VersionId::new("v"),
        };
        for asked in [RefreshCause::BySchedule, RefreshCause::Rejected(VersionId::new("v"))] {
            let verdict = judge_access(Some(&blank(BlankState::Revoked)), &asked, Timestamp::UNIX_EPOCH);
            assert_eq!(verdict, TokenVerdict::Revoked);
            assert!(mints(&blank(BlankState::NotAuthorized), &asked));
        }
    }
}
