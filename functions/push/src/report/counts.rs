//! The numbers of a report: how many records have ended, and how.

use std::collections::BTreeMap;

use bigin::Action;
use serde::{Deserialize, Serialize};

use crate::record::Outcome;

/// How the records that were read have ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read; the sum of the six below, except in a plan.
    pub read: u64,
    /// New in Bigin.
    pub inserted: u64,
    /// Changed in Bigin.
    pub updated: u64,
    /// Gone from Bigin.
    pub deleted: u64,
    /// There was nothing to do.
    pub unchanged: u64,
    /// Rejected for good; each is in the rejects file.
    pub rejected: u64,
    /// Still on a queue, its dead-letter queue, or in an import that waits.
    pub deferred: u64,
    /// Of the inserted, those that an earlier call may have inserted already.
    pub possibly_duplicated: u64,
    /// Records among the inserted and updated that are incomplete in Bigin, by code: something that belongs
    /// to them is missing, such as their tags. Each is in the rejects file.
    #[serde(default)]
    pub incomplete: BTreeMap<String, u64>,
    /// The rejected, by code.
    pub rejects_by_code: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts a record that was read and has ended.
    pub fn settle(&mut self, outcome: &Outcome) {
        self.read += 1;
        match outcome {
            Outcome::Accepted {
                action,
                possibly_duplicated,
                lacks,
                ..
            } => {
                match action {
                    Action::Inserted => self.inserted += 1,
                    Action::Updated => self.updated += 1,
                    Action::Deleted => self.deleted += 1,
                }
                self.possibly_duplicated += u64::from(*possibly_duplicated);
                if let Some(lacks) = lacks {
                    *self.incomplete.entry(lacks.code.clone()).or_default() += 1;
                }
            }
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Rejected(reject) => {
                self.rejected += 1;
                *self.rejects_by_code.entry(reject.code.clone()).or_default() += 1;
            }
        }
    }

    /// How many records have ended.
    pub fn ended(&self) -> u64 {
        self.inserted + self.updated + self.deleted + self.unchanged + self.rejected
    }

    /// Counts as waiting whatever has not ended of so many records.
    pub fn out_of(&mut self, records: u64) {
        self.read = records.max(self.ended());
        self.deferred = self.read - self.ended();
    }

    /// Counts records that were read and still wait.
    pub fn defer(&mut self, records: u64) {
        self.read += records;
        self.deferred += records;
    }

    /// Whether every record read is accounted for.
    pub fn add_up(&self) -> bool {
        self.read == self.ended() + self.deferred
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Reject;

    #[test]
    fn counts_add_up_whatever_the_outcomes() {
        let mut counts = Counts::default();
        counts.settle(&Outcome::Accepted {
            action: Action::Inserted,
            id: "1".into(),
            possibly_duplicated: true,
            lacks: None,
        });
        counts.settle(&Outcome::Accepted {
            action: Action::Deleted,
            id: "2".into(),
            possibly_duplicated: false,
            lacks: Some(Box::new(Reject::relay("LIMIT_EXCEEDED", None, "m"))),
        });
        counts.settle(&Outcome::Unchanged);
        counts.settle(&Outcome::Rejected(Reject::relay("INVALID_EMAIL", None, "m")));
        counts.defer(7);
        assert!(counts.add_up());
        assert_eq!((counts.read, counts.possibly_duplicated), (11, 1));
        assert_eq!(counts.rejects_by_code["INVALID_EMAIL"], 1);
        assert_eq!(counts.incomplete["LIMIT_EXCEEDED"], 1);
    }
}
