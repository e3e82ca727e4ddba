//! A process that dies at a chosen point: every touch of the bucket or the table counts, and from the chosen one on
//! nothing happens any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

/// Where the process dies. Clones share it.
#[derive(Clone)]
pub struct Crash {
    left: Arc<AtomicI64>,
    reached: Arc<Notify>,
    touches: Arc<AtomicI64>,
}

impl Default for Crash {
    fn default() -> Self {
        Self {
            left: Arc::new(AtomicI64::new(i64::MAX)),
            reached: Arc::default(),
            touches: Arc::default(),
        }
    }
}

impl Crash {
    /// Dies at that touch from now on, counted from 1. The touch itself is not carried out.
    pub fn at(&self, touch: i64) {
        self.left.store(touch, Ordering::SeqCst);
    }

    /// Lives on.
    pub fn never(&self) {
        self.left.store(i64::MAX, Ordering::SeqCst);
    }

    /// How many touches there were so far.
    pub fn touches(&self) -> i64 {
        self.touches.load(Ordering::SeqCst)
    }

    /// One touch. Never returns in a dead process.
    pub async fn touch(&self) {
        self.touches.fetch_add(1, Ordering::SeqCst);
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 1 {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the process is dead. A death that came too late for the process before this one does not count.
    pub async fn death(&self) {
        loop {
            self.reached.notified().await;
            if self.left.load(Ordering::SeqCst) <= 0 {
                return;
            }
        }
    }
}
