//! Tries new tokens out: which organisation and which user they are for, and whether that is the organisation the relay
//! has delivered to so far.

use std::time::Duration;

use bigin::{Access, CallFailure, CurrentUser, Organisation};
use jiff::{SignedDuration, Timestamp};
use shared::clock::Clock;

use crate::zoho::Zoho;

/// How long a Bigin that fails is asked again; the invocation needs time for the rest.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// The wait before it is asked again.
const WAIT: Duration = Duration::from_secs(2);

/// What new tokens are good for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Verified {
    pub(crate) organisation: Option<Organisation>,
    pub(crate) user: Option<CurrentUser>,
    pub(crate) warnings: Vec<String>,
}

/// Tries the tokens out. A call that Bigin refuses for want of a scope or a permission proves them good all the same.
pub(crate) async fn verify<Z: Zoho, C: Clock>(zoho: &Z, clock: &C, access: &Access) -> Result<Verified, CallFailure> {
    let (mut verified, begun) = (Verified::default(), clock.now());
    match patiently(clock, begun, || zoho.organisation(access)).await {
        Ok(organisation) => verified.organisation = Some(organisation),
        Err(failure) if is_let_in(&failure) => verified.warnings.push(failure.to_string()),
        Err(failure) => return Err(failure),
    }
    match patiently(clock, begun, || zoho.current_user(access)).await {
        Ok(user) => verified.user = Some(user),
        // The organisation has answered, or the user's own call says that the token was let in.
        Err(failure) if is_let_in(&failure) || verified.organisation.is_some() => {
            verified.warnings.push(failure.to_string());
        }
        Err(failure) => return Err(failure),
    }
    Ok(verified)
}

fn is_let_in(failure: &CallFailure) -> bool {
    matches!(
        failure,
        CallFailure::ScopeMissing { .. } | CallFailure::NotPermitted { .. }
    )
}

/// Asks again while the failure may pass.
async fn patiently<T, C: Clock, F: Future<Output = Result<T, CallFailure>>>(
    clock: &C,
    begun: Timestamp,
    ask: impl Fn() -> F,
) -> Result<T, CallFailure> {
    loop {
        let failure = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        let may_pass = matches!(
            failure,
            CallFailure::Unavailable { .. }
                | CallFailure::NoAnswer { .. }
                | CallFailure::Throttled { .. }
                | CallFailure::Unreadable { .. }
        );
        if !may_pass || clock.now().duration_since(begun) >= PATIENCE {
            return Err(failure);
        }
        clock.sleep(WAIT).await;
    }
}

/// Whether new tokens are for the organisation that they may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belonging {
    /// They are, or there was none before, or it may change.
    Fits,
    /// They are for another one.
    Other,
    /// Nobody can tell.
    Unknown,
}

/// Compares the organisation so far with that of the new tokens.
pub(crate) fn belonging(known: Option<&str>, found: Option<&str>, change_org: bool) -> Belonging {
    match (known, found) {
        _ if change_org => Belonging::Fits,
        (None, _) => Belonging::Fits,
        (Some(known), Some(found)) if known == found => Belonging::Fits,
        (Some(_), Some(_)) => Belonging::Other,
        (Some(_), None) => Belonging::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_organisation_needs_to_be_wished_for() {
        assert_eq!(belonging(None, Some("1"), false), Belonging::Fits);
        assert_eq!(belonging(None, None, false), Belonging::Fits);
        assert_eq!(belonging(Some("1"), Some("1"), false), Belonging::Fits);
        assert_eq!(belonging(Some("1"), Some("2"), false), Belonging::Other);
        assert_eq!(belonging(Some("1"), None, false), Belonging::Unknown);
        assert_eq!(belonging(Some("1"), Some("2"), true), Belonging::Fits);
    }
}
