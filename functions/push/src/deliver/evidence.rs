//! What a delivery has learnt from calls that got through: without it nobody can tell an outage from a record that makes
//! its calls fail. Pure.

use std::collections::HashSet;
use std::mem::discriminant;

use bigin::ModuleName;
use shared::state::refusals::Noise;

use crate::record::Parcel;

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
}

impl Evidence {
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
