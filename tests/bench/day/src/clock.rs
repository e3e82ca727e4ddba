//! The time of a simulated day: it stands while anybody has something to do, and moves on to the next alarm when all sleep.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::clock::Clock;

/// The clock that everybody shares.
#[derive(Debug, Clone)]
pub struct DayClock(Arc<Mutex<Time>>);

#[derive(Debug)]
struct Time {
    now: Timestamp,
    alarms: BTreeMap<(Timestamp, u64), Waker>,
    alarms_set: u64,
}

impl DayClock {
    /// A clock that stands at that instant.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Time {
            now,
            alarms: BTreeMap::new(),
            alarms_set: 0,
        })))
    }

    /// Goes to the next alarm and wakes who set it, and all others of that instant. False when nobody sleeps.
    pub fn move_on(&self) -> bool {
        let mut time = self.time();
        let Some((&(next, _), _)) = time.alarms.first_key_value() else {
            return false;
        };
        time.now = time.now.max(next);
        let later = time.alarms.split_off(&(next, u64::MAX));
        for waker in std::mem::replace(&mut time.alarms, later).into_values() {
            waker.wake();
        }
        true
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for DayClock {
    fn now(&self) -> Timestamp {
        self.time().now
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now() + SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        poll_fn(|context| {
            let mut time = self.time();
            if time.now >= until {
                return Poll::Ready(());
            }
            time.alarms_set += 1;
            let alarm = (until, time.alarms_set);
            time.alarms.insert(alarm, context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
