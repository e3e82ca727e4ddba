use super::*;

#[test]
fn a_call_costs_a_credit_for_each_started_ten_records() {
    let shape = |operation| CallShape {
        module: ModuleName::parse("Contacts").unwrap(),
        operation,
        match_on: vec![],
        trigger: vec![],
    };
    for (records, credits) in [(1, 1), (10, 1), (11, 2), (100, 10)] {
        assert_eq!(shape(Operation::Upsert).credits(records), credits);
    }
    assert_eq!(shape(Operation::Delete).credits(100), 1);
}

fn answer(body: &serde_json::Value) -> Answer {
    Answer {
        body: body.to_string().into_bytes(),
        status: 200,
        credits_remaining: None,
        token_expires_at: None,
        date: None,
    }
}

fn success(id: &str) -> serde_json::Value {
    json!({"code": "SUCCESS", "details": {"id": id}, "message": "m", "status": "success"})
}

fn error(code: &str) -> serde_json::Value {
    json!({"code": code, "details": {}, "message": "m", "status": "error"})
}

fn upserted(body: &serde_json::Value, sent: usize) -> Result<Vec<RecordOutcome>, CallFailure> {
    let told = told("upsert", Operation::Upsert, &answer(body), &vec![None; sent])?;
    Ok(told.outcomes)
}

#[test]
fn too_few_or_too_many_results_are_not_mapped_by_guesswork() {
    let body = json!({"data": [success("1")]});
    for sent in [0, 2, 3] {
        assert!(upserted(&body, sent).unwrap_err().may_have_been_carried_out(), "{sent}");
    }
    for body in [json!({}), json!([]), json!({"data": {}}), json!({"data": null})] {
        assert!(upserted(&body, 1).unwrap_err().may_have_been_carried_out(), "{body}");
    }
}

#[test]
fn one_strange_result_does_not_spoil_the_others() {
    let body = json!({"data": [success("1"), 7, error("BRAND_NEW"), {"code": "DUPLICATE_DATA", "status": "error"}]});
    let outcomes = upserted(&body, 4).unwrap();
    assert!(matches!(&outcomes[0], RecordOutcome::Accepted { id, .. } if id == "1"));
    assert!(outcomes[1].is_unreadable());
    assert_eq!(outcomes[2].only_error().unwrap().0, "BRAND_NEW");
    assert_eq!(outcomes[3].only_error().unwrap().0, "DUPLICATE_DATA");
}

#[test]
fn a_permission_that_every_record_lacks_is_told_of_each_record() {
    let all = json!({"data": [error("NO_PERMISSION"), error("NO_PERMISSION")]});
    let refused = |outcome: &RecordOutcome| matches!(outcome, RecordOutcome::Refused(errors) if errors[0].code == "NO_PERMISSION");
    assert!(upserted(&all, 2).unwrap().iter().all(refused));
    let some = json!({"data": [error("NO_PERMISSION"), success("1")]});
    assert!(upserted(&some, 2).is_ok());
}

#[test]
fn a_field_that_every_record_lacks_is_each_records_own_error() {
    let all = json!({"data": [error("MANDATORY_NOT_FOUND"), error("MANDATORY_NOT_FOUND")]});
    assert_eq!(upserted(&all, 2).unwrap().len(), 2);
}

#[test]
fn a_delete_is_mapped_by_id_where_the_order_differs() {
    let gone =
        json!({"code": "INVALID_DATA", "details": {"id": "2"}, "message": "record not deleted", "status": "error"});
    let body = json!({"data": [gone, success("1")]});
    let outcomes = deletions("delete", &answer(&body), &["1", "2", "1"]).unwrap();
    assert!(matches!(
        &outcomes[0],
        RecordOutcome::Accepted {
            action: super::super::Action::Deleted,
            ..
        }
    ));
    assert_eq!(outcomes[1].only_error().unwrap().0, "INVALID_DATA");
    assert!(matches!(&outcomes[2], RecordOutcome::Accepted { .. }));
    assert!(deletions("delete", &answer(&body), &["1", "3"]).is_err());
}

#[test]
fn the_body_has_the_records_as_they_stand() {
    let record = Record::from_object(json!({"Last_Name": "Rao"}).as_object().unwrap());
    let shape = CallShape {
        module: ModuleName::parse("Contacts").unwrap(),
        operation: Operation::Upsert,
        match_on: vec!["Email".into()],
        trigger: vec![],
    };
    assert_eq!(
        body(&shape, &[&record, &record]),
        r#"{"data":[{"Last_Name":"Rao"},{"Last_Name":"Rao"}],"trigger":[],"duplicate_check_fields":["Email"]}"#
    );
    let shape = CallShape {
        operation: Operation::Insert,
        ..shape
    };
    assert_eq!(body(&shape, &[]), r#"{"data":[],"trigger":[]}"#);
}

proptest::proptest! {
    #[test]
    fn no_results_make_it_panic_and_none_is_lost(codes in proptest::collection::vec("[A-Z_]{0,12}|SUCCESS", 1..8)) {
        let elements: Vec<_> = codes.iter().map(|code| json!({"code": code, "details": {"id": "1"}})).collect();
        let sent = elements.len();
        if let Ok(outcomes) = upserted(&json!({"data": elements}), sent) {
            proptest::prop_assert_eq!(outcomes.len(), sent);
        }
    }
}
