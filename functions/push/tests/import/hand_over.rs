//! The turn is handed on: from import to import, from module to module, and past those that are gone.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use push::context::Settings;
use push::import::{ExecutionEnded, Importer, Step};
use push::report::{Report, RunStatus};
use serde_json::{Value, json};
use shared::state::Cause;
use shared::state::pause::{self, SetCause};

use crate::support::{Execution, Invocation, World, adds_up, contacts, small_slices};

const COMPANIES: &str = "Company Name\nAcme\n";
const PRODUCTS: &str = "Product Name\nAnvil\n";

/// Brings an execution to where it waits to be woken.
async fn until_it_waits(world: &World, execution: &mut Execution) {
    execution.run_until(world, |next| next.next == Step::Wait).await;
    execution.step(world).await;
    assert!(execution.token.is_some());
}

fn is_woken(world: &World, execution: &Execution) -> bool {
    world.machine.is_woken(execution.token.as_ref().unwrap())
}

/// What Step Functions tells of an execution that was stopped by hand.
fn stopped(execution: &Execution) -> ExecutionEnded {
    ExecutionEnded {
        name: execution.import.execution.clone(),
        status: "ABORTED".into(),
        started_at: execution.import.started_at,
        input: Some(execution.import.event.clone()),
        error: None,
        cause: Some("by ops".into()),
    }
}

async fn free(world: &World, ended: &ExecutionEnded) -> bool {
    let importer = Importer::new(&world.context, &world.resolvers, &world.machine);
    importer.free(ended).await.unwrap()
}

#[tokio::test]
async fn a_small_file_is_done_by_one_invocation() {
    let world = World::new().await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1)));
    let Invocation::Answered(next) = execution.invoke_whole(&world).await else {
        panic!("it died");
    };
    assert_eq!(
        (next.next, next.import.steps),
        (Step::Done, 1),
        "one step of the execution's history"
    );
    assert_eq!(world.report(&execution).await.unwrap().status, RunStatus::Complete);
}

#[tokio::test]
async fn a_hundred_small_files_do_not_ask_the_same_a_hundred_times() {
    let mut world = World::new().await;
    for number in 0..100 {
        // Each is done by an instance of its own: nothing is in its memory.
        world.restart();
        let event = world.put(&format!("inbox/Contacts/{number}.csv"), contacts(number..number + 1));
        let mut execution = world.start(&event);
        execution.invoke_whole(&world).await;
        assert_eq!(world.report(&execution).await.unwrap().status, RunStatus::Complete);
    }
    let credits = world.sandbox.state()["credits"]["spent"].as_u64().unwrap();
    assert!((100..=110).contains(&credits), "{credits} credits");
}

#[tokio::test]
async fn whoever_ends_wakes_the_next_one_and_says_before_whom_it_waits_for() {
    let world = World::with(json!({}), small_slices()).await;
    let mut first = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    first.run_until(&world, |next| next.next == Step::Slice).await;
    let mut second = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..5)));
    let mut third = world.start(&world.put("inbox/Contacts/c.csv", contacts(0..5)));
    until_it_waits(&world, &mut second).await;
    until_it_waits(&world, &mut third).await;
    let waiting = world.context.ledger().line().await.unwrap();
    let watchers = waiting.iter().filter(|waiting| waiting.watches).count();
    assert_eq!((waiting.len(), watchers), (3, 1), "one watches for all");
    let key = world
        .bucket
        .keys("reports/")
        .into_iter()
        .find(|key| key.contains("/b."))
        .unwrap();
    let report = world.report_at(&key).unwrap();
    assert_eq!(report.waits_for.as_deref(), Some(first.import.run_id().as_str()));
    assert_eq!(report.reason.unwrap().code, "WAITS_ITS_TURN");
    world.run(first).await;
    assert!(is_woken(&world, &second));
    assert_eq!(world.run(second).await.counts.updated, 5);
    assert!(is_woken(&world, &third));
    let report = world.run(third).await;
    assert_eq!((report.status, report.waits_for), (RunStatus::Complete, None));
}

#[tokio::test]
async fn a_turn_handed_on_before_the_token_lay_there_is_found_by_the_look_after_it() {
    let world = World::with(json!({}), small_slices()).await;
    let mut first = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    first.run_until(&world, |next| next.next == Step::Slice).await;
    let mut second = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..5)));
    second.run_until(&world, |next| next.next == Step::Wait).await;
    world.run(first).await;
    second.step(&world).await;
    assert!(is_woken(&world, &second), "it wakes itself");
}

#[tokio::test]
async fn an_invocation_that_comes_late_puts_nobody_back_into_the_line() {
    let world = World::with(json!({}), small_slices()).await;
    let mut first = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    first.run_until(&world, |next| next.next == Step::Slice).await;
    let mut second = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..5)));
    second.run_until(&world, |next| next.next == Step::Wait).await;
    let mut late = second.clone();
    world.run(first).await;
    world.run(second).await;
    late.step(&world).await;
    let line = world.context.ledger().line().await.unwrap();
    assert!(line.is_empty(), "others would wait for it in vain: {line:?}");
}

#[tokio::test]
async fn a_wake_that_is_lost_costs_a_minute() {
    let world = World::with(json!({}), small_slices()).await;
    let mut first = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    first.run_until(&world, |next| next.next == Step::Slice).await;
    let mut second = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..5)));
    until_it_waits(&world, &mut second).await;
    world.machine.loses_wakes.store(true, Ordering::SeqCst);
    world.run(first).await;
    assert!(!is_woken(&world, &second));
    let before = world.context.now();
    assert_eq!(world.run(second).await.status, RunStatus::Complete);
    assert!(world.context.now().duration_since(before).as_secs() < 70);
}

#[tokio::test]
async fn a_token_that_was_answered_before_passes_the_turn_on() {
    let world = World::with(json!({}), small_slices()).await;
    let mut first = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    first.run_until(&world, |next| next.next == Step::Slice).await;
    let turn = world.context.take_turn(&first.import.execution).await.unwrap().unwrap();
    let mut gone = world.start(&world.put("inbox/Products/b.csv", PRODUCTS));
    until_it_waits(&world, &mut gone).await;
    let mut other = world.start(&world.put("inbox/Companies/c.csv", COMPANIES));
    until_it_waits(&world, &mut other).await;
    // Its time is over, and it has not looked yet.
    world.machine.goes_on(gone.token.as_ref().unwrap());
    world.context.give_turn_back(turn).await.unwrap();
    world.run(first).await;
    assert!(is_woken(&world, &other));
    assert_eq!(world.run(other).await.status, RunStatus::Complete);
    assert_eq!(world.run(gone).await.status, RunStatus::Complete);
}

#[tokio::test]
async fn an_execution_that_is_stopped_while_it_waits_gives_its_place_back_and_says_so() {
    let world = World::with(json!({}), small_slices()).await;
    let mut first = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    first.run_until(&world, |next| next.next == Step::Slice).await;
    let mut second = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..5)));
    let mut third = world.start(&world.put("inbox/Contacts/c.csv", contacts(0..5)));
    until_it_waits(&world, &mut second).await;
    until_it_waits(&world, &mut third).await;
    world.machine.goes_on(second.token.as_ref().unwrap());
    assert!(free(&world, &stopped(&second)).await);
    let report = world.report(&second).await.unwrap();
    assert_eq!(report.status, RunStatus::Failed);
    assert!(report.reason.unwrap().message.contains("stopped by hand (by ops)"));
    assert_eq!(world.context.ledger().line().await.unwrap().len(), 2);
    assert!(!free(&world, &stopped(&second)).await, "told twice, it is done once");
    world.run(first).await;
    assert!(is_woken(&world, &third));
    world.run(third).await;
    let again = world
        .import(&json!({"bucket": "data", "key": "inbox/Contacts/b.csv"}))
        .await;
    assert_eq!(again.status, RunStatus::Complete, "its version may be imported again");
}

#[tokio::test]
async fn an_execution_that_is_stopped_at_any_step_leaves_no_place_behind() {
    for steps in 0..6 {
        let world = World::with(json!({}), small_slices()).await;
        let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..150)));
        let mut is_over = false;
        for _ in 0..steps {
            is_over |= execution.step(&world).await.next == Step::Done;
        }
        if is_over {
            break;
        }
        free(&world, &stopped(&execution)).await;
        assert!(
            world.context.ledger().line().await.unwrap().is_empty(),
            "after {steps} steps"
        );
        let report = world
            .import(&json!({"bucket": "data", "key": "inbox/Contacts/a.csv"}))
            .await;
        adds_up(&report);
        assert_eq!(
            (report.status, report.counts.read),
            (RunStatus::Complete, 150),
            "after {steps} steps"
        );
    }
}

#[tokio::test]
async fn an_execution_whose_end_nobody_told_is_found_by_the_watcher() {
    let world = World::with(json!({}), small_slices()).await;
    let mut first = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    first.run_until(&world, |next| next.next == Step::Slice).await;
    let mut second = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..5)));
    until_it_waits(&world, &mut second).await;
    world.machine.end(stopped(&first));
    let before = world.context.now();
    assert_eq!(world.run(second).await.status, RunStatus::Complete);
    assert!(world.context.now().duration_since(before).as_secs() < 70);
    assert_eq!(world.report(&first).await.unwrap().status, RunStatus::Failed);
}

#[tokio::test]
async fn the_end_of_a_pause_wakes_what_waited_for_it() {
    let world = World::with(json!({}), small_slices()).await;
    let cause = SetCause {
        cause: Cause::Operator,
        message: "maintenance".into(),
        since: world.context.now(),
        by: "ops".into(),
        resumes_at: None,
    };
    pause::set(&world.table, &cause).await.unwrap();
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    until_it_waits(&world, &mut execution).await;
    let importer = Importer::new(&world.context, &world.resolvers, &world.machine);
    pause::clear(&world.table, &[Cause::Operator]).await.unwrap();
    assert_eq!(importer.wake_those_aside().await.unwrap(), 1);
    assert!(is_woken(&world, &execution));
    assert_eq!(world.run(execution).await.status, RunStatus::Complete);
}

#[tokio::test]
async fn a_held_parent_keeps_its_children_waiting_and_nobody_else() {
    let world = World::with(json!({}), small_slices()).await;
    world.faults(json!([{"path": "/bigin/v2/Accounts/upsert",
        "fault": {"kind": "status", "status": 403, "code": "NO_PERMISSION"}}]));
    let mut parents = world.start(&world.put("inbox/Companies/a.csv", COMPANIES));
    until_it_waits(&world, &mut parents).await;
    let children = "Last Name,Email,Company\nRao,rao@example.com,Acme\n";
    let mut children = world.start(&world.put("inbox/Contacts/b.csv", children));
    until_it_waits(&world, &mut children).await;
    let other = world.import(&world.put("inbox/Products/c.csv", PRODUCTS)).await;
    assert_eq!(other.status, RunStatus::Complete);
    assert!(world.records("Contacts").is_empty());
    world.faults(json!([]));
    world.clock.advance(1_000);
    assert_eq!(world.run(parents).await.status, RunStatus::Complete);
    assert_eq!(world.run(children).await.status, RunStatus::Complete);
    assert_eq!(world.records("Contacts")[0]["Account_Name"]["name"], "Acme");
}

/// Goes through an execution as fast as it is let.
async fn run_for_real(world: &World, mut execution: Execution) -> (Report, u32) {
    let mut invocations = 0;
    loop {
        invocations += 1;
        assert!(invocations < 500, "it does not come to an end");
        let Invocation::Answered(next) = execution.invoke_whole(world).await else {
            panic!("it died");
        };
        if next.next == Step::Done {
            return (world.report(&execution).await.unwrap(), invocations);
        }
        if let Some(token) = &execution.token {
            for _ in 0..20_000 {
                if world.machine.is_woken(token) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert!(world.machine.is_woken(token), "nobody wakes it");
        }
        if next.wait_seconds > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn in_turns() -> Settings {
    Settings {
        checkpoint_every: Duration::from_millis(40),
        slice_budget: Duration::from_secs(20),
        ..small_slices()
    }
}

#[tokio::test]
async fn a_small_file_of_another_module_does_not_wait_for_a_large_import() {
    let world = World::with(json!({"latency_ms": 10}), in_turns()).await;
    let large = world.start(&world.put("inbox/Contacts/large.csv", contacts(0..6_000)));
    let beside = async {
        while world.records("Contacts").len() < 300 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let small = world.start(&world.put("inbox/Products/small.csv", PRODUCTS));
        run_for_real(&world, small).await.0
    };
    let ((large, _), small) = tokio::join!(run_for_real(&world, large), beside);
    assert_eq!((large.status, small.status), (RunStatus::Complete, RunStatus::Complete));
    assert_eq!(large.counts.inserted, 6_000);
    assert!(small.finished_at < large.finished_at, "it went in between");
    assert!(world.sandbox.state()["most_in_flight"].as_u64().unwrap() <= 3);
}

#[tokio::test]
async fn many_files_at_once_go_in_order_and_nobody_is_woken_in_vain_too_often() {
    let world = World::with(json!({"latency_ms": 2}), in_turns()).await;
    let mut executions = vec![world.start(&world.put("inbox/Contacts/large.csv", contacts(0..3_000)))];
    for number in 0..20 {
        let row = |text: &str| format!("{text}\n{text} {number}\n");
        executions.push(world.start(&world.put(&format!("inbox/Companies/{number:02}.csv"), row("Company Name"))));
        executions.push(world.start(&world.put(&format!("inbox/Products/{number:02}.csv"), row("Product Name"))));
        let again = contacts(number..number + 1).replace("Contact ", "Newer ");
        executions.push(world.start(&world.put(&format!("inbox/Contacts/{number:02}.csv"), again)));
    }
    let count = executions.len();
    let ran = join_all(executions.into_iter().map(|execution| run_for_real(&world, execution))).await;
    let mut finished: std::collections::BTreeMap<String, Vec<_>> = std::collections::BTreeMap::new();
    for (report, _) in &ran {
        adds_up(report);
        assert_eq!(report.status, RunStatus::Complete, "{report:?}");
        finished
            .entry(report.module.clone().unwrap())
            .or_default()
            .push(report.finished_at);
    }
    for (module, finished) in finished {
        assert!(finished.is_sorted(), "{module} did not go oldest first: {finished:?}");
    }
    let newer = |record: &&Value| record["Last_Name"].as_str().unwrap().starts_with("Newer");
    assert_eq!(world.records("Contacts").iter().filter(newer).count(), 20);
    let invocations: u32 = ran.iter().map(|(_, invocations)| invocations).sum();
    println!("{invocations} invocations for {count} files");
    assert!(
        invocations < 8 * u32::try_from(count).unwrap(),
        "{invocations} invocations for {count} files"
    );
    assert!(world.context.ledger().line().await.unwrap().is_empty());
}
