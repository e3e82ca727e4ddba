//! A census against the sandbox: it proves that nothing was missed, and finds what was.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::World;
use support::consumer::{Copy, lines_of};

fn contacts(count: usize) -> Vec<Value> {
    (0..count).map(|n| json!({"Last_Name": format!("N{n}")})).collect()
}

/// A world with so many contacts, all of them in a full copy.
async fn copied(count: usize) -> (World, Vec<String>, Copy) {
    let world = World::new().await;
    let ids = world.add("Contacts", &contacts(count));
    world.advance(900);
    world.run("Contacts").await;
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    (world, ids, copy)
}

/// A whole census; answers with its manifest.
async fn census(world: &World, more: Value) -> Value {
    let mut request = json!({"module": "Contacts", "census": true});
    request
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let answer = world.invoke(request).await.unwrap();
    let run_id = answer["runs"][0]["run_id"].as_str().unwrap().to_owned();
    world.carry("Contacts", &run_id).await
}

fn lines(world: &World, manifest: &Value) -> Vec<Value> {
    let files = manifest["files"].as_array().unwrap().iter();
    files
        .flat_map(|file| lines_of(&world.bucket, file["key"].as_str().unwrap()))
        .collect()
}

/// What a census has counted beside the records.
fn counts(manifest: &Value) -> [u64; 5] {
    ["missed", "restored", "newly_visible", "vanished", "held"].map(|name| manifest["census"][name].as_u64().unwrap())
}

fn at(time: &Value) -> jiff::Timestamp {
    time.as_str().unwrap().parse().unwrap()
}

/// A fault that keeps a run from hearing of deletes.
fn deaf(world: &World) {
    world.faults(
        &json!([{"when": {"endpoint": "deleted"}, "fault": {"kind": "status", "status": 400, "code": "INVALID_REQUEST"}}]),
    );
}

#[tokio::test]
async fn where_nothing_was_missed_a_census_says_so_and_what_is_new_comes_out_like_by_a_poll() {
    let (world, ids, mut copy) = copied(450).await;
    world.edit("Contacts", &[json!({"id": ids[3], "Title": "Dr"})]);
    world.delete("Contacts", &ids[400..410]);
    world.add("Contacts", &contacts(5));
    world.advance(900);
    world.edit("Contacts", &[json!({"id": ids[7], "Title": "in the next window"})]);
    let manifest = census(&world, json!({})).await;
    assert_eq!((&manifest["kind"], &manifest["missed"]), (&json!("census"), &json!(0)));
    assert_eq!(counts(&manifest), [0; 5]);
    assert_eq!(manifest["counts"], json!({"upsert": 6, "delete": 10, "snapshot": 0}));
    assert!(lines(&world, &manifest).iter().all(|line| line["via"] == "poll"));
    world.advance(900);
    world.run("Contacts").await;
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
    let again = census(&world, json!({})).await;
    assert_eq!((&again["missed"], &again["files"]), (&json!(0), &json!([])));
    assert_eq!(again["census"]["records"], 445);
    assert!(copy.lines.values().all(|lines| *lines == 1), "nothing came twice");
}

#[tokio::test]
async fn what_was_missed_is_counted_and_comes_out() {
    let (world, ids, mut copy) = copied(250).await;
    world.advance(900);
    world.run("Contacts").await;
    // Written in a time that was read by now: as if its row had been left out of an answer.
    let then = at(&world.truth("Contacts")[&ids[0]]["Modified_Time"]);
    let later = (then + Duration::from_mins(20)).to_string();
    world.edit(
        "Contacts",
        &[json!({"id": ids[5], "Title": "missed", "Modified_Time": later})],
    );
    world.add("Contacts", &[json!({"Last_Name": "Missed", "Modified_Time": later})]);
    let manifest = census(&world, json!({})).await;
    assert_eq!(manifest["missed"], 2);
    let found = lines(&world, &manifest);
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|line| line["via"] == "census" && line["op"] == "upsert")
    );
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
    let again = census(&world, json!({})).await;
    assert_eq!(
        (&again["missed"], &again["files"]),
        (&json!(0), &json!([])),
        "it is known by now"
    );
}

#[tokio::test]
async fn a_record_that_is_back_from_the_recycle_bin_comes_out_with_the_time_of_the_census() {
    let (world, ids, mut copy) = copied(20).await;
    world.delete("Contacts", &ids[..2]);
    world.advance(900);
    world.run("Contacts").await;
    world.sandbox.console(
        "POST",
        "/console/recycle-bin/Contacts/restore",
        &json!({"ids": [ids[0]]}),
    );
    world.advance(900);
    world.run("Contacts").await;
    copy.catch_up(&world.bucket, "Contacts");
    assert!(!copy.records().contains_key(&ids[0]), "a poll cannot see it");
    let manifest = census(&world, json!({})).await;
    assert_eq!(counts(&manifest), [0, 1, 0, 0, 0]);
    let [line] = <[Value; 1]>::try_from(lines(&world, &manifest)).unwrap();
    assert!(at(&line["changed_at"]) > at(&line["record"]["Modified_Time"]));
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
    assert_eq!(counts(&census(&world, json!({})).await), [0; 5]);
}

#[tokio::test]
async fn records_that_are_gone_without_a_word_come_out_as_vanished_once_bigin_shows_none_of_them() {
    let (world, ids, mut copy) = copied(30).await;
    deaf(&world);
    world.delete("Contacts", &ids[..3]);
    world.advance(900);
    world.run("Contacts").await;
    world.faults(&json!([]));
    world.advance(900);
    world.run("Contacts").await;
    // Deleted after the window has closed: the next run tells of it. Edited after it: it is not listed, and there.
    world.delete("Contacts", &ids[3..4]);
    world.edit("Contacts", &[json!({"id": ids[4], "Title": "Dr"})]);
    let manifest = census(&world, json!({})).await;
    assert_eq!((&manifest["missed"], counts(&manifest)), (&json!(0), [0, 0, 0, 3, 0]));
    let found = lines(&world, &manifest);
    assert!(
        found
            .iter()
            .all(|line| line["deletion"] == "vanished" && line["origin"] == "unsure" && line["record"].is_null())
    );
    world.advance(900);
    world.run("Contacts").await;
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
    assert_eq!(counts(&census(&world, json!({})).await), [0; 5]);
}

#[tokio::test]
async fn too_many_that_are_gone_are_held_until_somebody_confirms_it() {
    let (world, ids, mut copy) = copied(300).await;
    deaf(&world);
    world.delete("Contacts", &ids[..120]);
    world.advance(900);
    world.run("Contacts").await;
    world.faults(&json!([]));
    world.advance(900);
    world.run("Contacts").await;
    let manifest = census(&world, json!({})).await;
    assert_eq!((&manifest["files"], counts(&manifest)[3]), (&json!([]), 0));
    assert!(counts(&manifest)[4] > 5);
    assert_eq!(manifest["warnings"][0]["code"], "VANISHED_HELD");
    let manifest = census(&world, json!({"accept_vanished": true})).await;
    assert_eq!(counts(&manifest), [0, 0, 0, 120, 0]);
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
}

#[tokio::test]
async fn deletes_that_bigin_did_not_list_to_the_end_start_a_census_by_themselves() {
    let (world, ids, mut copy) = copied(900).await;
    world.switch(&json!({"deleted_reach": 200}));
    world.delete("Contacts", &ids[..205]);
    world.advance(900);
    let manifest = world.run("Contacts").await;
    assert_eq!(manifest["warnings"][0]["code"], "DELETES_CUT_SHORT");
    world.advance(900);
    let manifest = world.run("Contacts").await;
    assert_eq!((&manifest["kind"], counts(&manifest)[3]), (&json!("census"), 5));
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
    world.advance(900);
    assert_eq!(world.run("Contacts").await["kind"], "poll");
}

#[tokio::test]
async fn where_what_is_known_is_lost_or_damaged_nothing_is_compared_and_the_next_census_is_a_full_copy() {
    for damage in [None, Some(b"no list".to_vec())] {
        let (world, _, _) = copied(10).await;
        for key in world.bucket.keys("state/") {
            world.bucket.set(&key, damage.clone());
        }
        a_copy_comes_first(&world).await;
    }
}

async fn a_copy_comes_first(world: &World) {
    let manifest = census(world, json!({})).await;
    assert_eq!(
        (&manifest["warnings"][0]["code"], &manifest["missed"]),
        (&json!("KNOWN_LOST"), &Value::Null)
    );
    assert_eq!(census(world, json!({})).await["kind"], "backfill");
    let manifest = census(world, json!({})).await;
    assert_eq!((&manifest["kind"], &manifest["missed"]), (&json!("census"), &json!(0)));
}

#[tokio::test]
async fn what_is_known_has_ids_and_times_and_old_lists_are_put_together() {
    let (world, ids, _) = copied(10).await;
    for id in &ids[..3] {
        world.edit("Contacts", &[json!({"id": id, "Title": "Dr"})]);
        world.advance(900);
        world.run("Contacts").await;
    }
    assert_eq!(world.bucket.keys("state/Contacts/").len(), 4);
    census(&world, json!({})).await;
    let keys = world.bucket.keys("state/Contacts/");
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(keys[0].contains("/known-"));
}

/// Every death that a census can die, one after the other: before and after each touch of the bucket or the table.
#[tokio::test]
async fn a_census_that_dies_at_any_step_leaves_nothing_out() {
    let mut touch = 1;
    loop {
        let mut reached_the_end = false;
        for touch_is_done in [false, true] {
            let (mut world, ids, mut copy) = copied(12).await;
            world.delete("Contacts", &ids[..1]);
            world.advance(900);
            world.run("Contacts").await;
            deaf(&world);
            world.delete("Contacts", &ids[1..2]);
            world.advance(900);
            world.run("Contacts").await;
            world.faults(&json!([]));
            let restored = json!({"ids": [ids[0]]});
            world
                .sandbox
                .console("POST", "/console/recycle-bin/Contacts/restore", &restored);
            world.edit("Contacts", &[json!({"id": ids[2], "Title": "Dr"})]);
            world.advance(900);
            world.death.at(touch, touch_is_done);
            let death = world.death.clone();
            let died = tokio::select! {
                () = death.reached() => true,
                _ = census(&world, json!({})) => false,
            };
            reached_the_end |= !died;
            world.restart();
            world.executions.end_all();
            world.advance(900);
            let first = census(&world, json!({})).await;
            assert_eq!(first["missed"], 0, "died at touch {touch}, done: {touch_is_done}");
            copy.catch_up(&world.bucket, "Contacts");
            assert_eq!(
                copy.records(),
                world.truth("Contacts"),
                "died at touch {touch}, done: {touch_is_done}"
            );
            assert_eq!(counts(&census(&world, json!({})).await), [0; 5]);
        }
        if reached_the_end {
            break;
        }
        touch += 1;
    }
    assert!(touch > 6, "a census touches them more often than {touch} times");
}

/// What happens to one of the records.
type Deed = (u8, prop::sample::Index);

async fn history(deeds: Vec<Deed>, budget: Duration) -> Result<(), TestCaseError> {
    let (mut world, ids, mut copy) = copied(60).await;
    world.set(|settings| settings.slice_budget = budget);
    for (number, (kind, place)) in deeds.iter().enumerate() {
        let id = place.get(&ids).clone();
        let is_there = world.truth("Contacts").contains_key(&id);
        match kind {
            0 if is_there => world.edit("Contacts", &[json!({"id": id, "Title": format!("{number}")})]),
            1 if is_there => world.delete("Contacts", &[id]),
            2 => {
                world
                    .sandbox
                    .console("POST", "/console/recycle-bin/Contacts/restore", &json!({"ids": [id]}));
            }
            3 => {
                world.advance(400);
                world.run("Contacts").await;
            }
            4 => deaf(&world),
            _ => world.faults(&json!([])),
        }
    }
    world.faults(&json!([]));
    world.advance(900);
    let manifest = census(&world, json!({"accept_vanished": true})).await;
    prop_assert_eq!(&manifest["missed"], 0);
    copy.catch_up(&world.bucket, "Contacts");
    prop_assert_eq!(copy.records(), world.truth("Contacts"));
    prop_assert_eq!(counts(&census(&world, json!({})).await), [0; 5]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn after_a_census_a_consumers_copy_is_what_bigin_has(
        deeds in prop::collection::vec((0..6_u8, any::<prop::sample::Index>()), 1..30), in_short_slices in any::<bool>(),
    ) {
        let budget = if in_short_slices { Duration::ZERO } else { Duration::from_mins(2) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(history(deeds, budget))?;
    }
}
