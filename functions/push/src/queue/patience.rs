//! For how long a message that goes back to the queue stays out of sight. Pure.

use std::time::Duration;

use shared::stop::Stop;

/// The first wait after something that passes.
const SOON: u64 = 5;
/// The first wait in a pause. It is longer than AWS takes to close the intake. It is not so long that the
/// messages which push had in hand when the pause came keep everybody waiting after the pause.
const TWO_MINUTES: u64 = 120;
/// The longest wait, for as long as it may still pass by itself.
const QUARTER_HOUR: u64 = 900;
/// How many deliveries a passing trouble may cost before waits get long. After that the trouble is not a
/// passing one, and the deliveries that are left before the dead-letter queue have to last.
const PASSING_DELIVERIES: u32 = 12;
const LONG: u64 = 2 * 3600;
/// SQS lets a message be out of sight for 12 hours since it was received.
const LONGEST: u64 = 11 * 3600;

/// The wait before a message's next delivery, after it has been delivered `receives` times. `spread` is random, from 0
/// to 1: a crowd does not come back at once.
///
/// While delivery is paused the intake is closed, so the first wait only has to outlast the closing. If
/// messages come in nevertheless, the waits double. The messages of a held module keep coming in, so their
/// waits double from the start. With 20 deliveries before the dead-letter queue they last for more than a
/// week.
pub fn out_of_sight(stop: &Stop, receives: u32, spread: f64) -> Duration {
    let doubled = |first: u64, most: u64| {
        let doublings = receives.saturating_sub(1).min(16);
        first.saturating_mul(1 << doublings).min(most)
    };
    let seconds = match stop {
        Stop::ModuleHeld { .. } => doubled(QUARTER_HOUR, LONGEST),
        _ if closes_intake(stop) => doubled(TWO_MINUTES, LONGEST),
        _ if receives > PASSING_DELIVERIES => LONG,
        _ => doubled(SOON, QUARTER_HOUR),
    };
    let spread = spread.clamp(0.0, 1.0);
    Duration::from_secs(seconds).mul_f64(1.0 + spread / 16.0)
}

/// Whether the intake is to be closed for it: nothing at all can be sent for longer than a message's patience.
pub fn closes_intake(stop: &Stop) -> bool {
    matches!(
        stop,
        Stop::Paused { .. } | Stop::NotAuthorized | Stop::TokenRejected { .. } | Stop::CreditsGone
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Stop {
        Stop::ModuleHeld {
            code: "NO_PERMISSION".into(),
            message: String::new(),
        }
    }

    fn seconds(stop: &Stop, receives: u32) -> u64 {
        out_of_sight(stop, receives, 0.0).as_secs()
    }

    #[test]
    fn a_passing_trouble_costs_seconds_at_first_and_a_quarter_of_an_hour_at_most() {
        let waits: Vec<_> = (1..=10).map(|receives| seconds(&Stop::Throttled, receives)).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    }

    #[test]
    fn an_outage_of_half_a_day_drains_nothing_into_the_dead_letter_queue() {
        let lasts: u64 = (1..=20).map(|receives| seconds(&Stop::OutOfTime, receives)).sum();
        assert!(lasts > 12 * 3600, "{lasts}");
    }

    #[test]
    fn a_held_modules_messages_last_for_more_than_a_week() {
        let lasts: u64 = (1..=20).map(|receives| seconds(&held(), receives)).sum();
        assert!(lasts > 7 * 86_400, "{lasts}");
    }

    #[test]
    fn a_pause_outlasts_the_closing_of_the_intake_and_no_wait_is_longer_than_sqs_allows() {
        assert!((61..=120).contains(&seconds(&Stop::NotAuthorized, 1)));
        let lasts: u64 = (1..=20).map(|receives| seconds(&Stop::NotAuthorized, receives)).sum();
        assert!(lasts > 5 * 86_400, "should the intake stay open: {lasts}");
        assert!(closes_intake(&Stop::CreditsGone) && !closes_intake(&held()) && !closes_intake(&Stop::Throttled));
        for receives in [0, 1, 40, u32::MAX] {
            assert!(out_of_sight(&held(), receives, 1.0) < Duration::from_hours(12));
        }
    }
}
