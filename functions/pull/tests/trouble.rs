//! Runs that cannot go on, or not now.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::state::pause::{self, SetCause};
use shared::state::waits::{self, Patience};
use shared::state::{AuthorizationEvent, Cause, standing};
use support::consumer::Copy;
use support::{SCOPES, World};

const SETTLED: u64 = 180;

fn contacts(from: usize, to: usize) -> Vec<Value> {
    (from..to).map(|n| json!({"Last_Name": format!("N{n}")})).collect()
}

fn by_hand(since: Timestamp) -> SetCause {
    SetCause {
        cause: Cause::Operator,
        message: "by hand".to_owned(),
        since,
        by: "operator".to_owned(),
        resumes_at: None,
    }
}

fn api_calls(world: &World) -> u64 {
    world.sandbox.state()["calls_total"].as_u64().unwrap()
}

#[tokio::test]
async fn while_the_relay_is_paused_nothing_is_read_and_the_window_grows() {
    let world = World::new().await;
    world.add("Contacts", &contacts(0, 3));
    world.advance(SETTLED);
    world.run("Contacts").await;
    let now = shared::clock::Clock::now(&world.clock);
    pause::set(&world.table, &by_hand(now)).await.unwrap();
    let before = api_calls(&world);
    for _ in 0..4 {
        world.add("Contacts", &contacts(10, 11));
        world.advance(900);
        let answer = world.invoke(json!({})).await.unwrap();
        assert_eq!(
            (&answer["runs"], &answer["waits_for"]["code"]),
            (&json!([]), &json!("operator"))
        );
    }
    assert_eq!(api_calls(&world), before);
    pause::clear(&world.table, &[Cause::Operator]).await.unwrap();
    let manifest = world.run("Contacts").await;
    assert_eq!(manifest["counts"]["upsert"], 4);
    assert_eq!(world.manifests("Contacts").len(), 2);
}

#[tokio::test]
async fn a_pause_in_the_middle_of_a_run_lets_nothing_leave_and_the_run_goes_on_after_it() {
    let mut world = World::new().await;
    world.add("Contacts", &contacts(0, 500));
    world.advance(SETTLED);
    world.set(|settings| settings.slice_budget = Duration::ZERO);
    let run_id = world.start("Contacts").await;
    world.step("slice", "Contacts", &run_id, 0).await;
    world.step("slice", "Contacts", &run_id, 0).await;
    let (files, calls) = (world.bucket.keys("changes/").len(), api_calls(&world));
    pause::set(&world.table, &by_hand(shared::clock::Clock::now(&world.clock)))
        .await
        .unwrap();
    let next = world.step("slice", "Contacts", &run_id, 0).await;
    assert_eq!((&next["next"], &next["code"]), (&json!("slice"), &json!("operator")));
    assert!(next["wait_seconds"].as_u64().unwrap() >= 10);
    assert_eq!((world.bucket.keys("changes/").len(), api_calls(&world)), (files, calls));
    pause::clear(&world.table, &[Cause::Operator]).await.unwrap();
    world.carry("Contacts", &run_id).await;
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
}

#[tokio::test]
async fn nothing_leaves_after_a_revoke() {
    let mut world = World::new().await;
    world.add("Contacts", &contacts(0, 300));
    world.advance(SETTLED);
    world.set(|settings| settings.slice_budget = Duration::ZERO);
    let run_id = world.start("Contacts").await;
    world.step("slice", "Contacts", &run_id, 0).await;
    let now = shared::clock::Clock::now(&world.clock);
    standing::record(
        &world.table,
        &AuthorizationEvent::RevokeBegun { reason: "r".to_owned() },
        now,
    )
    .await
    .unwrap();
    let next = world.step("slice", "Contacts", &run_id, 0).await;
    assert_eq!(next["code"], "revoked", "{next}");
    assert_eq!(world.bucket.keys("changes/"), [""; 0]);
}

#[tokio::test]
async fn trouble_with_bigin_delays_a_run_and_loses_nothing() {
    let world = World::new().await;
    world.add("Contacts", &contacts(0, 650));
    world.advance(SETTLED);
    for fault in [
        json!({"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}),
        json!({"kind": "status", "status": 503}),
        json!({"kind": "garbage"}),
        json!({"kind": "cut"}),
        json!({"kind": "revoke_token"}),
    ] {
        world.faults(&json!([{"path": "/bigin/v2/*", "every": 3, "fault": fault}]));
        world.advance(3_000);
        world.run("Contacts").await;
        world.faults(&json!([]));
        world.add("Contacts", &contacts(0, 1));
    }
    world.advance(SETTLED);
    world.run("Contacts").await;
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
}

#[tokio::test]
async fn an_outage_is_waited_for_longer_each_time_and_what_was_read_is_kept() {
    let mut world = World::new().await;
    world.add("Contacts", &contacts(0, 500));
    world.advance(SETTLED);
    let run_id = world.start("Contacts").await;
    world.faults(&json!([{"path": "/bigin/v2/coql", "skip": 2, "fault": {"kind": "status", "status": 503}}]));
    let mut waited = 0;
    let mut waits = Vec::new();
    for _ in 0..6 {
        let next = world.step("slice", "Contacts", &run_id, waited).await;
        assert_eq!(next["code"], "BIGIN_UNAVAILABLE");
        waits.push(next["wait_seconds"].as_u64().unwrap());
        waited = next["waited_s"].as_u64().unwrap() + 100;
    }
    assert!(waits.is_sorted() && waits[5] > waits[0], "{waits:?}");
    let parts = world.bucket.keys("changes/Contacts/dt=").len();
    assert_eq!(parts, 1, "two pages were read before, and written");
    // The scheduled refresh looks: an hour of it, and somebody hears.
    let look = async |world: &World| {
        let now = shared::clock::Clock::now(&world.clock);
        waits::look(&world.table, None, Patience::default(), now).await.unwrap()
    };
    assert!(look(&world).await.is_empty());
    for _ in 0..4 {
        world.clock.advance(1_200);
        world.step("slice", "Contacts", &run_id, waited).await;
    }
    assert_eq!(look(&world).await["pull Contacts"].code, "BIGIN_UNAVAILABLE");
    world.faults(&json!([]));
    world.restart();
    world.carry("Contacts", &run_id).await;
    world.clock.advance(3_000);
    assert!(look(&world).await.is_empty());
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
    assert!(copy.lines.values().all(|lines| *lines == 1));
}

#[tokio::test]
async fn a_bucket_that_fails_delays_a_run_and_loses_nothing() {
    for failures in 1..6 {
        let world = World::new().await;
        world.add("Contacts", &contacts(0, 250));
        world.advance(SETTLED);
        *world.bucket.failures.lock().unwrap() = failures;
        world.run("Contacts").await;
        let mut copy = Copy::default();
        copy.catch_up(&world.bucket, "Contacts");
        assert_eq!(copy.records(), world.truth("Contacts"), "{failures} failures");
    }
}

#[tokio::test]
async fn a_missing_scope_ends_the_run_with_its_name_and_the_next_one_begins_anew() {
    for missing in ["ZohoBigin.coql.READ", "ZohoBigin.settings.ALL", "ZohoBigin.org.READ"] {
        let scopes: Vec<_> = SCOPES.split(',').filter(|scope| *scope != missing).collect();
        let world = World::with_scopes(json!({}), &scopes.join(",")).await;
        world.add("Contacts", &contacts(0, 1));
        world.advance(SETTLED);
        let run_id = world.start("Contacts").await;
        let next = world.step("slice", "Contacts", &run_id, 0).await;
        assert_eq!(next["next"], "failed", "{missing}: {next}");
        let message = next["message"].as_str().unwrap();
        assert!(
            message.contains("scope") && message.contains("authorize again"),
            "{message}"
        );
        assert_eq!(world.manifests("Contacts"), [""; 0]);
        world.executions.end_all();
        world.advance(60);
        assert_ne!(world.start("Contacts").await, run_id);
    }
}

#[tokio::test]
async fn without_the_users_scope_every_origin_is_unsure() {
    let scopes = SCOPES.replace("ZohoBigin.users.READ,", "");
    let world = World::with_scopes(json!({}), &scopes).await;
    world.add("Contacts", &contacts(0, 1));
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    let lines = support::consumer::lines_of(&world.bucket, manifest["files"][0]["key"].as_str().unwrap());
    assert_eq!(lines[0]["origin"], "unsure");
}

#[tokio::test]
async fn a_request_while_a_run_goes_on_joins_it_and_an_execution_that_died_is_followed_by_another() {
    let world = World::new().await;
    world.add("Contacts", &contacts(0, 3));
    world.advance(SETTLED);
    let run_id = world.start("Contacts").await;
    world.advance(900);
    assert_eq!(world.start("Contacts").await, run_id);
    assert_eq!(world.executions.names().len(), 1);
    let refused = world.invoke(json!({"module": "Contacts", "backfill": true})).await;
    assert!(refused.is_ok(), "it is a full copy already");
    world.executions.end_all();
    assert_eq!(world.start("Contacts").await, run_id);
    assert_eq!(world.executions.names().len(), 2);
    world.carry("Contacts", &run_id).await;
    // Two runs of one name share nothing but it: the one that is over is done.
    assert_eq!(world.step("slice", "Contacts", &run_id, 0).await["next"], "done");
}

#[tokio::test]
async fn one_run_asks_at_a_time() {
    let world = World::new().await;
    world.add("Contacts", &contacts(0, 3));
    world.advance(SETTLED);
    let (contacts, accounts) = (world.start("Contacts").await, world.start("Accounts").await);
    world
        .sandbox
        .console("PUT", "/console/settings", &json!({"latency_ms": 50}));
    let one = world.step("slice", "Contacts", &contacts, 0);
    let other = world.step("slice", "Accounts", &accounts, 0);
    let (one, other) = tokio::join!(one, other);
    let mut words = [one["next"].as_str().unwrap(), other["next"].as_str().unwrap()];
    words.sort_unstable();
    assert_eq!(words, ["announce", "slice"], "{one} {other}");
    assert_eq!(world.sandbox.state()["most_in_flight"], 1);
}

#[tokio::test]
async fn a_module_that_is_none_is_refused_by_name() {
    let world = World::new().await;
    let error = world.invoke(json!({"module": "Leads"})).await.unwrap_err();
    assert!(error.to_string().contains("Leads"), "{error}");
}
