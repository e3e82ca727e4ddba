//! Which time a run reads: from where the run before it ended up to two minutes ago, by Bigin's own clock. What is written
//! into Bigin later belongs to the next run, so that no record moves within a window that is being read.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// So long after a change it is taken for visible to every question.
const SETTLES: SignedDuration = SignedDuration::from_mins(2);
/// Deletes are looked for from so long before the window on: pages move under a reader, and what slips past one run is seen by
/// the next.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// A closed stretch of time, whole seconds, its end left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its begin; `None` for a window that takes in everything.
    pub from: Option<Timestamp>,
    /// Its end.
    pub to: Timestamp,
}

impl Window {
    /// The window that begins where the last one ended, at that moment of Bigin's clock.
    pub fn after(cursor: Option<Timestamp>, bigin_now: Timestamp) -> Self {
        let settled = bigin_now - SETTLES;
        let whole = Timestamp::from_second(settled.as_second()).unwrap_or(settled);
        Self {
            from: cursor,
            // A clock that was put back makes an empty window, and no second is read twice.
            to: cursor.map_or(whole, |cursor| cursor.max(whole)),
        }
    }

    /// Its begin and end, as Bigin is asked for them.
    pub fn bounds(&self) -> (Timestamp, Timestamp) {
        (self.from.unwrap_or(Timestamp::UNIX_EPOCH), self.to)
    }

    /// Whether nothing can be in it.
    pub fn is_empty(&self) -> bool {
        let (from, to) = self.bounds();
        from >= to
    }

    /// Whether an instant is later than the window.
    pub fn is_before(&self, at: Timestamp) -> bool {
        self.to <= at
    }

    /// The time that deletes are looked for in. A copy that is made anew knows no record that was deleted before.
    #[must_use]
    pub fn deletes(&self) -> Self {
        let from = self.from.unwrap_or(self.to) - OVERLAP;
        Self {
            from: Some(from),
            to: self.to,
        }
    }

    /// From when on the next run looks for deletes.
    pub fn next_deletes_from(&self) -> Timestamp {
        self.to - OVERLAP
    }

    /// Whether an instant is in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        let (from, to) = self.bounds();
        from <= at && at < to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_ends_two_minutes_ago_on_a_whole_second() {
        let window = Window::after(Some(at("2026-11-27T09:00:00Z")), at("2026-11-27T09:15:00.7Z"));
        assert_eq!(
            window.bounds(),
            (at("2026-11-27T09:00:00Z"), at("2026-11-27T09:13:00Z"))
        );
        assert!(window.holds(at("2026-11-27T09:00:00Z")) && window.holds(at("2026-11-27T09:12:59.9Z")));
        assert!(!window.holds(window.to) && window.is_before(window.to));
    }

    #[test]
    fn the_first_window_has_no_begin_and_no_deletes_but_those_of_its_last_minutes() {
        let window = Window::after(None, at("2026-11-27T09:15:00Z"));
        assert_eq!(window.bounds().0, Timestamp::UNIX_EPOCH);
        assert_eq!(
            window.deletes().bounds(),
            (at("2026-11-27T09:08:00Z"), at("2026-11-27T09:13:00Z"))
        );
    }

    #[test]
    fn a_clock_that_was_put_back_makes_an_empty_window() {
        let cursor = at("2026-11-27T09:00:00Z");
        let window = Window::after(Some(cursor), at("2026-11-27T08:00:00Z"));
        assert!(window.is_empty());
        assert_eq!(window.to, cursor);
    }

    proptest::proptest! {
        #[test]
        fn windows_that_follow_each_other_hold_every_instant_once(
            start in 0_i64..2_000_000_000, steps in proptest::collection::vec(-500_000_i64..3_000_000, 1..20), probe in 0_i64..60_000
        ) {
            let mut now = Timestamp::from_second(start).unwrap();
            let mut cursor = Window::after(None, now).to;
            let first = cursor;
            let mut windows = Vec::new();
            for step in steps {
                now += SignedDuration::from_millis(step);
                let window = Window::after(Some(cursor), now);
                cursor = window.to;
                windows.push(window);
            }
            let probe = first + SignedDuration::from_millis(probe);
            let holding = windows.iter().filter(|window| window.holds(probe)).count();
            proptest::prop_assert_eq!(holding, usize::from(probe < cursor));
        }
    }
}
