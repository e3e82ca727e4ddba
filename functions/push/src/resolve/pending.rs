//! A record that waits for something to be found out, and what becomes of it.

use bigin::Operation;

use crate::map::Reference;
use crate::record::{Parcel, Reject, Settled};
use shared::stop::Stop;

/// A record on its way, before it is known what it refers to.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The record, without what its references still have to give.
    pub parcel: Parcel,
    /// The records it refers to.
    pub references: Vec<Reference>,
    /// Whether a record before it brings into being, or takes away, what it is found by: it is looked into when that has
    /// been delivered.
    pub(super) later: bool,
}

impl Pending {
    /// A record as map has made it.
    pub fn new(parcel: Parcel, references: Vec<Reference>) -> Self {
        Self {
            parcel,
            references,
            later: false,
        }
    }

    /// Whether it is an update or a delete that does not say by id which record is meant.
    pub fn needs_key(&self) -> bool {
        let by_id = matches!(self.parcel.shape.operation, Operation::Update | Operation::Delete);
        by_id && self.parcel.record.id().is_none()
    }

    /// Whether there is nothing to be found out.
    pub fn is_ready(&self) -> bool {
        self.references.is_empty() && !self.needs_key()
    }
}

/// What becomes of a record.
#[derive(Debug, Clone)]
pub enum Resolution {
    /// It can be sent.
    Ready(Parcel),
    /// It has ended.
    Ended(Settled),
    /// A record it refers to is not there, and may come to be. Otherwise this is what it is rejected for.
    Missing(Pending, Reject),
    /// It is to be looked into later.
    Later(Pending),
    /// Bigin does not let it be found out; all records of its module wait.
    Held(Pending, Stop),
}
