//! The order of records.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::record::Reject;

fn missing_company() -> Vec<Reference> {
    vec![company("Nobody", OnMissing::Reject, OnAmbiguous::Reject)]
}

fn places(parcels: &[Parcel]) -> Vec<u64> {
    parcels.iter().map(|parcel| parcel.place).collect()
}

fn reject() -> Reject {
    Reject::relay(codes::LOOKUP_NOT_FOUND, None, "m")
}

/// Every record that refers to another is missing it, all others are ready.
fn judge(batch: Vec<Pending>) -> Vec<Resolution> {
    let verdict = |pending: Pending| match pending.references.as_slice() {
        _ if pending.later => Resolution::Later(pending),
        [] => Resolution::Ready(pending.parcel),
        _ => Resolution::Missing(pending, reject()),
    };
    batch.into_iter().map(verdict).collect()
}

#[test]
fn a_record_with_nothing_to_wait_for_goes_straight_on_unless_others_wait() {
    let mut line = Backlog::default();
    assert!(line.offer(contact(0, "a", Vec::new()), true).is_some());
    assert!(line.offer(contact(1, "b", missing_company()), true).is_none());
    assert!(
        line.offer(contact(2, "c", Vec::new()), true).is_none(),
        "it may not overtake"
    );
    assert!(line.offer(contact(3, "d", Vec::new()), false).is_none());
    assert_eq!(line.next_round().0.len(), 3);
}

#[test]
fn what_shares_a_key_with_a_record_set_aside_stays_behind_it() {
    let mut line = Backlog::default();
    for pending in [
        contact(0, "a", missing_company()),
        contact(1, "b", Vec::new()),
        contact(2, "A", Vec::new()),
    ] {
        line.offer(pending, true);
    }
    let (batch, last) = line.next_round();
    assert!(!last);
    let sorted = line.sort_out(judge(batch), last);
    assert_eq!(places(&sorted.ready), [1]);
    assert!(sorted.ended.is_empty() && sorted.missing.len() == 1);
    assert!(line.offer(contact(3, "a", Vec::new()), true).is_none());
    assert!(line.offer(contact(4, "c", Vec::new()), true).is_some());
    assert!(!line.has_waiting());
    assert!(line.try_again());
    let (batch, last) = line.next_round();
    let sorted = line.sort_out(judge(batch), last);
    assert_eq!(places(&sorted.ready), [2, 3]);
    assert_eq!(
        sorted.ended.iter().map(|settled| settled.place).collect::<Vec<_>>(),
        [0],
        "now it is missing for good"
    );
    assert!(!line.try_again());
}

#[test]
fn a_group_waits_for_its_record_that_was_set_aside() {
    let mut line = Backlog::default();
    let of_group = |mut pending: Pending, group| {
        pending.parcel.group = Some(group);
        pending
    };
    line.offer(of_group(contact(0, "a", missing_company()), 1), true);
    let (batch, last) = line.next_round();
    line.sort_out(judge(batch), last);
    assert!(line.offer(of_group(contact(1, "b", Vec::new()), 1), true).is_none());
    assert!(line.offer(of_group(contact(2, "c", Vec::new()), 2), true).is_some());
}

#[test]
fn a_record_found_by_a_key_that_another_has_brought_is_looked_for_when_that_is_delivered() {
    let update = |place| keyed(place, Operation::Update, &[("Email", "a")]);
    let mut line = Backlog::default();
    line.mix();
    assert!(line.offer(contact(0, "A", Vec::new()), true).is_some());
    line.offer(update(1), true);
    line.offer(keyed(2, Operation::Update, &[("Email", "b")]), true);
    let (batch, again) = line.next_round();
    let sorted = line.sort_out(judge(batch), again);
    assert_eq!(places(&sorted.ready), [2]);
    assert!(line.try_again());
    assert_eq!(line.next_round().0[0].parcel.place, 1);
}

#[test]
fn of_two_deletes_by_one_key_the_second_is_looked_for_after_the_first() {
    let delete = |place| keyed(place, Operation::Delete, &[("Email", "a")]);
    let mut line = Backlog::default();
    for place in 0..3 {
        line.offer(delete(place), true);
    }
    for place in 0..3 {
        assert!(place == 0 || line.try_again());
        let (batch, again) = line.next_round();
        let sorted = line.sort_out(judge(batch), again);
        assert_eq!(places(&sorted.ready), [place]);
    }
    assert!(!line.try_again());
}

#[test]
fn so_many_may_be_missing_and_no_more() {
    let mut line = Backlog::default();
    let mut rejected = 0;
    for place in 0..1_500 {
        line.offer(contact(place, &place.to_string(), missing_company()), true);
        let (batch, last) = line.next_round();
        rejected += line.sort_out(judge(batch), last).ended.len();
    }
    assert_eq!(rejected, 500);
    assert_eq!(line.abandon().len(), 1_000);
}

proptest! {
    #[test]
    fn no_record_overtakes_another_of_its_key_and_none_is_lost(
        rows in vec((0_u8..4, 0_u8..5, any::<bool>()), 0..40)
    ) {
        let mut line = Backlog::default();
        line.mix();
        let (mut sent, mut ended) = (Vec::new(), 0);
        for (place, (key, kind, resolve)) in (0_u64..).zip(&rows) {
            let key = key.to_string();
            let pending = match kind {
                0 => contact(place, &key, missing_company()),
                1 => keyed(place, Operation::Update, &[("Email", &key)]),
                2 => keyed(place, Operation::Delete, &[("Email", &key)]),
                _ => contact(place, &key, Vec::new()),
            };
            sent.extend(line.offer(pending, true));
            if *resolve {
                let (batch, last) = line.next_round();
                let sorted = line.sort_out(judge(batch), last);
                ended += sorted.ended.len();
                sent.extend(sorted.ready);
            }
        }
        for turn in 0.. {
            if !line.has_waiting() && !line.try_again() {
                break;
            }
            prop_assert!(turn < 200, "it never ends");
            let (batch, last) = line.next_round();
            let sorted = line.sort_out(judge(batch), last);
            ended += sorted.ended.len();
            sent.extend(sorted.ready);
        }
        prop_assert_eq!(sent.len() + ended, rows.len());
        let mut latest: HashMap<String, u64> = HashMap::new();
        for parcel in &sent {
            let before = latest.insert(parcel.keys[0].folded().to_owned(), parcel.place);
            prop_assert!(before.is_none_or(|before| before < parcel.place), "{} overtakes {:?}", parcel.place, before);
        }
    }
}
