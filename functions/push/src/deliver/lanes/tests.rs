use std::collections::{HashMap, HashSet};

use bigin::{ModuleName, Record};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn shape(module: &str, operation: Operation) -> Arc<CallShape> {
    let module = ModuleName::parse(module).unwrap();
    Arc::new(CallShape {
        module,
        operation,
        match_on: vec!["Email".into()],
        trigger: vec![],
    })
}

fn parcel(place: u64, email: &str) -> Parcel {
    of_shape(place, email, &shape("Contacts", Operation::Upsert))
}

fn of_shape(place: u64, email: &str, shape: &Arc<CallShape>) -> Parcel {
    let record = Record::from_object(json!({"Email": email}).as_object().unwrap());
    let keys = MatchKey::of(&Arc::from("Email"), email).into_iter().collect();
    Parcel::new(place, record, keys, Arc::clone(shape))
}

fn by_id(place: u64, id: &str, shape: &Arc<CallShape>) -> Parcel {
    Parcel::new(
        place,
        Record::from_object(json!({"id": id}).as_object().unwrap()),
        vec![],
        Arc::clone(shape),
    )
}

fn places(call: &[Parcel]) -> Vec<u64> {
    call.iter().map(|parcel| parcel.place).collect()
}

fn filled(parcels: impl IntoIterator<Item = Parcel>) -> Lanes {
    let mut lanes = Lanes::default();
    parcels.into_iter().for_each(|parcel| lanes.push(parcel));
    lanes
}

/// Sends everything, one call at a time.
fn one_by_one(mut lanes: Lanes) -> Vec<Vec<u64>> {
    let mut calls = Vec::new();
    while let Some(call) = lanes.next_call(true) {
        lanes.landed(&call);
        calls.push(places(&call));
    }
    calls
}

#[test]
fn a_call_takes_a_hundred_records_in_order() {
    let mut lanes = filled((0..250).map(|place| parcel(place, &format!("{place}@example.com"))));
    assert_eq!(places(&lanes.next_call(false).unwrap()), (0..100).collect::<Vec<_>>());
    assert_eq!(places(&lanes.next_call(false).unwrap()), (100..200).collect::<Vec<_>>());
    assert!(lanes.next_call(false).is_none());
    assert_eq!(places(&lanes.next_call(true).unwrap()), (200..250).collect::<Vec<_>>());
}

#[test]
fn a_key_in_flight_holds_its_followers_back() {
    let mut lanes = filled([
        parcel(0, "ann@example.com"),
        parcel(1, "bob@example.com"),
        parcel(2, "ANN@example.com"),
    ]);
    let first = lanes.next_call(true).unwrap();
    assert_eq!(places(&first), [0, 1]);
    assert!(lanes.next_call(true).is_none());
    lanes.landed(&first);
    assert_eq!(places(&lanes.next_call(true).unwrap()), [2]);
}

#[test]
fn records_of_one_shape_share_a_call_across_those_of_another() {
    let (contacts, accounts) = (
        shape("Contacts", Operation::Upsert),
        shape("Accounts", Operation::Upsert),
    );
    let lanes = filled([
        of_shape(0, "a", &contacts),
        of_shape(1, "b", &accounts),
        of_shape(2, "c", &contacts),
        of_shape(3, "d", &accounts),
    ]);
    assert_eq!(one_by_one(lanes), [vec![0, 2], vec![1, 3]]);
}

#[test]
fn another_operation_on_the_same_key_does_not_overtake() {
    let (insert, upsert) = (
        shape("Contacts", Operation::Insert),
        shape("Contacts", Operation::Upsert),
    );
    let lanes = filled([
        of_shape(0, "z", &upsert),
        of_shape(1, "ann", &insert),
        of_shape(2, "ANN", &upsert),
        of_shape(3, "y", &upsert),
    ]);
    assert_eq!(one_by_one(lanes), [vec![0, 3], vec![1], vec![2]]);
}

#[test]
fn a_name_by_id_and_a_name_by_field_keep_their_order_since_they_may_mean_the_same_record() {
    let (upsert, delete) = (
        shape("Contacts", Operation::Upsert),
        shape("Contacts", Operation::Delete),
    );
    let lanes = filled([
        of_shape(0, "bob", &upsert),
        by_id(1, "1", &delete),
        of_shape(2, "ann", &upsert),
        by_id(3, "1", &shape("Accounts", Operation::Delete)),
    ]);
    assert_eq!(one_by_one(lanes), [vec![0], vec![1], vec![2], vec![3]]);
}

#[test]
fn an_id_is_a_key_for_updates_and_deletes() {
    let (update, delete) = (
        shape("Contacts", Operation::Update),
        shape("Contacts", Operation::Delete),
    );
    let lanes = filled([
        by_id(0, "1", &update),
        by_id(1, "2", &update),
        by_id(2, "1", &delete),
        by_id(3, "3", &delete),
    ]);
    assert_eq!(one_by_one(lanes), [vec![0, 1], vec![2, 3]]);
}

#[test]
fn a_groups_records_share_a_call_but_do_not_overtake_between_calls() {
    let (contacts, accounts) = (
        shape("Contacts", Operation::Upsert),
        shape("Accounts", Operation::Upsert),
    );
    let grouped = |parcel: Parcel| Parcel {
        group: Some(7),
        ..parcel
    };
    let lanes = filled([
        grouped(of_shape(0, "a", &contacts)),
        grouped(of_shape(1, "b", &contacts)),
        grouped(of_shape(2, "c", &accounts)),
        grouped(of_shape(3, "d", &contacts)),
        of_shape(4, "e", &contacts),
    ]);
    assert_eq!(one_by_one(lanes), [vec![0, 1, 4], vec![2], vec![3]]);
}

#[test]
fn a_refused_call_is_halved_until_the_record_stands_alone() {
    let mut lanes = filled((0..8).map(|place| parcel(place, &format!("{place}@example.com"))));
    let mut sizes = Vec::new();
    let mut alone = Vec::new();
    while let Some(call) = lanes.next_call(true) {
        lanes.landed(&call);
        sizes.push(call.len());
        if !call.iter().any(|parcel| parcel.place == 5) {
            continue;
        }
        if call.len() == 1 {
            alone.push(call[0].place);
            continue;
        }
        let most = call.len().div_ceil(2);
        lanes.put_back(
            call.into_iter()
                .map(|parcel| Parcel {
                    most_in_call: most,
                    ..parcel
                })
                .collect(),
        );
    }
    assert_eq!(alone, [5]);
    assert_eq!(sizes, [8, 4, 4, 2, 1, 1, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever order calls come back in, and whichever come back with records to repeat, records that share a key or
    /// a group take off in the order they came, one call at a time, shapes are not mixed, and none is lost.
    #[test]
    fn records_of_one_key_never_overtake_each_other(
        rows in prop::collection::vec((0u8..12, 0usize..3, 0u32..6, any::<bool>()), 1..150),
        picks in prop::collection::vec((0usize..5, any::<bool>()), 1..60),
    ) {
        let shapes = [
            shape("Contacts", Operation::Upsert), shape("Contacts", Operation::Insert), shape("Accounts", Operation::Upsert),
        ];
        let mut lanes = Lanes::default();
        for (place, (key, shape, group, grouped)) in rows.iter().enumerate() {
            let parcel = of_shape(place as u64, &format!("{key}@example.com"), &shapes[*shape]);
            lanes.push(Parcel { group: grouped.then_some(*group), ..parcel });
        }
        let mut picks = picks.into_iter().cycle();
        let mut flying: Vec<Vec<Parcel>> = Vec::new();
        let mut last_of_key: HashMap<MatchKey, u64> = HashMap::new();
        let mut last_of_group: HashMap<u32, u64> = HashMap::new();
        let (mut count, mut repeats) = (0, 30);
        loop {
            while flying.len() < 5 {
                let Some(call) = lanes.next_call(true) else { break };
                prop_assert!(call.iter().all(|parcel| parcel.shape == call[0].shape), "shapes are mixed");
                let mut keys = HashSet::new();
                for parcel in flying.iter().flatten().chain(&call) {
                    prop_assert!(keys.insert(parcel.keys[0].clone()), "a key flies twice");
                }
                let mut groups = HashSet::new();
                for of_call in flying.iter().chain([&call]) {
                    let own: HashSet<_> = of_call.iter().filter_map(|parcel| parcel.group).collect();
                    prop_assert!(own.iter().all(|group| groups.insert(*group)), "a group flies in two calls");
                }
                flying.push(call);
            }
            if flying.is_empty() { break }
            let (pick, repeat) = picks.next().unwrap();
            let mut call = flying.swap_remove(pick % flying.len());
            lanes.landed(&call);
            if repeat && repeats > 0 {
                repeats -= 1;
                let most = if repeats % 2 == 0 { call.len().div_ceil(2) } else { MOST_RECORDS_A_CALL };
                for parcel in &mut call {
                    parcel.most_in_call = most;
                }
                lanes.put_back(call);
                continue;
            }
            for parcel in call {
                let before = last_of_key.insert(parcel.keys[0].clone(), parcel.place);
                prop_assert!(before.is_none_or(|before| before < parcel.place), "overtaken");
                if let Some(group) = parcel.group {
                    let before = last_of_group.insert(group, parcel.place);
                    prop_assert!(before.is_none_or(|before| before < parcel.place), "overtaken in its group");
                }
                count += 1;
            }
        }
        prop_assert_eq!(count, rows.len());
    }
}

fn suspected_by(parcel: Parcel, suspicion: &Suspicion) -> Parcel {
    let mut parcel = parcel;
    parcel.suspect(Some(suspicion.clone()));
    parcel
}

#[test]
fn a_half_that_lets_the_other_go_first_is_not_overtaken_by_a_later_row_of_its_key() {
    let now = Timestamp::UNIX_EPOCH;
    let whole = Suspicion::new(2, now);
    let (mut first, second) = (whole.half(1, now), whole.half(1, now));
    // Read from the file again, the halves lie apart, and a later row of the first one's key lies between them.
    let mut lanes = filled([
        suspected_by(parcel(0, "ann@example.com"), &first),
        parcel(1, "ANN@example.com"),
        suspected_by(parcel(2, "bob@example.com"), &second),
    ]);
    let mut call = lanes.next_call(true).unwrap();
    assert_eq!(places(&call), [0]);
    lanes.landed(&call);
    first.fail(crate::record::Silence::NoAnswer, 1, now);
    call[0].suspect(Some(first));
    lanes.put_back_behind(call, true);
    assert_eq!(one_by_one(lanes), [[2], [0], [1]]);
}

#[test]
fn calls_that_fail_let_all_others_go_first() {
    let suspicions = [0, 1].map(|_| Suspicion::new(1, Timestamp::UNIX_EPOCH));
    let mut lanes = filled([
        suspected_by(parcel(0, "ann@example.com"), &suspicions[0]),
        suspected_by(parcel(1, "bob@example.com"), &suspicions[1]),
        parcel(2, "cid@example.com"),
        parcel(3, "ann@example.com"),
    ]);
    for _ in 0..2 {
        let call = lanes.next_call(true).unwrap();
        lanes.landed(&call);
        lanes.put_back_behind(call, false);
    }
    let calls = one_by_one(lanes);
    assert_eq!(calls[0], [2]);
    let place = |wanted| calls.iter().position(|call| call == &[wanted]);
    assert!(place(0) < place(3), "a later row of its key waits");
}
