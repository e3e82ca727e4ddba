//! Links between records that no field holds, such as the products of a contact (contract, section 6.3).

use std::collections::BTreeMap;

use crate::metadata::ModuleName;

/// One end of a link.
pub(crate) type End = (ModuleName, u64);

/// All links, seen from both ends.
#[derive(Debug, Default)]
pub(crate) struct Links(BTreeMap<End, Vec<End>>);

impl Links {
    /// What a record is linked to in a module, in the order of linking.
    pub(crate) fn of(&self, from: End, module: ModuleName) -> Vec<u64> {
        self.0
            .get(&from)
            .into_iter()
            .flatten()
            .filter(|(other, _)| *other == module)
            .map(|(_, id)| *id)
            .collect()
    }

    /// Tells whether the link is new.
    pub(crate) fn add(&mut self, one: End, other: End) -> bool {
        let ends = self.0.entry(one).or_default();
        if ends.contains(&other) {
            return false;
        }
        ends.push(other);
        self.0.entry(other).or_default().push(one);
        true
    }

    /// Tells whether there was such a link.
    pub(crate) fn remove(&mut self, one: End, other: End) -> bool {
        let existed = self.0.get(&one).is_some_and(|ends| ends.contains(&other));
        for (from, to) in [(one, other), (other, one)] {
            if let Some(ends) = self.0.get_mut(&from) {
                ends.retain(|end| *end != to);
            }
        }
        existed
    }

    /// Removes all links of a record.
    pub(crate) fn forget(&mut self, module: ModuleName, id: u64) {
        for other in self.0.remove(&(module, id)).unwrap_or_default() {
            if let Some(ends) = self.0.get_mut(&other) {
                ends.retain(|end| *end != (module, id));
            }
        }
    }
}
