//! Keeps track of which rows have ended, so that a checkpoint is neither too early nor too late. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::Checkpoint;
use crate::row::Row;

/// A row on its way, and where decoding would have to go on to meet it again.
#[derive(Debug)]
struct Underway {
    row: Row,
    before: Option<Checkpoint>,
}

/// The rows that were read and have not ended.
#[derive(Debug)]
pub struct Tracker {
    underway: BTreeMap<u64, Underway>,
    next_row: u64,
    ended_ahead: BTreeSet<u64>,
}

impl Tracker {
    /// Goes on where a checkpoint left off.
    pub fn resume(next_row: u64, ended_ahead: BTreeSet<u64>) -> Self {
        Self { underway: BTreeMap::new(), next_row, ended_ahead }
    }

    /// A row was read; `before` is the place in the file just before it. Answers with its number, or `None` for one
    /// that has ended before.
    pub fn read(&mut self, row: Row, before: Option<Checkpoint>) -> Option<u64> {
        let number = self.next_row;
        self.next_row += 1;
        if self.ended_ahead.contains(&number) {
            return None;
        }
        self.underway.insert(number, Underway { row, before });
        Some(number)
    }

    /// A row that is under way.
    pub fn row(&self, number: u64) -> Option<&Row> {
        self.underway.get(&number).map(|underway| &underway.row)
    }

    /// A row has ended; answers with it.
    pub fn end(&mut self, number: u64) -> Option<Row> {
        let underway = self.underway.remove(&number)?;
        self.ended_ahead.insert(number);
        Some(underway.row)
    }

    /// Where to go on: the number of the first row that has not ended, the place in the file before it (`at_end` when
    /// there is none), and the rows behind it that have ended.
    pub fn checkpoint(&mut self, at_end: Option<Checkpoint>) -> (u64, Option<Checkpoint>, BTreeSet<u64>) {
        let (first, before) = match self.underway.first_key_value() {
            Some((number, underway)) => (*number, underway.before.clone()),
            None => (self.next_row, at_end),
        };
        self.ended_ahead = self.ended_ahead.split_off(&first);
        (first, before, self.ended_ahead.clone())
    }
}
