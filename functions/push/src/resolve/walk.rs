//! A walk through a list, for values that no query can have. It notes every such value on its way, so that one walk
//! answers for all, and goes on where it was when it is interrupted. Pure: pages in, findings out.

use std::collections::HashMap;

use bigin::{Hit, Quotable};

use super::finding::Finding;
use crate::record::fold;

/// How often a walk begins anew when its way is lost.
const MOST_BEGINNINGS: u32 = 3;

/// A walk.
#[derive(Debug)]
pub(super) struct Walk {
    /// Whether it notes every value, not only those that no query can have.
    every: bool,
    way: Way,
    beginnings: u32,
    pages: u32,
    /// Whether what it has not met may have come to be there since.
    doubted: bool,
    names: HashMap<String, Finding>,
}

#[derive(Debug)]
enum Way {
    /// The next page; its token, unless it is the first.
    At(Option<String>),
    /// The end.
    Done,
    /// Bigin shows no further pages, although there are some.
    CutShort,
}

impl Walk {
    pub fn new(every: bool) -> Self {
        Self {
            every,
            way: Way::At(None),
            beginnings: 1,
            pages: 0,
            doubted: false,
            names: HashMap::new(),
        }
    }

    /// Whether it tells of values that a query could have, too.
    pub fn is_of_every_value(&self) -> bool {
        self.every
    }

    /// The page it needs next: the token that opens it, none for the first; `None` once it is over.
    #[allow(
        clippy::option_option,
        reason = "a page may be opened without a token, which is not the same as no page"
    )]
    pub fn next(&self) -> Option<Option<String>> {
        match &self.way {
            Way::At(token) => Some(token.clone()),
            Way::Done | Way::CutShort => None,
        }
    }

    /// Doubts what it has not met, once it is over. A list of more pages than that is not walked through again.
    pub fn doubt(&mut self, most_pages: u32) {
        self.doubted = self.next().is_none() && self.pages <= most_pages;
    }

    /// Begins anew where one of these values is not to be found and may be there by now.
    pub fn look_again_for<'v>(&mut self, mut values: impl Iterator<Item = &'v String>) {
        if self.doubted && values.any(|value| !self.names.contains_key(value)) {
            *self = Self::new(self.every);
        }
    }

    /// A page, and what opens the next.
    pub fn take(&mut self, hits: &[Hit], next: Option<String>) {
        self.pages += 1;
        for hit in hits {
            let Some(value) = &hit.value else { continue };
            let value = fold(value);
            if !value.is_empty() && (self.every || !can_be_queried(&value)) {
                self.names.entry(value).or_insert(Finding::Nobody).add(&hit.id);
            }
        }
        self.way = match next {
            // A list that leads to itself never ends.
            Some(next) if matches!(&self.way, Way::At(Some(here)) if *here == next) => Way::CutShort,
            Some(next) => Way::At(Some(next)),
            None => Way::Done,
        };
    }

    /// The next page was refused for that reason. False when it was the first: then there is no list at all.
    pub fn refused(&mut self, code: &str) -> bool {
        if matches!(self.way, Way::At(None)) {
            return false;
        }
        let beyond = matches!(code, "PAGINATION_LIMIT_EXCEEDED" | "LIMIT_REACHED" | "LIMIT_EXCEEDED");
        if beyond || self.beginnings >= MOST_BEGINNINGS {
            self.way = Way::CutShort;
        } else {
            // The token has expired, most likely.
            *self = Self {
                beginnings: self.beginnings + 1,
                ..Self::new(self.every)
            };
        }
        true
    }

    /// What it has come to for a folded value.
    pub fn find(&self, folded: &str) -> Finding {
        match (self.names.get(folded), &self.way) {
            (Some(finding), _) => finding.clone(),
            (None, Way::CutShort) => Finding::OutOfReach,
            (None, _) => Finding::Nobody,
        }
    }
}

/// Whether a folded value can stand in a query. Case aside, equal values either both can or both cannot.
pub(super) fn can_be_queried(folded: &str) -> bool {
    Quotable::of(folded).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(id: &str, value: &str) -> Hit {
        Hit {
            id: id.to_owned(),
            value: Some(value.to_owned()),
        }
    }

    #[test]
    fn one_walk_notes_all_that_no_query_can_have() {
        let mut walk = Walk::new(false);
        assert_eq!(walk.next(), Some(None));
        walk.take(&[hit("2", " O'Reilly GmbH"), hit("3", "Acme")], Some("t1".into()));
        assert_eq!(walk.next(), Some(Some("t1".into())));
        walk.take(&[hit("1", "O'REILLY GMBH"), hit("4", "a\\b")], None);
        assert_eq!(walk.next(), None);
        assert_eq!(walk.find("o'reilly gmbh"), Finding::Several { oldest: "1".into() });
        assert_eq!(walk.find("a\\b"), Finding::One("4".into()));
        assert_eq!(walk.find("d'arc"), Finding::Nobody);
        assert_eq!(walk.names.len(), 2, "what a query can have is not kept");
    }

    #[test]
    fn a_list_longer_than_bigin_shows_leaves_the_rest_out_of_reach() {
        let mut walk = Walk::new(true);
        walk.take(&[hit("1", "Acme")], Some("t1".into()));
        assert!(walk.refused("PAGINATION_LIMIT_EXCEEDED"));
        assert_eq!(walk.next(), None);
        assert_eq!(walk.find("acme"), Finding::One("1".into()));
        assert_eq!(walk.find("other"), Finding::OutOfReach);
    }

    #[test]
    fn a_token_that_has_expired_begins_the_walk_anew_but_not_for_ever() {
        let mut walk = Walk::new(true);
        assert!(
            !walk.refused("NO_PERMISSION"),
            "the first page is refused: there is no list"
        );
        for _ in 1..MOST_BEGINNINGS {
            walk.take(&[hit("1", "Acme")], Some("t1".into()));
            assert!(walk.refused("EXPIRED_VALUE"));
            assert_eq!(walk.next(), Some(None));
            assert_eq!(walk.find("acme"), Finding::Nobody);
        }
        walk.take(&[], Some("t1".into()));
        assert!(walk.refused("EXPIRED_VALUE"));
        assert_eq!(walk.next(), None);
    }

    #[test]
    fn what_was_not_met_is_looked_for_again_and_what_was_met_is_not() {
        let (met, other) = ("o'reilly".to_owned(), "d'arc".to_owned());
        let mut walk = Walk::new(false);
        walk.take(&[hit("1", "O'Reilly")], None);
        walk.look_again_for([&other].into_iter());
        assert_eq!(walk.next(), None, "nobody doubts it yet");
        walk.doubt(0);
        walk.look_again_for([&other].into_iter());
        assert_eq!(walk.next(), None, "the list is too long to walk through it twice");
        walk.doubt(1);
        walk.look_again_for([&met].into_iter());
        assert_eq!(walk.next(), None);
        walk.look_again_for([&met, &other].into_iter());
        assert_eq!(walk.next(), Some(None));
    }

    #[test]
    fn a_list_that_leads_to_itself_comes_to_an_end() {
        let mut walk = Walk::new(true);
        walk.take(&[], Some("t1".into()));
        walk.take(&[], Some("t1".into()));
        assert_eq!(walk.next(), None);
    }
}
