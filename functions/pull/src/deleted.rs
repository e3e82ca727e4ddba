//! What of a page of deleted records is news, and whether the pages need be read any further. Bigin gives them the latest
//! first.

use std::collections::{BTreeSet, HashSet};

use bigin::Tombstone;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::window::Window;

/// So many deletes are remembered, the latest, so that the overlap of two runs tells none twice. What is more is told again,
/// which a consumer knows by its id.
const MOST_REMEMBERED: usize = 1_000;

/// Deletes that were told already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    deletes: Vec<(String, Timestamp)>,
}

impl Told {
    /// Whether that delete was told.
    pub fn knows(&self, tombstone: &Tombstone) -> bool {
        let is_it = |(id, at): &(String, Timestamp)| *id == tombstone.id && *at == tombstone.deleted_at;
        self.deletes.iter().any(is_it)
    }

    /// Notes deletes that are told now.
    pub fn add(&mut self, tombstones: &[Tombstone]) {
        let deletes = tombstones.iter().map(|one| (one.id.clone(), one.deleted_at)).collect();
        self.join(Self { deletes });
    }

    /// Takes over what another run told.
    pub fn join(&mut self, other: Self) {
        self.deletes.extend(other.deletes);
        self.deletes.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        self.deletes.truncate(MOST_REMEMBERED);
    }

    /// Forgets those that no later run looks for.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.deletes.retain(|(_, deleted_at)| at <= *deleted_at);
    }
}

/// What a page comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sifted {
    /// The deletes that are news.
    pub news: Vec<Tombstone>,
    /// Whether the page goes back to what runs before have seen.
    pub is_far_enough: bool,
}

/// Looks through a page. `before` are the ids of the page before it: deletes that come meanwhile push records onto the next.
pub fn sift(page: Vec<Tombstone>, span: &Window, told: &Told, before: &BTreeSet<String>) -> Sifted {
    let (from, _) = span.bounds();
    let is_far_enough = page.iter().any(|tombstone| tombstone.deleted_at < from);
    let mut seen = HashSet::new();
    let is_news = |tombstone: &Tombstone| {
        span.holds(tombstone.deleted_at)
            && !told.knows(tombstone)
            && !before.contains(&tombstone.id)
            && seen.insert(tombstone.id.clone())
    };
    let mut is_news = is_news;
    let news = page.into_iter().filter(|tombstone| is_news(tombstone)).collect();
    Sifted { news, is_far_enough }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tombstone(id: &str, at: &str) -> Tombstone {
        Tombstone {
            id: id.to_owned(),
            deleted_at: at.parse().unwrap(),
            deleted_by: None,
            is_permanent: false,
        }
    }

    fn span() -> Window {
        Window {
            from: Some("2026-11-27T09:00:00Z".parse().unwrap()),
            to: "2026-11-27T09:13:00Z".parse().unwrap(),
        }
    }

    fn ids(sifted: &Sifted) -> Vec<&str> {
        sifted.news.iter().map(|tombstone| tombstone.id.as_str()).collect()
    }

    #[test]
    fn only_what_lies_within_the_time_is_news() {
        let page = vec![
            tombstone("4", "2026-11-27T09:13:00Z"),
            tombstone("3", "2026-11-27T09:12:59Z"),
            tombstone("2", "2026-11-27T09:00:00Z"),
            tombstone("1", "2026-11-27T08:59:59Z"),
        ];
        let sifted = sift(page.clone(), &span(), &Told::default(), &BTreeSet::new());
        assert_eq!((ids(&sifted), sifted.is_far_enough), (vec!["3", "2"], true));
        let sifted = sift(page[..3].to_vec(), &span(), &Told::default(), &BTreeSet::new());
        assert!(!sifted.is_far_enough, "an older one may be on the next page");
    }

    #[test]
    fn what_was_told_or_stood_on_the_page_before_is_no_news_but_a_second_delete_is() {
        let mut told = Told::default();
        told.add(&[tombstone("1", "2026-11-27T09:01:00Z")]);
        let before = BTreeSet::from(["2".to_owned()]);
        let page = vec![
            tombstone("1", "2026-11-27T09:05:00Z"),
            tombstone("2", "2026-11-27T09:02:00Z"),
            tombstone("1", "2026-11-27T09:01:00Z"),
        ];
        let sifted = sift(page, &span(), &told, &before);
        assert_eq!(sifted.news, [tombstone("1", "2026-11-27T09:05:00Z")]);
        told.forget_before("2026-11-27T09:01:01Z".parse().unwrap());
        assert_eq!(told, Told::default());
    }

    #[test]
    fn the_latest_are_remembered() {
        let mut told = Told::default();
        let many: Vec<_> = (0..MOST_REMEMBERED + 10)
            .map(|n| Tombstone {
                deleted_at: Timestamp::from_second(i64::try_from(n).unwrap()).unwrap(),
                ..tombstone(&n.to_string(), "2026-11-27T09:01:00Z")
            })
            .collect();
        told.add(&many);
        assert!(!told.knows(&many[9]) && told.knows(&many[10]));
    }
}
