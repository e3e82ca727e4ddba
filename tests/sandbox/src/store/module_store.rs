//! The records of one module, found by id and by the values of unique fields, with what search has not noticed yet.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::{Bound, RangeBounds};

use jiff::{SignedDuration, Timestamp};

use super::cell::{Cell, Record};
use super::recycle_bin::RecycleBin;

/// The records that have a value, oldest first.
type Holders = HashMap<Box<str>, Vec<u64>>;

/// A question about so few records is answered from the index of times; for more it is quicker to look at all.
const FEW: usize = 5_000;

/// The records of one module.
#[derive(Debug, Default)]
pub(crate) struct Store {
    records: BTreeMap<u64, Record>,
    /// When each was last changed.
    by_time: BTreeSet<(Timestamp, u64)>,
    /// For each unique field its values in lower case. Several records may share one: companies that Bigin itself made
    /// from a bare name.
    unique: Vec<(usize, Holders)>,
    pub(crate) bin: RecycleBin,
    /// What changed, and how the record was before: what search still sees.
    unnoticed: VecDeque<(Timestamp, u64, Option<Record>)>,
    pub(crate) written: Written,
    /// The last number that Bigin counted out by itself.
    pub(crate) last_number: u64,
}

/// How many records were written since the start or the last reset.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub(crate) inserted: u64,
    pub(crate) updated: u64,
    pub(crate) deleted: u64,
    pub(crate) rejected: u64,
}

impl Store {
    pub(crate) fn new(unique: &[usize]) -> Self {
        Self {
            unique: unique.iter().map(|place| (*place, HashMap::new())).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(&id)
    }

    pub(crate) fn contains(&self, id: u64) -> bool {
        self.records.contains_key(&id)
    }

    /// All records by ascending id.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// Records by ascending id from one id on up to another.
    pub(crate) fn range(&self, ids: impl RangeBounds<u64>) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.range(ids).map(|(_, record)| record)
    }

    /// Records by the time of their last change and their id, from one of these on up to another.
    pub(crate) fn by_time(
        &self,
        places: impl RangeBounds<(Timestamp, u64)>,
    ) -> impl DoubleEndedIterator<Item = &Record> {
        self.by_time.range(places).filter_map(|(_, id)| self.records.get(id))
    }

    /// The ids of the records that were last changed within a span of time, ascending; `None` when there are so many that
    /// looking at all records is quicker.
    pub(crate) fn changed_within(&self, from: Bound<Timestamp>, to: Bound<Timestamp>) -> Option<Vec<u64>> {
        let from = match from {
            Bound::Included(at) => Bound::Included((at, u64::MIN)),
            Bound::Excluded(at) => Bound::Excluded((at, u64::MAX)),
            Bound::Unbounded => Bound::Unbounded,
        };
        let to = match to {
            Bound::Included(at) => Bound::Included((at, u64::MAX)),
            Bound::Excluded(at) => Bound::Excluded((at, u64::MIN)),
            Bound::Unbounded => Bound::Unbounded,
        };
        if is_empty(from, to) {
            return Some(Vec::new());
        }
        let found = self.by_time.range((from, to)).take(FEW + 1).map(|(_, id)| *id);
        let mut ids: Vec<_> = found.collect();
        ids.sort_unstable();
        (ids.len() <= FEW).then_some(ids)
    }

    /// The oldest record that has this value in a unique field, letter case ignored.
    pub(crate) fn holder(&self, place: usize, value: &str) -> Option<u64> {
        let (_, values) = self.unique.iter().find(|(field, _)| *field == place)?;
        values.get(value.to_lowercase().as_str())?.first().copied()
    }

    /// All records that have one of these values in a field; `None` when the field is not unique and has no index.
    pub(crate) fn holders(&self, place: usize, values: &[&str]) -> Option<Vec<u64>> {
        let (_, index) = self.unique.iter().find(|(field, _)| *field == place)?;
        let found = values
            .iter()
            .filter_map(|value| index.get(value.to_lowercase().as_str()));
        Some(found.flatten().copied().collect())
    }

    /// Adds a record or puts it in the place of the one with its id.
    pub(crate) fn put(&mut self, record: Record, now: Timestamp) {
        let before = self.records.remove(&record.id);
        if let Some(before) = &before {
            self.index(before, Indexing::Remove);
            self.by_time.remove(&(before.modified.at, before.id));
        }
        self.by_time.insert((record.modified.at, record.id));
        self.index(&record, Indexing::Add);
        self.unnoticed.push_back((now, record.id, before));
        self.records.insert(record.id, record);
    }

    /// Takes a record out.
    pub(crate) fn take(&mut self, id: u64, now: Timestamp) -> Option<Record> {
        let record = self.records.remove(&id)?;
        self.index(&record, Indexing::Remove);
        self.by_time.remove(&(record.modified.at, record.id));
        self.unnoticed.push_back((now, id, Some(record.clone())));
        Some(record)
    }

    /// Forgets changes that search has noticed by now.
    pub(crate) fn notice(&mut self, now: Timestamp, lag: u64) {
        while self.unnoticed.front().is_some_and(|(at, ..)| !is_recent(*at, now, lag)) {
            self.unnoticed.pop_front();
        }
    }

    /// The records as search sees them: without the changes of the last `lag` seconds.
    pub(crate) fn as_indexed(&self, now: Timestamp, lag: u64) -> Vec<&Record> {
        let mut earlier: HashMap<u64, Option<&Record>> = HashMap::new();
        for (_, id, before) in self.unnoticed.iter().filter(|(at, ..)| is_recent(*at, now, lag)) {
            // The first change in the window knows how the record was before all of them.
            earlier.entry(*id).or_insert(before.as_ref());
        }
        let unchanged = self.records.values().filter(|record| !earlier.contains_key(&record.id));
        unchanged.chain(earlier.values().copied().flatten()).collect()
    }

    /// Sets which fields are unique, and indexes all records anew.
    pub(crate) fn index_anew(&mut self, unique: &[usize]) {
        self.unique = unique.iter().map(|place| (*place, HashMap::new())).collect();
        let records = std::mem::take(&mut self.records);
        for record in records.values() {
            self.index(record, Indexing::Add);
        }
        self.records = records;
    }

    fn index(&mut self, record: &Record, how: Indexing) {
        for (place, values) in &mut self.unique {
            let Some(text) = record.get(*place).and_then(Cell::text) else {
                continue;
            };
            let key = text.to_lowercase();
            match how {
                Indexing::Add => {
                    let holders = values.entry(key.into()).or_default();
                    let at = holders.partition_point(|id| *id < record.id);
                    holders.insert(at, record.id);
                }
                Indexing::Remove => {
                    if let Some(holders) = values.get_mut(key.as_str()) {
                        holders.retain(|id| *id != record.id);
                        if holders.is_empty() {
                            values.remove(key.as_str());
                        }
                    }
                }
            }
        }
    }
}

/// A range that ends before it begins, of which a `BTreeSet` makes a panic.
fn is_empty(from: Bound<(Timestamp, u64)>, to: Bound<(Timestamp, u64)>) -> bool {
    match (from, to) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
    }
}

#[derive(Clone, Copy)]
enum Indexing {
    Add,
    Remove,
}

fn is_recent(at: Timestamp, now: Timestamp, lag: u64) -> bool {
    let lag = i64::try_from(lag).unwrap_or(i64::MAX);
    now.duration_since(at) < SignedDuration::from_secs(lag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::later;
    use crate::store::Stamp;

    const EMAIL: usize = 3;

    fn record(id: u64, email: &str) -> Record {
        let mut record = Record::new(
            id,
            Stamp {
                at: Timestamp::UNIX_EPOCH,
                by: 1,
            },
        );
        record.set(EMAIL, Some(Cell::Text(email.into())));
        record
    }

    #[test]
    fn a_unique_value_is_found_whatever_its_letter_case_and_no_more_once_it_changed() {
        let (mut store, now) = (Store::new(&[EMAIL]), Timestamp::UNIX_EPOCH);
        store.put(record(7, "Ann@Example.com"), now);
        assert_eq!(store.holder(EMAIL, "ann@eXample.com"), Some(7));
        store.put(record(7, "other@example.com"), now);
        assert_eq!(store.holder(EMAIL, "ann@example.com"), None);
        store.take(7, now);
        assert_eq!(store.holder(EMAIL, "other@example.com"), None);
    }

    #[test]
    fn records_are_found_by_the_span_of_their_last_change() {
        let mut store = Store::new(&[]);
        let at = |seconds| later(Timestamp::UNIX_EPOCH, seconds);
        for (id, seconds) in [(1, 10), (2, 20), (3, 20), (4, 30)] {
            let stamp = Stamp { at: at(seconds), by: 1 };
            store.put(Record::new(id, stamp), at(seconds));
        }
        let within = |from, to| store.changed_within(from, to).unwrap();
        assert_eq!(within(Bound::Included(at(20)), Bound::Excluded(at(30))), [2, 3]);
        assert_eq!(within(Bound::Excluded(at(10)), Bound::Unbounded), [2, 3, 4]);
        assert_eq!(within(Bound::Excluded(at(20)), Bound::Included(at(20))), [0; 0]);
        assert_eq!(within(Bound::Included(at(30)), Bound::Included(at(10))), [0; 0]);
        let mut moved = store.get(2).unwrap().clone();
        moved.modified.at = at(40);
        store.put(moved, at(40));
        store.take(3, at(40));
        assert_eq!(
            store.changed_within(Bound::Included(at(20)), Bound::Unbounded),
            Some(vec![2, 4])
        );
    }

    #[test]
    fn search_sees_a_record_as_it_was_before_the_lag() {
        let (mut store, start) = (Store::new(&[EMAIL]), Timestamp::UNIX_EPOCH);
        store.put(record(7, "first@example.com"), start);
        assert!(store.as_indexed(later(start, 14), 15).is_empty());
        store.put(record(7, "second@example.com"), later(start, 20));
        store.put(record(7, "third@example.com"), later(start, 21));
        let seen = store.as_indexed(later(start, 30), 15);
        assert_eq!(seen[0].get(EMAIL).and_then(Cell::text), Some("first@example.com"));
        store.notice(later(start, 36), 15);
        let seen = store.as_indexed(later(start, 36), 15);
        assert_eq!(seen[0].get(EMAIL).and_then(Cell::text), Some("third@example.com"));
    }
}
