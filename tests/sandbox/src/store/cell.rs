//! A record and the values in it.

use jiff::Timestamp;
use serde_json::{Number, Value};

use crate::metadata::ModuleName;

/// A value as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(Box<str>),
    Bool(bool),
    Number(Number),
    Instant(Timestamp),
    /// Another record.
    Record(ModuleName, u64),
    User(u64),
    /// A team pipeline.
    Pipeline(u64),
    /// The values of a multi-select list.
    List(Box<[String]>),
    /// Ids of tags.
    Tags(Box<[u64]>),
    /// Several records of one module.
    Records(ModuleName, Box<[u64]>),
    /// JSON that is kept as it came.
    Json(Box<Value>),
}

impl Cell {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// When, and by which user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) at: Timestamp,
    pub(crate) by: u64,
}

/// A record. Only fields with a value take room: most of a module's fields are empty in most records.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) created: Stamp,
    pub(crate) modified: Stamp,
    cells: Vec<(u16, Cell)>,
}

impl Record {
    pub(crate) fn new(id: u64, stamp: Stamp) -> Self {
        Self {
            id,
            created: stamp,
            modified: stamp,
            cells: Vec::new(),
        }
    }

    /// The value of the field at that place in the schema.
    pub(crate) fn get(&self, place: usize) -> Option<&Cell> {
        let at = self.cells.binary_search_by_key(&key(place), |(place, _)| *place).ok()?;
        Some(&self.cells[at].1)
    }

    /// Sets or clears a value.
    pub(crate) fn set(&mut self, place: usize, cell: Option<Cell>) {
        match (self.cells.binary_search_by_key(&key(place), |(place, _)| *place), cell) {
            (Ok(at), Some(cell)) => self.cells[at].1 = cell,
            (Ok(at), None) => drop(self.cells.remove(at)),
            (Err(at), Some(cell)) => self.cells.insert(at, (key(place), cell)),
            (Err(_), None) => {}
        }
    }

    /// Every value with its place.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (usize, &Cell)> {
        self.cells.iter().map(|(place, cell)| (usize::from(*place), cell))
    }
}

/// A module has far fewer fields than this holds.
fn key(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}
