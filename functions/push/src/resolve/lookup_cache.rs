//! What is known for the whole run: findings, walks through lists, which fields there are. Bounded, whatever the file.

use std::collections::{BTreeSet, HashMap, HashSet};

use bigin::ModuleFields;

use super::finding::{Finding, Findings};
use super::place::Place;
use super::walk::Walk;
use crate::record::MatchKey;

/// Findings beyond that many are not kept: to ask again costs less than memory without end.
const MOST_KNOWN: usize = 100_000;

/// What the metadata says of a field that values are looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fitness {
    /// There is none of that name: Bigin would leave it out of every answer.
    NoField,
    /// There is one.
    Field {
        /// Whether no two records share a value; `None` where the metadata could not be read.
        unique: Option<bool>,
    },
}

/// What is known for the whole run.
#[derive(Debug, Default)]
pub struct LookupCache {
    known: Findings,
    walks: HashMap<Place, Walk>,
    fitness: HashMap<Place, Fitness>,
    /// The authorization lets nothing be queried.
    no_queries: bool,
    not_queried: HashSet<Place>,
    warnings: BTreeSet<String>,
}

impl LookupCache {
    /// What an operator should know.
    pub fn warnings(&self) -> impl Iterator<Item = &String> {
        self.warnings.iter()
    }

    /// Doubts that what was missing is missing still. Lists of more than that many pages are not walked through again.
    pub fn doubt_missing(&mut self, most_pages: u32) {
        self.known.keep_positive();
        self.walks.values_mut().for_each(|walk| walk.doubt(most_pages));
    }

    /// Bigin has taken a record with that value: it is there from now on.
    pub fn accepted(&mut self, place: &Place, key: &MatchKey, id: &str) {
        self.learn(place, key.folded().to_owned(), Finding::One(id.into()));
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.insert(warning);
    }

    pub(super) fn known(&self, place: &Place, folded: &str) -> Option<&Finding> {
        self.known.get(place, folded)
    }

    pub(super) fn learn(&mut self, place: &Place, folded: String, finding: Finding) {
        if self.known.len() >= MOST_KNOWN {
            self.known = Findings::default();
        }
        self.known.insert(place, folded, finding);
    }

    /// Whether the place's field is looked up in the metadata before anything is looked for in it.
    pub(super) fn is_unchecked(&self, place: &Place) -> bool {
        matches!(place, Place::Records { .. }) && !self.fitness.contains_key(place)
    }

    pub(super) fn check(&mut self, place: &Place, fields: Option<&ModuleFields>) {
        let fitness = match fields {
            None => Fitness::Field { unique: None },
            Some(fields) => match fields.by_api_name(place.field()) {
                None => Fitness::NoField,
                Some(field) => Fitness::Field {
                    unique: Some(field.unique),
                },
            },
        };
        self.fitness.insert(place.clone(), fitness);
    }

    pub(super) fn is_unfit(&self, place: &Place) -> bool {
        self.fitness.get(place) == Some(&Fitness::NoField)
    }

    /// Whether records that have a value there are known to be several at times: then none is made by it.
    pub(super) fn is_shared(&self, place: &Place) -> bool {
        self.fitness.get(place) == Some(&Fitness::Field { unique: Some(false) })
    }

    pub(super) fn can_query(&self, place: &Place) -> bool {
        matches!(place, Place::Records { .. }) && !self.no_queries && !self.not_queried.contains(place)
    }

    pub(super) fn query_nothing(&mut self) {
        self.no_queries = true;
    }

    pub(super) fn do_not_query(&mut self, place: &Place) {
        self.not_queried.insert(place.clone());
    }

    /// The walk that tells of these values, begun if there is none.
    pub(super) fn walk_for<'v>(&mut self, place: &Place, values: impl Iterator<Item = &'v String>) -> &mut Walk {
        let every = !self.can_query(place);
        let walk = self.walks.entry(place.clone()).or_insert_with(|| Walk::new(every));
        if every && !walk.is_of_every_value() {
            *walk = Walk::new(true);
        }
        walk.look_again_for(values);
        walk
    }

    pub(super) fn walk(&mut self, place: &Place) -> Option<&mut Walk> {
        self.walks.get_mut(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_stays_bounded() {
        let mut cache = LookupCache::default();
        for number in 0..=MOST_KNOWN {
            cache.learn(&Place::UserEmails, number.to_string(), Finding::Nobody);
        }
        assert_eq!(cache.known.len(), 1);
    }
}
