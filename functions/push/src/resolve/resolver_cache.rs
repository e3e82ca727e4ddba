//! Keeps what a run has found out, from one invocation to the next where both are the same process.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::resolver::Resolver;

/// What was not used for so long has been overtaken by others too likely.
const KEEPS: SignedDuration = SignedDuration::from_mins(10);
/// However often it is used: a record may have been renamed, merged or deleted since it was found.
const LASTS: SignedDuration = SignedDuration::from_mins(30);

/// Keeps one run's resolver. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct ResolverCache {
    kept: Arc<Mutex<Option<KeptResolver>>>,
}

#[derive(Debug)]
struct KeptResolver {
    run_id: String,
    made_at: Timestamp,
    put_at: Timestamp,
    /// `None` while it is in use.
    resolver: Option<Resolver>,
}

impl ResolverCache {
    /// The run's resolver as it was left, or a new one.
    pub fn take(&self, run_id: &str, now: Timestamp) -> Resolver {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good =
            |kept: &&mut KeptResolver| kept.run_id == run_id && now - kept.put_at < KEEPS && now - kept.made_at < LASTS;
        if let Some(resolver) = kept.as_mut().filter(is_good).and_then(|kept| kept.resolver.take()) {
            return resolver;
        }
        *kept = Some(KeptResolver {
            run_id: run_id.to_owned(),
            made_at: now,
            put_at: now,
            resolver: None,
        });
        Resolver::default()
    }

    /// Keeps the run's resolver; that of any other run is forgotten.
    pub fn put(&self, run_id: &str, now: Timestamp, resolver: Resolver) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // What was not taken from here just now is as old as nobody knows.
        let own = kept
            .as_mut()
            .filter(|kept| kept.run_id == run_id && kept.resolver.is_none());
        if let Some(own) = own {
            own.put_at = now;
            own.resolver = Some(resolver);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::MatchKey;
    use crate::resolve::Place;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    /// A resolver that has found something out.
    fn knowing(mut resolver: Resolver) -> Resolver {
        let key = MatchKey::of(&"email".into(), "ann@example.com").unwrap();
        resolver.cache.accepted(&Place::UserEmails, &key, "1");
        resolver
    }

    fn knows(resolver: &Resolver) -> bool {
        resolver.cache.known(&Place::UserEmails, "ann@example.com").is_some()
    }

    #[test]
    fn what_was_found_out_serves_the_same_run_while_it_is_used() {
        let resolvers = ResolverCache::default();
        resolvers.put("a", at(0), knowing(resolvers.take("a", at(0))));
        let resolver = resolvers.take("a", at(9));
        assert!(knows(&resolver));
        resolvers.put("a", at(9), resolver);
        assert!(!knows(&resolvers.take("a", at(19))), "ten minutes without use");
    }

    #[test]
    fn however_often_it_is_used_it_ends_half_an_hour_after_it_was_begun() {
        let resolvers = ResolverCache::default();
        resolvers.put("a", at(0), knowing(resolvers.take("a", at(0))));
        for minute in (5..30).step_by(5) {
            let resolver = resolvers.take("a", at(minute));
            assert!(knows(&resolver), "after {minute} minutes");
            resolvers.put("a", at(minute), resolver);
        }
        assert!(!knows(&resolvers.take("a", at(30))));
    }

    #[test]
    fn another_run_begins_anew_and_what_it_displaces_is_not_kept_under_its_name() {
        let resolvers = ResolverCache::default();
        let first = knowing(resolvers.take("a", at(0)));
        assert!(!knows(&resolvers.take("b", at(1))));
        resolvers.put("a", at(1), first);
        assert!(!knows(&resolvers.take("a", at(1))));
        assert!(!knows(&resolvers.take("b", at(1))));
    }
}
