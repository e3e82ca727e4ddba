//! Runs tasks against each other a step at a time, so that a test decides in which order they go.
#![allow(clippy::panic, reason = "support for tests: a panic here is a test that fails")]

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// One step of a task: the doubles in memory begin each of their deeds with it, so that [`interleave`] can let another
/// task go first.
pub async fn step() {
    let mut has_waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs tasks to their ends a step at a time, in an order that the seed decides.
///
/// # Panics
/// They do not come to an end: they wait for something other than steps.
pub fn interleave<T>(seed: u64, tasks: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut context = Context::from_waker(Waker::noop());
    let mut running: Vec<_> = tasks.into_iter().map(Box::pin).enumerate().collect();
    let mut ended: Vec<Option<T>> = running.iter().map(|_| None).collect();
    for _ in 0..1_000_000 {
        if running.is_empty() {
            return ended.into_iter().flatten().collect();
        }
        let chosen = random.usize(..running.len());
        let (place, task) = &mut running[chosen];
        if let Poll::Ready(output) = pin!(task.as_mut()).poll(&mut context) {
            ended[*place] = Some(output);
            running.swap_remove(chosen);
        }
    }
    panic!("{} tasks do not come to an end", running.len());
}
