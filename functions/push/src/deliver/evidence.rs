//! What a delivery has learnt from calls that got through: without it nobody can tell an outage from a record that makes
//! its calls fail. Pure.

use std::collections::{HashMap, HashSet};
use std::mem::{Discriminant, discriminant};

use bigin::{ModuleName, Operation};

use crate::record::{CallKind, Parcel};

/// Calls that are like each other: one may get through when another fails.
type Route = (ModuleName, Operation, Discriminant<CallKind>);

fn route(parcel: &Parcel) -> Route {
    let shape = &parcel.shape;
    (shape.module.clone(), shape.operation, discriminant(&parcel.errand))
}

/// Whether calls of these two are like each other.
pub(super) fn are_alike(one: &Parcel, other: &Parcel) -> bool {
    one.shape.module == other.shape.module
        && one.shape.operation == other.shape.operation
        && discriminant(&one.errand) == discriminant(&other.errand)
}

/// What calls that got through have told.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    passes: HashMap<Route, u64>,
    /// Calls that failed and then got through unchanged.
    pub recoveries: u32,
    /// The modules of which a record was given up since a call of theirs got through.
    pub given_up: HashSet<ModuleName>,
}

impl Evidence {
    /// How many calls like the one with that record have got through.
    pub fn passes(&self, parcel: &Parcel) -> u64 {
        self.passes.get(&route(parcel)).copied().unwrap_or_default()
    }

    /// A call of these records got through.
    pub fn passed(&mut self, parcels: &[Parcel]) {
        let Some(first) = parcels.first() else { return };
        *self.passes.entry(route(first)).or_default() += 1;
        self.given_up.remove(&first.shape.module);
        let failed_before = first
            .suspicion
            .as_ref()
            .is_some_and(|suspicion| suspicion.failed.is_some());
        self.recoveries += u32::from(failed_before);
    }
}
