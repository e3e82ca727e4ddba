use proptest::prelude::*;

use super::*;
use crate::data_centre::DataCentre;

fn hosts() -> ZohoHosts {
    ZohoHosts::of(DataCentre::Eu)
}

fn answer(status: u16, body: &str) -> TokenAnswer {
    TokenAnswer {
        status,
        content_type: "application/json;charset=utf-8".into(),
        body: body.into(),
    }
}

fn judged(asked: GrantKind, status: u16, body: &str) -> Result<Grant, TokenFailure> {
    judge_grant(asked, &hosts(), &answer(status, body))
}

const GRANT: &str = r#"{"access_token":"1000.1111.2222","refresh_token":"1000.3333.4444",
    "scope":"ZohoBigin.modules.ALL ZohoBigin.settings.ALL","api_domain":"https://www.zohoapis.eu",
    "token_type":"Bearer","expires_in":3600}"#;

#[test]
fn a_grant_is_read() {
    let grant = judged(GrantKind::Code, 200, GRANT).unwrap();
    assert_eq!(grant.access_token.expose(), "1000.1111.2222");
    assert_eq!(grant.refresh_token.unwrap().expose(), "1000.3333.4444");
    assert_eq!(grant.api_domain.as_str(), "https://www.zohoapis.eu");
    assert_eq!(
        grant.scope.unwrap(),
        ["ZohoBigin.modules.ALL", "ZohoBigin.settings.ALL"]
    );
    assert_eq!(grant.lives, Duration::from_hours(1));
}

#[test]
fn a_refresh_brings_no_refresh_token_and_maybe_no_scope() {
    let body = r#"{"access_token":"1000.5.6","api_domain":"https://www.zohoapis.eu","expires_in":3600}"#;
    let grant = judged(GrantKind::Refresh, 200, body).unwrap();
    assert_eq!((grant.refresh_token, grant.scope), (None, None));
}

#[test]
fn an_answer_without_an_api_domain_means_the_data_centres_own() {
    let grant = judged(GrantKind::Refresh, 200, r#"{"access_token":"t"}"#).unwrap();
    assert_eq!(grant.api_domain.as_str(), "https://www.zohoapis.eu");
}

#[test]
fn every_known_error_is_told_apart_under_any_status() {
    let kinds = |asked, error: &str| {
        [200, 400, 401, 500].map(|status| {
            judged(asked, status, &serde_json::json!({ "error": error }).to_string())
                .unwrap_err()
                .kind()
        })
    };
    assert_eq!(kinds(GrantKind::Code, "invalid_code"), ["CodeRefused"; 4]);
    assert_eq!(kinds(GrantKind::Refresh, "invalid_code"), ["RefreshTokenRefused"; 4]);
    for asked in [GrantKind::Code, GrantKind::Refresh] {
        assert_eq!(kinds(asked, "invalid_client"), ["ClientUnknown"; 4]);
        assert_eq!(kinds(asked, "invalid_client_secret"), ["ClientSecretWrong"; 4]);
        assert_eq!(kinds(asked, "Access Denied"), ["AccessDenied"; 4]);
        assert_eq!(kinds(asked, "access_denied"), ["AccessDenied"; 4]);
        assert_eq!(kinds(asked, "invalid_redirect_uri"), ["ZohoOther"; 4]);
        assert_eq!(kinds(asked, "general_error"), ["ZohoOther"; 4]);
    }
}

#[test]
fn a_localised_description_changes_nothing() {
    let body = r#"{"error_description":"您在短时间内发出了太多请求。请稍后再试。","error":"Access Denied","status":"failure"}"#;
    let failure = judged(GrantKind::Refresh, 400, body).unwrap_err();
    assert_eq!(
        failure,
        TokenFailure::AccessDenied {
            at: "accounts.zoho.eu".into()
        }
    );
    assert!(!failure.is_permanent());
}

#[test]
fn a_token_beside_an_error_or_under_another_status_is_not_believed() {
    let both = r#"{"access_token":"t","error":"invalid_code"}"#;
    assert_eq!(judged(GrantKind::Code, 200, both).unwrap_err().kind(), "CodeRefused");
    for status in [201, 302, 400, 500] {
        assert_eq!(
            judged(GrantKind::Code, status, GRANT).unwrap_err().kind(),
            "ZohoUnreadable",
            "{status}"
        );
    }
}

#[test]
fn an_access_token_that_is_no_text_or_empty_is_none() {
    for token in ["null", "\"\"", "\"  \"", "12", "{}", "\"a b\"", "\"a\\nb\""] {
        let body = format!(r#"{{"access_token":{token},"expires_in":3600}}"#);
        assert_eq!(
            judged(GrantKind::Refresh, 200, &body).unwrap_err().kind(),
            "ZohoUnreadable",
            "{token}"
        );
    }
}

#[test]
fn web_pages_and_redirects_are_told_from_garbage() {
    let page = |status, content_type: &str, body: &str| {
        let answer = TokenAnswer {
            status,
            content_type: content_type.into(),
            body: body.into(),
        };
        judge_grant(GrantKind::Refresh, &hosts(), &answer).unwrap_err().kind()
    };
    for status in [200, 403, 503] {
        assert_eq!(
            page(status, "text/html;charset=utf-8", "<!DOCTYPE html>"),
            "ZohoWebPage"
        );
        assert_eq!(page(status, "", "\n <html>"), "ZohoWebPage");
        assert_eq!(page(status, "application/json", "{\"access_token\":"), "ZohoUnreadable");
        assert_eq!(page(status, "application/json", ""), "ZohoUnreadable");
        assert_eq!(page(status, "application/json", "[1]"), "ZohoUnreadable");
    }
    assert_eq!(page(302, "", ""), "ZohoWebPage");
}

#[test]
fn a_life_is_in_seconds_unless_it_is_absurd() {
    for (life, seconds) in [
        (r#""expires_in":3600"#, 3600),
        (r#""expires_in":"1800""#, 1800),
        (r#""expires_in":3600000"#, 3600),
        (r#""expires_in":3600000,"expires_in_sec":3599"#, 3599),
        (r#""expires_in":18446744073709551615"#, 86_400),
        (r#""expires_in":86400"#, 86_400),
        (r#""expires_in":86401"#, 86),
        (r#""expires_in":0"#, 3600),
        (r#""expires_in":-1"#, 3600),
        (r#""expires_in":null"#, 3600),
        (r#""expires_in":"soon""#, 3600),
    ] {
        let grant = judged(GrantKind::Refresh, 200, &format!(r#"{{"access_token":"t",{life}}}"#)).unwrap();
        assert_eq!(grant.lives.as_secs(), seconds, "{life}");
    }
}

#[test]
fn an_api_domain_that_is_not_zohos_is_refused_and_the_refresh_token_kept_for_revoking() {
    let body = GRANT.replace("www.zohoapis.eu", "www.zohoapis.eu.evil.example");
    let (failure, issued) = read_grant(GrantKind::Code, &hosts(), &answer(200, &body)).unwrap_err();
    assert_eq!(failure.kind(), "ApiDomainRefused");
    assert_eq!(issued.unwrap().expose(), "1000.3333.4444");
    assert!(failure.to_string().contains("evil.example"));
}

#[test]
fn every_failure_says_what_to_do() {
    for error in [
        "invalid_code",
        "invalid_client",
        "invalid_client_secret",
        "Access Denied",
        "strange",
    ] {
        for asked in [GrantKind::Code, GrantKind::Refresh] {
            let text = judged(asked, 200, &serde_json::json!({ "error": error }).to_string())
                .unwrap_err()
                .to_string();
            assert!(text.starts_with("accounts.zoho.eu "), "{text}");
            assert!(
                ["enerate", "heck", "ownload", "rest", "ry again"]
                    .iter()
                    .any(|hint| text.contains(hint)),
                "{text}"
            );
        }
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(Value::from("https://www.zohoapis.eu")),
        Just(Value::from("invalid_code")),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,12}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

const NAMES: [&str; 8] = [
    "access_token",
    "refresh_token",
    "scope",
    "api_domain",
    "expires_in",
    "expires_in_sec",
    "error",
    "status",
];

proptest! {
    #[test]
    fn no_bytes_make_the_judge_panic(status in 100u16..600, content_type: String, body: Vec<u8>) {
        let answer = TokenAnswer { status, content_type, body };
        let _ = judge_grant(GrantKind::Code, &hosts(), &answer);
        let _ = crate::oauth::judge_revoke("a", &answer);
    }

    #[test]
    fn no_object_makes_the_judge_panic(
        status in prop_oneof![Just(200u16), 100u16..600],
        values in prop::collection::vec((prop::sample::select(&NAMES[..]), json_value()), 0..8),
    ) {
        let body: Value = values.into_iter().collect();
        let _ = judged(GrantKind::Refresh, status, &body.to_string());
        let _ = crate::oauth::judge_revoke("a", &answer(status, &body.to_string()));
    }

    #[test]
    fn nothing_secret_is_in_any_error_or_debug(
        status in prop_oneof![Just(200u16), 100u16..600],
        secret in "1000\\.[0-9a-f]{32}\\.[0-9a-f]{32}|[0-9a-f]{39}7",
        place in prop::sample::select(&NAMES[..]),
        other in prop::sample::select(&NAMES[..]),
        value in json_value(),
    ) {
        let body = Value::Object([(other.to_owned(), value), (place.to_owned(), Value::from(secret.clone()))].into_iter().collect());
        let answer = answer(status, &body.to_string());
        let debug = format!("{answer:?}");
        prop_assert!(!debug.contains(&secret));
        for asked in [GrantKind::Code, GrantKind::Refresh] {
            let shown = match judge_grant(asked, &hosts(), &answer) {
                // What the caller gets as scope is what Zoho calls a scope.
                Ok(grant) => format!("{:?}", Grant { scope: None, ..grant }),
                Err(failure) => format!("{failure} {failure:?}"),
            };
            prop_assert!(!shown.contains(&secret), "{}", shown);
        }
        if let Err(failure) = crate::oauth::judge_revoke("a", &answer) {
            let shown = format!("{failure} {failure:?}");
            prop_assert!(!shown.contains(&secret));
        }
    }
}
