//! What looking for values has come to.

use std::collections::HashMap;
use std::sync::Arc;

use super::place::Place;
use shared::stop::Stop;

/// A record's id.
pub(super) type Id = Arc<str>;

/// What looking for a value has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// No record has it.
    Nobody,
    /// One has it.
    One(Id),
    /// Several have it.
    Several {
        /// The one that was there first.
        oldest: Id,
    },
    /// The record was to be made and could not be; why.
    NotMade(String),
    /// It cannot be found out: the list is longer than Bigin shows.
    OutOfReach,
}

impl Finding {
    /// Another record has it too, unless it is the same one again.
    pub fn add(&mut self, id: &str) {
        match self {
            Self::One(known) if **known == *id => {}
            Self::One(known) => {
                let oldest = if is_older(id, known) {
                    Arc::from(id)
                } else {
                    Arc::clone(known)
                };
                *self = Self::Several { oldest };
            }
            Self::Several { oldest } => {
                if is_older(id, oldest) {
                    *oldest = Arc::from(id);
                }
            }
            _ => *self = Self::One(Arc::from(id)),
        }
    }
}

/// Findings, by where was looked and for which folded value.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: HashMap<Place, HashMap<String, Finding>>,
    /// Where Bigin does not let anything be looked for.
    closed: HashMap<Place, Stop>,
}

impl Findings {
    pub fn get(&self, place: &Place, folded: &str) -> Option<&Finding> {
        self.found.get(place)?.get(folded)
    }

    pub fn insert(&mut self, place: &Place, folded: String, finding: Finding) {
        match self.found.get_mut(place) {
            Some(there) => {
                there.insert(folded, finding);
            }
            None => {
                self.found.insert(place.clone(), HashMap::from([(folded, finding)]));
            }
        }
    }

    pub fn closed(&self, place: &Place) -> Option<&Stop> {
        self.closed.get(place)
    }

    pub fn close(&mut self, place: &Place, stop: Stop) {
        self.closed.entry(place.clone()).or_insert(stop);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.values().map(HashMap::len).sum()
    }

    /// Keeps only those of records that are there.
    pub fn keep_positive(&mut self) {
        for there in self.found.values_mut() {
            there.retain(|_, finding| matches!(finding, Finding::One(_) | Finding::Several { .. }));
        }
        self.closed.clear();
    }
}

/// Bigin counts ids up, so the lower one was there first.
fn is_older(one: &str, other: &str) -> bool {
    (one.len(), one) < (other.len(), other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_id_is_the_oldest_and_none_counts_twice() {
        let mut finding = Finding::Nobody;
        finding.add("4711000000000000009");
        finding.add("4711000000000000009");
        assert_eq!(finding, Finding::One("4711000000000000009".into()));
        for id in ["4711000000000000010", "999", "4711000000000000011"] {
            finding.add(id);
        }
        assert_eq!(finding, Finding::Several { oldest: "999".into() });
    }
}
