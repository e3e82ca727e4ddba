//! Calls to Bigin over HTTP, against the sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "helpers of tests count as tests"
)]

mod support;

use std::time::Duration;

use bigin::{Action, CallFailure, FieldKind, ModuleName, Operation, RecordOutcome};
use serde_json::json;
use support::{Zoho, access, shape};

fn accepted(outcome: &RecordOutcome) -> (Action, &str) {
    match outcome {
        RecordOutcome::Accepted { action, id, .. } => (*action, id),
        RecordOutcome::Refused(errors) => panic!("refused: {errors:?}"),
    }
}

fn codes(outcome: &RecordOutcome) -> Vec<&str> {
    match outcome {
        RecordOutcome::Accepted { .. } => vec![],
        RecordOutcome::Refused(errors) => errors.iter().map(|error| error.code.as_str()).collect(),
    }
}

#[tokio::test]
async fn a_hundred_records_come_back_in_their_order_whatever_became_of_them() {
    for mixed in [207, 202, 200] {
        let zoho = Zoho::with(json!({ "mixed_status": mixed })).await;
        let access = zoho.access().await;
        let records: Vec<_> = (0..100)
            .map(|n| match n % 10 {
                3 => json!({"Email": format!("{n}@example.com")}),
                5 => json!({"Last_Name": "x".repeat(81), "Email": "no address"}),
                _ => json!({"Last_Name": format!("N{n}"), "Email": format!("{n}@example.com")}),
            })
            .collect();
        let answer = zoho.write(&access, &shape(Operation::Upsert), &records).await.unwrap();
        assert_eq!(answer.outcomes.len(), 100);
        for (n, outcome) in answer.outcomes.iter().enumerate() {
            match n % 10 {
                3 => assert_eq!(codes(outcome), ["MANDATORY_NOT_FOUND"]),
                5 => assert_eq!(codes(outcome), ["INVALID_DATA", "INVALID_DATA"]),
                _ => assert_eq!(accepted(outcome).0, Action::Inserted),
            }
        }
        assert!(answer.token_expires_at.is_some());
        assert_eq!(zoho.sandbox.records("Contacts").len(), 80);
        let again = zoho
            .write(&access, &shape(Operation::Upsert), &records[..1])
            .await
            .unwrap();
        assert_eq!(
            accepted(&again.outcomes[0]),
            (Action::Updated, accepted(&answer.outcomes[0]).1)
        );
    }
}

#[tokio::test]
async fn a_batch_in_which_every_record_fails_is_read_under_its_400() {
    let zoho = Zoho::start().await;
    let access = zoho.access().await;
    let answer = zoho
        .write(&access, &shape(Operation::Insert), &[json!({"Email": "a@example.com"})])
        .await
        .unwrap();
    assert_eq!(codes(&answer.outcomes[0]), ["MANDATORY_NOT_FOUND"]);
}

#[tokio::test]
async fn a_duplicate_names_the_record_that_is_there() {
    let zoho = Zoho::start().await;
    let access = zoho.access().await;
    let record = json!({"Last_Name": "Rao", "Email": "rao@example.com"});
    let first = zoho
        .write(&access, &shape(Operation::Insert), std::slice::from_ref(&record))
        .await
        .unwrap();
    let second = zoho.write(&access, &shape(Operation::Insert), &[record]).await.unwrap();
    let RecordOutcome::Refused(errors) = &second.outcomes[0] else {
        panic!("it is a duplicate")
    };
    assert_eq!(errors[0].code, "DUPLICATE_DATA");
    assert_eq!(errors[0].duplicate_id.as_deref(), Some(accepted(&first.outcomes[0]).1));
}

#[tokio::test]
async fn updates_and_deletes_go_by_id_and_tell_what_is_not_there() {
    let zoho = Zoho::start().await;
    let access = zoho.access().await;
    let names = [json!({"Last_Name": "A"}), json!({"Last_Name": "B"})];
    let inserted = zoho.write(&access, &shape(Operation::Insert), &names).await.unwrap();
    let ids: Vec<_> = inserted
        .outcomes
        .iter()
        .map(|outcome| accepted(outcome).1.to_owned())
        .collect();
    let update = [
        json!({"id": ids[0], "Last_Name": "A2"}),
        json!({"id": "4711000000000009999", "Last_Name": "C"}),
    ];
    let updated = zoho.write(&access, &shape(Operation::Update), &update).await.unwrap();
    assert_eq!(accepted(&updated.outcomes[0]), (Action::Updated, ids[0].as_str()));
    assert_eq!(codes(&updated.outcomes[1]), ["INVALID_DATA"]);
    let delete = [
        json!({"id": ids[0]}),
        json!({"id": "4711000000000009999"}),
        json!({"id": format!("{},{}", ids[0], ids[1])}),
        json!({"Last_Name": "no id"}),
    ];
    let deleted = zoho.write(&access, &shape(Operation::Delete), &delete).await.unwrap();
    assert_eq!(accepted(&deleted.outcomes[0]), (Action::Deleted, ids[0].as_str()));
    for outcome in &deleted.outcomes[1..] {
        assert_eq!(codes(outcome), ["INVALID_DATA"]);
    }
    assert_eq!(zoho.sandbox.records("Contacts").len(), 1);
}

#[tokio::test]
async fn an_expired_token_and_a_missing_scope_are_told_apart() {
    let zoho = Zoho::start().await;
    let narrow = zoho.exchange(&zoho.code_for("ZohoBigin.users.READ")).await.unwrap();
    let record = json!({"Last_Name": "Rao"});
    let failure = zoho
        .write(
            &access(&narrow),
            &shape(Operation::Insert),
            std::slice::from_ref(&record),
        )
        .await;
    assert!(matches!(failure, Err(CallFailure::ScopeMissing { .. })), "{failure:?}");
    let expired = zoho.access().await;
    zoho.advance(3601);
    let failure = zoho.write(&expired, &shape(Operation::Insert), &[record]).await;
    assert!(matches!(failure, Err(CallFailure::TokenRejected { .. })), "{failure:?}");
}

#[tokio::test]
async fn an_unknown_module_and_a_permission_are_failures_of_the_call() {
    let zoho = Zoho::start().await;
    let access = zoho.access().await;
    let mut unknown = shape(Operation::Insert);
    unknown.module = ModuleName::parse("Kontakte").unwrap();
    let record = json!({"Last_Name": "Rao"});
    let failure = zoho.write(&access, &unknown, std::slice::from_ref(&record)).await;
    assert!(matches!(failure, Err(CallFailure::UnknownModule { .. })), "{failure:?}");
    zoho.fault(json!({"kind": "status", "status": 403, "code": "NO_PERMISSION"}));
    let failure = zoho
        .write(&access, &shape(Operation::Insert), std::slice::from_ref(&record))
        .await;
    assert!(matches!(failure, Err(CallFailure::NotPermitted { .. })), "{failure:?}");
    // What single records are refused for is theirs, should it be all of them.
    zoho.fault(json!({"kind": "records", "every": 1, "code": "NO_PERMISSION"}));
    let answer = zoho
        .write(&access, &shape(Operation::Insert), &[record.clone(), record])
        .await;
    assert_eq!(answer.unwrap().outcomes.len(), 2);
}

#[tokio::test]
async fn throttles_carry_their_hint_and_the_credits_that_are_left() {
    let zoho = Zoho::with(json!({"credits_header": "always", "credits": 1000})).await;
    let access = zoho.access().await;
    let record = [json!({"Last_Name": "Rao"})];
    let answer = zoho.write(&access, &shape(Operation::Insert), &record).await.unwrap();
    assert_eq!(answer.credits_remaining, Some(999));
    zoho.fault(json!({"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS", "retry_after": 7}));
    let failure = zoho
        .write(&access, &shape(Operation::Insert), &record)
        .await
        .unwrap_err();
    let CallFailure::Throttled { retry_after, .. } = failure else {
        panic!("{failure}")
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
    let zoho = Zoho::with(json!({"credits_header": "always", "credits": 0})).await;
    let failure = zoho
        .write(&zoho.access().await, &shape(Operation::Insert), &record)
        .await
        .unwrap_err();
    assert!(
        matches!(
            failure,
            CallFailure::Throttled {
                credits_remaining: Some(0),
                ..
            }
        ),
        "{failure:?}"
    );
}

#[tokio::test]
async fn what_may_have_been_carried_out_says_so() {
    let zoho = Zoho::start().await;
    let access = zoho.access().await;
    let record = [json!({"Last_Name": "Rao"})];
    for fault in [
        json!({"kind": "cut", "after_commit": true}),
        json!({"kind": "cut", "after_commit": true, "after_bytes": 30}),
        json!({"kind": "cut"}),
        json!({"kind": "garbage", "after_commit": true}),
        json!({"kind": "html", "status": 502}),
        json!({"kind": "status", "status": 500, "code": "INTERNAL_ERROR"}),
    ] {
        zoho.fault(fault.clone());
        let failure = zoho
            .write(&access, &shape(Operation::Insert), &record)
            .await
            .unwrap_err();
        assert!(failure.may_have_been_carried_out(), "{fault}: {failure}");
        assert!(!failure.to_string().contains("Rao"), "{failure}");
    }
    zoho.faults(json!([]));
    assert_eq!(zoho.sandbox.records("Contacts").len(), 3);
}

#[tokio::test]
async fn some_records_with_a_code_nobody_knows_do_not_spoil_the_others() {
    let zoho = Zoho::start().await;
    let access = zoho.access().await;
    zoho.fault(json!({"kind": "records", "every": 2, "code": "BRAND_NEW"}));
    let records = vec![json!({"Last_Name": "Rao"}); 4];
    let answer = zoho.write(&access, &shape(Operation::Insert), &records).await.unwrap();
    let refused = answer
        .outcomes
        .iter()
        .filter(|outcome| codes(outcome) == ["BRAND_NEW"])
        .count();
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn metadata_user_and_organisation_are_read() {
    let zoho = Zoho::start().await;
    let access = zoho.access().await;
    let fields = zoho
        .bigin
        .fields(&access, &ModuleName::parse("Contacts").unwrap())
        .await
        .unwrap();
    let field = |name| fields.by_api_name(name).unwrap();
    assert!(field("Last_Name").mandatory && field("Email").unique && !field("Title").unique);
    assert_eq!(field("Account_Name").lookup_module.as_deref(), Some("Accounts"));
    assert_eq!((field("Tag").kind, field("Tag").writable), (FieldKind::Tags, true));
    assert!(field("Owner").writable && !field("Created_Time").writable);
    let modules = zoho.bigin.modules(&access).await.unwrap();
    let companies = modules.iter().find(|module| module.api_name == "Accounts").unwrap();
    assert_eq!(companies.plural_label.as_deref(), Some("Companies"));
    let organisation = zoho.bigin.organisation(&access).await.unwrap();
    assert_eq!(
        (organisation.paid, organisation.users, organisation.daily_credits()),
        (Some(true), Some(4), Some(51_000))
    );
    assert!(!organisation.name.is_empty());
    assert!(
        zoho.bigin
            .current_user(&access)
            .await
            .unwrap()
            .email
            .unwrap()
            .starts_with("ann@")
    );
    zoho.fault(json!({"kind": "status", "status": 200, "body": {"org": [], "users": [], "modules": [], "fields": []}}));
    assert!(matches!(
        zoho.bigin.modules(&access).await,
        Err(CallFailure::Unreadable { .. })
    ));
    assert!(matches!(
        zoho.bigin.organisation(&access).await,
        Err(CallFailure::Unreadable { .. })
    ));
    assert!(matches!(
        zoho.bigin.current_user(&access).await,
        Err(CallFailure::Unreadable { .. })
    ));
}

#[tokio::test]
async fn tags_are_made_known_and_added_to_those_that_records_have() {
    let zoho = Zoho::start().await;
    let access = zoho.access().await;
    let contacts = ModuleName::parse("Contacts").unwrap();
    let records =
        [1, 2].map(|n| json!({"Last_Name": "Rao", "Email": format!("{n}@example.com"), "Tag": [{"name": "Old"}]}));
    let written = zoho.write(&access, &shape(Operation::Insert), &records).await.unwrap();
    let ids: Vec<_> = written.outcomes.iter().map(|outcome| accepted(outcome).1).collect();
    let bigin = support::bigin();
    let failure = bigin
        .add_tags(&access, &contacts, &["New", "old"], &ids)
        .await
        .unwrap_err();
    assert!(matches!(failure, CallFailure::Refused { .. }), "{failure:?}");
    assert_eq!(
        bigin.make_tags(&access, &contacts, &["New", "old"]).await.unwrap(),
        None
    );
    let unknown = [ids[0], "4711000000000000001", ids[1]];
    let tagged = bigin
        .add_tags(&access, &contacts, &["New", "old"], &unknown)
        .await
        .unwrap();
    assert_eq!(accepted(&tagged.outcomes[0]), (Action::Updated, ids[0]));
    assert_eq!(codes(&tagged.outcomes[1]), ["INVALID_DATA"]);
    for record in zoho.sandbox.records("Contacts") {
        let names: Vec<_> = record["Tag"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| &tag["name"])
            .collect();
        assert_eq!(names, ["New", "Old"]);
    }
    // All of them are there, which is not an error; a name that cannot be one is.
    assert_eq!(bigin.make_tags(&access, &contacts, &["New"]).await.unwrap(), None);
    let wrong = bigin.make_tags(&access, &contacts, &[&"x".repeat(26)]).await.unwrap();
    assert_eq!(wrong.map(|error| error.code).as_deref(), Some("INVALID_DATA"));
}
