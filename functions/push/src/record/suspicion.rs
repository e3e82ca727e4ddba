//! What is held against a record whose calls fail without a word about any record. Numbers only, no record content.

use bigin::CallFailure;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a call failed that was answered with nothing about its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Silence {
    /// A status, or a page of something in front of Bigin.
    Status(u16),
    /// An answer that cannot be read.
    Unreadable,
    /// No answer, or half of one.
    NoAnswer,
}

impl Silence {
    /// `None` for a failure that says what is wrong.
    pub fn of(failure: &CallFailure) -> Option<Self> {
        match failure {
            CallFailure::Unavailable { status, .. } => Some(Self::Status(*status)),
            CallFailure::Unreadable { .. } => Some(Self::Unreadable),
            CallFailure::NoAnswer { .. } => Some(Self::NoAnswer),
            _ => None,
        }
    }
}

/// What is held against the records of one call. They are sent together, and with no others, until it is cleared up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspicion {
    /// Names the call.
    pub call: u64,
    /// How many records it has.
    pub records: usize,
    /// The call that it is a half of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_of: Option<u64>,
    /// How this call failed the last time, or the one that it is a half of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Silence>,
    /// How often in a row this call failed so; 0 for a half that was not sent yet.
    pub times: u32,
    /// How often this call failed in any way.
    pub own: u32,
    /// How often larger calls failed that its records were in.
    #[serde(default)]
    pub before: u32,
    /// Since when this call is watched.
    pub since: Timestamp,
    /// How many calls like it set out since then and got through.
    pub passes: u32,
    /// How many did while its records were in larger calls that failed, ...
    #[serde(default)]
    pub passes_before: u32,
    /// ... and beside how many of those any did.
    #[serde(default)]
    pub compared_before: u32,
    /// Whether any did beside the one that it is a half of.
    #[serde(default)]
    pub is_of_compared: bool,
    /// Since when it fails with one record in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone_since: Option<Timestamp>,
}

impl Suspicion {
    /// A call that is to be watched, with nothing against it yet.
    pub fn new(records: usize, since: Timestamp) -> Self {
        Self {
            call: name(),
            records,
            half_of: None,
            failed: None,
            times: 0,
            own: 0,
            before: 0,
            since,
            passes: 0,
            passes_before: 0,
            compared_before: 0,
            is_of_compared: false,
            alone_since: None,
        }
    }

    /// A half of it.
    #[must_use]
    pub fn half(&self, records: usize, now: Timestamp) -> Self {
        Self {
            half_of: Some(self.call),
            failed: self.failed,
            before: self.before + self.own,
            passes_before: self.passes_before + self.passes,
            compared_before: self.compared_before + u32::from(self.passes > 0),
            is_of_compared: self.passes > 0,
            ..Self::new(records, now)
        }
    }

    /// It has failed so once more. Whether that is another way than before: what is wrong with a record shows in one way.
    pub fn fail(&mut self, silence: Silence, records: usize, now: Timestamp) -> bool {
        if records < self.records {
            // Some of its records could not go along. They are no part of what is found out from here on.
            self.call = name();
        }
        self.records = records;
        let is_another_way = self.failed.is_some_and(|failed| failed != silence);
        self.times = if is_another_way { 1 } else { self.times + 1 };
        self.failed = Some(silence);
        self.own += 1;
        if records == 1 {
            self.alone_since.get_or_insert(now);
        }
        is_another_way
    }

    /// A call like it has got through that had set out then.
    pub fn note_pass(&mut self, set_out: Timestamp) {
        // One that was under way already tells of the time before.
        self.passes += u32::from(set_out >= self.since);
    }

    /// Whether it was sent, and failed.
    pub fn was_sent(&self) -> bool {
        self.own > 0
    }
}

/// A number that names a call; every reader of JSON knows numbers of that size.
fn name() -> u64 {
    fastrand::u64(1..1 << 53)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_kind_of_failure_is_counted_anew() {
        let now = Timestamp::UNIX_EPOCH;
        let mut suspicion = Suspicion::new(1, now);
        for (silence, times, is_another_way) in [
            (Silence::Status(500), 1, false),
            (Silence::Status(500), 2, false),
            (Silence::NoAnswer, 1, true),
        ] {
            assert_eq!(suspicion.fail(silence, 1, now), is_another_way);
            assert_eq!(suspicion.times, times);
        }
        assert_eq!(suspicion.own, 3);
        let text = serde_json::to_string(&suspicion).unwrap();
        assert_eq!(serde_json::from_str::<Suspicion>(&text).unwrap(), suspicion);
    }

    #[test]
    fn a_half_remembers_what_failed_before_it_and_a_call_without_some_of_its_records_is_another() {
        let now = Timestamp::UNIX_EPOCH;
        let mut whole = Suspicion::new(4, now);
        whole.fail(Silence::NoAnswer, 4, now);
        whole.fail(Silence::NoAnswer, 4, now);
        let mut half = whole.half(2, now);
        assert_eq!((half.before, half.own, half.half_of), (2, 0, Some(whole.call)));
        assert!(
            half.fail(Silence::Unreadable, 2, now),
            "its whole failed in another way"
        );
        let named = half.call;
        half.fail(Silence::Unreadable, 1, now);
        assert_ne!(half.call, named);
    }
}
