//! Imports that wait: for the operator, a token, credits, a module, their turn.

use std::time::Duration;

use jiff::SignedDuration;
use push::context::Settings;
use push::import::{Next, Step};
use push::report::RunStatus;
use serde_json::json;
use shared::state::pause::{self, SetCause};
use shared::state::waits::{self, Patience};
use shared::state::{Cause, credits};

use crate::support::{Execution, World, adds_up, contacts, small_slices};

#[tokio::test]
async fn a_pause_in_the_middle_waits_and_goes_on_where_it_stopped() {
    let world = World::with(
        json!({"latency_ms": 25}),
        Settings {
            bigin_concurrency: 3,
            ..small_slices()
        },
    )
    .await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_500)));
    execution
        .run_until(&world, |_| world.records("Contacts").len() >= 300)
        .await;
    let now = world.context.now();
    let cause = SetCause {
        cause: Cause::Operator,
        message: "maintenance".into(),
        since: now,
        by: "ops".into(),
        resumes_at: None,
    };
    pause::set(&world.table, &cause).await.unwrap();
    execution.run_until(&world, Next::waits).await;
    let sent = world.records("Contacts").len();
    let report = world.only_report();
    assert_eq!(
        (report.status, report.reason.unwrap().code.as_str()),
        (RunStatus::Paused, "operator")
    );
    assert_eq!(report.counts.read, 1_500);
    assert_eq!(report.counts.deferred, 1_500 - sent as u64);
    assert!(report.counts.add_up() && sent < 1_500);
    for _ in 0..5 {
        assert!(execution.step(&world).await.next != Step::Slice);
    }
    assert_eq!(
        world.records("Contacts").len(),
        sent,
        "nothing is sent while it is paused"
    );
    pause::clear(&world.table, &[Cause::Operator]).await.unwrap();
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.inserted), (RunStatus::Complete, 1_500));
    assert_eq!(report.reason, None);
}

/// What is heard of when nobody has any patience: what waits, and why.
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
async fn heard(world: &World) -> Vec<(String, String)> {
    let none = SignedDuration::ZERO;
    let patience = Patience {
        held: none,
        outage: none,
        turn: none,
        pause: none,
    };
    let waits = waits::look(&world.table, None, patience, world.context.now())
        .await
        .unwrap();
    waits.into_iter().map(|(what, wait)| (what, wait.code)).collect()
}

#[tokio::test]
async fn whatever_an_import_waits_for_can_be_heard_of_until_it_goes_on() {
    let impatient = Settings {
        first_wait: Duration::from_millis(2),
        patience: Duration::from_millis(50),
        slice_budget: Duration::from_secs(5),
        ..small_slices()
    };
    let world = World::with(json!({}), impatient).await;
    let mut first = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    first.step(&world).await;
    assert!(heard(&world).await.is_empty(), "it goes on");
    let mut second = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..10)));
    second.run_until(&world, Next::waits).await;
    let waits =
        |execution: &Execution, code: &str| vec![(format!("import {}", execution.import.execution), code.to_owned())];
    assert_eq!(heard(&world).await, waits(&second, "WAITS_ITS_TURN"));

    world.faults(json!([{"path": "/bigin/v2/Contacts*", "fault": {"kind": "status", "status": 500}}]));
    first.run_until(&world, |next| next.wait_seconds > 0).await;
    let stopped = waits(&first, "BIGIN_UNAVAILABLE");
    assert!(heard(&world).await.contains(&stopped[0]), "{:?}", heard(&world).await);
    world.faults(json!([]));
    world.run(first).await;
    world.run(second).await;
    // What was tried again a while ago is no longer waited for.
    world.clock.advance(3_600);
    assert!(heard(&world).await.is_empty());
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_costs_one_refresh() {
    let world = World::with(json!({"latency_ms": 20}), small_slices()).await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_500)));
    execution
        .run_until(&world, |_| world.records("Contacts").len() >= 300)
        .await;
    world
        .sandbox
        .console("PUT", "/console/clock", &json!({"advance_s": 3_700}));
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.inserted), (RunStatus::Complete, 1_500));
    assert_eq!(world.sandbox.state()["tokens"]["refreshed"], 1);
}

#[tokio::test]
async fn credits_that_run_out_pause_the_import_until_there_are_more() {
    let patient = Settings {
        slice_budget: Duration::from_secs(5),
        ..small_slices()
    };
    let world = World::with(json!({"credits": 60, "credits_header": "always"}), patient).await;
    credits::note_left(&world.table, world.context.now(), 60).await.unwrap();
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_000)));
    execution.run_until(&world, Next::waits).await;
    let report = world.only_report();
    assert_eq!(report.status, RunStatus::Paused, "{report:?}");
    assert_eq!(report.reason.unwrap().code, "CREDITS_EXHAUSTED");
    assert!(report.counts.deferred > 0 && report.counts.rejected == 0 && report.counts.add_up());
    assert!(
        report.warnings.iter().any(|warning| warning.contains("credits")),
        "{:?}",
        report.warnings
    );
    world.switch(json!({"credits": 5_000}));
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.inserted), (RunStatus::Complete, 1_000));
}

#[tokio::test]
async fn a_held_module_lets_another_pass_and_its_own_files_stay_in_order() {
    let world = World::with(json!({}), small_slices()).await;
    world.faults(json!([{"path": "/bigin/v2/Contacts/upsert",
        "fault": {"kind": "status", "status": 403, "code": "NO_PERMISSION"}}]));
    let mut contact = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    contact.run_until(&world, Next::waits).await;
    let held = world.only_report();
    assert_eq!(
        (held.status, held.counts.rejected, held.counts.deferred),
        (RunStatus::Paused, 0, 10),
        "{held:?}"
    );
    assert_eq!(held.reason.unwrap().code, "NO_PERMISSION");
    let mut later = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..5)));
    assert!(later.step(&world).await.waits());
    let other = world
        .import(&world.put("inbox/Companies/c.csv", "Company Name\nAcme\n"))
        .await;
    assert_eq!(
        (other.status, other.module.as_deref()),
        (RunStatus::Complete, Some("Accounts")),
        "{other:?}"
    );
    world.faults(json!([]));
    world.clock.advance(1_000);
    assert_eq!(world.run(contact).await.counts.inserted, 10);
    assert_eq!(world.run(later).await.counts.updated, 5);
}

#[tokio::test]
async fn a_fault_of_the_whole_stops_the_import_instead_of_rejecting_everything() {
    let world = World::with(
        json!({"latency_ms": 5}),
        Settings {
            bigin_concurrency: 3,
            ..Settings::default()
        },
    )
    .await;
    world.faults(json!([{"path": "/bigin/v2/Contacts/upsert",
        "fault": {"kind": "records", "every": 1, "code": "MANDATORY_NOT_FOUND", "details": {"api_name": "Last_Name"}}}]));
    let report = world
        .import(&world.put("inbox/Contacts/a.csv", contacts(0..5_000)))
        .await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.read),
        (RunStatus::Stopped, 5_000),
        "{report:?}"
    );
    assert!(
        report.counts.rejected < 1_500 && report.counts.deferred > 3_500,
        "{report:?}"
    );
    let reason = report.reason.unwrap();
    assert!(reason.message.contains("MANDATORY_NOT_FOUND"), "{reason:?}");
}

#[tokio::test]
async fn a_check_does_not_wait_for_the_import_under_way() {
    let world = World::with(json!({"latency_ms": 20}), small_slices()).await;
    let mut long = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..2_000)));
    long.run_until(&world, |next| next.next == Step::Slice).await;
    long.step(&world).await;
    let mut check = world.start(&world.put("check/Contacts/b.csv", contacts(0..10)));
    check.step(&world).await;
    assert_eq!(check.step, Step::Plan);
    assert_eq!(world.run(check).await.status, RunStatus::Planned);
    assert_eq!(world.run(long).await.status, RunStatus::Complete);
}

#[tokio::test]
async fn calls_in_flight_stay_within_what_imports_may_have() {
    let world = World::with(json!({"latency_ms": 30}), Settings::default()).await;
    let report = world
        .import(&world.put("inbox/Contacts/a.csv", contacts(0..2_000)))
        .await;
    assert_eq!(report.status, RunStatus::Complete);
    assert_eq!(
        world.sandbox.state()["most_in_flight"],
        3,
        "five in all, two of them are the queue's"
    );
}
