//! One record's fault stays its own, whatever way it shows; the account's state rejects nobody.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod post;
mod support;

use std::fmt::Write;
use std::time::Duration;

use push::context::Settings;
use push::import::Next;
use push::report::RunStatus;
use serde_json::{Value, json};
use shared::state::{held, refusals};

use post::{Post, contact, impatient};
use support::{World, contacts};

const NONE: [&str; 0] = [];

/// Every way in which a call fails without a word about any record.
fn silences() -> Vec<Value> {
    vec![
        json!({"kind": "status", "status": 500, "code": "INTERNAL_ERROR"}),
        json!({"kind": "html", "status": 403}),
        json!({"kind": "cut"}),
        json!({"kind": "garbage"}),
        json!([{"kind": "gzip"}, {"kind": "html", "status": 502}]),
    ]
}

fn poisoned(text: &str, fault: &Value) -> Value {
    json!([{"method": "POST", "path": "/bigin/v2/*", "when": {"text": text, "endpoint": "write"}, "fault": fault}])
}

fn patient() -> Settings {
    Settings {
        slice_budget: Duration::from_secs(30),
        patience: Duration::from_secs(3),
        ..impatient()
    }
}

/// Messages of a held module come back: some when it is time to try it again, the others once it is let go.
async fn bring_back(post: &Post) {
    for _ in 0..3 {
        post.world.clock.advance(20 * 60);
        post.by_hand(json!({"upkeep": true})).await.unwrap();
        post.drain().await;
    }
}

/// What finding one poison may cost in calls that carry so many records.
fn bound(records: u32) -> f64 {
    3.0 * f64::from(records).log2() + 6.0
}

#[tokio::test]
async fn a_row_that_makes_its_call_fail_is_found_wherever_it_lies_and_takes_no_other_along() {
    for (fault, row) in silences().iter().zip([0_u32, 57, 99, 100, 249]) {
        let world = World::with(json!({}), patient()).await;
        world.faults(poisoned(&format!("contact{row}@"), fault));
        let report = world.import(&world.put("inbox/Contacts/a.csv", contacts(0..250))).await;
        let counts = &report.counts;
        assert_eq!(
            (report.status, counts.inserted, counts.rejected),
            (RunStatus::Partial, 249, 1),
            "{fault} {report:?}"
        );
        assert_eq!(counts.rejects_by_code["CALL_FAILS"], 1);
        let rejects = world.text(report.rejects_key.as_ref().unwrap());
        assert!(rejects.contains(&format!("contact{row}@example.com")), "{fault}");
        // Two other calls carry what is not in the poisoned one.
        let spent = f64::from(u32::try_from(world.write_calls()).unwrap()) - 2.0;
        println!("{fault}: row {row}, {spent} calls of at most {}", bound(100));
        assert!(spent < bound(100), "{fault}: {spent}");
    }
}

#[tokio::test]
async fn several_poisoned_rows_are_found_too() {
    let world = World::with(json!({}), patient()).await;
    let rules: Vec<Value> = [3, 4, 77, 181]
        .iter()
        .map(|row| json!({"path": "/bigin/v2/*", "when": {"text": format!("contact{row}@")}, "fault": {"kind": "status", "status": 500}}))
        .collect();
    world.faults(json!(rules));
    let report = world.import(&world.put("inbox/Contacts/a.csv", contacts(0..250))).await;
    assert_eq!((report.counts.inserted, report.counts.rejected), (246, 4), "{report:?}");
    let spent = f64::from(u32::try_from(world.write_calls()).unwrap());
    println!("four poisons: {spent} calls");
    assert!(spent < 4.0 * bound(100) + 3.0, "{spent}");
}

#[tokio::test]
async fn a_poisoned_record_in_a_batch_of_messages_is_rejected_and_the_others_arrive() {
    for fault in silences() {
        let post = Post::with(json!({}), patient()).await;
        post.world.faults(poisoned("contact13@", &fault));
        for first in 0..10 {
            post.contacts((first * 4..first * 4 + 4).map(contact));
        }
        post.drain().await;
        assert_eq!(post.world.records("Contacts").len(), 39, "{fault}");
        let rejects = post.rejects();
        assert_eq!(rejects.len(), 1, "{fault}: {rejects:?}");
        assert_eq!(
            (&rejects[0]["_code"], &rejects[0]["Email"]),
            (&json!("CALL_FAILS"), &json!("contact13@example.com"))
        );
        println!("{fault}: {} calls for 40 records", post.world.write_calls());
    }
}

#[tokio::test]
async fn what_is_held_against_a_record_outlives_the_invocation() {
    let settings = Settings {
        slice_budget: Duration::from_millis(30),
        first_wait: Duration::from_millis(20),
        ..patient()
    };
    let world = World::with(json!({}), settings).await;
    world.faults(poisoned("contact57@", &json!({"kind": "status", "status": 500})));
    let report = world.import(&world.put("inbox/Contacts/a.csv", contacts(0..250))).await;
    assert_eq!((report.counts.inserted, report.counts.rejected), (249, 1), "{report:?}");
}

#[tokio::test]
async fn an_insert_by_file_without_a_unique_field_whose_answer_was_lost_counts_as_possibly_duplicated() {
    let world = World::with(json!({}), patient()).await;
    world.bucket.set("mappings/Tasks.toml", "operation = \"insert\"\n");
    world.faults(json!([{"path": "/bigin/v2/Tasks", "count": 1, "fault": {"kind": "cut", "after_commit": true}}]));
    let rows = "Subject\nTask 1\nTask 2\nTask 3\nTask 4\nTask 5\n";
    let report = world.import(&world.put("inbox/Tasks/a.csv", rows)).await;
    let counts = &report.counts;
    assert_eq!((counts.inserted, counts.possibly_duplicated), (5, 5), "{report:?}");
    assert_eq!(world.records("Tasks").len(), 10, "which they are, this time");
}

#[tokio::test]
async fn an_outage_rejects_nobody() {
    let post = Post::open().await;
    post.world
        .faults(json!([{"path": "/bigin/v2/*", "fault": {"kind": "status", "status": 503}}]));
    post.contacts((0..20).map(contact));
    post.contacts([contact(20)]);
    for _ in 0..12 {
        assert_eq!(post.consume().await.len(), 2);
    }
    post.world.faults(json!([]));
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 21);
    assert!(post.rejects().is_empty());
}

#[tokio::test]
async fn a_full_storage_rejects_nobody_and_what_waited_goes_on_when_there_is_room() {
    for over_limit in ["records", "call"] {
        let post = Post::with(json!({}), patient()).await;
        let limit = |limit: u32| json!({"record_limit": limit, "over_limit": over_limit});
        post.world.sandbox.console("PUT", "/console/limits", &limit(5));
        post.contacts((0..5).map(contact));
        assert_eq!(post.consume().await, NONE);
        for number in 5..7 {
            post.contacts([contact(number)]);
            post.drain().await;
        }
        assert_eq!(post.world.records("Contacts").len(), 5, "{over_limit}");
        assert!(post.rejects().is_empty(), "{over_limit}");
        let held = held::of_module(&post.world.table, "Contacts").await.unwrap().unwrap();
        assert_eq!(held.code, "MAX_RECORDS_LIMIT_REACHED");
        post.world.sandbox.console("PUT", "/console/limits", &json!({}));
        bring_back(&post).await;
        assert_eq!(post.world.records("Contacts").len(), 7, "{over_limit}");
        assert_eq!(held::of_module(&post.world.table, "Contacts").await.unwrap(), None);
    }
}

/// A code that nobody has heard of, which names neither a field nor another record.
fn strange() -> Value {
    json!([{"path": "/bigin/v2/Contacts*", "when": {"endpoint": "write"}, "fault": {"kind": "records", "every": 1, "code": "STRANGE_STATE"}}])
}

#[tokio::test]
async fn one_refusal_is_the_records_and_a_second_record_that_says_the_same_holds_the_module() {
    let post = Post::with(json!({}), patient()).await;
    post.world.faults(strange());
    post.contacts([contact(0)]);
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.rejects()[0]["_code"], "STRANGE_STATE");
    assert_eq!(held::of_module(&post.world.table, "Contacts").await.unwrap(), None);
    // Each in a batch of its own: the first is remembered.
    for number in 1..4 {
        post.contacts([contact(number)]);
        post.drain().await;
    }
    let held = held::of_module(&post.world.table, "Contacts").await.unwrap().unwrap();
    assert_eq!(held.code, "STRANGE_STATE");
    post.world.faults(json!([]));
    bring_back(&post).await;
    assert_eq!((post.world.records("Contacts").len(), post.rejects().len()), (3, 1));
}

#[tokio::test]
async fn a_message_by_hand_that_ends_a_hold_brings_back_what_waits() {
    let post = Post::with(json!({}), patient()).await;
    post.world.faults(strange());
    post.contacts((0..2).map(contact));
    assert_eq!(post.consume().await, NONE);
    assert!(held::of_module(&post.world.table, "Contacts").await.unwrap().is_some());
    post.world.faults(json!([]));
    post.world.clock.advance(15 * 60);
    assert_eq!(post.push.intake.upkeeps(), 0);
    post.by_hand(json!({"module": "Contacts", "record": contact(9)}))
        .await
        .unwrap();
    assert_eq!(held::of_module(&post.world.table, "Contacts").await.unwrap(), None);
    assert_eq!(post.push.intake.upkeeps(), 1);
}

/// AWS would delete it after two weeks, and its deliveries would be used up after one.
#[tokio::test]
async fn a_hold_of_any_length_loses_no_message_of_a_fifo_queue() {
    let post = Post::with(json!({}), patient()).await;
    post.world.faults(strange());
    let records = json!({"module": "Contacts", "records": [contact(0), contact(1)]});
    let id = post.queue.put_into(Some("customer-1"), records);
    assert_eq!(
        post.consume().await,
        [id.as_str()],
        "what is sent behind it must not overtake it"
    );
    assert_eq!(post.world.bucket.keys("deferred/held/").len(), 0);
    for _ in 0..3 {
        post.world.clock.advance(10 * 24 * 3600);
        post.consume().await;
        assert_eq!(post.queue.lying().len(), 0, "it does not grow old on the queue");
        assert_eq!(post.world.bucket.keys("deferred/held/").len(), 1);
        // The module is tried with it.
        post.world.clock.advance(20 * 60);
        post.by_hand(json!({"upkeep": true})).await.unwrap();
        assert_eq!(post.queue.lying().len(), 1);
        assert_eq!(post.consume().await.len(), 1, "it is a new message there");
        post.world.clock.advance(84 * 3600);
    }
    assert!(post.rejects().is_empty());
    post.world.faults(json!([]));
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 2);
}

#[tokio::test]
async fn a_record_that_may_not_be_edited_is_rejected_and_holds_nobody() {
    let post = Post::with(json!({}), patient()).await;
    post.contacts((0..2).map(contact));
    assert_eq!(post.consume().await, NONE);
    let record = post.world.records("Contacts").remove(0);
    let restriction =
        json!({"code": "NO_PERMISSION", "modules": ["Contacts"], "operations": ["update"], "ids": [record["id"]]});
    post.world
        .sandbox
        .console("PUT", "/console/limits", &json!({"restrictions": [restriction]}));
    post.queue
        .put(json!({"module": "Contacts", "operation": "update", "records": [{"id": record["id"], "Title": "x"}]}));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.rejects()[0]["_code"], "NO_PERMISSION");
    post.contacts([contact(2)]);
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 3);
}

#[tokio::test]
async fn a_file_bad_in_every_row_for_a_named_field_is_rejected_and_one_for_no_field_waits_until_somebody_decides() {
    let world = World::with(json!({}), patient()).await;
    let named = json!([{"path": "/bigin/v2/Contacts*", "fault": {"kind": "records", "every": 1, "code": "INVALID_DATA", "details": {"api_name": "Email"}}}]);
    world.faults(named);
    let report = world.import(&world.put("inbox/Contacts/a.csv", contacts(0..30))).await;
    assert_eq!(report.counts.rejected, 30, "{report:?}");

    world.faults(strange());
    let mut bad = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..30)));
    bad.run_until(&world, Next::waits).await;
    for _ in 0..3 {
        bad.run_until(&world, Next::waits).await;
    }
    let held = held::of_module(&world.table, "Contacts").await.unwrap().unwrap();
    assert_eq!(held.code, "STRANGE_STATE");
    refusals::decide(&world.table, "Contacts", true, world.context.now())
        .await
        .unwrap();
    held::release(&world.table, "Contacts").await.unwrap();
    let report = world.run(bad).await;
    assert_eq!((report.counts.rejected, report.counts.deferred), (30, 0), "{report:?}");

    world.faults(json!([]));
    let report = world.import(&world.put("inbox/Contacts/c.csv", contacts(0..30))).await;
    assert_eq!((report.status, report.counts.inserted), (RunStatus::Complete, 30));
}

/// The account comes into its state while a call is under way that it has taken: that call tells nothing of the others.
#[tokio::test]
async fn an_acceptance_that_was_under_way_makes_no_refusal_the_records_own() {
    let world = World::with(json!({}), patient()).await;
    let mut text = String::from("Last Name,Email\n");
    for row in 0..200 {
        let when = if row < 100 { "early" } else { "late" };
        writeln!(text, "Contact {row},{row}.{when}@example.com").unwrap();
    }
    let slow = json!({"path": "/bigin/v2/Contacts*", "when": {"text": ".early@", "endpoint": "write"}, "fault": {"kind": "latency", "ms": 400}});
    let full = json!({"path": "/bigin/v2/Contacts*", "when": {"text": ".late@", "endpoint": "write"}, "fault": {"kind": "records", "every": 1, "code": "STRANGE_STATE"}});
    world.faults(json!([slow, full]));
    let mut import = world.start(&world.put("inbox/Contacts/a.csv", text));
    for _ in 0..4 {
        import.run_until(&world, Next::waits).await;
    }
    let report = world.only_report();
    assert_eq!((report.counts.inserted, report.counts.rejected), (100, 0), "{report:?}");
    world.faults(json!([]));
    let report = world.run(import).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 200),
        "{report:?}"
    );
}

/// The account comes into its state between two records of one call, under a code that is known or not.
#[tokio::test]
async fn what_was_accepted_before_it_in_a_call_makes_no_refusal_the_records_own() {
    let full = [
        ("/console/limits", json!({"record_limit": 130})),
        (
            "/console/faults",
            json!({"rules": [{"path": "/bigin/v2/Contacts*", "fault": {"kind": "records", "when": {"text": ".late@"}, "code": "STRANGE_STATE"}}]}),
        ),
    ];
    for (path, state) in full {
        let world = World::with(json!({}), patient()).await;
        let mut text = String::from("Last Name,Email\n");
        for row in 0..250 {
            let when = if row < 130 { "early" } else { "late" };
            writeln!(text, "Contact {row},{row}.{when}@example.com").unwrap();
        }
        world.sandbox.console("PUT", path, &state);
        let mut import = world.start(&world.put("inbox/Contacts/a.csv", text));
        for _ in 0..4 {
            import.run_until(&world, Next::waits).await;
        }
        let report = world.only_report();
        assert_eq!(report.counts.rejected, 0, "{state} {report:?}");
        assert_eq!(world.records("Contacts").len(), 130, "{state}");
        world.sandbox.console("PUT", "/console/limits", &json!({}));
        world.faults(json!([]));
        let report = world.run(import).await;
        assert_eq!(
            (report.status, report.counts.inserted),
            (RunStatus::Complete, 250),
            "{state} {report:?}"
        );
    }
}

/// One that has room for some of a batch's messages keeps the others.
#[tokio::test]
async fn a_storage_that_gets_full_in_the_middle_of_a_batch_rejects_none_of_its_messages() {
    let post = Post::with(json!({}), patient()).await;
    post.world
        .sandbox
        .console("PUT", "/console/limits", &json!({"record_limit": 4}));
    for number in 0..10 {
        post.contacts([contact(number)]);
    }
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 4);
    assert!(post.rejects().is_empty(), "{:?}", post.rejects());
    post.world.sandbox.console("PUT", "/console/limits", &json!({}));
    bring_back(&post).await;
    assert_eq!((post.world.records("Contacts").len(), post.rejects().len()), (10, 0));
}

/// A firewall may answer in JSON, under a code of its own.
#[tokio::test]
async fn a_code_that_nobody_knows_under_403_is_the_records_where_others_are_taken_and_the_accounts_where_none_is() {
    let world = World::with(json!({}), patient()).await;
    let blocked = json!({"kind": "status", "status": 403, "code": "BLOCKED_BY_POLICY"});
    world.faults(poisoned("contact57@", &blocked));
    let report = world.import(&world.put("inbox/Contacts/a.csv", contacts(0..150))).await;
    assert_eq!((report.counts.inserted, report.counts.rejected), (149, 1), "{report:?}");
    assert_eq!(report.counts.rejects_by_code["BLOCKED_BY_POLICY"], 1);

    world.faults(json!([{"path": "/bigin/v2/*", "when": {"endpoint": "write"}, "fault": blocked}]));
    for rows in [150..300, 300..301] {
        let mut waits = world.start(&world.put(&format!("inbox/Contacts/{}.csv", rows.start), contacts(rows)));
        waits.run_until(&world, Next::waits).await;
    }
    let held = held::of_module(&world.table, "Contacts").await.unwrap().unwrap();
    assert_eq!(held.code, "BLOCKED_BY_POLICY");
    let rejected = |key: &String| world.report_at(key).unwrap().counts.rejected;
    let rejected: u64 = world.bucket.keys("reports/").iter().map(rejected).sum();
    assert_eq!(rejected, 1, "and no other");
}

#[tokio::test]
async fn a_name_that_makes_queries_fail_is_looked_for_in_the_list() {
    let world = World::with(json!({}), patient()).await;
    world.bucket.set(
        "mappings/Contacts.toml",
        "[lookup.Account_Name]\non_missing = 'create'\n",
    );
    let mut text = String::from("Last Name,Email,Company\n");
    for row in 0..60 {
        writeln!(text, "Contact {row},contact{row}@example.com,Company {row} GmbH").unwrap();
    }
    world.faults(json!([{"path": "/bigin/v2/coql", "when": {"text": "Company 41 GmbH"}, "fault": {"kind": "html", "status": 403}}]));
    let report = world.import(&world.put("inbox/Contacts/a.csv", text)).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 60),
        "{report:?}"
    );
    assert_eq!(world.records("Accounts").len(), 60);
    println!("a query: {} calls in all", world.sandbox.state()["calls_total"]);
}

#[tokio::test]
async fn a_deactivated_user_pauses_everything_and_costs_no_mint() {
    let post = Post::with(json!({}), patient()).await;
    let users = post.world.sandbox.state()["organisations"][0]["users"].clone();
    let ann = users[0]["id"].as_str().unwrap().to_owned();
    post.world
        .sandbox
        .console("PUT", &format!("/console/users/{ann}"), &json!({"active": false}));
    post.contacts([contact(0)]);
    assert_eq!(post.consume().await.len(), 1);
    assert_eq!(post.minted(), 0);
    assert!(post.rejects().is_empty());
}
