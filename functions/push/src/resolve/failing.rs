//! Values whose records cannot be made, since every call with them fails without a word: what is held against each. Pure.

use std::collections::HashMap;

use jiff::Timestamp;
use shared::state::refusals::Noise;

use super::place::Place;
use crate::deliver::poison::{ALONE_FOR, failures_that_tell};

/// What is held against values, and what is known of calls that got through.
#[derive(Debug, Default)]
pub(super) struct Failing {
    values: HashMap<(Place, String), Against>,
    noise: Noise,
}

/// What is held against one value.
#[derive(Debug, Clone, Copy)]
struct Against {
    failures: u32,
    /// How many calls have got through since.
    passes: u32,
    since: Timestamp,
}

impl Failing {
    /// A call with these values got through, after so many failures.
    pub fn passed(&mut self, place: &Place, values: &[String], failures: u32) {
        self.noise.passed(failures);
        for value in values {
            self.values.remove(&(place.clone(), value.clone()));
        }
        for ((other, _), against) in &mut self.values {
            against.passes += u32::from(other == place);
        }
    }

    /// A call with these values has failed so often. Whether it is known that a single value is at fault.
    pub fn failed(&mut self, place: &Place, values: &[String], failures: u32, now: Timestamp) -> bool {
        for value in values {
            let against = self.values.entry((place.clone(), value.clone()));
            let none = Against {
                failures: 0,
                passes: 0,
                since: now,
            };
            against.or_insert(none).failures += failures;
        }
        let [only] = values else { return false };
        let is_told = |against: &Against| {
            let is_compared = against.passes > 0 || now.duration_since(against.since) >= ALONE_FOR;
            is_compared && against.failures >= failures_that_tell(against.passes, self.noise)
        };
        self.values.get(&(place.clone(), only.clone())).is_some_and(is_told)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn values(range: std::ops::Range<u8>) -> Vec<String> {
        range.map(|value| value.to_string()).collect()
    }

    #[test]
    fn a_value_is_at_fault_when_it_alone_fails_and_others_get_through() {
        let (mut failing, now) = (Failing::default(), Timestamp::UNIX_EPOCH);
        assert!(!failing.failed(&Place::UserNames, &values(0..2), 4, now));
        assert!(
            !failing.failed(&Place::UserNames, &values(0..1), 1, now),
            "perhaps nothing gets through"
        );
        failing.passed(&Place::UserNames, &values(1..2), 0);
        assert!(failing.failed(&Place::UserNames, &values(0..1), 4, now));
    }

    #[test]
    fn where_nothing_else_is_made_a_value_must_fail_for_a_quarter_of_an_hour() {
        let (mut failing, now) = (Failing::default(), Timestamp::UNIX_EPOCH);
        for minutes in [0, 5, 10] {
            let later = now + SignedDuration::from_mins(minutes);
            assert!(!failing.failed(&Place::UserNames, &values(0..1), 4, later));
        }
        assert!(failing.failed(&Place::UserNames, &values(0..1), 4, now + ALONE_FOR));
    }

    #[test]
    fn where_failures_pass_no_value_is_at_fault_so_soon() {
        let (mut failing, now) = (Failing::default(), Timestamp::UNIX_EPOCH);
        failing.passed(&Place::UserNames, &values(5..6), 3);
        failing.failed(&Place::UserNames, &values(0..1), 4, now);
        failing.passed(&Place::UserNames, &values(6..7), 2);
        assert!(!failing.failed(&Place::UserNames, &values(0..1), 6, now));
    }
}
