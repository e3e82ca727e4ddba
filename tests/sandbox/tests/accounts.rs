//! Zoho Accounts: codes, tokens, their limits and their errors.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Reply, SCOPES, Zoho};

fn error(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.json["error"].as_str().unwrap_or_default())
}

fn code(zoho: &Zoho, more: Value) -> String {
    let mut wanted = json!({"client_id": zoho.keys.client_id, "scope": SCOPES, "minutes": 3});
    wanted
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let file = zoho.console("POST", "/console/codes", wanted);
    file["code"].as_str().unwrap_or_else(|| panic!("{file}")).to_owned()
}

async fn exchange(zoho: &Zoho, code: &str) -> Reply {
    zoho.token(&[("grant_type", "authorization_code"), ("code", code)])
        .await
}

#[tokio::test]
async fn the_downloaded_file_has_what_zoho_puts_there() {
    let zoho = Zoho::start().await;
    let wanted = json!({"client_id": zoho.keys.client_id, "scope": ["ZohoBigin.org.READ"], "minutes": 10});
    let file = zoho.console("POST", "/console/codes", wanted);
    let names: Vec<_> = file.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "client_id",
            "client_secret",
            "code",
            "expiry_time",
            "grant_type",
            "scope"
        ]
    );
    assert_eq!(file["scope"], json!(["ZohoBigin.org.READ"]));
    assert_eq!(file["grant_type"], "authorization_code");
    assert_eq!(file["expiry_time"].to_string().len(), 13, "milliseconds");
}

#[tokio::test]
async fn an_exchange_answers_with_both_tokens_and_the_address_that_was_called() {
    let zoho = Zoho::start().await;
    let reply = exchange(&zoho, &code(&zoho, json!({}))).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json["api_domain"], zoho.sandbox.url());
    assert_eq!(reply.json["token_type"], "Bearer");
    assert_eq!(reply.json["expires_in"], 3600);
    assert!(
        reply.json["scope"]
            .as_str()
            .unwrap()
            .starts_with("ZohoBigin.modules.ALL ZohoBigin.settings.ALL")
    );
    assert!(reply.json["refresh_token"].is_string());
    let keys: Vec<_> = [
        "access_token",
        "refresh_token",
        "scope",
        "api_domain",
        "token_type",
        "expires_in",
    ]
    .map(|key| reply.text.find(&format!("\"{key}\"")).unwrap())
    .into();
    assert!(keys.is_sorted(), "{}", reply.text);
}

#[tokio::test]
async fn parameters_are_taken_from_the_query_a_form_and_a_multipart_body() {
    let zoho = Zoho::start().await;
    let url = format!("{}/oauth/v2/token", zoho.sandbox.url());
    let pairs = [
        ("client_id", zoho.keys.client_id.clone()),
        ("client_secret", zoho.keys.client_secret.clone()),
        ("refresh_token", zoho.refresh.clone()),
        ("grant_type", "refresh_token".to_owned()),
    ];
    let query = zoho.http.post(&url).query(&pairs);
    let form = zoho.http.post(&url).form(&pairs);
    let parts = pairs
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text(*name, value.clone())
        });
    for request in [query, form, zoho.http.post(&url).multipart(parts)] {
        let reply = Reply::read(request.send().await.unwrap()).await;
        assert!(reply.json["access_token"].is_string(), "{}", reply.text);
        assert!(
            reply.json.get("refresh_token").is_none(),
            "a refresh gives no new refresh token"
        );
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_its_own_client_and_not_for_long() {
    let zoho = Zoho::start().await;
    let used = code(&zoho, json!({}));
    assert!(exchange(&zoho, &used).await.json["access_token"].is_string());
    assert_eq!(error(&exchange(&zoho, &used).await), (200, "invalid_code"));
    let old = code(&zoho, json!({"minutes": 3}));
    zoho.advance(180);
    assert_eq!(error(&exchange(&zoho, &old).await), (200, "invalid_code"));
    let other = zoho.sandbox.self_client();
    let file = zoho.sandbox.code(&other.client_id, SCOPES);
    assert_eq!(
        error(&exchange(&zoho, file["code"].as_str().unwrap()).await),
        (200, "invalid_code")
    );
}

#[tokio::test]
async fn a_client_that_is_wrong_in_any_way_is_told_so_under_200() {
    let mut zoho = Zoho::start().await;
    let good = zoho.keys.clone();
    zoho.keys.client_secret = "0".repeat(42);
    assert_eq!(error(&zoho.renew().await), (200, "invalid_client_secret"));
    zoho.keys.client_id = "1000.NOBODY".to_owned();
    assert_eq!(error(&zoho.renew().await), (200, "invalid_client"));
    zoho.keys = good;
    assert_eq!(
        error(&zoho.token(&[("grant_type", "password")]).await),
        (200, "unsupported_grant_type")
    );
    let keys = zoho.console(
        "POST",
        "/console/self-clients",
        json!({"client_name": "elsewhere", "data_center": "eu"}),
    );
    keys["client_id"].as_str().unwrap().clone_into(&mut zoho.keys.client_id);
    keys["client_secret"]
        .as_str()
        .unwrap()
        .clone_into(&mut zoho.keys.client_secret);
    assert_eq!(
        error(&exchange(&zoho, &code(&zoho, json!({}))).await),
        (200, "invalid_client")
    );
    zoho.console("PUT", "/console/settings", json!({"data_center": "eu"}));
    assert!(exchange(&zoho, &code(&zoho, json!({}))).await.json["access_token"].is_string());
}

#[tokio::test]
async fn the_eleventh_refresh_in_ten_minutes_is_denied_and_asking_on_prolongs_it() {
    let zoho = Zoho::start().await;
    for _ in 0..10 {
        assert_eq!(zoho.renew().await.status, 200);
    }
    let denied = zoho.renew().await;
    assert_eq!(error(&denied), (400, "Access Denied"));
    assert_eq!(denied.json["status"], "failure");
    zoho.advance(599);
    assert_eq!(error(&zoho.renew().await), (400, "Access Denied"));
    zoho.advance(599);
    assert_eq!(error(&zoho.renew().await), (400, "Access Denied"));
    zoho.advance(600);
    assert!(zoho.renew().await.json["access_token"].is_string());
    assert_eq!(zoho.sandbox.state()["tokens"]["denied"], 3);
}

#[tokio::test]
async fn the_sixteenth_live_access_token_kills_the_oldest() {
    let mut zoho = Zoho::with_settings(json!({"refreshes_per_10_minutes": 100})).await;
    let mut newest = String::new();
    for made in 2..=16 {
        assert_eq!(zoho.get("org").await.status, 200, "before token {made}");
        newest = zoho.renew().await.json["access_token"].as_str().unwrap().to_owned();
    }
    let reply = zoho.get("org").await;
    assert_eq!((reply.status, reply.code()), (401, "INVALID_TOKEN"));
    zoho.access = newest;
    assert_eq!(zoho.get("org").await.status, 200);
    assert_eq!(zoho.sandbox.state()["tokens"]["live_access_tokens"], 15);
}

#[tokio::test]
async fn the_twenty_first_refresh_token_deletes_the_oldest_and_its_access_tokens() {
    let zoho = Zoho::with_settings(json!({"codes_per_10_minutes": 100})).await;
    for _ in 0..19 {
        assert!(zoho.authorize(SCOPES).await["refresh_token"].is_string());
    }
    assert_eq!(zoho.get("org").await.status, 200);
    zoho.authorize(SCOPES).await;
    assert_eq!(zoho.get("org").await.code(), "INVALID_TOKEN");
    assert_eq!(error(&zoho.renew().await), (200, "invalid_code"));
    assert_eq!(zoho.sandbox.state()["tokens"]["refresh_tokens"], 20);
}

#[tokio::test]
async fn an_access_token_lives_an_hour_and_answers_say_until_when() {
    let zoho = Zoho::start().await;
    zoho.advance(3590);
    let reply = zoho.get("org").await;
    assert_eq!(reply.status, 200);
    let until: jiff::Timestamp = reply.header("x-accesstoken-reset").unwrap().parse().unwrap();
    assert!((until.duration_since(jiff::Timestamp::now()).as_secs() - 3600).abs() < 10);
    assert!(reply.header("x-accesstoken-reset").unwrap().ends_with("+03:00"));
    zoho.advance(11);
    let reply = zoho.get("org").await;
    assert_eq!(
        reply.json,
        json!({"code": "INVALID_TOKEN", "details": {}, "message": "invalid oauth token", "status": "error"})
    );
    assert_eq!((reply.status, reply.header("x-accesstoken-reset")), (401, None));
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_its_access_tokens_along() {
    let zoho = Zoho::start().await;
    let url = format!("{}/oauth/v2/token/revoke", zoho.sandbox.url());
    let revoke = || async {
        Reply::read(
            zoho.http
                .post(&url)
                .form(&[("token", &zoho.refresh)])
                .send()
                .await
                .unwrap(),
        )
        .await
    };
    let reply = revoke().await;
    assert_eq!((reply.status, reply.json), (200, json!({"status": "success"})));
    assert_eq!(zoho.get("org").await.code(), "INVALID_TOKEN");
    assert_eq!(error(&zoho.renew().await), (200, "invalid_code"));
    let again = revoke().await;
    assert_eq!(again.status, 400);
    assert!(again.json["error"].is_string());
}

#[tokio::test]
async fn the_console_revokes_what_a_user_would() {
    let zoho = Zoho::start().await;
    zoho.console(
        "POST",
        "/console/revoke",
        json!({"client_id": zoho.keys.client_id, "access_only": true}),
    );
    assert_eq!(zoho.get("org").await.code(), "INVALID_TOKEN");
    assert!(zoho.renew().await.json["access_token"].is_string());
    zoho.console("POST", "/console/revoke", json!({"client_id": zoho.keys.client_id}));
    assert_eq!(error(&zoho.renew().await), (200, "invalid_code"));
}

#[tokio::test]
async fn the_eleventh_code_in_ten_minutes_is_refused() {
    let zoho = Zoho::start().await;
    for _ in 0..9 {
        code(&zoho, json!({}));
    }
    let wanted = json!({"client_id": zoho.keys.client_id, "scope": SCOPES});
    let refused = zoho.console("POST", "/console/codes", wanted);
    assert!(
        refused["error"].as_str().unwrap().contains("access_denied"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_code_for_another_organisation_leads_there() {
    let mut zoho = Zoho::start().await;
    zoho.insert("Contacts", json!({"Last_Name": "Here"})).await;
    let grant = exchange(&zoho, &code(&zoho, json!({"org": "Other GmbH"}))).await.json;
    grant["access_token"].as_str().unwrap().clone_into(&mut zoho.access);
    let org = zoho.get("org").await;
    assert_eq!(org.json["org"][0]["company_name"], "Other GmbH");
    assert_eq!(zoho.get("Contacts?fields=Last_Name").await.status, 204);
    let state = zoho.sandbox.state();
    assert_eq!(state["organisations"].as_array().unwrap().len(), 2);
    assert_ne!(state["organisations"][0]["id"], state["organisations"][1]["id"]);
}

#[tokio::test]
async fn a_call_needs_the_word_that_bigin_wants_and_a_known_token() {
    let zoho = Zoho::start().await;
    let url = format!("{}/bigin/v2/org", zoho.sandbox.url());
    let missing = (401, "AUTHENTICATION_FAILURE");
    for (header, expected) in [
        (None, missing),
        (Some(format!("Bearer {}", zoho.access)), (400, "INVALID_REQUEST")),
        (Some(zoho.access.clone()), missing),
    ] {
        let request = zoho.http.get(&url);
        let request = match &header {
            Some(header) => request.header("authorization", header),
            None => request,
        };
        let reply = Reply::read(request.send().await.unwrap()).await;
        assert_eq!((reply.status, reply.code()), expected, "{header:?}");
    }
    let request = zoho.http.get(&url).header("authorization", "Zoho-oauthtoken 1000.a.b");
    assert_eq!(Reply::read(request.send().await.unwrap()).await.code(), "INVALID_TOKEN");
}

#[tokio::test]
async fn scopes_are_enforced_call_by_call() {
    let zoho = Zoho::with_scopes("ZohoBigin.modules.contacts.READ,ZohoBigin.settings.fields.READ").await;
    assert_eq!(zoho.get("Contacts?fields=Last_Name").await.status, 204);
    assert_eq!(zoho.get("settings/fields?module=Accounts").await.status, 200);
    for (method, path) in [
        (Method::POST, "Contacts"),
        (Method::DELETE, "Contacts?ids=1"),
        (Method::GET, "Accounts?fields=Phone"),
        (Method::GET, "settings/modules"),
        (Method::GET, "org"),
        (Method::GET, "users"),
        (Method::POST, "coql"),
        (Method::GET, "Contacts/search?word=ab"),
    ] {
        let reply = zoho
            .call(method, path, Some(&json!({"data": [{"Last_Name": "X"}]})))
            .await;
        assert_eq!((reply.status, reply.code()), (401, "OAUTH_SCOPE_MISMATCH"), "{path}");
    }
}

#[tokio::test]
async fn token_answers_take_the_forms_that_were_seen() {
    let zoho = Zoho::with_settings(
        json!({"scope_in_answers": false, "expires_in_milliseconds": true, "api_domain": "https://evil.example"}),
    )
    .await;
    let answer = zoho.renew().await.json;
    assert_eq!(answer.get("scope"), None);
    assert_eq!(
        (&answer["expires_in"], &answer["expires_in_sec"]),
        (&json!(3_600_000), &json!(3600))
    );
    assert_eq!(answer["api_domain"], "https://evil.example");
}

#[tokio::test]
async fn no_token_of_the_time_before_a_reset_comes_again() {
    let mut zoho = Zoho::start().await;
    let old = zoho.access.clone();
    zoho.console("POST", "/console/reset", json!({}));
    zoho.keys = zoho.sandbox.self_client();
    let grant = zoho.authorize(SCOPES).await;
    assert_ne!(grant["access_token"], json!(old));
    assert_eq!(zoho.get("org").await.code(), "INVALID_TOKEN");
    assert_ne!(Zoho::start().await.access, old, "nor in another sandbox");
}
