//! Looks for values: those that can be quoted by queries of up to 50, the others by a walk through the list.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bigin::{Found, MOST_VALUES_A_QUERY, Quotable};

use super::finding::Finding;
use super::lookup_cache::LookupCache;
use super::place::Place;
use super::walk::can_be_queried;
use crate::record::fold;

/// Values that are wanted: folded, and as they were written.
pub(super) type WantedValues = BTreeMap<String, String>;

/// A value to be queried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Queried {
    pub folded: String,
    pub quotable: Quotable,
}

/// What is still to be looked for.
#[derive(Debug, Default)]
pub(super) struct Seek {
    queries: VecDeque<(Place, Vec<Queried>)>,
    walks: VecDeque<(Place, Vec<String>)>,
}

impl Seek {
    /// Takes the values that are wanted of a place.
    pub fn add(&mut self, place: &Place, wanted: WantedValues, cache: &mut LookupCache) {
        let (mut queried, mut walked) = (Vec::new(), Vec::new());
        for (folded, value) in wanted {
            let quotable = Quotable::of(value.trim()).filter(|_| can_be_queried(&folded) && cache.can_query(place));
            match quotable {
                Some(quotable) => queried.push(Queried { folded, quotable }),
                None => walked.push(folded),
            }
        }
        for chunk in queried.chunks(MOST_VALUES_A_QUERY) {
            self.queries.push_back((place.clone(), chunk.to_vec()));
        }
        if !walked.is_empty() {
            self.walk(place, walked, cache);
        }
    }

    fn walk(&mut self, place: &Place, values: Vec<String>, cache: &mut LookupCache) {
        cache.walk_for(place, values.iter());
        match self.walks.iter_mut().find(|(walking, _)| walking == place) {
            Some((_, others)) => others.extend(values),
            None => self.walks.push_back((place.clone(), values)),
        }
    }

    /// The next query.
    pub fn query(&self) -> Option<(&Place, Vec<Quotable>)> {
        let (place, values) = self.queries.front()?;
        Some((place, values.iter().map(|value| value.quotable.clone()).collect()))
    }

    /// The place that is walked through at present.
    pub fn walking(&self) -> Option<&Place> {
        self.walks.front().map(|(place, _)| place)
    }

    /// The values that the present walk was for, which is over.
    pub fn walked(&mut self) -> Option<(Place, Vec<String>)> {
        self.walks.pop_front()
    }

    /// Takes the answer to the present query: what it settles. What an answer with more to come leaves open is asked
    /// for again; should that lead nowhere, the list is walked through.
    pub fn found(&mut self, found: &Found, cache: &mut LookupCache) -> Option<(Place, Vec<(String, Finding)>)> {
        let (place, queried) = self.queries.pop_front()?;
        let (settled, open) = read(found, queried);
        if !open.is_empty() {
            if settled.is_empty() {
                // Bigin takes more for equal than its unique fields do.
                cache.do_not_query(&place);
                let values = open.into_iter().map(|value| value.folded).collect();
                self.walk(&place, values, cache);
            } else {
                self.queries.push_front((place.clone(), open));
            }
        }
        Some((place, settled))
    }

    /// Queries are refused, of this place or of all: lists are walked through instead.
    pub fn query_refused(&mut self, cache: &mut LookupCache) {
        let queries = std::mem::take(&mut self.queries);
        for (place, values) in queries {
            if cache.can_query(&place) {
                self.queries.push_back((place, values));
            } else {
                self.walk(&place, values.into_iter().map(|value| value.folded).collect(), cache);
            }
        }
    }

    /// The present query fails without a word, and it is for what is in it: it is halved until the value is found. That one
    /// is looked for in the whole list, where it is in no call.
    pub fn query_fails(&mut self, cache: &mut LookupCache) {
        let Some((place, mut values)) = self.queries.pop_front() else {
            return;
        };
        if values.len() == 1 {
            return self.walk(&place, values.into_iter().map(|value| value.folded).collect(), cache);
        }
        let behind = values.split_off(values.len().div_ceil(2));
        self.queries.push_front((place.clone(), behind));
        self.queries.push_front((place, values));
    }

    /// Nothing more is looked for in that place.
    pub fn close(&mut self, place: &Place) {
        self.queries.retain(|(other, _)| other != place);
        self.walks.retain(|(other, _)| other != place);
    }
}

/// Reads an answer: what it settles, and what it leaves open. Where there is more to come, only values that several
/// records have are settled: the answer has the lowest ids first.
fn read(found: &Found, queried: Vec<Queried>) -> (Vec<(String, Finding)>, Vec<Queried>) {
    let mut findings: HashMap<&str, Finding> = queried
        .iter()
        .map(|value| (value.folded.as_str(), Finding::Nobody))
        .collect();
    for hit in &found.hits {
        let folded = hit.value.as_deref().map(fold).unwrap_or_default();
        if let Some(finding) = findings.get_mut(folded.as_str()) {
            finding.add(&hit.id);
        }
    }
    let is_settled = |finding: &Finding| !found.more || matches!(finding, Finding::Several { .. });
    let settled: Vec<_> = findings
        .into_iter()
        .filter(|(_, finding)| is_settled(finding))
        .map(|(folded, finding)| (folded.to_owned(), finding))
        .collect();
    let open = queried
        .into_iter()
        .filter(|value| !settled.iter().any(|(folded, _)| *folded == value.folded))
        .collect();
    (settled, open)
}

#[cfg(test)]
mod tests {
    use bigin::Hit;

    use super::*;

    fn queried(text: &str) -> Queried {
        Queried {
            folded: fold(text),
            quotable: Quotable::of(text).unwrap(),
        }
    }

    fn found(hits: &[(&str, &str)], more: bool) -> Found {
        let hit = |(id, value): &(&str, &str)| Hit {
            id: (*id).to_owned(),
            value: Some((*value).to_owned()),
        };
        Found {
            hits: hits.iter().map(hit).collect(),
            more,
        }
    }

    fn finding(settled: &[(String, Finding)], folded: &str) -> Option<Finding> {
        settled
            .iter()
            .find(|(value, _)| value == folded)
            .map(|(_, finding)| finding.clone())
    }

    #[test]
    fn letter_case_does_not_count_and_anything_else_does() {
        let found = found(&[("1", "ACME ltd"), ("2", "Muller"), ("3", "Äcme Ltd")], false);
        let (settled, open) = read(
            &found,
            vec![queried("Acme Ltd"), queried("Müller"), queried("äcme ltd")],
        );
        assert!(open.is_empty());
        assert_eq!(finding(&settled, "acme ltd"), Some(Finding::One("1".into())));
        assert_eq!(finding(&settled, "müller"), Some(Finding::Nobody), "accents count");
        assert_eq!(finding(&settled, "äcme ltd"), Some(Finding::One("3".into())));
    }

    #[test]
    fn an_answer_with_more_to_come_settles_only_what_several_have() {
        let found = found(&[("1", "Acme"), ("2", "acme"), ("3", "Other")], true);
        let (settled, open) = read(&found, vec![queried("Acme"), queried("Other"), queried("Third")]);
        assert_eq!(settled, [("acme".to_owned(), Finding::Several { oldest: "1".into() })]);
        assert_eq!(open, [queried("Other"), queried("Third")]);
    }
}
