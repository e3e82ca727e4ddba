//! Keeps track of which rows have ended, so that a checkpoint is neither too early nor too late. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::decode::Checkpoint;
use crate::import::progress::Rows;
use crate::record::Row;

/// A row on its way, and where decoding would have to go on to meet it again.
#[derive(Debug)]
struct Underway {
    row: Row,
    before: Checkpoint,
}

/// The rows that were read and have not ended.
#[derive(Debug)]
pub struct Tracker {
    underway: BTreeMap<u64, Underway>,
    next_row: u64,
    ended_ahead: BTreeSet<u64>,
    /// The place before the next row that is read.
    at: Option<Checkpoint>,
}

impl Tracker {
    /// Goes on where a checkpoint left off.
    pub fn resume(next_row: u64, at: Option<Checkpoint>, ended_ahead: &Rows) -> Self {
        Self {
            underway: BTreeMap::new(),
            next_row,
            ended_ahead: ended_ahead.iter().collect(),
            at,
        }
    }

    /// The number of the next row that is read.
    pub fn next_row(&self) -> u64 {
        self.next_row
    }

    /// A row was read; `before` is the place in the file just before it. Answers with its number, or `None` for one
    /// that has ended before.
    pub fn read(&mut self, row: Row, before: Checkpoint) -> Option<u64> {
        let number = self.next_row;
        self.next_row += 1;
        if self.ended_ahead.contains(&number) {
            return None;
        }
        self.underway.insert(number, Underway { row, before });
        Some(number)
    }

    /// All rows up to that place in the file have been read.
    pub fn read_up_to(&mut self, at: Checkpoint) {
        self.at = Some(at);
    }

    /// A row that was read and has not ended.
    pub fn row(&self, number: u64) -> Option<&Row> {
        self.underway.get(&number).map(|underway| &underway.row)
    }

    /// A row has ended; answers with it.
    pub fn end(&mut self, number: u64) -> Option<Row> {
        let underway = self.underway.remove(&number)?;
        self.ended_ahead.insert(number);
        Some(underway.row)
    }

    /// Where to go on: the number of the first row that has not ended, the place in the file before it, and the rows
    /// behind it that have ended.
    pub fn checkpoint(&mut self) -> (u64, Option<Checkpoint>, Rows) {
        let (first, before) = match self.underway.first_key_value() {
            Some((number, underway)) => (*number, Some(underway.before)),
            None => (self.next_row, self.at),
        };
        self.ended_ahead = self.ended_ahead.split_off(&first);
        (first, before, self.ended_ahead.iter().copied().collect())
    }
}
