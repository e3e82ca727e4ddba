//! Keeps what a run has found out, from one invocation to the next where both are the same process.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::resolver::Resolver;

/// What is older has been overtaken by others too likely.
const KEEPS: SignedDuration = SignedDuration::from_mins(10);

/// Keeps one run's resolver. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    kept: Arc<Mutex<Option<Kept>>>,
}

#[derive(Debug)]
struct Kept {
    run_id: String,
    put_at: Timestamp,
    resolver: Resolver,
}

impl Shelf {
    /// The run's resolver as it was left, or a new one.
    pub fn take(&self, run_id: &str, now: Timestamp) -> Resolver {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.filter(|kept| kept.run_id == run_id && now - kept.put_at < KEEPS)
            .map(|kept| kept.resolver)
            .unwrap_or_default()
    }

    /// Keeps the run's resolver; that of any other run is forgotten.
    pub fn put(&self, run_id: &str, now: Timestamp, resolver: Resolver) {
        let kept = Kept {
            run_id: run_id.to_owned(),
            put_at: now,
            resolver,
        };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }
}
