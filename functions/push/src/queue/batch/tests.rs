use bigin::{Action, ModuleName, Operation, Record};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn received(id: &str, records: usize, group: Option<&str>) -> Received {
    let records: Vec<_> = (0..records)
        .map(|number| json!({"Last_Name": number.to_string()}))
        .collect();
    Received {
        message_id: id.to_owned(),
        item_id: id.to_owned(),
        body: json!({"module": "Contacts", "records": records}).to_string(),
        receipt: Some(id.to_owned()),
        receives: 1,
        first_received_at: None,
        group: group.map(str::to_owned),
    }
}

fn accepted(place: u64) -> Settled {
    let outcome = Outcome::Accepted {
        action: Action::Inserted,
        id: "1".into(),
        possibly_duplicated: false,
        lacks: None,
    };
    Settled {
        place,
        keys: vec![],
        outcome,
    }
}

fn parcel(place: u64, lost_at: Option<Timestamp>) -> Parcel {
    let module = ModuleName::parse("Contacts").unwrap();
    let shape = CallShape {
        module,
        operation: Operation::Insert,
        match_on: vec![],
        trigger: vec![],
    };
    Parcel {
        lost_at,
        ..Parcel::new(place, Record::writer().finish(), vec![], Arc::new(shape))
    }
}

fn returned(batch: &Batch) -> Vec<&str> {
    batch
        .returned()
        .map(|(consignment, _)| consignment.received.message_id.as_str())
        .collect()
}

#[test]
fn outcomes_find_their_way_back_to_their_messages() {
    let mut batch = Batch::open(
        vec![received("a", 2, None), received("b", 1, None), received("c", 3, None)],
        HashMap::new(),
    );
    let messages: Vec<_> = (0..7).map(|place| batch.settle(&accepted(place))).collect();
    assert_eq!(messages, [Some(0), Some(0), Some(1), Some(2), Some(2), Some(2), None]);
    assert_eq!(batch.counts().inserted, 6);
    assert_eq!(returned(&batch), [""; 0]);
}

#[test]
fn only_the_message_with_an_undelivered_record_goes_back() {
    let mut batch = Batch::open(
        vec![received("a", 1, None), received("b", 2, None), received("c", 1, None)],
        HashMap::new(),
    );
    for place in [0, 1, 3] {
        batch.settle(&accepted(place));
    }
    let lost_at = Timestamp::now();
    batch.undelivered(&parcel(2, Some(lost_at)), &Stop::OutOfTime);
    batch.keep_groups_together();
    assert_eq!(returned(&batch), ["b"]);
    assert_eq!(
        batch.consignments[1].memory,
        Memory {
            ended: [0].into(),
            lost: [(1, lost_at)].into(),
            ..Memory::default()
        }
    );
    assert_eq!(
        (batch.counts().inserted, batch.counts().deferred, batch.counts().read),
        (3, 1, 4)
    );
}

#[test]
fn the_rest_of_a_group_goes_back_behind_a_failed_message_and_other_groups_do_not() {
    let messages = [
        ("a", Some("x")),
        ("b", Some("y")),
        ("c", Some("x")),
        ("d", None),
        ("e", Some("y")),
    ];
    let mut batch = Batch::open(
        messages.map(|(id, group)| received(id, 1, group)).into(),
        HashMap::new(),
    );
    for place in [1, 2, 3, 4] {
        batch.settle(&accepted(place));
    }
    batch.undelivered(&parcel(0, None), &Stop::Throttled);
    batch.keep_groups_together();
    assert_eq!(returned(&batch), ["a", "c"]);
    assert_eq!(
        batch.consignments[2].memory.ended,
        [0].into(),
        "what was delivered is not sent again"
    );
}

#[test]
fn what_ended_in_an_earlier_delivery_is_not_counted_again() {
    let memory = Memory {
        ended: [0, 1].into(),
        delivery: 1,
        ..Memory::default()
    };
    let mut batch = Batch::open(
        vec![Received {
            receives: 2,
            ..received("a", 3, None)
        }],
        HashMap::from([("a".to_owned(), memory)]),
    );
    assert!(!batch.consignments[0].an_earlier_delivery_died());
    batch.settle(&accepted(2));
    assert_eq!((batch.counts().read, batch.counts().inserted), (1, 1));
}

#[test]
fn a_delivery_that_says_nothing_has_died() {
    let batch = Batch::open(
        vec![Received {
            receives: 2,
            ..received("a", 1, None)
        }],
        HashMap::new(),
    );
    assert!(batch.consignments[0].an_earlier_delivery_died());
    assert!(!Batch::open(vec![received("a", 1, None)], HashMap::new()).consignments[0].an_earlier_delivery_died());
}

#[test]
fn poison_ends_as_one_reject_and_goes_back_only_if_that_cannot_be_written() {
    let poison = Received {
        body: "no json".into(),
        ..received("a", 0, None)
    };
    let mut batch = Batch::open(vec![poison, received("b", 2, None)], HashMap::new());
    assert_eq!((batch.counts().rejected, batch.counts().deferred), (1, 2));
    batch.settle(&accepted(1));
    batch.end(1, 1, &Outcome::Rejected(Reject::relay("INVALID_EMAIL", None, "m")));
    assert_eq!(returned(&batch), [""; 0]);
    batch.take_rejects_back(&Stop::OutOfTime);
    assert_eq!(returned(&batch), ["a", "b"]);
    let counts = batch.counts();
    assert_eq!(
        (counts.rejected, counts.inserted, counts.deferred, counts.read),
        (0, 1, 2, 3)
    );
    assert!(counts.add_up());
}

proptest! {
    /// Whatever becomes of the records, every one of them is counted once, and a message goes back exactly if it has an
    /// undelivered record or stands behind one in its group.
    #[test]
    fn every_record_is_accounted_for(
        messages in prop::collection::vec((1usize..4, prop::option::of(0u8..3)), 1..30),
        fates in prop::collection::vec(0u8..4, 120),
    ) {
        let open = messages.iter().enumerate().map(|(number, (records, group))| {
            received(&number.to_string(), *records, group.map(|group| group.to_string()).as_deref())
        });
        let mut batch = Batch::open(open.collect(), HashMap::new());
        let total: usize = messages.iter().map(|(records, _)| records).sum();
        let mut failed = std::collections::BTreeSet::new();
        for place in 0..total as u64 {
            match fates[usize::try_from(place).unwrap()] {
                0 => {
                    batch.undelivered(&parcel(place, None), &Stop::Throttled);
                    failed.insert(batch.locate(place).unwrap().0);
                }
                1 => {
                    let (message, record) = batch.locate(place).unwrap();
                    batch.end(message, record, &Outcome::Rejected(Reject::relay("X", None, "m")));
                }
                _ => {
                    batch.settle(&accepted(place));
                }
            }
        }
        batch.keep_groups_together();
        let counts = batch.counts();
        prop_assert!(counts.add_up());
        prop_assert_eq!(counts.read, total as u64);
        for (number, (_, group)) in messages.iter().enumerate() {
            let behind = group.is_some() && failed.iter().any(|other| *other < number && messages[*other].1 == *group);
            prop_assert_eq!(batch.consignments[number].back.is_some(), failed.contains(&number) || behind);
        }
    }
}
