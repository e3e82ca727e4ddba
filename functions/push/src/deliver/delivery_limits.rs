//! How far a delivery may go, and what it cost.

use std::time::Duration;

use tokio::time::Instant;

/// How long calls in flight are waited for after the last one may start: a call, and the look at a token before it.
pub const LANDING: Duration = Duration::from_secs(45);

/// How far delivery may go.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryLimits {
    /// The most calls in flight.
    pub width: usize,
    /// When the last call may start.
    pub sending_ends: Instant,
    /// When calls still in flight are given up; their records count as perhaps delivered.
    pub waiting_ends: Instant,
    /// The wait after a first failure; it doubles with each further one.
    pub first_wait: Duration,
    /// How long failures in a row are borne before delivery stops.
    pub patience: Duration,
    /// How many calls may be repeated to begin with; successes earn more.
    pub repeats: u32,
    /// How often to look whether delivery is paused, at least.
    pub look_every: Duration,
}

/// When an invocation stops doing things, so that it has answered before its time is up.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// When the last call may start.
    pub sending_ends: Instant,
    /// When nothing is waited for any more: what is left of the time is for writing down what has become of records.
    pub waiting_ends: Instant,
}

impl Deadlines {
    /// A minute is kept free at the end, a quarter of it for writing; of short times, half and a quarter.
    pub fn within(now: Instant, left: Duration) -> Self {
        let sending = left.saturating_sub(Duration::from_mins(1)).max(left / 2);
        let waiting = left.saturating_sub(Duration::from_secs(15)).max(left / 4 * 3);
        Self {
            sending_ends: now + sending,
            waiting_ends: now + waiting,
        }
    }
}

/// What delivery cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallTally {
    /// Calls made.
    pub api_calls: u64,
    /// API credits they cost, by Zoho's price list.
    pub credits: u64,
    /// Calls made again.
    pub retries: u64,
    /// API credits left, where an answer said so.
    pub credits_left: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_time_to_answer_however_little_there_is() {
        let now = Instant::now();
        for seconds in [1, 3, 30, 60, 180, 900] {
            let left = Duration::from_secs(seconds);
            let hours = Deadlines::within(now, left);
            assert!(now < hours.sending_ends && hours.sending_ends < hours.waiting_ends);
            assert!(hours.waiting_ends < now + left, "{seconds}");
        }
        let usual = Deadlines::within(now, Duration::from_mins(3));
        assert_eq!(usual.sending_ends - now, Duration::from_mins(2));
        assert_eq!(usual.waiting_ends - usual.sending_ends, LANDING);
    }
}
