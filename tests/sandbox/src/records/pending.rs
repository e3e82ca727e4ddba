//! What a checked record will change, before anything is changed.

use crate::store::Cell;

/// What a field becomes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Clear,
    Set(Cell),
    /// Values added to a multi-select list.
    Append(Vec<String>),
    /// Tags by name, made where they do not exist.
    Tags(Vec<String>),
    /// A new company of that name, since a bare name was given where a company belongs.
    NewCompany(String),
}

/// A record that passed every check: its fields' new values, by place in the schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Draft {
    pub(crate) changes: Vec<(usize, Change)>,
}

impl Draft {
    pub(crate) fn get(&self, place: usize) -> Option<&Change> {
        self.changes
            .iter()
            .find(|(at, _)| *at == place)
            .map(|(_, change)| change)
    }

    /// The text that a field is set to.
    pub(crate) fn text(&self, place: usize) -> Option<&str> {
        match self.get(place)? {
            Change::Set(cell) => cell.text(),
            _ => None,
        }
    }
}
