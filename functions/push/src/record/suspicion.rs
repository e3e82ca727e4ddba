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
    /// Whether others got through between two failures of that one.
    #[serde(default)]
    pub is_of_compared: bool,
    /// How it failed the last time; `None` for a half that was not sent yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Silence>,
    /// How often in a row it failed so.
    pub times: u32,
    /// Whether others like it got through since it failed, or since that which it is a half of did.
    pub compared: bool,
    /// Since when it fails with one record in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone_since: Option<Timestamp>,
}

impl Suspicion {
    /// A call that is to be watched, with nothing against it yet.
    pub fn new(records: usize) -> Self {
        Self {
            // Every reader of JSON knows numbers of that size.
            call: fastrand::u64(1..1 << 53),
            records,
            half_of: None,
            is_of_compared: false,
            failed: None,
            times: 0,
            compared: false,
            alone_since: None,
        }
    }

    /// A half of it.
    #[must_use]
    pub fn half(&self, records: usize) -> Self {
        Self {
            half_of: Some(self.call),
            is_of_compared: self.compared,
            ..Self::new(records)
        }
    }

    /// It has failed so once more.
    pub fn fail(&mut self, silence: Silence, records: usize, now: Timestamp) {
        self.times = if self.failed == Some(silence) {
            self.times + 1
        } else {
            1
        };
        self.failed = Some(silence);
        self.records = records;
        if records == 1 {
            self.alone_since.get_or_insert(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_kind_of_failure_is_counted_anew() {
        let now = Timestamp::UNIX_EPOCH;
        let mut suspicion = Suspicion::new(1);
        for (silence, times) in [
            (Silence::Status(500), 1),
            (Silence::Status(500), 2),
            (Silence::NoAnswer, 1),
        ] {
            suspicion.fail(silence, 1, now);
            assert_eq!(suspicion.times, times);
        }
        let text = serde_json::to_string(&suspicion).unwrap();
        assert_eq!(serde_json::from_str::<Suspicion>(&text).unwrap(), suspicion);
    }
}
