//! A process that dies at a chosen touch of the bucket or the table: from there on nothing happens any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Notify;

/// Where the process dies. Clones share it.
#[derive(Clone)]
pub struct Death {
    left: Arc<AtomicI64>,
    touches: Arc<AtomicI64>,
    reached: Arc<Notify>,
    also_done: Arc<AtomicI64>,
}

impl Default for Death {
    fn default() -> Self {
        Self {
            left: Arc::new(AtomicI64::new(i64::MAX)),
            touches: Arc::default(),
            reached: Arc::default(),
            also_done: Arc::default(),
        }
    }
}

impl Death {
    /// Dies at that touch from now on, counted from 1; the touch itself is carried out, or not.
    pub fn at(&self, touch: i64, touch_is_done: bool) {
        self.also_done.store(i64::from(touch_is_done), Ordering::SeqCst);
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

    /// Before a touch. Never returns in a dead process.
    pub async fn before(&self) -> bool {
        self.touches.fetch_add(1, Ordering::SeqCst);
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        if left < 1 || (left == 1 && self.also_done.load(Ordering::SeqCst) == 0) {
            self.die().await;
        }
        left == 1
    }

    /// Never returns.
    pub async fn die(&self) {
        self.reached.notify_one();
        std::future::pending::<()>().await;
    }

    /// Waits until the process is dead.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }
}
