//! How many calls may be in flight, how long to wait after a failure, and how many calls may be repeated in all. Pure:
//! random numbers and time come in.

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
        Self {
            most,
            now: most,
            successes: 0,
        }
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

/// How many calls may be repeated over all: a repeat takes three, a success gives one back. So up to a quarter of all
/// calls may fail for as long as one likes; more than that stops delivery, since a server in trouble is not helped by
/// repeats.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    most: u32,
    left: u32,
}

impl RetryBudget {
    const REPEAT: u32 = 3;

    /// A budget for that many repeats to start with.
    pub fn new(repeats: u32) -> Self {
        let most = repeats.saturating_mul(Self::REPEAT);
        Self { most, left: most }
    }

    /// A call is to be repeated; false when it may not.
    pub fn spend(&mut self) -> bool {
        let enough = self.left >= Self::REPEAT;
        self.left = self.left.saturating_sub(Self::REPEAT);
        enough
    }

    /// A call succeeded.
    pub fn earn(&mut self) {
        self.left = (self.left + 1).min(self.most);
    }
}

/// The wait before try number `failures` (from 1). It starts with `first`, doubles each time and is at most
/// `most`. It is spread over its upper half, so that a crowd does not come back at once. `spread` is random,
/// from 0 to 1.
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

    #[test]
    fn a_quarter_of_the_calls_may_fail_for_ever_but_not_half() {
        let mut budget = RetryBudget::new(10);
        for _ in 0..1_000 {
            assert!(budget.spend());
            (0..3).for_each(|_| budget.earn());
        }
        let lasts = (0..1_000).take_while(|_| {
            budget.earn();
            budget.spend()
        });
        assert!(lasts.count() < 20);
    }
}
