//! What a delivery has learnt from calls that got through: without it nobody can tell an outage from a record that makes
//! its calls fail. Pure.

use std::collections::HashSet;
use std::mem::discriminant;

use bigin::{ModuleName, Operation};
use shared::state::refusals::Noise;

use crate::record::{CallKind, Parcel};

/// Whether calls of these two are like each other.
pub(super) fn are_alike(one: &Parcel, other: &Parcel) -> bool {
    one.shape.module == other.shape.module
        && one.shape.operation == other.shape.operation
        && discriminant(&one.call_kind) == discriminant(&other.call_kind)
}

/// What calls that got through have told.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// How often calls fail that get through in the end.
    pub noise: Noise,
    /// The modules of which a record was given up since a call of theirs got through.
    pub given_up: HashSet<ModuleName>,
    /// Of what, and how, records were taken.
    taken: HashSet<(ModuleName, Operation)>,
}

impl Evidence {
    /// A record like this one was taken.
    pub fn took(&mut self, one: &Parcel) {
        self.taken.insert((one.shape.module.clone(), one.shape.operation));
    }

    /// Whether a record to be written like this one was taken.
    pub fn has_taken(&self, one: &Parcel) -> bool {
        one.call_kind == CallKind::Write && self.taken.contains(&(one.shape.module.clone(), one.shape.operation))
    }

    /// A call of these records got through.
    pub fn passed(&mut self, parcels: &[Parcel]) {
        let Some(first) = parcels.first() else { return };
        self.given_up.remove(&first.shape.module);
        // Records of one call may have come together again that failed in different ones.
        let failures = parcels
            .iter()
            .filter_map(|parcel| parcel.suspicion.as_deref())
            .map(|suspicion| suspicion.own)
            .max();
        self.noise.passed(failures.unwrap_or_default());
    }
}
