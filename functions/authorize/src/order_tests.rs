use serde_json::json;

use super::*;
use crate::scopes::SCOPES_LINE;

fn now() -> Timestamp {
    "2026-10-09T12:00:00Z".parse().unwrap()
}

fn file() -> Value {
    json!({
        "client_id": "1000.ABCDEFGHIJ0123456789KLMNOPQRST",
        "client_secret": "0123456789abcdef0123456789abcdef0123456789",
        "code": "1000.aaaa1111.bbbb2222",
        "grant_type": "authorization_code",
        "scope": SCOPES_LINE.split(',').collect::<Vec<_>>(),
        "expiry_time": now().as_millisecond() + 180_000,
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut file = file();
    file[key] = value;
    file
}

fn without(key: &str) -> Value {
    let mut file = file();
    file.as_object_mut().unwrap().remove(key);
    file
}

fn read(payload: Value) -> Result<CodeOrder, AuthorizeError> {
    match Order::read(payload, now())? {
        Order::Code(order) => Ok(*order),
        Order::Verify { .. } => panic!("it is not asked to verify"),
    }
}

#[test]
fn the_downloaded_file_is_read_as_it_is() {
    let order = read(file()).unwrap();
    assert_eq!(order.file.client_id, "1000.ABCDEFGHIJ0123456789KLMNOPQRST");
    assert_eq!(order.file.code.expose(), "1000.aaaa1111.bbbb2222");
    assert_eq!(order.file.scope.unwrap().len(), 8);
    assert_eq!((order.data_center, order.change_org), (None, false));
}

#[test]
fn scope_and_expiry_may_be_missing_and_other_keys_be_there() {
    assert_eq!(read(without("scope")).unwrap().file.scope, None);
    assert!(read(without("expiry_time")).is_ok());
    assert!(read(without("grant_type")).is_ok());
    assert!(read(with("description", json!("for the relay"))).is_ok());
}

#[test]
fn scope_may_be_a_text() {
    for line in [
        SCOPES_LINE.to_owned(),
        SCOPES_LINE.replace(',', " "),
        SCOPES_LINE.replace(',', ", "),
    ] {
        assert_eq!(read(with("scope", json!(line))).unwrap().file.scope.unwrap().len(), 8);
    }
}

#[test]
fn the_file_may_be_pasted_as_a_text() {
    assert!(read(Value::String(file().to_string())).is_ok());
    assert!(read(Value::String(format!("\u{feff}{}", file()))).is_ok());
}

#[test]
fn what_is_no_file_is_refused_as_such() {
    for payload in [
        json!(null),
        json!([file()]),
        json!(7),
        json!("client_id=1000.ABC"),
        json!("[1]"),
        json!(""),
    ] {
        let error = read(payload).unwrap_err();
        assert_eq!(error.kind(), "NotASelfClientFile");
        assert!(!error.to_string().contains("1000.ABC"));
    }
}

#[test]
fn every_missing_key_is_named() {
    let error = read(json!({"client_id": "1000.ABC", "code": "  "})).unwrap_err();
    assert_eq!(error.kind(), "KeysMissing");
    assert!(error.to_string().contains("client_secret, code"), "{error}");
    assert!(!error.to_string().contains("client_id"), "{error}");
    for key in ["client_id", "client_secret", "code"] {
        assert!(read(without(key)).unwrap_err().to_string().contains(key));
        assert!(read(with(key, json!(7))).unwrap_err().to_string().contains(key));
    }
}

#[test]
fn another_kind_of_client_is_told_apart() {
    for payload in [
        with("grant_type", json!("client_credentials")),
        with("redirect_uris", json!(["https://example.com"])),
        json!({"web": {"client_id": "x"}}),
        json!({"client_id": "1000.A", "client_secret": "s", "refresh_token": "1000.b.c"}),
    ] {
        let error = read(payload).unwrap_err();
        assert_eq!(error.kind(), "WrongKindOfClient");
        assert!(error.to_string().contains("Self Client"), "{error}");
        assert!(!error.to_string().contains("1000.b.c"), "{error}");
    }
}

#[test]
fn an_expired_code_is_not_spent_but_a_minute_of_skew_is_allowed() {
    let expired = |ago: i64| read(with("expiry_time", json!(now().as_millisecond() - ago * 1000)));
    assert!(expired(59).is_ok());
    let error = expired(61).unwrap_err();
    assert_eq!(error.kind(), "CodeExpired");
    assert!(error.to_string().contains("enerate a new code"), "{error}");
    let in_seconds = read(with("expiry_time", json!((now().as_second() - 61).to_string())));
    assert_eq!(in_seconds.unwrap_err().kind(), "CodeExpired");
    assert!(read(with("expiry_time", json!(i64::MAX))).is_ok());
    assert!(read(with("expiry_time", json!("soon"))).is_ok());
}

#[test]
fn each_missing_scope_is_told_with_what_it_is_for() {
    let short = json!(["ZohoBigin.modules.ALL", "ZohoBigin.settings.ALL"]);
    let error = read(with("scope", short.clone())).unwrap_err();
    assert_eq!(error.kind(), "ScopesMissing");
    let text = error.to_string();
    for expected in [
        "ZohoBigin.org.READ",
        "ZohoBigin.coql.READ",
        "bulk jobs",
        SCOPES_LINE,
        "accept_missing",
    ] {
        assert!(text.contains(expected), "{expected} is missing in: {text}");
    }
    let mut accepted = with("scope", short);
    accepted["accept_missing"] = json!(true);
    assert!(read(accepted).is_ok());
}

#[test]
fn wishes_are_read_or_refused_by_name() {
    let order = read(with("data_center", json!("EU"))).unwrap();
    assert_eq!(order.data_center, Some(DataCentre::Eu));
    assert!(read(with("change_org", json!(true))).unwrap().change_org);
    for (key, value) in [
        ("data_center", json!("moon")),
        ("change_org", json!("yes")),
        ("accept_missing", json!(1)),
    ] {
        let error = read(with(key, value)).unwrap_err();
        assert_eq!(error.kind(), "WishUnclear");
        assert!(error.to_string().contains(key), "{error}");
    }
}

#[test]
fn what_is_longer_than_anything_of_zohos_is_refused_before_the_code_is_spent() {
    for key in ["client_id", "client_secret", "code"] {
        let long = |length: usize| read(with(key, json!("x".repeat(length))));
        assert!(long(LONGEST_TEXT).is_ok(), "{key}");
        let error = long(LONGEST_TEXT + 1).unwrap_err();
        assert_eq!(error.kind(), "WishUnclear");
        let said = error.to_string();
        assert!(
            said.contains(key) && said.contains("1025 bytes, more than 1024") && said.contains("Nothing was spent")
        );
        assert!(!said.contains("xxx"), "{said}");
    }
    let scopes = |count: usize, length: usize| {
        let mut all: Vec<String> = SCOPES_LINE.split(',').map(str::to_owned).collect();
        all.resize(count, "s".repeat(length));
        read(with("scope", json!(all)))
    };
    assert!(scopes(MOST_SCOPES, LONGEST_SCOPE).is_ok());
    assert!(
        scopes(MOST_SCOPES + 1, 5)
            .unwrap_err()
            .to_string()
            .contains("101 scopes")
    );
    assert_eq!(
        scopes(MOST_SCOPES, LONGEST_SCOPE + 1).unwrap_err().kind(),
        "WishUnclear"
    );
}

#[test]
fn asked_to_verify_it_needs_no_file() {
    let order = Order::read(json!({"verify": true, "change_org": true}), now());
    assert!(matches!(order, Ok(Order::Verify { change_org: true })));
}

proptest::proptest! {
    #[test]
    fn no_payload_makes_it_panic_or_show_a_secret(
        keys in proptest::collection::vec("client_id|client_secret|code|scope|expiry_time|grant_type|web|change_org|verify", 0..6),
        values in proptest::collection::vec(proptest::prelude::any::<i64>(), 6),
    ) {
        let canary = "0123456789abcdef";
        let payload: Value = keys.iter().zip(values).map(|(key, value)| {
            let value = if value % 3 == 0 { json!(value) } else { json!(canary) };
            (key.clone(), value)
        }).collect();
        let shown = format!("{:?}", Order::read(payload, now()).map(|_| ()));
        // A grant_type is shown, since it is never secret.
        if !shown.contains("grant_type") {
            proptest::prop_assert!(!shown.contains(canary), "{}", shown);
        }
    }
}
