//! Deleted records: 60 days in the recycle bin, where they can be brought back from, and 60 more in which it is known that
//! there was one (contract, section 6.6).

use jiff::{SignedDuration, Timestamp};

use super::cell::Record;

/// How long a record stays in the bin, and how long it is known that there was one.
const IN_THE_BIN: SignedDuration = SignedDuration::from_hours(60 * 24);
const REMEMBERED: SignedDuration = SignedDuration::from_hours(120 * 24);

/// The deleted records of one module, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RecycleBin(Vec<Binned>);

/// A deleted record.
#[derive(Debug, Clone)]
pub(crate) struct Binned {
    pub(crate) record: Record,
    pub(crate) name: String,
    pub(crate) deleted_by: u64,
    pub(crate) at: Timestamp,
    /// Whether somebody emptied the bin of it.
    purged: bool,
}

/// What has become of a deleted record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// It is in the recycle bin.
    Recycle,
    Permanent,
}

impl Binned {
    pub(crate) fn new(record: Record, name: String, deleted_by: u64, at: Timestamp) -> Self {
        Self {
            record,
            name,
            deleted_by,
            at,
            purged: false,
        }
    }

    /// What has become of it by now; `None` once nobody knows of it any more.
    pub(crate) fn deletion(&self, now: Timestamp) -> Option<Deletion> {
        let age = now.duration_since(self.at);
        if age >= REMEMBERED {
            None
        } else if self.purged || age >= IN_THE_BIN {
            Some(Deletion::Permanent)
        } else {
            Some(Deletion::Recycle)
        }
    }
}

impl RecycleBin {
    pub(crate) fn add(&mut self, binned: Binned) {
        self.0.push(binned);
    }

    /// Deleted records, the latest first, with what has become of them.
    pub(crate) fn latest_first(&self, now: Timestamp) -> impl Iterator<Item = (&Binned, Deletion)> {
        let known = move |binned: &Binned| binned.deletion(now);
        self.0
            .iter()
            .rev()
            .filter_map(move |binned| known(binned).map(|deletion| (binned, deletion)))
    }

    /// Takes records out of the bin, those that are still in it.
    pub(crate) fn take(&mut self, now: Timestamp, is_wanted: impl Fn(u64) -> bool) -> Vec<Record> {
        let comes_back =
            |binned: &mut Binned| is_wanted(binned.record.id) && binned.deletion(now) == Some(Deletion::Recycle);
        self.0.extract_if(.., comes_back).map(|binned| binned.record).collect()
    }

    /// Empties the bin of records; tells how many.
    pub(crate) fn purge(&mut self, now: Timestamp, is_wanted: impl Fn(u64) -> bool) -> usize {
        let in_bin =
            |binned: &&mut Binned| is_wanted(binned.record.id) && binned.deletion(now) == Some(Deletion::Recycle);
        let purged = self.0.iter_mut().filter(in_bin);
        purged.map(|binned| binned.purged = true).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::later;
    use crate::store::Stamp;

    const DAY: u64 = 86_400;

    fn bin() -> RecycleBin {
        let mut bin = RecycleBin::default();
        let at = Timestamp::UNIX_EPOCH;
        for id in 1..=3 {
            bin.add(Binned::new(Record::new(id, Stamp { at, by: 1 }), String::new(), 1, at));
        }
        bin
    }

    fn deletions(bin: &RecycleBin, day: u64) -> Vec<(u64, Deletion)> {
        let now = later(Timestamp::UNIX_EPOCH, day * DAY);
        bin.latest_first(now)
            .map(|(binned, deletion)| (binned.record.id, deletion))
            .collect()
    }

    #[test]
    fn a_record_is_in_the_bin_for_60_days_and_remembered_for_120() {
        let bin = bin();
        assert!(deletions(&bin, 59).iter().all(|(_, kind)| *kind == Deletion::Recycle));
        assert!(deletions(&bin, 60).iter().all(|(_, kind)| *kind == Deletion::Permanent));
        assert_eq!(deletions(&bin, 119).len(), 3);
        assert_eq!(deletions(&bin, 120).len(), 0);
    }

    #[test]
    fn what_was_purged_or_is_too_old_does_not_come_back() {
        let mut bin = bin();
        let start = Timestamp::UNIX_EPOCH;
        assert_eq!(bin.purge(start, |id| id == 2), 1);
        assert_eq!(
            deletions(&bin, 1),
            [(3, Deletion::Recycle), (2, Deletion::Permanent), (1, Deletion::Recycle)]
        );
        let back: Vec<_> = bin
            .take(start, |id| id < 3)
            .into_iter()
            .map(|record| record.id)
            .collect();
        assert_eq!(back, [1]);
        assert_eq!(deletions(&bin, 1).len(), 2, "it is no longer among the deleted");
        assert!(bin.take(later(start, 60 * DAY), |_| true).is_empty());
    }
}
