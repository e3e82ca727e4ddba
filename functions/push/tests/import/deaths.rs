//! Invocations that die, steps that are repeated, imports that are given up.

use std::collections::HashSet;

use push::context::Settings;
use push::import::Step;
use push::report::RunStatus;
use serde_json::json;

use crate::support::{Invocation, World, adds_up, contacts, faulty_file, small_slices};

#[tokio::test]
async fn an_invocation_that_dies_between_part_and_checkpoint_loses_and_repeats_nothing_in_the_files() {
    let world = World::new().await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", faulty_file()));
    execution.run_until(&world, |next| next.next == Step::Slice).await;
    // Count the touches of a slice that lives, in a world of its own, to know where its last checkpoint is.
    let touches = {
        let other = World::new().await;
        let mut same = other.start(&other.put("inbox/Contacts/a.csv", faulty_file()));
        same.run_until(&other, |next| next.next == Step::Slice).await;
        let before = other.crash.touches();
        same.step(&other).await;
        other.crash.touches() - before
    };
    let mut deaths = 0;
    for touch in [touches - 5, touches - 4, touches - 3, touches - 2] {
        world.crash.at(touch);
        if execution.invoke(&world).await == Invocation::Died {
            deaths += 1;
        }
        world.crash.never();
        world.clock.advance(200);
    }
    assert!(deaths > 0);
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.counts.read, report.counts.rejected), (1_000, 5));
    let outcomes = world.outcomes(&report);
    let lines: HashSet<_> = outcomes.iter().map(|row| row[0].clone()).collect();
    assert_eq!((outcomes.len(), lines.len()), (1_000, 1_000), "each row is there once");
    assert_eq!(
        world
            .text(report.rejects_key.as_ref().unwrap())
            .matches("+49 30 123456")
            .count(),
        5
    );
    assert_eq!(world.records("Contacts").len(), 995);
}

#[tokio::test]
async fn an_import_that_fails_for_good_says_so_and_goes_on_where_it_stopped() {
    let world = World::with(
        json!({"latency_ms": 25}),
        Settings {
            bigin_concurrency: 3,
            ..small_slices()
        },
    )
    .await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_200)));
    execution
        .run_until(&world, |_| world.records("Contacts").len() >= 300)
        .await;
    execution.step = Step::Abandon;
    let abandoned = execution.step(&world).await;
    assert_eq!(abandoned.next, Step::Abandon);
    let report = world.report(&execution).await.unwrap();
    let done = report.counts.ended();
    adds_up(&report);
    assert_eq!((report.status, report.counts.read), (RunStatus::Failed, 1_200));
    assert_eq!(world.outcomes(&report).len() as u64, done);
    let calls = world.write_calls();
    let report = world
        .import(&json!({"bucket": "data", "key": "inbox/Contacts/a.csv"}))
        .await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 1_200),
        "{report:?}"
    );
    assert_eq!(world.outcomes(&report).len(), 1_200);
    let spent = world.write_calls() - calls;
    assert!(
        spent <= (1_200 - done).div_ceil(100) + 8,
        "{spent} calls for {} rows",
        1_200 - done
    );
}

#[tokio::test]
async fn an_abandoned_import_that_was_done_is_not_called_failed() {
    let world = World::new().await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    execution.run_until(&world, |next| next.next == Step::Finish).await;
    execution.step(&world).await;
    execution.step = Step::Abandon;
    assert_eq!(execution.step(&world).await.next, Step::Done);
    assert_eq!(world.report(&execution).await.unwrap().status, RunStatus::Complete);
}

#[tokio::test]
async fn two_invocations_of_one_slice_do_not_send_beside_each_other() {
    let world = World::with(json!({"latency_ms": 50}), Settings::default()).await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_000)));
    execution.run_until(&world, |next| next.next == Step::Slice).await;
    let mut twin = execution.clone();
    let (first, second) = tokio::join!(execution.step(&world), twin.step(&world));
    let steps = [first.next, second.next];
    assert!(
        steps.contains(&Step::Finish) && steps.contains(&Step::Claim),
        "{steps:?}"
    );
    assert_eq!(world.write_calls(), 10);
    assert!(world.sandbox.state()["most_in_flight"].as_u64().unwrap() <= 3);
}

#[tokio::test]
async fn an_execution_that_was_stopped_by_hand_is_taken_over_once_it_is_missed() {
    let settings = Settings {
        bigin_concurrency: 3,
        ..small_slices()
    };
    let world = World::with(json!({"latency_ms": 25}), settings).await;
    let mut stopped = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_200)));
    stopped
        .run_until(&world, |_| world.records("Contacts").len() >= 300)
        .await;
    let by_hand = json!({"bucket": "data", "key": "inbox/Contacts/a.csv"});
    assert_eq!(
        world.import(&by_hand).await.status,
        RunStatus::Duplicate,
        "it may be alive"
    );
    world.clock.advance(2_000);
    let calls = world.write_calls();
    let report = world.import(&by_hand).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 1_200),
        "{report:?}"
    );
    assert!(world.write_calls() - calls < 12, "it went on where the other stopped");
}

#[tokio::test]
async fn an_object_that_vanishes_in_the_middle_stops_the_import_and_what_was_done_is_told() {
    let world = World::with(json!({"latency_ms": 20}), small_slices()).await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..3_000)));
    execution
        .run_until(&world, |_| world.records("Contacts").len() >= 300)
        .await;
    world.bucket.forget("inbox/Contacts/a.csv");
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.read),
        (RunStatus::Stopped, 3_000),
        "{report:?}"
    );
    assert_eq!(report.reason.unwrap().code, "OBJECT_GONE");
    assert_eq!(world.records("Contacts").len() as u64, report.counts.inserted);
    assert!(report.counts.deferred > 0);
}
