use std::collections::HashMap;
use std::sync::Arc;

use bigin::{CallShape, ModuleName, Record};
use serde_json::json;

use super::*;

fn parcel(operation: Operation, lost: bool) -> Parcel {
    let record = Record::from_object(json!({"Last_Name": "Rao", "id": "7"}).as_object().unwrap());
    let module = ModuleName::parse("Contacts").unwrap();
    let shape = Arc::new(CallShape {
        module,
        operation,
        match_on: vec![],
        trigger: vec![],
    });
    Parcel {
        lost_at: lost.then(lost_at),
        ..Parcel::new(0, record, vec![], shape)
    }
}

fn lost_at() -> Timestamp {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

fn made(at: &str) -> HashMap<String, Timestamp> {
    HashMap::from([("42".to_owned(), at.parse().unwrap())])
}

fn error(code: &str) -> RecordError {
    RecordError {
        code: code.into(),
        message: "m".into(),
        field: Some("Email".into()),
        expectation: None,
        duplicate_id: (code == "DUPLICATE_DATA").then(|| "42".into()),
    }
}

fn refused(code: &str) -> RecordOutcome {
    RecordOutcome::Refused(vec![error(code)])
}

fn is_accepted(verdict: &Verdict, wanted: Action) -> bool {
    matches!(verdict, Verdict::Ended(Outcome::Accepted { action, .. }) if *action == wanted)
}

fn is_rejected(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Ended(Outcome::Rejected(_)))
}

fn refusal(status: u16, code: &str) -> CallFailure {
    CallFailure::Refused {
        call: "x".into(),
        status,
        code: code.into(),
        message: "body".into(),
    }
}

#[test]
fn a_permission_holds_the_module_and_rejects_nobody() {
    let failure = CallFailure::NotPermitted {
        call: "POST x".into(),
        code: "NO_PERMISSION".into(),
        message: String::new(),
    };
    assert!(matches!(
        about_failure(&failure, 10, None),
        Decision::Stop(Stop::ModuleHeld { .. })
    ));
    let strange = CallFailure::NotPermitted {
        call: "POST x".into(),
        code: "BLOCKED_BY_POLICY".into(),
        message: String::new(),
    };
    assert!(matches!(
        about_failure(&strange, 10, None),
        Decision::SplitOrHold(Stop::ModuleHeld { .. })
    ));
    assert!(matches!(
        about_failure(&CallFailure::ScopeMissing { call: "x".into() }, 10, None),
        Decision::Stop(Stop::ModuleHeld { .. })
    ));
}

#[test]
fn a_throttle_slows_down_and_stops_only_when_credits_are_gone() {
    let throttled = |credits_remaining| CallFailure::Throttled {
        call: "x".into(),
        credits_remaining,
        retry_after: Some(Duration::from_secs(3)),
    };
    assert!(matches!(
        about_failure(&throttled(None), 10, None),
        Decision::SlowDown { retry_after: Some(_) }
    ));
    assert!(matches!(
        about_failure(&throttled(Some(70)), 10, None),
        Decision::SlowDown { .. }
    ));
    for left in [0, 9] {
        assert_eq!(
            about_failure(&throttled(Some(left)), 10, None),
            Decision::Stop(Stop::CreditsGone)
        );
        assert_eq!(
            about_failure(&throttled(None), 10, Some(left)),
            Decision::Stop(Stop::CreditsGone)
        );
    }
}

#[test]
fn a_refusal_as_a_whole_is_split_unless_it_is_about_the_request() {
    assert_eq!(about_failure(&refusal(400, "INVALID_DATA"), 10, None), Decision::Split);
    assert_eq!(
        about_failure(&refusal(400, "LIMIT_EXCEEDED"), 10, None),
        Decision::Split
    );
    for (status, code) in [
        (400, "REQUIRED_PARAM_MISSING"),
        (404, "INVALID_URL_PATTERN"),
        (402, "WHATEVER"),
        (400, "MAX_RECORDS_LIMIT_REACHED"),
    ] {
        assert!(
            matches!(
                about_failure(&refusal(status, code), 10, None),
                Decision::Stop(Stop::ModuleHeld { .. })
            ),
            "{code}"
        );
    }
}

#[test]
fn a_locked_record_is_tried_again_but_not_for_ever() {
    let mut parcel = parcel(Operation::Update, false);
    assert_eq!(
        about_record(&parcel, refused("RECORD_LOCKED"), &None),
        Verdict::TryAgain
    );
    parcel.attempts = MOST_ATTEMPTS;
    assert!(is_rejected(&about_record(&parcel, refused("RECORD_LOCKED"), &None)));
}

#[test]
fn an_insert_whose_answer_was_lost_recognises_itself_by_when_the_record_was_made() {
    let clash =
        |lost, created: &Created| about_record(&parcel(Operation::Insert, lost), refused("DUPLICATE_DATA"), created);
    let own = clash(true, &Some(made("2026-11-24T10:00:01+01:00")));
    assert!(is_accepted(&own, Action::Inserted));
    assert!(
        is_rejected(&clash(true, &Some(made("2026-11-24T08:59:00Z")))),
        "it was there before"
    );
    assert!(is_rejected(&clash(true, &Some(HashMap::new()))), "nobody knows it");
    assert!(
        is_rejected(&clash(false, &Some(made("2026-11-24T10:00:01Z")))),
        "no answer was lost"
    );
    assert_eq!(clash(true, &None), Verdict::TryAgain, "it could not be looked up");
}

#[test]
fn a_clash_that_can_never_be_looked_up_is_rejected_and_says_what_it_may_be() {
    let parcel = Parcel {
        attempts: MOST_ATTEMPTS,
        ..parcel(Operation::Insert, true)
    };
    let Verdict::Ended(Outcome::Rejected(reject)) = about_record(&parcel, refused("DUPLICATE_DATA"), &None) else {
        panic!("it is rejected")
    };
    assert!(reject.message.contains("an earlier answer was lost"));
    assert_eq!(reject.record_id.as_deref(), Some("42"));
}

#[test]
fn a_result_that_cannot_be_read_is_taken_for_a_lost_one() {
    let parcel = parcel(Operation::Upsert, false);
    let unreadable = || refused(bigin::UNREADABLE_RESULT);
    assert_eq!(about_record(&parcel, unreadable(), &None), Verdict::ResultLost);
    let tired = Parcel {
        attempts: MOST_ATTEMPTS,
        ..parcel
    };
    assert!(is_rejected(&about_record(&tired, unreadable(), &None)));
}

#[test]
fn a_delete_whose_answer_was_lost_finds_nothing_left_and_counts_as_done() {
    let gone = |lost| about_record(&parcel(Operation::Delete, lost), refused("INVALID_DATA"), &None);
    assert!(is_accepted(&gone(true), Action::Deleted));
    assert!(is_rejected(&gone(false)));
}

#[test]
fn an_insert_without_a_key_that_was_repeated_is_possibly_duplicated() {
    let duplicated = |lost| {
        let accepted = RecordOutcome::Accepted {
            action: Action::Inserted,
            id: "1".into(),
            modified_at: None,
        };
        match about_record(&parcel(Operation::Insert, lost), accepted, &None) {
            Verdict::Ended(Outcome::Accepted {
                possibly_duplicated, ..
            }) => possibly_duplicated,
            _ => panic!("it was accepted"),
        }
    };
    assert!(duplicated(true));
    assert!(!duplicated(false));
}

#[test]
fn a_reject_speaks_for_all_errors_and_names_the_clashing_record() {
    let outcome = RecordOutcome::Refused(vec![error("INVALID_DATA"), error("DUPLICATE_DATA")]);
    let Verdict::Ended(Outcome::Rejected(reject)) = about_record(&parcel(Operation::Upsert, false), outcome, &None)
    else {
        panic!("it was rejected")
    };
    assert_eq!(
        (reject.code.as_str(), reject.record_id.as_deref()),
        ("INVALID_DATA", Some("42"))
    );
    assert!(reject.message.contains(';'));
}
