//! The sandbox's own time: the machine's, plus what a test has advanced it by.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// The one offset that every time of the organisation is written in. The recordings have +03:00, a zone without summer
/// time, and a client that compares texts instead of instants fails against it.
pub(crate) const ORGANISATION_OFFSET: Offset = Offset::constant(3);

/// The name of that zone, as `GET /org` and `GET /users` give it.
pub(crate) const ORGANISATION_ZONE: &str = "Europe/Istanbul";

/// A clock that only ever moves forward.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    advanced: SignedDuration,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.advanced).unwrap_or(Timestamp::MAX)
    }

    /// Moves on by that many seconds.
    pub(crate) fn advance(&mut self, seconds: u64) {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        self.advanced = self.advanced.saturating_add(SignedDuration::from_secs(seconds));
    }
}

/// An instant as Bigin writes it: seconds, and the organisation's offset.
pub(crate) fn written(instant: Timestamp) -> String {
    let local = ORGANISATION_OFFSET.to_datetime(instant);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+03:00",
        local.year(),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second()
    )
}

/// An instant as the HTTP header `Date` writes it.
pub(crate) fn http_date(instant: Timestamp) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&instant)
        .unwrap_or_default()
}

/// An instant without its fraction of a second.
pub(crate) fn whole_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// That many seconds later.
pub(crate) fn later(instant: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    instant
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_the_organisations_offset_without_fractions() {
        let instant: Timestamp = "2026-10-09T19:09:22.9Z".parse().unwrap();
        assert_eq!(written(instant), "2026-10-09T22:09:22+03:00");
    }

    #[test]
    fn an_instant_is_written_for_http_in_greenwich_time() {
        let instant: Timestamp = "2026-10-09T19:14:52.9Z".parse().unwrap();
        assert_eq!(http_date(instant), "Fri, 09 Oct 2026 19:14:52 GMT");
        assert_eq!(whole_second(instant), "2026-10-09T19:14:52Z".parse().unwrap());
    }

    #[test]
    fn an_advanced_clock_is_ahead_by_what_it_was_advanced() {
        let mut clock = Clock::default();
        clock.advance(3600);
        let ahead = clock.now().duration_since(Timestamp::now()).as_secs();
        assert!((3590..=3600).contains(&ahead), "{ahead}");
    }
}
