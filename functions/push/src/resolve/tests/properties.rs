//! For any records in Bigin and any records on their way.

use std::collections::HashSet;

use bigin::Quotable;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn names() -> impl Strategy<Value = String> {
    // A small alphabet, so that names meet; some can be quoted and some cannot.
    "[aAbÄä]{1,2}['\\\\一 ]?"
}

fn policies() -> impl Strategy<Value = (OnMissing, OnAmbiguous)> {
    let missing = prop_oneof![Just(OnMissing::Reject), Just(OnMissing::Create), Just(OnMissing::Empty)];
    let several = prop_oneof![
        Just(OnAmbiguous::Reject),
        Just(OnAmbiguous::Oldest),
        Just(OnAmbiguous::Empty)
    ];
    (missing, several)
}

fn of_name(book: &Book, name: &str) -> Vec<u64> {
    let mut ids: Vec<_> = book
        .accounts
        .iter()
        .filter(|(_, known)| fold(known) == fold(name))
        .map(|(id, _)| *id)
        .collect();
    ids.sort_unstable();
    ids
}

proptest! {
    #[test]
    fn every_record_gets_what_looking_one_by_one_would_give_it(
        there in vec(names(), 0..12),
        batches in vec(vec((names(), policies()), 0..8), 1..4),
        page in 1_usize..5,
        queries in any::<bool>(),
    ) {
        let mut book = Book::with_accounts(&there.iter().map(String::as_str).collect::<Vec<_>>());
        book.page = page.max(3);
        book.query_code = (!queries).then_some("OAUTH_SCOPE_MISMATCH");
        let mut cache = LookupCache::default();
        for batch in batches {
            let before = book.clone();
            let pending = batch.iter().map(|(name, (missing, several))| contact(0, "a@example.com", vec![company(name, *missing, *several)]));
            let verdicts = run(&mut cache, pending.collect(), &mut book);
            let made: HashSet<String> = batch
                .iter()
                .filter(|(name, (missing, _))| *missing == OnMissing::Create && of_name(&before, name).is_empty())
                .map(|(name, _)| fold(name))
                .collect();
            prop_assert_eq!(book.accounts.len(), before.accounts.len() + made.len(), "each missing parent is made once");
            for ((name, (missing, several)), verdict) in batch.iter().zip(&verdicts) {
                match (of_name(&before, name).as_slice(), missing, several) {
                    ([], _, _) if made.contains(&fold(name)) => {
                        let made = of_name(&book, name);
                        prop_assert_eq!(points_to(verdict, "Account_Name"), Some(made[0].to_string()));
                    }
                    ([], OnMissing::Empty, _) => prop_assert_eq!(points_to(verdict, "Account_Name"), None),
                    ([], _, _) => prop_assert!(matches!(verdict, Resolution::Missing(..))),
                    ([one], ..) => prop_assert_eq!(points_to(verdict, "Account_Name"), Some(one.to_string())),
                    ([oldest, ..], _, OnAmbiguous::Oldest) => prop_assert_eq!(points_to(verdict, "Account_Name"), Some(oldest.to_string())),
                    (_, _, OnAmbiguous::Empty) => prop_assert_eq!(points_to(verdict, "Account_Name"), None),
                    (_, _, OnAmbiguous::Reject) => prop_assert_eq!(code(verdict), codes::AMBIGUOUS_LOOKUP),
                }
            }
        }
        for ask in &book.asked {
            if let Ask::Query { values, .. } = ask {
                prop_assert!(values.iter().all(|value| Quotable::of(value.as_str()).is_some()));
            }
        }
    }

    #[test]
    fn a_lookup_costs_no_more_than_its_distinct_values(names in vec("[a-z]{1,3}", 1..300)) {
        let mut book = Book::with_accounts(&["a", "b"]);
        let batch: Vec<_> = names.iter().map(|name| contact(0, "a@example.com", vec![company(name, OnMissing::Empty, OnAmbiguous::Reject)])).collect();
        let distinct: HashSet<_> = names.iter().collect();
        let mut cache = LookupCache::default();
        run(&mut cache, batch.clone(), &mut book);
        prop_assert_eq!(book.queries(), distinct.len().div_ceil(50));
        run(&mut cache, batch, &mut book);
        prop_assert_eq!(book.queries(), distinct.len().div_ceil(50), "the second time is free");
    }
}
