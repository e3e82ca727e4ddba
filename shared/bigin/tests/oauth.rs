//! Tokens over HTTP: against the sandbox, and against servers that misbehave.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "helpers of tests count as tests"
)]

mod support;

use std::time::Duration;

use bigin::CallFailure;
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::oauth::{Revoked, TokenFailure};
use bigin::secret::{ClientSecret, GrantCode, RefreshToken};
use serde_json::json;
use support::{Parrot, SCOPES, Zoho, access, bigin};

#[tokio::test]
async fn a_code_becomes_tokens_that_are_refreshed_and_revoked() {
    let zoho = Zoho::start().await;
    let grant = zoho.grant().await;
    assert_eq!(grant.lives, Duration::from_hours(1));
    assert_eq!(grant.api_domain.as_str(), zoho.sandbox.url());
    assert_eq!(grant.scope.as_ref().unwrap().join(","), SCOPES);
    let refresh_token = grant.refresh_token.clone().unwrap();
    let fresh = zoho.refresh(&refresh_token).await.unwrap();
    assert_eq!(fresh.refresh_token, None);
    assert_ne!(fresh.access_token, grant.access_token);
    assert!(zoho.bigin.current_user(&access(&fresh)).await.is_ok());
    assert_eq!(zoho.server.revoke(&refresh_token).await.unwrap(), Revoked::Now);
    assert_eq!(zoho.server.revoke(&refresh_token).await.unwrap(), Revoked::NotKnown);
    let refused = zoho.bigin.current_user(&access(&fresh)).await.unwrap_err();
    assert_eq!(
        refused,
        CallFailure::TokenRejected {
            code: "INVALID_TOKEN".to_owned()
        }
    );
    assert_eq!(
        zoho.refresh(&refresh_token).await.unwrap_err().kind(),
        "RefreshTokenRefused"
    );
}

#[tokio::test]
async fn a_code_works_once_and_dies_with_its_time() {
    let zoho = Zoho::start().await;
    let code = zoho.code();
    zoho.exchange(&code).await.unwrap();
    let used = zoho.exchange(&code).await.unwrap_err();
    assert!(used.is_permanent() && used.kind() == "CodeRefused", "{used}");
    let old = zoho.code();
    zoho.advance(601);
    assert_eq!(zoho.exchange(&old).await.unwrap_err().kind(), "CodeRefused");
}

#[tokio::test]
async fn a_wrong_secret_an_unknown_client_and_another_data_centre_are_told_apart() {
    let zoho = Zoho::start().await;
    let wrong = ClientSecret::new("0".repeat(40)).unwrap();
    let failure = zoho
        .server
        .exchange(&zoho.keys.client_id, &wrong, &zoho.code())
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), "ClientSecretWrong");
    let failure = zoho
        .server
        .exchange("1000.NOBODY", &zoho.secret(), &zoho.code())
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), "ClientUnknown");
    let keys = zoho.sandbox.console(
        "POST",
        "/console/self-clients",
        &json!({"client_name": "eu", "data_center": "eu"}),
    );
    let (id, secret) = (
        keys["client_id"].as_str().unwrap(),
        ClientSecret::new(keys["client_secret"].as_str().unwrap()),
    );
    let failure = zoho
        .server
        .exchange(id, &secret.unwrap(), &zoho.code())
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), "ClientUnknown");
    assert!(failure.to_string().contains("another data centre"), "{failure}");
}

#[tokio::test]
async fn the_eleventh_refresh_in_ten_minutes_is_a_throttle_under_any_status() {
    for status in [400, 200] {
        let zoho = Zoho::with(json!({"access_denied_status": status})).await;
        let token = zoho.grant().await.refresh_token.unwrap();
        for _ in 0..10 {
            zoho.refresh(&token).await.unwrap();
        }
        let failure = zoho.refresh(&token).await.unwrap_err();
        assert_eq!((failure.kind(), failure.is_permanent()), ("AccessDenied", false));
        zoho.advance(601);
        assert!(zoho.refresh(&token).await.is_ok());
    }
}

#[tokio::test]
async fn old_and_sparing_answers_are_read() {
    let zoho = Zoho::with(json!({"expires_in_milliseconds": true, "scope_in_answers": false})).await;
    let grant = zoho.grant().await;
    assert_eq!((grant.lives, grant.scope), (Duration::from_hours(1), None));
}

#[tokio::test]
async fn maintenance_garbage_and_cut_connections_are_no_tokens_and_may_pass() {
    let zoho = Zoho::start().await;
    let token = zoho.grant().await.refresh_token.unwrap();
    // Its revoke is carried out by some, although its answer is lost.
    let other = zoho.grant().await.refresh_token.unwrap();
    for (fault, kind) in [
        (json!({"kind": "html", "status": 200}), "ZohoWebPage"),
        (json!({"kind": "html", "status": 503}), "ZohoWebPage"),
        (json!({"kind": "garbage"}), "ZohoUnreadable"),
        (json!({"kind": "cut"}), "ZohoNoAnswer"),
        (
            json!({"kind": "cut", "after_commit": true, "after_bytes": 20}),
            "ZohoNoAnswer",
        ),
        (
            json!({"kind": "status", "status": 200, "body": {"error": "general_error"}}),
            "ZohoOther",
        ),
        (json!({"kind": "status", "status": 500, "body": {}}), "ZohoUnreadable"),
    ] {
        zoho.fault(fault.clone());
        let failure = zoho.refresh(&token).await.unwrap_err();
        assert_eq!((failure.kind(), failure.is_permanent()), (kind, false), "{fault}");
        assert!(zoho.server.revoke(&other).await.is_err(), "{fault}");
    }
    zoho.faults(json!([]));
    assert!(zoho.refresh(&token).await.is_ok());
}

#[tokio::test]
async fn a_slow_server_is_given_up() {
    let zoho = Zoho::start().await;
    let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, zoho.sandbox.url()).unwrap();
    let http = bigin::https::client(Duration::from_millis(200)).unwrap();
    let server = bigin::oauth::TokenServer::new(http, hosts);
    zoho.fault(json!({"kind": "latency", "ms": 5000}));
    let failure = server
        .exchange(&zoho.keys.client_id, &zoho.secret(), &zoho.code())
        .await
        .unwrap_err();
    assert!(matches!(
        failure,
        TokenFailure::NoAnswer {
            problem: "it took too long",
            may_have_arrived: true,
            ..
        }
    ));
    assert!(failure.may_have_been_carried_out());
}

#[tokio::test]
async fn a_server_that_is_not_there_has_not_spent_the_code() {
    let zoho = Zoho::start().await;
    let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, zoho.sandbox.url()).unwrap();
    let server = bigin::oauth::TokenServer::new(bigin::https::client(Duration::from_secs(5)).unwrap(), hosts);
    let (keys, secret, code) = (zoho.keys.clone(), zoho.secret(), zoho.code());
    zoho.sandbox.stop().await;
    let failure = server.exchange(&keys.client_id, &secret, &code).await.unwrap_err();
    assert_eq!(failure.kind(), "ZohoNoAnswer");
    assert!(!failure.may_have_been_carried_out(), "{failure}");
}

#[tokio::test]
async fn an_unknown_api_domain_gets_no_token_and_the_refresh_token_is_given_back() {
    for domain in [
        "https://www.zohoapis.com.evil.example",
        "http://evil.example",
        "https://127.0.0.1:1",
    ] {
        let zoho = Zoho::with(json!({ "api_domain": domain })).await;
        let failure = zoho.exchange(&zoho.code()).await.unwrap_err();
        assert!(
            matches!(
                failure,
                TokenFailure::ApiDomainRefused {
                    given_back: Some(true),
                    ..
                }
            ),
            "{domain}: {failure}"
        );
        assert_eq!(
            zoho.sandbox.state()["calls"]["POST /oauth/v2/token/revoke"]["200"],
            1,
            "{domain}"
        );
    }
    let zoho = Zoho::with(json!({"api_domain": "https://www.zohoapis.eu"})).await;
    assert_eq!(zoho.grant().await.api_domain.as_str(), "https://www.zohoapis.eu");
}

#[tokio::test]
async fn redirects_are_not_followed_and_secrets_stay_out_of_the_address() {
    let target = Parrot::json("200 OK", &json!({"access_token": "1000.stolen"})).await;
    let lure = Parrot::redirect_to(&target.url).await;
    let (secret, code) = (
        ClientSecret::new("canary-secret").unwrap(),
        GrantCode::new("1000.canary.code").unwrap(),
    );
    let failure = lure.server().exchange("1000.ID", &secret, &code).await.unwrap_err();
    assert_eq!(failure.kind(), "ZohoWebPage");
    let failure = lure
        .server()
        .revoke(&RefreshToken::new("1000.canary.refresh").unwrap())
        .await
        .unwrap_err();
    assert_eq!(failure.kind(), "ZohoWebPage");
    let failure = bigin().current_user(&lure.access()).await.unwrap_err();
    assert!(
        matches!(failure, CallFailure::Unavailable { status: 302, .. }),
        "{failure}"
    );
    assert_eq!((lure.times_asked(), target.times_asked()), (3, 0));
    let first_lines: Vec<_> = lure
        .requests()
        .iter()
        .map(|request| request.lines().next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        first_lines,
        [
            "POST /oauth/v2/token HTTP/1.1",
            "POST /oauth/v2/token/revoke HTTP/1.1",
            "GET /bigin/v2/users?type=CurrentUser HTTP/1.1"
        ]
    );
    assert!(lure.requests()[0].contains("application/x-www-form-urlencoded"));
    assert!(
        lure.requests()[2]
            .to_ascii_lowercase()
            .contains("authorization: zoho-oauthtoken 1000.canary.access")
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let body = "x".repeat(1 << 20);
    let endless = Parrot::start(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        1_u64 << 40
    ))
    .await;
    let failure = endless
        .server()
        .revoke(&RefreshToken::new("t").unwrap())
        .await
        .unwrap_err();
    assert!(
        matches!(&failure, TokenFailure::NoAnswer { problem, .. } if problem.contains("more than 256 KiB")),
        "{failure}"
    );
}

#[test]
fn plain_http_to_another_machine_is_refused_before_anything_is_sent() {
    assert!(ZohoHosts::with_accounts_url(DataCentre::Us, "http://accounts.zoho.com").is_err());
    let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, "http://127.0.0.1:9").unwrap();
    assert!(hosts.check_api_domain("http://www.zohoapis.com").is_err());
}
