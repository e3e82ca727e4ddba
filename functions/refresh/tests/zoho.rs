//! The refresh against the sandbox, over real HTTP.
#![allow(clippy::unwrap_used, reason = "tests")]

mod world;

use std::time::Duration;

use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::https;
use bigin::secret::{ClientSecret, GrantCode};
use refresh::RefreshStatus;
use sandbox::{Config, Sandbox};
use serde_json::{Value, json};
use shared::state::{AuthorizationState, PauseCode, pause};
use shared::testing::self_client;
use shared::tokens::{AccessDocument, SelfClient, ZohoIssuer};
use world::World;

/// A sandbox, and a relay that was authorized there.
async fn authorized() -> (Sandbox, World<ZohoIssuer>) {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, sandbox.url()).unwrap();
    let issuer = ZohoIssuer::new(https::client(Duration::from_secs(10)).unwrap(), hosts);
    let keys = sandbox.self_client();
    let file = sandbox.code(&keys.client_id, "ZohoBigin.modules.ALL");
    let code = GrantCode::new(file["code"].as_str().unwrap()).unwrap();
    let client_secret = ClientSecret::new(keys.client_secret).unwrap();
    let server = issuer.server(DataCentre::Us);
    let grant = server.exchange(&keys.client_id, &client_secret, &code).await.unwrap();
    let world = World::with_issuer(issuer);
    world
        .authorize(SelfClient {
            client_id: keys.client_id,
            client_secret: Some(client_secret),
            refresh_token: grant.refresh_token,
            data_center: DataCentre::Us,
            ..self_client("replaced")
        })
        .await;
    (sandbox, world)
}

/// The next question to the token endpoint goes wrong like this.
fn spoil(sandbox: &Sandbox, fault: &Value) {
    let rule = json!({"path": "/oauth/v2/token", "count": 1, "fault": fault});
    let answer = sandbox.console("PUT", "/console/faults", &json!({"rules": [rule]}));
    assert_eq!(answer["rules"].as_array().map(Vec::len), Some(1), "{answer}");
}

#[tokio::test]
async fn a_refresh_publishes_what_zoho_issued() {
    let (sandbox, world) = authorized().await;
    world.pass(20);
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Refreshed);
    let (_, document) = world.current().await;
    assert_eq!(document.token().unwrap().api_domain.as_str(), sandbox.url());
    assert!(document.token().unwrap().access_token.expose().starts_with("1000."));
}

#[tokio::test]
async fn whatever_zoho_answers_instead_of_a_token_the_old_record_stays() {
    let (sandbox, world) = authorized().await;
    world.pass(20);
    let before = world.current().await;
    for fault in [
        json!({"kind": "html", "status": 503}),
        json!({"kind": "html", "status": 200}),
        json!({"kind": "status", "status": 200, "body": {"error": "general_error"}}),
        json!({"kind": "status", "status": 200, "body": {}}),
        json!({"kind": "garbage", "status": 200}),
        json!({"kind": "cut"}),
    ] {
        // One mint each: the budget is not what this is about.
        world.pass(2);
        spoil(&sandbox, &fault);
        let error = world.scheduled().await.unwrap_err();
        assert_eq!(error.kind(), "RefreshFailing", "{fault}");
        assert!(error.to_string().contains("good until 2026-11-24T10:00:00Z"), "{error}");
        assert_eq!(world.current().await, before, "{fault}");
        assert_eq!(world.state().await, AuthorizationState::RefreshFailing);
    }
    world.pass(2);
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Refreshed);
}

#[tokio::test]
async fn access_denied_is_asked_about_once() {
    let (sandbox, world) = authorized().await;
    world.pass(20);
    let denied = json!({"error_description": "请求过于频繁", "error": "Access Denied", "status": "failure"});
    spoil(&sandbox, &json!({"kind": "status", "status": 400, "body": denied}));
    assert_eq!(world.scheduled().await.unwrap_err().kind(), "RefreshThrottled");
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::CircuitOpen);
    world.pass(10);
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Refreshed);
}

#[tokio::test]
async fn a_self_client_that_the_user_took_off_needs_authorization() {
    let (sandbox, world) = authorized().await;
    let client = world
        .function
        .refresher
        .self_client
        .read()
        .await
        .unwrap()
        .unwrap()
        .document;
    sandbox.console("POST", "/console/revoke", &json!({"client_id": client.client_id}));
    world.pass(20);
    assert_eq!(
        world.scheduled().await.unwrap().status,
        RefreshStatus::NeedsAuthorization
    );
    let pause = pause::current(world.table(), world.now()).await.unwrap().unwrap();
    assert_eq!(pause.code, PauseCode::NeedsAuthorization);
    assert!(matches!(world.current().await.1, AccessDocument::Token(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_requests_for_one_rejected_version_cost_zoho_one_token() {
    let (sandbox, world) = authorized().await;
    let (rejected, _) = world.current().await;
    let before = sandbox.state()["tokens"]["minted"].clone();
    let asking: Vec<_> = (0..50)
        .map(|number| {
            let (world, rejected) = (world.clone(), rejected.clone());
            tokio::spawn(async move {
                world
                    .rejected(&rejected, &format!("request-{number}"))
                    .await
                    .unwrap()
                    .status
            })
        })
        .collect();
    let mut refreshed = 0;
    for request in asking {
        refreshed += u32::from(request.await.unwrap() == RefreshStatus::Refreshed);
    }
    assert_eq!(refreshed, 1);
    let after = sandbox.state()["tokens"]["minted"].clone();
    assert_eq!(after.as_u64().unwrap() - before.as_u64().unwrap(), 1);
}
