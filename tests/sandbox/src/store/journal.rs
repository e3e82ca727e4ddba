//! What happened to records, for those who hear of it: watch channels and automations.

use jiff::Timestamp;

use crate::metadata::ModuleName;

/// Something that happened to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) module: ModuleName,
    pub(crate) id: u64,
    pub(crate) happening: Happening,
    pub(crate) by: u64,
    pub(crate) at: Timestamp,
    /// Whether the writer asked that no automation runs (`"trigger": []`, `wf_trigger=false`).
    pub(crate) quiet: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    Created,
    /// The API names of the fields that were written.
    Edited(Vec<&'static str>),
    Deleted,
}

/// What happened and was not passed on yet, in its order.
#[derive(Debug, Default)]
pub(crate) struct Journal(Vec<Event>);

impl Journal {
    pub(crate) fn add(&mut self, event: Event) {
        self.0.push(event);
    }

    pub(crate) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.0)
    }
}
