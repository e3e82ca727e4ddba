//! Time, passed in, so that an hour's expiry is tested in a millisecond.

use std::time::Duration;

use jiff::Timestamp;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Waits for that long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock for tests: it stands until it is moved, and whoever sleeps by it moves it.
#[cfg(any(test, feature = "test-support"))]
#[derive(Debug, Clone)]
pub struct ManualClock(std::sync::Arc<std::sync::Mutex<Timestamp>>);

#[cfg(any(test, feature = "test-support"))]
impl ManualClock {
    /// A clock that stands at that instant, given as in RFC 3339. One that cannot be read is the epoch.
    pub fn at(instant: &str) -> Self {
        Self(std::sync::Arc::new(std::sync::Mutex::new(
            instant.parse().unwrap_or_default(),
        )))
    }

    /// Moves it.
    pub fn advance(&self, by: jiff::SignedDuration) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
    }
}

#[cfg(any(test, feature = "test-support"))]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX));
        tokio::task::yield_now().await;
    }
}
