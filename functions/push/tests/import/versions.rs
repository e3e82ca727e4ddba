//! Versions of one key, in whatever order their events come; and files that are deleted while their import waits.

use jiff::{SignedDuration, Timestamp};
use push::import::{Next, Step};
use push::report::{Report, RunStatus};
use serde_json::{Value, json};

use crate::support::{Execution, World, adds_up, contacts, seeds, small_slices};

const KEY: &str = "inbox/Contacts/a.csv";

/// A version: Ann's name, and a contact that this version alone has.
fn version(number: usize) -> String {
    format!("Last Name,Email\nName {number},ann@example.com\nOnly {number},only{number}@example.com\n")
}

fn name_of(world: &World, email: &str) -> Option<String> {
    let contacts = world.records("Contacts");
    let found = contacts.iter().find(|contact| contact["Email"] == email)?;
    found["Last_Name"].as_str().map(str::to_owned)
}

fn code(report: &Report) -> Option<&str> {
    report.reason.as_ref().map(|reason| reason.code.as_str())
}

/// Runs executions side by side, a step each by turns, and those too that they start; answers with their reports.
async fn run_all(world: &World, mut running: Vec<Execution>, random: &mut fastrand::Rng) -> Vec<Option<Report>> {
    let (mut reports, mut taken) = (Vec::new(), 0);
    for _ in 0..5_000 {
        let started: Vec<Value> = {
            let all = world.machine.started.lock().unwrap();
            all[taken..].iter().map(|(_, event)| event.clone()).collect()
        };
        taken += started.len();
        running.extend(started.iter().map(|event| world.start(event)));
        if running.is_empty() {
            return reports;
        }
        let at = random.usize(..running.len());
        let Next { next, .. } = running[at].step(world).await;
        if matches!(next, Step::Done | Step::Abandon) {
            reports.push(world.report(&running.swap_remove(at)).await);
        }
    }
    panic!("the imports do not come to an end");
}

#[tokio::test]
async fn versions_are_imported_each_once_and_in_their_order_in_whatever_order_their_events_come() {
    for seed in 0..seeds(30) {
        let random = &mut fastrand::Rng::with_seed(seed);
        let world = World::with(json!({}), small_slices()).await;
        let number = random.usize(2..6);
        let mut events: Vec<Value> = (0..number).map(|number| world.put(KEY, version(number))).collect();
        random.shuffle(&mut events);
        for event in &mut events {
            if random.bool() {
                event["detail"]["object"].as_object_mut().unwrap().remove("version-id");
            }
        }
        // One event is lost, and another comes twice.
        let newest = events
            .iter()
            .position(|event| event["detail"]["object"]["sequencer"] == format!("{number:016X}"));
        let lost = random.usize(..number);
        if Some(lost) != newest {
            events.remove(lost);
        }
        events.push(events[random.usize(..events.len())].clone());
        let executions = events.iter().map(|event| world.start(event)).collect();
        let reports = run_all(&world, executions, random).await;
        let done: Vec<_> = reports.iter().flatten().collect();
        assert!(
            done.iter().all(|report| report.status == RunStatus::Complete),
            "seed {seed}: {done:?}"
        );
        assert_eq!(done.len(), number, "seed {seed}: each version once: {done:?}");
        assert_eq!(
            name_of(&world, "ann@example.com"),
            Some(format!("Name {}", number - 1)),
            "seed {seed}: the newest stands"
        );
        assert_eq!(
            world.records("Contacts").len(),
            number + 1,
            "seed {seed}: nobody's rows are missing"
        );
        assert_eq!(
            world.written("Contacts"),
            2 * number as u64,
            "seed {seed}: none was sent twice"
        );
    }
}

#[tokio::test]
async fn an_older_version_that_nothing_can_import_is_waited_for_a_quarter_of_an_hour() {
    let world = World::new().await;
    let older = world.put(KEY, version(0));
    let newer = world.put(KEY, version(1));
    let begun = world.context.now();
    assert_eq!(world.import(&newer).await.status, RunStatus::Complete);
    let waited = world.context.now().duration_since(begun);
    assert!((900..1_000).contains(&waited.as_secs()), "{waited}");
    let started = world.machine.started.lock().unwrap().clone();
    assert!(started.len() >= 10, "it was tried to start one each minute");
    let v1 = |(_, event): &(String, Value)| event["detail"]["object"]["version-id"] == "v1";
    assert!(started.iter().all(v1), "{started:?}");
    // It must not overwrite the newer one any more.
    for event in [&older, &started[0].1] {
        let late = world.import(event).await;
        assert_eq!((late.status, code(&late)), (RunStatus::Refused, Some("SUPERSEDED")));
    }
    assert_eq!(name_of(&world, "ann@example.com").as_deref(), Some("Name 1"));
}

#[tokio::test]
async fn of_full_exports_those_that_were_overwritten_before_their_turn_are_skipped() {
    let world = World::new().await;
    world.bucket.set("mappings/Contacts.toml", "versions = \"newest\"");
    let events: Vec<Value> = (0..4).map(|number| world.put(KEY, version(number))).collect();
    let executions = events.iter().map(|event| world.start(event)).collect();
    let reports = run_all(&world, executions, &mut fastrand::Rng::with_seed(1)).await;
    let (done, skipped): (Vec<_>, Vec<_>) = reports
        .iter()
        .flatten()
        .partition(|report| report.status == RunStatus::Complete);
    assert_eq!((done.len(), skipped.len()), (1, 3), "{reports:?}");
    assert!(
        skipped.iter().all(|report| code(report) == Some("SUPERSEDED")),
        "{skipped:?}"
    );
    assert_eq!(world.records("Contacts").len(), 2, "the newest version's rows alone");
}

#[tokio::test]
async fn an_event_without_a_version_means_the_version_that_has_its_tag() {
    let world = World::new().await;
    let mut older = world.put(KEY, version(0));
    older["detail"]["object"].as_object_mut().unwrap().remove("version-id");
    world.put(KEY, version(1));
    let report = world.import(&older).await;
    assert_eq!(
        (report.status, report.source_version.as_deref()),
        (RunStatus::Complete, Some("v1"))
    );
    assert_eq!(name_of(&world, "ann@example.com").as_deref(), Some("Name 0"));
}

#[tokio::test]
async fn a_file_that_is_deleted_while_its_import_waits_is_withdrawn() {
    let world = World::new().await;
    let mut first = world.start(&world.put("inbox/Contacts/first.csv", contacts(0..3)));
    first.step(&world).await;
    let mut waits = world.start(&world.put(KEY, version(0)));
    waits.run_until(&world, Next::waits).await;
    world.bucket.delete_at(KEY, Timestamp::now());
    assert_eq!(world.run(first).await.status, RunStatus::Complete);
    // No time passes: however short a wait is, the file may be gone behind it.
    let report = world.run(waits).await;
    assert_eq!(
        (report.status, code(&report)),
        (RunStatus::Stopped, Some("WITHDRAWN")),
        "{report:?}"
    );
    assert!(name_of(&world, "ann@example.com").is_none(), "nothing of it is sent");
    assert!(world.context.ledger().line().await.unwrap().is_empty());
    // Whoever takes the marker away and asks for it gets it.
    world.bucket.take_back(KEY);
    let again = world.import(&json!({"bucket": "data", "key": KEY})).await;
    assert_eq!(
        (again.status, again.counts.inserted),
        (RunStatus::Complete, 2),
        "{again:?}"
    );
}

#[tokio::test]
async fn of_a_file_that_is_deleted_in_the_middle_nothing_more_is_sent_and_the_rest_is_deferred() {
    let world = World::with(json!({"latency_ms": 20}), small_slices()).await;
    let mut execution = world.start(&world.put(KEY, contacts(0..3_000)));
    execution
        .run_until(&world, |_| world.records("Contacts").len() >= 300)
        .await;
    world.bucket.delete_at(KEY, Timestamp::now());
    world.clock.advance(10);
    let sent = world.written("Contacts");
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!(
        (report.status, code(&report)),
        (RunStatus::Stopped, Some("WITHDRAWN")),
        "{report:?}"
    );
    assert_eq!(world.written("Contacts"), sent, "nothing more is sent");
    let counts = &report.counts;
    assert_eq!((counts.read, counts.inserted), (3_000, sent), "{report:?}");
    assert_eq!(counts.deferred, 3_000 - sent);
    assert!(report.outcomes_key.is_some());
    world.bucket.take_back(KEY);
    let again = world.import(&json!({"bucket": "data", "key": KEY})).await;
    adds_up(&again);
    assert_eq!(
        (again.status, again.counts.inserted),
        (RunStatus::Complete, 3_000),
        "{again:?}"
    );
    assert_eq!(world.written("Contacts"), 3_000, "it went on where it stopped");
}

#[tokio::test]
async fn a_version_that_was_put_after_the_deletion_is_wanted_and_one_that_was_done_is_not_withdrawn() {
    let world = World::new().await;
    let done = world.put(KEY, version(0));
    assert_eq!(world.import(&done).await.status, RunStatus::Complete);
    world.bucket.delete_at(KEY, Timestamp::now());
    let mut twice = world.start(&done);
    assert_eq!(twice.step(&world).await.next, Step::Done);
    assert!(world.report(&twice).await.is_none(), "it was imported before");
    let newer = world.put(KEY, version(1));
    assert_eq!(world.import(&newer).await.status, RunStatus::Complete);
    // Deleted before its event came, which names no version.
    let mut gone = world.put(KEY, version(2));
    gone["detail"]["object"].as_object_mut().unwrap().remove("version-id");
    world.bucket.delete_at(KEY, Timestamp::now());
    let report = world.import(&gone).await;
    assert_eq!((report.status, code(&report)), (RunStatus::Stopped, Some("WITHDRAWN")));
}

#[tokio::test]
async fn what_the_buckets_lifecycle_removes_is_told_as_such() {
    let world = World::new().await;
    let event = world.put(KEY, version(0));
    world
        .bucket
        .delete_at(KEY, Timestamp::now() + SignedDuration::from_hours(24 * 91));
    let report = world.import(&event).await;
    assert_eq!((report.status, code(&report)), (RunStatus::Stopped, Some("EXPIRED")));
    assert!(report.reason.unwrap().message.contains("90 days"));
}
