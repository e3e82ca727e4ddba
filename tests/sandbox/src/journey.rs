//! How long a call takes: half of the latency on its way there, half on its way back. What the sandbox itself does in between,
//! reading the call and looking records up, is part of it, so that an answer comes when the settings say.

use std::thread;
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// The runtime's timer wakes up to a millisecond late, a thread of one's own within some microseconds: the rest is slept there.
const TIMER: Duration = Duration::from_millis(2);

/// One call's way to Bigin and back.
#[derive(Debug)]
pub(crate) struct Journey {
    arrives: Instant,
    is_back: Instant,
}

impl Journey {
    /// A call has set out; it takes no time so far.
    pub(crate) fn begin() -> Self {
        let now = Instant::now();
        Self {
            arrives: now,
            is_back: now,
        }
    }

    /// It takes that long, there and back.
    pub(crate) fn takes(&mut self, latency: Duration) {
        self.arrives += latency / 2;
        self.is_back += latency;
    }

    /// It waits that long on top, once it has arrived.
    pub(crate) fn waits(&mut self, wait: Duration) {
        self.is_back += wait;
    }

    /// Waits until it has arrived, and that long on top.
    pub(crate) async fn there(&mut self, wait: Duration) {
        self.arrives += wait;
        self.is_back += wait;
        until(self.arrives).await;
    }

    /// Waits until it is back.
    pub(crate) async fn back(&self) {
        until(self.is_back).await;
    }
}

async fn until(instant: Instant) {
    let left = || instant.saturating_duration_since(Instant::now());
    if let Some(coarsely) = left().checked_sub(TIMER) {
        sleep(coarsely).await;
    }
    if !left().is_zero() {
        // Fails only when the runtime is shut down.
        let _ = spawn_blocking(move || thread::sleep(instant.saturating_duration_since(Instant::now()))).await;
    }
}
