use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// The machine's clock, moved on by hand. Sleeping moves it.
#[derive(Debug, Clone, Default)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Moves it on.
    pub fn advance(&self, seconds: u64) {
        self.0
            .fetch_add(i64::try_from(seconds).unwrap() * 1_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_millis(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.0
            .fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}
