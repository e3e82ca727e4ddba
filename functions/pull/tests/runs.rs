//! Runs against the sandbox, over real HTTP.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use serde_json::{Value, json};
use support::World;
use support::consumer::{Copy, lines_of};

fn contacts(from: usize, to: usize) -> Vec<Value> {
    (from..to)
        .map(|n| json!({"Last_Name": format!("N{n}"), "Email": format!("n{n}@example.com")}))
        .collect()
}

/// So long that what was changed before is settled.
const SETTLED: u64 = 180;

#[tokio::test]
async fn a_copy_is_what_bigin_has_after_inserts_edits_and_deletes() {
    let world = World::new().await;
    let ids = world.add("Contacts", &contacts(0, 450));
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    assert_eq!(
        (&manifest["kind"], &manifest["counts"]["snapshot"]),
        (&json!("backfill"), &json!(450))
    );
    assert_eq!(manifest["window"]["from"], Value::Null);
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));

    world.edit(
        "Contacts",
        &[json!({"id": ids[7], "Title": "Dr", "Description": "two\nlines", "Tag": [{"name": "VIP"}]})],
    );
    world.delete("Contacts", &ids[400..410]);
    world.add("Contacts", &contacts(450, 455));
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    assert_eq!(manifest["kind"], "poll");
    assert_eq!(manifest["counts"], json!({"upsert": 6, "delete": 10, "snapshot": 0}));
    assert_eq!((&manifest["missed"], &manifest["warnings"]), (&Value::Null, &json!([])));
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
    assert_eq!(copy.records()[&ids[7]]["Description"], "two\nlines");

    // Nothing happened: a manifest all the same, no file, and two calls.
    world.advance(900);
    let calls = world.sandbox.state()["calls_total"].as_u64().unwrap();
    let manifest = world.run("Contacts").await;
    assert_eq!(world.sandbox.state()["calls_total"].as_u64().unwrap() - calls, 2);
    assert_eq!((&manifest["files"], &manifest["credits"]), (&json!([]), &json!(2)));
    copy.catch_up(&world.bucket, "Contacts");
    assert!(copy.lines.values().all(|lines| *lines == 1), "nothing came twice");
    assert_eq!(world.announced.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn lines_name_who_changed_what_and_the_schema_lies_beside_them() {
    let world = World::new().await;
    let ids = world.add("Contacts", &contacts(0, 1));
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len(), 1);
    let key = files[0]["key"].as_str().unwrap();
    assert!(
        key.starts_with("changes/Contacts/dt=") && key.ends_with("-0001.ndjson.gz"),
        "{key}"
    );
    let line = &lines_of(&world.bucket, key)[0];
    assert_eq!((&line["record_id"], &line["origin"]), (&json!(ids[0]), &json!("bigin")));
    assert!(line["changed_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(line["created_at"], line["changed_at"]);
    assert!(line["changed_by"]["id"].is_string());
    let hash = manifest["schemas"][0].as_str().unwrap();
    assert_eq!(line["schema"], hash);
    let schema = world.manifest(&format!("changes/Contacts/_schema/{hash}.json"));
    assert!(schema["properties"]["Last_Name"].is_object());
    // Files and what is known by them, then the manifest, then the cursor: the schema before all of them.
    let puts = world.bucket.puts.lock().unwrap().clone();
    assert!(
        puts[0].contains("_schema")
            && puts[1] == key
            && puts[2].starts_with("state/")
            && puts[3].contains("_manifests"),
        "{puts:?}"
    );
}

#[tokio::test]
async fn what_the_relays_user_wrote_may_be_the_relays_own() {
    let world = World::new().await;
    // Without a user it is the first one, whom the code belongs to.
    let line = Value::String(json!({"Last_Name": "Own"}).to_string());
    world.sandbox.console("POST", "/console/records/Contacts", &line);
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    let line = &lines_of(&world.bucket, manifest["files"][0]["key"].as_str().unwrap())[0];
    assert_eq!(line["origin"], "unsure");
}

#[tokio::test]
async fn hundreds_of_changes_in_one_second_all_come_out() {
    let world = World::new().await;
    world.add("Contacts", &contacts(0, 1));
    world.advance(SETTLED);
    world.run("Contacts").await;
    let at = "2026-01-01T00:00:00Z";
    // All in one second, long before the window and so in none: they show that the time counts.
    let mut old = contacts(1, 4);
    for record in &mut old {
        record["Modified_Time"] = json!(at);
    }
    world.add("Contacts", &old);
    world.add("Contacts", &contacts(10, 710));
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    assert_eq!(manifest["counts"]["upsert"], 700);
}

#[tokio::test]
async fn what_is_edited_while_a_window_is_read_comes_out_by_the_next_run() {
    let mut world = World::new().await;
    let ids = world.add("Contacts", &contacts(0, 400));
    world.advance(SETTLED);
    // A slice for each page: between them people work on.
    world.set(|settings| settings.slice_budget = std::time::Duration::ZERO);
    let run_id = world.start("Contacts").await;
    for _ in 0..2 {
        assert_eq!(world.step("slice", "Contacts", &run_id, 0).await["next"], "slice");
    }
    world.edit(
        "Contacts",
        &[
            json!({"id": ids[3], "Title": "read"}),
            json!({"id": ids[390], "Title": "not read"}),
        ],
    );
    world.delete("Contacts", &[ids[4].clone(), ids[391].clone()]);
    world.carry("Contacts", &run_id).await;
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert!(
        !copy.records().contains_key(&ids[390]),
        "it left the window before it was read"
    );
    world.advance(SETTLED);
    world.run("Contacts").await;
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
}

#[tokio::test]
async fn where_ids_are_not_understood_records_are_read_one_by_one() {
    for support in ["refused", "ignored"] {
        let world = World::with(json!({"list_ids": support})).await;
        world.add("Contacts", &contacts(0, 230));
        world.advance(SETTLED);
        world.run("Contacts").await;
        let mut copy = Copy::default();
        copy.catch_up(&world.bucket, "Contacts");
        assert_eq!(copy.records(), world.truth("Contacts"), "{support}");
        assert!(copy.lines.values().all(|lines| *lines == 1), "{support}");
    }
}

#[tokio::test]
async fn a_thousand_changes_cost_at_most_twenty_credits() {
    let world = World::new().await;
    world.add("Contacts", &contacts(1_000, 1_001));
    world.advance(SETTLED);
    world.run("Contacts").await;
    world.add("Contacts", &contacts(0, 1_000));
    world.advance(SETTLED);
    let spent = || world.sandbox.state()["credits"]["spent_ever"].as_u64().unwrap();
    let before = spent();
    let manifest = world.run("Contacts").await;
    assert_eq!(manifest["counts"]["upsert"], 1_000);
    assert_eq!(manifest["credits"], spent() - before, "the manifest says what it cost");
    assert!(spent() - before <= 20, "{}", spent() - before);
}

#[tokio::test]
async fn more_than_fifty_fields_are_read_by_several_calls_and_joined() {
    let world = World::new().await;
    for n in 0..60 {
        let field = json!({"api_name": format!("Extra_{n}"), "data_type": "text", "label": format!("Extra {n}")});
        world.sandbox.console("POST", "/console/fields/Contacts", &field);
    }
    world.add(
        "Contacts",
        &[json!({"Last_Name": "A", "Extra_0": "first", "Extra_59": "last"})],
    );
    world.advance(SETTLED);
    world.run("Contacts").await;
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
}

#[tokio::test]
async fn pages_of_deletes_are_read_back_to_where_the_run_before_ended() {
    let world = World::new().await;
    let ids = world.add("Contacts", &contacts(0, 650));
    world.advance(SETTLED);
    world.run("Contacts").await;
    world.delete("Contacts", &ids[..450]);
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    assert_eq!(manifest["counts"]["delete"], 450);
    world.delete("Contacts", &ids[450..460]);
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    assert_eq!(
        manifest["counts"]["delete"], 10,
        "what was told within the overlap is not told again"
    );
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
}

#[tokio::test]
async fn a_wall_before_older_deletes_is_warned_of() {
    let world = World::with(json!({"deleted_reach": 200})).await;
    let ids = world.add("Contacts", &contacts(0, 300));
    world.advance(SETTLED);
    world.run("Contacts").await;
    world.delete("Contacts", &ids[..250]);
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    assert_eq!(manifest["counts"]["delete"], 200);
    assert_eq!(manifest["warnings"][0]["code"], "DELETES_CUT_SHORT");
}

#[tokio::test]
async fn a_field_that_is_added_is_in_the_next_lines_and_one_that_is_gone_is_warned_of_once() {
    let world = World::new().await;
    let ids = world.add("Contacts", &contacts(0, 1));
    world.advance(SETTLED);
    let first = world.run("Contacts").await;
    let field = json!({"api_name": "Shoe_Size", "data_type": "text", "label": "Shoe size"});
    world.sandbox.console("POST", "/console/fields/Contacts", &field);
    world.edit("Contacts", &[json!({"id": ids[0], "Shoe_Size": "44"})]);
    world.advance(900);
    let second = world.run("Contacts").await;
    assert_ne!(first["schemas"], second["schemas"]);
    assert_eq!(second["warnings"], json!([]));
    world
        .sandbox
        .console("PUT", "/console/fields/Contacts/Shoe_Size", &json!({"removed": true}));
    let mut warned = Vec::new();
    for title in ["a", "b"] {
        world.edit("Contacts", &[json!({"id": ids[0], "Title": title})]);
        world.advance(900);
        let manifest = world.run("Contacts").await;
        warned.push(manifest["warnings"].as_array().unwrap().len());
    }
    assert_eq!(warned, [1, 0]);
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
}

#[tokio::test]
async fn every_module_that_has_records_is_pulled_where_all_are() {
    let world = World::new().await;
    let answer = world.invoke(json!({})).await.unwrap();
    let runs = answer["runs"].as_array().unwrap().clone();
    let modules: Vec<_> = runs.iter().map(|run| run["module"].as_str().unwrap()).collect();
    for module in [
        "Contacts",
        "Accounts",
        "Pipelines",
        "Products",
        "Tasks",
        "Events",
        "Calls",
        "Notes",
    ] {
        assert!(modules.contains(&module), "{module} is not in {modules:?}");
    }
    world.add("Accounts", &[json!({"Account_Name": "Acme"})]);
    world.add("Products", &[json!({"Product_Name": "Roof", "Unit_Price": 19.99})]);
    world.advance(SETTLED);
    for run in &runs {
        let (module, run_id) = (run["module"].as_str().unwrap(), run["run_id"].as_str().unwrap());
        world.carry(module, run_id).await;
        let mut copy = Copy::default();
        copy.catch_up(&world.bucket, module);
        assert_eq!(copy.records(), world.truth(module), "{module}");
    }
}

#[tokio::test]
async fn a_full_copy_on_request_reads_everything_again_and_the_deletes_since() {
    let world = World::new().await;
    let ids = world.add("Contacts", &contacts(0, 5));
    world.advance(SETTLED);
    world.run("Contacts").await;
    world.delete("Contacts", &ids[..1]);
    world.advance(86_400);
    let answer = world
        .invoke(json!({"module": "contact", "backfill": true}))
        .await
        .unwrap();
    let manifest = world
        .carry("Contacts", answer["runs"][0]["run_id"].as_str().unwrap())
        .await;
    assert_eq!(manifest["counts"], json!({"upsert": 0, "delete": 1, "snapshot": 4}));
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    assert_eq!(copy.records(), world.truth("Contacts"));
}
