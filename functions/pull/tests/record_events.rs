//! An event for each record, where that is wanted and a run has few enough.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::{Value, json};
use support::World;
use support::consumer::lines_of;

fn contacts(count: usize) -> Vec<Value> {
    (0..count).map(|n| json!({"Last_Name": format!("N{n}")})).collect()
}

async fn world(record_events: bool) -> World {
    let mut world = World::new().await;
    world.set(|settings| settings.record_events = record_events);
    world.run("Contacts").await;
    world
}

fn lines(world: &World, manifest: &Value) -> Vec<Value> {
    let files = manifest["files"].as_array().unwrap().iter();
    files
        .flat_map(|file| lines_of(&world.bucket, file["key"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn each_record_of_a_run_has_an_event_that_is_its_line_ten_in_a_call() {
    let world = world(true).await;
    let ids = world.add("Contacts", &contacts(25));
    world.delete("Contacts", &ids[..1]);
    world.advance(300);
    let manifest = world.run("Contacts").await;
    let sent = world.bus.sent.lock().unwrap().clone();
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    assert_eq!(sent.concat(), lines(&world, &manifest));
    assert_eq!(manifest["warnings"], json!([]));
}

#[tokio::test]
async fn nothing_is_sent_unless_it_is_wanted() {
    let world = world(false).await;
    world.add("Contacts", &contacts(3));
    world.advance(300);
    world.run("Contacts").await;
    assert!(world.bus.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_run_with_too_many_changes_says_so_in_its_manifest_and_sends_none() {
    let world = world(true).await;
    world.add("Contacts", &contacts(1_001));
    world.advance(300);
    let manifest = world.run("Contacts").await;
    assert_eq!(manifest["warnings"][0]["code"], "RECORD_EVENTS_LEFT_OUT");
    assert!(world.bus.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_record_that_no_event_can_hold_is_pointed_to() {
    let mut world = world(true).await;
    let text = "x".repeat(30_000);
    let record: serde_json::Map<_, _> = (0..9).map(|n| (format!("Long_{n}"), json!(text))).collect();
    for n in 0..9 {
        let field = json!({"api_name": format!("Long_{n}"), "data_type": "textarea", "length": 32_000});
        world.sandbox.console("POST", "/console/fields/Contacts", &field);
    }
    world.restart();
    let mut record = Value::Object(record);
    record["Last_Name"] = json!("Long");
    let [id] = <[String; 1]>::try_from(world.add("Contacts", &[record])).unwrap();
    world.advance(1_200);
    let manifest = world.run("Contacts").await;
    let sent = world.bus.sent.lock().unwrap().concat();
    let [event] = sent.as_slice() else { panic!("one event") };
    assert_eq!((&event["record_id"], &event["record"]), (&json!(id), &Value::Null));
    let line = event["pointer"]["line"].as_u64().unwrap();
    let pointed =
        &lines_of(&world.bucket, event["pointer"]["key"].as_str().unwrap())[usize::try_from(line).unwrap() - 1];
    assert_eq!(pointed["record"]["Long_0"], json!(text));
    assert_eq!(manifest["files"][0]["key"], event["pointer"]["key"]);
}

#[tokio::test]
async fn events_that_were_not_taken_are_sent_again_before_the_run_is_told_of() {
    let world = world(true).await;
    world.add("Contacts", &contacts(12));
    world.advance(300);
    *world.bus.failures.lock().unwrap() = 1;
    let run_id = world.start("Contacts").await;
    let step = json!({"step": "slice", "module": "Contacts", "run_id": run_id, "waited_s": 0});
    assert!(
        world
            .invoke(step)
            .await
            .unwrap_err()
            .to_string()
            .contains("events could not be sent")
    );
    let manifest = world.carry("Contacts", &run_id).await;
    assert_eq!(world.bus.sent.lock().unwrap().concat(), lines(&world, &manifest));
}
