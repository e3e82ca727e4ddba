//! Records that wait without holding the others up.

use std::collections::{HashMap, HashSet};

use bigin::ModuleName;
use shared::stop::Stop;

use crate::record::Parcel;

/// Records of held modules, and those that must not overtake them.
#[derive(Default)]
pub(super) struct Aside {
    /// The records, in order.
    pub parcels: Vec<Parcel>,
    groups: HashSet<u32>,
}

impl Aside {
    /// Whether a record has to wait: for its module, or for one before it in its group.
    pub fn takes(&self, parcel: &Parcel, held: &HashMap<ModuleName, Stop>) -> bool {
        held.contains_key(&parcel.shape.module) || parcel.group.is_some_and(|group| self.groups.contains(&group))
    }

    /// Has it wait.
    pub fn add(&mut self, parcel: Parcel) {
        self.groups.extend(parcel.group);
        self.parcels.push(parcel);
    }
}
