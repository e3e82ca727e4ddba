//! How many calls may be in flight, and how long to wait after a failure. Pure: random numbers and time come in.

use std::time::Duration;

/// Calls in flight: one more after a round of successes, half as many after a throttle (additive increase,
/// multiplicative decrease).
#[derive(Debug, Clone)]
pub struct Width {
    most: usize,
    now: usize,
    successes: usize,
}

impl Width {
    /// Starts at the most, since the usual account is not throttled.
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { most, now: most, successes: 0 }
    }

    /// How many calls may be in flight now.
    pub fn now(&self) -> usize {
        self.now
    }

    /// A call succeeded.
    pub fn widen(&mut self) {
        self.successes += 1;
        if self.successes >= self.now && self.now < self.most {
            self.now += 1;
            self.successes = 0;
        }
    }

    /// Bigin throttled a call.
    pub fn halve(&mut self) {
        self.now = (self.now / 2).max(1);
        self.successes = 0;
    }
}

/// The wait before try number `failures` (from 1): doubled each time from `first`, at most `most`, and spread over
/// its upper half so that a crowd does not come back at once. `spread` is random, from 0 to 1.
pub fn backoff(failures: u32, first: Duration, most: Duration, spread: f64) -> Duration {
    let full = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(most);
    full.mul_f64(0.5 + spread.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttle_halves_and_successes_widen_again_one_by_one() {
        let mut width = Width::new(5);
        width.halve();
        assert_eq!(width.now(), 2);
        width.halve();
        width.halve();
        assert_eq!(width.now(), 1);
        width.widen();
        assert_eq!(width.now(), 2);
        (0..100).for_each(|_| width.widen());
        assert_eq!(width.now(), 5);
    }

    #[test]
    fn waits_double_up_to_a_limit_and_keep_half_of_themselves() {
        let wait = |failures, spread| backoff(failures, Duration::from_secs(1), Duration::from_secs(20), spread);
        assert_eq!(wait(1, 1.0), Duration::from_secs(1));
        assert_eq!(wait(3, 0.0), Duration::from_secs(2));
        assert_eq!(wait(40, 1.0), Duration::from_secs(20));
    }
}
