//! What records lay claim to on their way, so that others which must not overtake them stay behind.

use std::hash::Hash;

use bigin::ModuleName;
use hashbrown::{HashMap, HashSet};

use crate::record::{MatchKey, Parcel};

/// The key that every record has which is updated or deleted.
pub(super) const ID: &str = "id";

/// What names a record. A name by id and a name by match fields cannot be compared: they may mean the same record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum RecordName {
    ById,
    ByFields,
}

impl RecordName {
    /// `None` for a record that has both names, and so compares with all, or none.
    fn of(parcel: &Parcel) -> Option<Self> {
        let has_id = parcel.keys.iter().any(|key| key.field() == ID);
        let has_fields = parcel.keys.iter().any(|key| key.field() != ID);
        match (has_id, has_fields) {
            (true, false) => Some(Self::ById),
            (false, true) => Some(Self::ByFields),
            _ => None,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::ById => Self::ByFields,
            Self::ByFields => Self::ById,
        }
    }
}

/// The claims of calls in flight, counted.
#[derive(Debug, Default)]
pub(crate) struct Flying {
    keys: HashMap<MatchKey, usize>,
    groups: HashMap<u32, usize>,
    names: HashMap<(ModuleName, RecordName), usize>,
}

impl Flying {
    /// Whether a record may fly beside them.
    pub(crate) fn admits(&self, parcel: &Parcel) -> bool {
        let module = &parcel.shape.module;
        parcel.keys.iter().all(|key| !self.keys.contains_key(key))
            && parcel.group.is_none_or(|group| !self.groups.contains_key(&group))
            && RecordName::of(parcel)
                .is_none_or(|named| self.names.is_empty() || !self.names.contains_key(&(module.clone(), named.other())))
    }

    pub(crate) fn take_off(&mut self, call: &[Parcel]) {
        for parcel in call {
            for key in &parcel.keys {
                *self.keys.entry(key.clone()).or_default() += 1;
            }
            if let Some(group) = parcel.group {
                *self.groups.entry(group).or_default() += 1;
            }
            if let Some(named) = RecordName::of(parcel) {
                *self.names.entry((parcel.shape.module.clone(), named)).or_default() += 1;
            }
        }
    }

    pub(super) fn land(&mut self, call: &[Parcel]) {
        for parcel in call {
            for key in &parcel.keys {
                drop_one(&mut self.keys, key);
            }
            if let Some(group) = &parcel.group {
                drop_one(&mut self.groups, group);
            }
            if let Some(named) = RecordName::of(parcel) {
                drop_one(&mut self.names, &(parcel.shape.module.clone(), named));
            }
        }
    }
}

fn drop_one<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// The claims of records that a search for the next call has passed, taken along or not.
#[derive(Default)]
pub(super) struct Passed<'a> {
    keys: HashSet<&'a MatchKey>,
    /// The draft that the group's records went into; `None` once one was left behind.
    groups: HashMap<u32, Option<usize>>,
    names: HashSet<(&'a ModuleName, RecordName)>,
}

impl<'a> Passed<'a> {
    /// Whether a record may go into that draft without overtaking one that was passed. A key goes into a call once:
    /// Bigin does not say in which order it works a call off. A group's records may share a call, in their order.
    pub(super) fn admits(&self, parcel: &Parcel, draft: usize) -> bool {
        parcel.keys.iter().all(|key| !self.keys.contains(key))
            && parcel
                .group
                .is_none_or(|group| self.groups.get(&group).is_none_or(|went| *went == Some(draft)))
            && RecordName::of(parcel).is_none_or(|named| !self.names.contains(&(&parcel.shape.module, named.other())))
    }

    /// Passes a record, which went into that draft or was left behind.
    pub(super) fn add(&mut self, parcel: &'a Parcel, draft: Option<usize>) {
        self.keys.extend(&parcel.keys);
        if let Some(group) = parcel.group {
            self.groups.insert(group, draft);
        }
        if let Some(named) = RecordName::of(parcel) {
            self.names.insert((&parcel.shape.module, named));
        }
    }
}
