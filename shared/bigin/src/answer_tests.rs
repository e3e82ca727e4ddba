use super::*;
use serde_json::{Value, json};

fn raw(status: u16, body: &Value) -> RawAnswer {
    RawAnswer {
        status,
        content_type: "application/json;charset=utf-8".into(),
        body: body.to_string().into_bytes(),
        ..RawAnswer::default()
    }
}

fn error(code: &str) -> Value {
    json!({"code": code, "details": {}, "message": "m", "status": "error"})
}

#[test]
fn a_batch_is_read_under_any_status() {
    let body = json!({"data": [
        {"code": "SUCCESS", "details": {"id": "1"}, "message": "record added", "status": "success"},
        {"code": "DUPLICATE_DATA", "details": {}, "message": "duplicate data", "status": "error"}]});
    for status in [200, 201, 202, 207, 400, 412] {
        assert!(judge("POST /x", raw(status, &body)).is_ok(), "{status}");
    }
}

#[test]
fn a_single_record_that_failed_is_a_result_and_not_an_error_of_the_request() {
    let body =
        json!({"data": [{"code": "DUPLICATE_DATA", "details": {}, "message": "duplicate data", "status": "error"}]});
    assert!(judge("POST /x", raw(400, &body)).is_ok());
}

#[test]
fn a_scope_problem_is_not_mistaken_for_an_expired_token() {
    assert!(matches!(
        judge("GET /x", raw(401, &error("OAUTH_SCOPE_MISMATCH"))),
        Err(CallFailure::ScopeMissing { .. })
    ));
    for code in ["INVALID_TOKEN", "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE"] {
        assert!(
            matches!(
                judge("GET /x", raw(401, &error(code))),
                Err(CallFailure::TokenRejected { .. })
            ),
            "{code}"
        );
    }
}

#[test]
fn a_deactivated_user_is_no_token_that_a_fresh_one_replaces_and_no_missing_permission() {
    for (status, code) in [(401, "INACTIVE_USER"), (403, "USER_INACTIVE")] {
        let failure = judge("GET /x", raw(status, &error(code))).unwrap_err();
        assert!(matches!(&failure, CallFailure::TokenRejected { code: told } if told == code));
        assert!(!failure.asks_for_a_fresh_token());
    }
    let expired = judge("GET /x", raw(401, &error("INVALID_TOKEN"))).unwrap_err();
    assert!(expired.asks_for_a_fresh_token());
}

#[test]
fn an_error_under_http_200_is_an_error() {
    assert!(matches!(
        judge("GET /x", raw(200, &error("INVALID_DATA"))),
        Err(CallFailure::Refused { status: 200, .. })
    ));
}

#[test]
fn an_error_of_the_request_wrapped_in_data_is_found() {
    let wrapped = json!({"data": [error("NO_PERMISSION")]});
    assert!(matches!(
        judge("POST /x", raw(403, &wrapped)),
        Err(CallFailure::NotPermitted { .. })
    ));
}

#[test]
fn a_throttle_takes_the_hint_where_there_is_one() {
    let body = json!({"code": "TOO_MANY_REQUESTS", "details": {"retry_after": 60}, "message": "", "status": "error"});
    let Err(CallFailure::Throttled { retry_after, .. }) = judge("POST /x", raw(429, &body)) else {
        panic!()
    };
    assert_eq!(retry_after, Some(Duration::from_mins(1)));
}

#[test]
fn a_web_page_is_never_a_success() {
    for status in [200, 403, 502] {
        let page = RawAnswer {
            status,
            content_type: "text/html".into(),
            body: b"<html>Maintenance</html>".to_vec(),
            ..RawAnswer::default()
        };
        assert!(
            matches!(judge("GET /x", page), Err(CallFailure::Unavailable { html: true, .. })),
            "{status}"
        );
    }
}

#[test]
fn garbage_under_a_success_may_have_been_carried_out() {
    let garbage = RawAnswer {
        status: 200,
        body: b"{\"data\": [".to_vec(),
        ..RawAnswer::default()
    };
    assert!(judge("POST /x", garbage).unwrap_err().may_have_been_carried_out());
}

#[test]
fn nothing_to_show_is_no_error() {
    for status in [204, 304] {
        let nothing = RawAnswer {
            status,
            ..RawAnswer::default()
        };
        assert!(judge("GET /x", nothing).unwrap().body.is_empty());
    }
}

#[test]
fn every_401_that_is_no_scope_problem_asks_for_a_fresh_token() {
    let empty = RawAnswer {
        status: 401,
        ..RawAnswer::default()
    };
    assert_eq!(
        judge("GET /x", empty).unwrap_err(),
        CallFailure::TokenRejected {
            code: "HTTP 401".into()
        }
    );
    let strange = raw(401, &json!({"message": "?"}));
    assert!(matches!(
        judge("GET /x", strange),
        Err(CallFailure::TokenRejected { .. })
    ));
    let forbidden = raw(401, &error("NO_PERMISSION"));
    assert!(matches!(
        judge("GET /x", forbidden),
        Err(CallFailure::NotPermitted { .. })
    ));
}

#[test]
fn an_error_without_a_status_word_is_found_by_the_http_status() {
    let throttled = raw(429, &json!({"code": "RATE_LIMIT_EXCEEDED", "message": "x"}));
    assert!(matches!(judge("GET /x", throttled), Err(CallFailure::Throttled { .. })));
    let bare = RawAnswer {
        status: 429,
        retry_after: Some(7),
        ..RawAnswer::default()
    };
    let Err(CallFailure::Throttled { retry_after, .. }) = judge("GET /x", bare) else {
        panic!()
    };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn a_record_that_has_fields_called_code_and_status_is_no_error() {
    let page = raw(
        200,
        &json!({"data": [{"code": "SAVE10", "status": "error", "id": "1"}], "info": {}}),
    );
    assert!(judge("GET /x", page).is_ok());
}

#[test]
fn an_answer_is_judged_by_its_first_result_where_that_is_a_success_and_read_whole_otherwise() {
    let with = |status, first: Value| raw(status, &json!({"data": [first, error("DUPLICATE_DATA")]}));
    let success = json!({"code": "SUCCESS", "details": {"id": "1"}, "status": "success"});
    assert!(begins_with_a_result(&with(207, success.clone())));
    // Under any other status, and of anything but a plain success, more has to be looked at.
    assert!(!begins_with_a_result(&with(403, success)));
    for first in [
        error("NO_PERMISSION"),
        json!({"id": "1"}),
        json!("success"),
        json!({"status": {"is": "success"}}),
    ] {
        assert!(!begins_with_a_result(&with(200, first)));
    }
    for other in [
        "",
        "[]",
        "{}",
        "{\"data\":[",
        "{\"data\":[]}",
        "{\"data\":[{\"status\":\"succ",
        "{\"status\":\"success\",\"data\":[{}]}",
    ] {
        let body = RawAnswer {
            body: other.into(),
            ..raw(200, &Value::Null)
        };
        assert!(!begins_with_a_result(&body), "{other}");
    }
}

proptest::proptest! {
    #[test]
    fn where_the_first_result_is_enough_the_whole_answer_has_no_failure_either(
        // Not 204 and 304, under which nothing is read.
        status in proptest::sample::select(vec![199u16, 200, 201, 202, 207, 299, 300, 400, 401, 403, 429, 500]),
        first in "SUCCESS|INVALID_TOKEN|NO_PERMISSION",
        word in "success|error|Success",
        further in proptest::collection::vec("(success|error|)", 0..3),
        rest in r#"\]\}|\],"status":"error","code":"INTERNAL_ERROR"\}|\],"data":\[\]\}|\]|,|x\]\}"#,
    ) {
        let mut results = vec![json!({"code": first, "details": {}, "status": word}).to_string()];
        results.extend(further.iter().map(|word| json!({"code": "NO_PERMISSION", "status": word}).to_string()));
        let body = format!("{{\"data\":[{}{rest}", results.join(","));
        let answer = RawAnswer { body: body.into_bytes(), ..raw(status, &Value::Null) };
        let enough = begins_with_a_result(&answer);
        proptest::prop_assert_eq!(enough, (200..300).contains(&status) && word == "success");
        if enough && let Some(failure) = failure("POST /x", &answer) {
            // What is no JSON shows when it is read.
            proptest::prop_assert!(serde_json::from_slice::<Value>(&answer.body).is_err(), "{}", failure);
            let read: Result<Value, _> = judge("POST /x", answer).and_then(|answer| answer.read("POST /x"));
            let is_unreadable = matches!(read, Err(CallFailure::Unreadable { .. }));
            proptest::prop_assert!(is_unreadable);
        }
    }
}

#[test]
fn results_under_a_status_that_speaks_of_the_request_are_its_error() {
    let body = json!({"data": [error("NO_PERMISSION"), error("NO_PERMISSION")]});
    assert!(matches!(
        judge("POST /x", raw(403, &body)),
        Err(CallFailure::NotPermitted { .. })
    ));
    assert!(matches!(
        judge("POST /x", raw(500, &body)),
        Err(CallFailure::NotPermitted { .. })
    ));
}

#[test]
fn a_call_that_is_too_large_is_refused_and_not_repeated() {
    let page = RawAnswer {
        status: 413,
        content_type: "text/html".into(),
        ..RawAnswer::default()
    };
    assert!(matches!(
        judge("POST /x", page),
        Err(CallFailure::Refused { status: 413, .. })
    ));
}

#[test]
fn a_redirect_is_no_answer() {
    let moved = RawAnswer {
        status: 302,
        ..RawAnswer::default()
    };
    assert!(matches!(
        judge("GET /x", moved),
        Err(CallFailure::Unavailable { status: 302, .. })
    ));
}

#[test]
fn debug_shows_no_body() {
    let answer = raw(200, &json!({"data": [{"Last_Name": "Rao"}]}));
    assert!(!format!("{answer:?} {:?}", judge("GET /x", answer.clone())).contains("Rao"));
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_it_panic(status in 100u16..600, body: Vec<u8>) {
        let _ = judge("GET /x", RawAnswer { status, body, ..RawAnswer::default() });
    }
}

#[test]
fn what_a_failure_quotes_of_what_was_sent_is_left_out() {
    let body = json!({"code": "INVALID_DATA", "message": "the value ann.rao@example.com of Rao (+49 30 123) is invalid", "status": "error"});
    let refused = judge("c", raw(400, &body)).unwrap_err();
    let told = refused.to_string();
    assert!(
        told.contains("INVALID_DATA: the value *** of *** *** *** *** is invalid"),
        "{told}"
    );
    let own = json!({"code": "LIMIT", "message": "The API limit of your Zoho Bigin account (Users) is reached, ID Rao", "status": "error"});
    let told = judge("c", raw(400, &own)).unwrap_err().to_string();
    assert!(
        told.contains("The API limit of your Zoho Bigin account (Users) is reached, ID ***"),
        "{told}"
    );
    let echo = judge(
        "c",
        raw(400, &json!({"code": "1000.abc.def", "message": "x", "status": "error"})),
    )
    .unwrap_err();
    assert!(echo.to_string().contains("UNNAMED_ERROR"), "{echo}");
}
