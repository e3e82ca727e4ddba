//! Tags that are added to those the records have, in files and messages.

use std::fmt::Write as _;

use push::import::{Next, Step};
use push::report::{Report, RunStatus};
use serde_json::{Value, json};

use crate::post::{Post, impatient};
use crate::support::{World, adds_up, small_slices};
use crate::{calls, import_with, record, rejects_of};

const UPSERTS: &str = "POST /bigin/v2/Contacts/upsert";
const TAGGINGS: &str = "POST /bigin/v2/Contacts/actions/add_tags";
const MAKINGS: &str = "POST /bigin/v2/settings/tags";

/// The names of a contact's tags, sorted.
fn tags_of(world: &World, email: &str) -> Vec<String> {
    let contact = record(world, "Contacts", "Email", email);
    let tags = contact["Tag"].as_array().into_iter().flatten();
    let mut names: Vec<_> = tags.filter_map(|tag| tag["name"].as_str().map(str::to_owned)).collect();
    names.sort_unstable();
    names
}

async fn tagged(world: &World, email: &str, tags: &str) -> Report {
    let text = format!("Last Name,Email,Tags\nRao,{email},{tags}\n");
    let report = import_with(world, "tags = 'replace'", &text).await;
    world.bucket.set("mappings/Contacts.toml", "");
    report
}

#[tokio::test]
async fn tags_are_added_to_those_that_records_have_and_made_where_there_are_none() {
    let world = World::new().await;
    tagged(&world, "a@example.com", "Old").await;
    let text = "Last Name,Email,Tags\nRao,a@example.com,New;old\nDoe,b@example.com,New\nIto,c@example.com,\n";
    let report = import_with(&world, "", text).await;
    adds_up(&report);
    let counts = &report.counts;
    assert_eq!(
        (report.status, counts.inserted, counts.updated),
        (RunStatus::Complete, 2, 1),
        "{report:?}"
    );
    assert_eq!(report.warnings, Vec::<String>::new());
    assert_eq!(tags_of(&world, "a@example.com"), ["New", "Old"]);
    assert_eq!(tags_of(&world, "b@example.com"), ["New"]);
    assert!(tags_of(&world, "c@example.com").is_empty());
    // Bigin refuses each of the two calls that bring a new tag, should they fly together.
    assert!((1..=2).contains(&calls(&world, MAKINGS)));
}

#[tokio::test]
async fn hundreds_of_records_with_the_same_tags_share_a_call_that_costs_ten_credits() {
    let world = World::new().await;
    tagged(&world, "a@example.com", "VIP").await;
    let mut text = String::from("Last Name,Email,Tags\n");
    for row in 0..1_000 {
        writeln!(text, "Rao,{row}@example.com,VIP").unwrap();
    }
    let report = import_with(&world, "", &text).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 1_000),
        "{report:?}"
    );
    let taggings = calls(&world, TAGGINGS);
    assert!(taggings <= 4, "{taggings}");
    assert_eq!(report.api_calls, 10 + taggings);
    assert!(report.credits <= 100 + 10 * taggings, "{report:?}");
    assert!(
        world
            .records("Contacts")
            .iter()
            .all(|contact| contact["Tag"][0]["name"] == "VIP")
    );
}

#[tokio::test]
async fn a_record_whose_tags_bigin_will_not_take_is_accepted_and_said_to_be_incomplete() {
    let world = World::new().await;
    tagged(&world, "full@example.com", "1;2;3;4;5;6;7;8;9;10").await;
    let too_long = "x".repeat(26);
    let text =
        format!("Last Name,Email,Tags\nNew,full@example.com,11\nDoe,b@example.com,11\nIto,c@example.com,{too_long}\n");
    let report = import_with(&world, "", &text).await;
    adds_up(&report);
    let counts = &report.counts;
    assert_eq!(
        (report.status, counts.inserted, counts.updated, counts.rejected),
        (RunStatus::Partial, 2, 1, 0),
        "{report:?}"
    );
    assert_eq!(
        json!(counts.incomplete),
        json!({"INVALID_DATA": 1, "LIMIT_EXCEEDED": 1})
    );
    assert_eq!(tags_of(&world, "b@example.com"), ["11"]);
    let full = record(&world, "Contacts", "Email", "full@example.com");
    assert_eq!(full["Last_Name"], "New");
    let outcomes = world.outcomes(&report);
    let words: Vec<_> = outcomes.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
    for row in [
        ("2", "updated_incomplete"),
        ("3", "inserted"),
        ("4", "inserted_incomplete"),
    ] {
        assert!(words.contains(&row), "{words:?}");
    }
    let rejects = rejects_of(&world, &report);
    assert_eq!(rejects.lines().count(), 3, "{rejects}");
    let line = rejects.lines().find(|line| line.contains("LIMIT_EXCEEDED")).unwrap();
    assert!(line.contains(full["id"].as_str().unwrap()), "{line}");
    assert!(
        line.contains("the record is in Bigin (updated), but its tags were not added"),
        "{line}"
    );
    assert!(rejects.contains("at most 25"), "{rejects}");
}

#[tokio::test]
async fn trouble_with_tags_only_delays_them() {
    let world = World::with(json!({}), small_slices()).await;
    let path = "/bigin/v2/Contacts/actions/add_tags";
    world.faults(json!([
        {"path": path, "count": 1, "fault": {"kind": "status", "status": 500}},
        {"path": path, "skip": 1, "count": 1, "fault": {"kind": "cut", "after_commit": true}},
        {"path": path, "skip": 2, "count": 1, "fault": {"kind": "records", "every": 1, "code": "RECORD_LOCKED"}},
        {"path": "/bigin/v2/settings/tags", "count": 1, "fault": {"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}},
        {"path": "/bigin/v2/settings/tags", "skip": 1, "count": 1, "fault": {"kind": "revoke_token"}},
    ]));
    let text = "Last Name,Email,Tags\nRao,a@example.com,New\nDoe,b@example.com,New\n";
    let report = import_with(&world, "", text).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 2),
        "{report:?}"
    );
    assert_eq!(tags_of(&world, "b@example.com"), ["New"]);
    assert_eq!(calls(&world, UPSERTS), 1, "the records are sent once");
}

#[tokio::test]
async fn an_import_that_stops_between_records_and_their_tags_goes_on_with_the_tags_alone() {
    let world = World::with(json!({}), small_slices()).await;
    let down = json!([{"path": "/bigin/v2/Contacts/actions/add_tags", "fault": {"kind": "html", "status": 503}}]);
    world.faults(down);
    let text = "Last Name,Email,Tags\nRao,a@example.com,New\nDoe,b@example.com,New\nIto,c@example.com,\n";
    let mut execution = world.start(&world.put("inbox/Contacts/people.csv", text));
    execution.run_until(&world, Next::waits).await;
    assert_eq!(world.records("Contacts").len(), 3);
    world.faults(json!([]));
    world.clock.advance(1_000);
    execution.run_until(&world, |next| next.next == Step::Finish).await;
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.inserted, report.counts.updated),
        (RunStatus::Complete, 3, 0),
        "{report:?}"
    );
    assert_eq!(tags_of(&world, "b@example.com"), ["New"]);
    assert_eq!(calls(&world, UPSERTS), 1, "the records are sent once");
}

#[tokio::test]
async fn who_may_not_make_tags_adds_those_that_are_there() {
    let world = World::new().await;
    tagged(&world, "a@example.com", "Known").await;
    let scope = json!({"kind": "status", "status": 401, "code": "OAUTH_SCOPE_MISMATCH"});
    world.faults(json!([{"path": "/bigin/v2/settings/tags", "fault": scope}]));
    let text = "Last Name,Email,Tags\nRao,b@example.com,Known\nDoe,c@example.com,New\n";
    let report = import_with(&world, "", text).await;
    adds_up(&report);
    assert_eq!(
        (report.counts.inserted, json!(report.counts.incomplete)),
        (2, json!({"INVALID_DATA": 1})),
        "{report:?}"
    );
    assert_eq!(tags_of(&world, "b@example.com"), ["Known"]);
}

#[tokio::test]
async fn a_module_that_may_not_be_tagged_is_held_and_loses_nothing() {
    let world = World::with(json!({}), small_slices()).await;
    tagged(&world, "a@example.com", "Known").await;
    let refusal = json!({"kind": "status", "status": 403, "code": "NO_PERMISSION"});
    world.faults(json!([{"path": "/bigin/v2/Contacts/actions/add_tags", "fault": refusal}]));
    let text = "Last Name,Email,Tags\nRao,b@example.com,Known\n";
    let mut execution = world.start(&world.put("inbox/Contacts/people.csv", text));
    execution.run_until(&world, Next::waits).await;
    world.faults(json!([]));
    world.clock.advance(1_000);
    let report = world.run(execution).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 1),
        "{report:?}"
    );
    assert_eq!(tags_of(&world, "b@example.com"), ["Known"]);
}

#[tokio::test]
async fn the_tags_of_messages_are_added_and_only_they_are_tried_again() {
    let post = Post::with(json!({}), impatient()).await;
    let down = json!([{"path": "/bigin/v2/Contacts/actions/add_tags", "fault": {"kind": "html", "status": 503}}]);
    post.world.faults(down);
    let person =
        |email: &str, tags: Value| json!({"Last_Name": "Rao", "Email": format!("{email}@example.com"), "Tag": tags});
    let first = post.contacts([person("a", json!(["One"])), person("b", json!([]))]);
    let second = post.contacts([person("c", json!(["One", "Two"])), person("a", json!(["Two"]))]);
    assert_eq!(post.consume().await, [first, second]);
    let report = post.last_report();
    assert_eq!(
        (report.status, report.counts.inserted, report.counts.deferred),
        (RunStatus::Paused, 1, 3),
        "{report:?}"
    );
    post.world.faults(json!([]));
    assert_eq!(post.consume().await, Vec::<String>::new());
    let report = post.last_report();
    assert_eq!(
        (report.status, report.counts.inserted, report.counts.updated),
        (RunStatus::Complete, 2, 1),
        "{report:?}"
    );
    assert_eq!(tags_of(&post.world, "a@example.com"), ["One", "Two"]);
    assert_eq!(tags_of(&post.world, "c@example.com"), ["One", "Two"]);
    // The second record of a person waited for the first one's tags.
    assert_eq!(calls(&post.world, UPSERTS), 2);
}

#[tokio::test]
async fn a_message_whose_tags_bigin_will_not_take_is_done_and_its_rejects_say_so() {
    let post = Post::open().await;
    let tags: Vec<_> = (0..11).map(|number| number.to_string()).collect();
    post.contacts([json!({"Last_Name": "Rao", "Email": "a@example.com", "Tag": tags})]);
    assert_eq!(post.consume().await, Vec::<String>::new());
    let report = post.last_report();
    assert_eq!(
        (report.status, report.counts.inserted, report.counts.rejected),
        (RunStatus::Partial, 1, 0),
        "{report:?}"
    );
    assert_eq!(json!(report.counts.incomplete), json!({"LIMIT_EXCEEDED": 1}));
    let [line] = <[Value; 1]>::try_from(post.rejects()).unwrap();
    let contact = record(&post.world, "Contacts", "Email", "a@example.com");
    assert_eq!(
        (&line["_code"], &line["_field"], &line["_record_id"]),
        (&json!("LIMIT_EXCEEDED"), &json!("Tag"), &contact["id"])
    );
}

#[tokio::test]
async fn a_message_by_hand_hands_its_tags_down_to_the_queue() {
    let post = Post::open().await;
    let down = json!([{"path": "/bigin/v2/Contacts/actions/add_tags", "fault": {"kind": "html", "status": 503}}]);
    post.world.faults(down);
    let message = json!({"module": "Contacts", "records": [
        {"Last_Name": "Rao", "Email": "a@example.com"}, {"Last_Name": "Doe", "Email": "b@example.com", "Tag": ["One"]}]});
    let answer = post.by_hand(message).await.unwrap();
    assert_eq!(
        (&answer["inserted"], &answer["deferred"]),
        (&json!(1), &json!(1)),
        "{answer}"
    );
    post.world.faults(json!([]));
    post.drain().await;
    assert_eq!(tags_of(&post.world, "b@example.com"), ["One"]);
    assert_eq!(post.world.records("Contacts").len(), 2);
}
