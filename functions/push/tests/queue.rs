//! Batches of messages, consumed in one process with the sandbox behind HTTP: what is delivered, rejected, returned.

mod post;
mod support;

use std::time::Duration;

use push::report::RunStatus;
use serde_json::{Value, json};
use shared::state::pause::SetCause;
use shared::state::{Cause, pause, upkeep};

use post::{Post, contact, impatient, on_contacts};

const NONE: [&str; 0] = [];

#[tokio::test]
async fn a_hundred_messages_of_one_record_share_one_call() {
    let post = Post::open().await;
    for number in 0..100 {
        post.contacts([contact(number)]);
    }
    let before = post.world.write_calls();
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.write_calls() - before, 1);
    assert_eq!(post.world.records("Contacts").len(), 100);
    let report = post.last_report();
    assert_eq!(
        (report.status, report.counts.read, report.counts.inserted),
        (RunStatus::Complete, 100, 100)
    );
    assert_eq!((report.api_calls, report.credits), (1, 10));
    assert_eq!(report.module.as_deref(), Some("Contacts"));
    assert_eq!(report.match_on, ["Email"]);
}

#[tokio::test]
async fn what_an_administrator_has_just_allowed_rejects_no_message() {
    let post = Post::open().await;
    post.contacts([contact(1)]);
    assert_eq!(post.consume().await, NONE);
    let fields = |field: &str, change: Value| {
        let place = format!("/console/fields/Contacts/{field}");
        post.world.sandbox.console("PUT", &place, &change);
    };
    fields("Level", json!({"add_picks": ["Platinum"]}));
    let mut record = contact(2);
    record["Level"] = json!("Platinum");
    post.contacts([record]);
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.last_report().counts.rejected, 0);
    assert_eq!(post.world.records("Contacts").len(), 2);
}

#[tokio::test]
async fn poison_is_rejected_whole_and_harms_no_other_message() {
    let post = Post::open().await;
    let poison = [
        ("NOT_JSON", "{\"module\": \"Contacts\", ".to_owned()),
        (
            "UNKNOWN_KEY",
            json!({"module": "Contacts", "recrods": [contact(1)]}).to_string(),
        ),
        (
            "UNKNOWN_MODULE",
            json!({"module": "Leads", "records": [contact(1)]}).to_string(),
        ),
        ("NO_RECORDS", json!({"module": "Contacts", "records": []}).to_string()),
        (
            "UNKNOWN_MAPPING",
            json!({"module": "Contacts", "mapping": "shop", "records": [contact(1)]}).to_string(),
        ),
        (
            "MATCH_FIELD_NEEDED",
            json!({"module": "Tasks", "record": {"Subject": "Call"}}).to_string(),
        ),
        ("MALFORMED_MESSAGE", "[]".to_owned()),
    ];
    post.contacts([contact(1)]);
    for (_, body) in &poison {
        post.queue.put(body);
    }
    post.contacts([contact(2)]);
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 2);
    let rejects = post.rejects();
    assert_eq!(rejects.len(), poison.len());
    for ((code, body), reject) in poison.iter().zip(&rejects) {
        assert_eq!(reject["_code"], *code, "{reject}");
        assert_eq!(reject["_raw"], *body);
        assert!(reject["_message_id"].is_string() && reject["_origin"] == "relay");
    }
    let report = post.last_report();
    assert_eq!(
        (report.status, report.counts.rejected, report.counts.inserted),
        (RunStatus::Partial, 7, 2)
    );
    assert!(report.rejects_key.is_some());
}

#[tokio::test]
async fn one_bad_record_among_a_hundred_hurts_nobody_but_itself() {
    let post = Post::open().await;
    let bad_here = json!({"Last_Name": "No key"});
    post.contacts((0..99).map(contact).chain([bad_here]));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 99);
    assert_eq!(post.rejects()[0]["_code"], "MATCH_KEY_MISSING");

    post.world.faults(on_contacts(
        json!({"fault": {"kind": "records", "every": 100, "code": "INVALID_DATA"}}),
    ));
    let whole: Vec<_> = (100..200).map(contact).collect();
    let id = post.contacts(whole.clone());
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 198);
    let reject = post
        .rejects()
        .into_iter()
        .find(|reject| reject["_message_id"] == id)
        .unwrap();
    assert_eq!(
        (&reject["_code"], &reject["_origin"]),
        (&json!("INVALID_DATA"), &json!("zoho"))
    );
    assert_eq!(
        (&reject["_operation"], &reject["_match_on"]),
        (&json!("upsert"), &json!(["Email"]))
    );
    let own: Value = reject
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, _)| !key.starts_with('_'))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    assert!(whole.contains(&own), "the record's own keys stay as they were: {own}");
}

#[tokio::test]
async fn a_call_in_which_every_record_is_bad_rejects_them_all() {
    let post = Post::open().await;
    post.world.faults(on_contacts(
        json!({"fault": {"kind": "records", "every": 1, "code": "INVALID_DATA", "details": {"api_name": "Email"}}}),
    ));
    (0..20).for_each(|number| drop(post.contacts([contact(number)])));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.last_report().counts.rejects_by_code["INVALID_DATA"], 20);
    assert_eq!(post.last_report().api_calls, 1, "a 400 with results is an answer");
}

#[tokio::test]
async fn messages_of_any_size_are_taken() {
    let post = Post::open().await;
    post.contacts((0..101).map(contact));
    post.contacts((101..1_101).map(contact));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 1_101);
    assert_eq!(post.last_report().api_calls, 12);
}

#[tokio::test]
async fn modules_and_operations_are_mixed_in_one_batch() {
    let post = Post::open().await;
    let put = |message: Value| post.queue.put(message);
    put(json!({"module": "Companies", "record": {"Account_Name": "Acme"}}));
    put(json!({"module": "Contacts", "record": contact(1)}));
    put(json!({"module": "Tasks", "operation": "insert", "record": {"Subject": "Call Ann"}}));
    put(json!({"module": "Contacts", "operation": "insert", "record": contact(2)}));
    put(json!({"module": "accounts", "record": {"Account_Name": "Bolt"}}));
    assert_eq!(post.consume().await, NONE);
    let report = post.last_report();
    assert_eq!((report.counts.inserted, report.api_calls), (5, 4), "{report:?}");
    assert_eq!(report.module, None);

    let id = post.world.records("Contacts")[0]["id"].clone();
    put(json!({"module": "Contacts", "operation": "update", "record": {"id": id, "Last_Name": "Renamed"}}));
    put(json!({"module": "Contacts", "operation": "delete", "record": {"id": id}}));
    assert_eq!(post.consume().await, NONE);
    let counts = post.last_report().counts;
    assert_eq!((counts.updated, counts.deleted), (1, 1), "the update went first");
    assert_eq!(post.world.records("Contacts").len(), 1);
}

#[tokio::test]
async fn the_last_of_several_messages_about_one_record_stands() {
    let post = Post::open().await;
    for version in 0..8 {
        let email = if version % 2 == 0 {
            "ann@example.com"
        } else {
            "ANN@Example.com"
        };
        post.contacts([
            contact(version),
            json!({"Last_Name": format!("Version {version}"), "Email": email}),
        ]);
    }
    post.world.faults(on_contacts(
        json!({"skip": 1, "every": 2, "fault": {"kind": "status", "status": 500}}),
    ));
    assert_eq!(post.consume().await, NONE);
    let records = post.world.records("Contacts");
    let ann = records
        .iter()
        .find(|record| record["Last_Name"].as_str().unwrap().starts_with("Version"))
        .unwrap();
    assert_eq!(ann["Last_Name"], "Version 7");
    assert_eq!(records.len(), 9);
}

#[tokio::test]
async fn a_held_modules_messages_wait_in_the_bucket_without_using_up_deliveries_and_no_others_do() {
    let post = Post::open().await;
    let denied =
        json!([{"path": "/bigin/v2/Accounts*", "fault": {"kind": "status", "status": 403, "code": "NO_PERMISSION"}}]);
    post.world.faults(denied);
    for number in 0..10 {
        post.queue
            .put(json!({"module": "Accounts", "record": {"Account_Name": format!("C{number}")}}));
        post.contacts([contact(number)]);
    }
    let held = || post.world.bucket.keys("deferred/held/Accounts/").len();
    let look_after = async || post.by_hand(json!({"upkeep": true})).await.unwrap()["brought_back"].clone();
    assert_eq!(post.consume().await, NONE);
    assert_eq!(held(), 1);
    assert_eq!(post.world.records("Contacts").len(), 10);
    let report = post.last_report();
    assert_eq!(
        (report.status, report.counts.deferred, report.counts.rejected),
        (RunStatus::Paused, 10, 0)
    );
    assert_eq!(report.reason.unwrap().code, "NO_PERMISSION");
    assert!(post.is_open().await, "others go on");

    let calls = post.world.write_calls();
    let another = json!({"module": "Accounts", "record": {"Account_Name": "C10"}});
    post.queue.put(another);
    assert_eq!((post.consume().await, held()), (vec![], 2), "the hold is remembered");
    assert_eq!(look_after().await, 0);
    assert_eq!(post.world.write_calls(), calls, "and nothing is tried before its time");

    for _ in 0..30 {
        post.world.clock.advance(20 * 60);
        assert_eq!(look_after().await, 10, "some are tried");
        let lying = post.queue.lying();
        assert!(
            lying.iter().all(|message| message.receives == 0),
            "their deliveries are counted anew"
        );
        assert_eq!((post.consume().await, held()), (vec![], 2));
        // Those that were not tried this time come first the next time.
        post.world.clock.advance(20 * 60);
        assert_eq!(look_after().await, 1);
        assert_eq!((post.consume().await, held()), (vec![], 2));
    }

    post.world.faults(json!([]));
    post.world.clock.advance(20 * 60);
    assert_eq!(look_after().await, 10);
    assert_eq!(post.push.intake.upkeeps(), 0);
    assert_eq!(post.consume().await, NONE);
    assert_eq!(
        post.push.intake.upkeeps(),
        1,
        "push asks itself to bring the others back"
    );
    assert_eq!(look_after().await, 1, "the hold is over");
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Accounts").len(), 11);
    assert_eq!((look_after().await, held()), (json!(0), 0));
    assert_eq!(post.push.intake.upkeeps(), 1, "and nothing is left to ask for");
    assert_eq!(
        upkeep::read(&post.world.table).await.unwrap(),
        None,
        "nothing is left to watch"
    );
}

#[tokio::test]
async fn what_had_ended_of_a_held_message_is_not_sent_again_after_months() {
    let post = Post::open().await;
    let denied = json!({"path": "/bigin/v2/Tasks", "skip": 1, "fault": {"kind": "status", "status": 403, "code": "NO_PERMISSION"}});
    post.world.faults(json!([denied]));
    let tasks: Vec<_> = (0..150)
        .map(|number| json!({"Subject": format!("task {number}")}))
        .collect();
    post.queue
        .put(json!({"module": "Tasks", "operation": "insert", "records": tasks}));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Tasks").len(), 100);
    assert_eq!(post.world.bucket.keys("deferred/held/Tasks/").len(), 1);
    post.world.faults(json!([]));
    post.world.clock.advance(100 * 24 * 3_600);
    let answer = post.by_hand(json!({"upkeep": true})).await.unwrap();
    assert_eq!(answer["brought_back"], 1, "{answer}");
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Tasks").len(), 150);
    assert_eq!(post.last_report().counts.possibly_duplicated, 0);
}

#[tokio::test]
async fn behind_a_message_that_goes_back_the_rest_of_its_group_waits() {
    let post = Post::open().await;
    let denied =
        json!([{"path": "/bigin/v2/Accounts*", "fault": {"kind": "status", "status": 403, "code": "NO_PERMISSION"}}]);
    post.world.faults(denied);
    let contact_in = |group: &str, number: u32| {
        post.queue
            .put_into(Some(group), json!({"module": "Contacts", "record": contact(number)}))
    };
    contact_in("a", 1);
    let held = post.queue.put_into(
        Some("a"),
        json!({"module": "Accounts", "record": {"Account_Name": "Acme"}}),
    );
    let behind = contact_in("a", 2);
    contact_in("b", 3);
    let last = contact_in("a", 4);
    assert_eq!(post.consume().await, [held, behind, last]);
    let names: Vec<_> = post
        .world
        .records("Contacts")
        .iter()
        .map(|record| record["Last_Name"].clone())
        .collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&json!("Contact 1")) && names.contains(&json!("Contact 3")));
    post.world.faults(json!([]));
    post.world.clock.advance(16 * 60);
    assert_eq!(post.drain().await, 0);
    assert_eq!(post.world.records("Contacts").len(), 4);
}

#[tokio::test]
async fn a_pause_sends_everything_back_and_closes_the_intake() {
    let post = Post::open().await;
    let now = post.push.context.now();
    let cause = SetCause {
        cause: Cause::Operator,
        message: "lunch".into(),
        since: now,
        by: "test".into(),
        resumes_at: None,
    };
    pause::set(&post.push.context.table, &cause).await.unwrap();
    let id = post.contacts([contact(1)]);
    post.queue.put("poison");
    assert_eq!(post.consume().await, std::slice::from_ref(&id));
    assert_eq!(post.world.write_calls(), 0);
    assert!(!post.is_open().await);
    assert!(post.queue.hidden(&id).unwrap() >= Duration::from_mins(2));
    assert_eq!(post.rejects().len(), 1, "what can never be sent needs no waiting");
    pause::clear(&post.push.context.table, &[Cause::Operator])
        .await
        .unwrap();
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 1);
}

#[tokio::test]
async fn credits_that_run_out_pause_delivery_until_there_are_some_again() {
    let post = Post::with(json!({"credits": 30, "credits_header": "always"}), impatient()).await;
    let ids: Vec<_> = (0..6)
        .map(|message| post.contacts((message * 100..message * 100 + 100).map(contact)))
        .collect();
    let back = post.consume().await;
    assert!(!back.is_empty() && back.len() < ids.len(), "{back:?}");
    let report = post.last_report();
    assert_eq!(
        (report.status, report.reason.unwrap().code.as_str()),
        (RunStatus::Paused, "CREDITS_EXHAUSTED")
    );
    assert!(!post.is_open().await);
    let calls = post.world.write_calls();
    assert_eq!(post.consume().await, back);
    assert_eq!(post.world.write_calls(), calls, "nothing is sent while it lasts");
    post.world.switch(json!({"credits": 5000}));
    post.world.clock.advance(31 * 60);
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 600);
}

#[tokio::test]
async fn without_the_settings_scope_records_are_sent_with_a_warning() {
    let post = Post::open().await;
    post.world.faults(json!([{"path": "/bigin/v2/settings/*",
        "fault": {"kind": "status", "status": 401, "code": "OAUTH_SCOPE_MISMATCH"}}]));
    post.contacts([contact(1)]);
    let unknown = post
        .queue
        .put(json!({"module": "Leads", "operation": "insert", "record": {"Last_Name": "Rao"}}));
    assert_eq!(post.consume().await, NONE);
    let report = post.last_report();
    assert_eq!((report.counts.inserted, report.counts.rejected), (1, 1), "{report:?}");
    assert!(
        report.warnings.iter().any(|warning| warning.contains("not verified")),
        "{:?}",
        report.warnings
    );
    assert_eq!(
        (&post.rejects()[0]["_message_id"], &post.rejects()[0]["_code"]),
        (&json!(unknown), &json!("UNKNOWN_MODULE"))
    );
}

#[tokio::test]
async fn a_broken_mapping_holds_the_messages_that_need_it() {
    let post = Post::open().await;
    post.world
        .bucket
        .set("mappings/Contacts/shop.toml", "operation = \"upset\"\n");
    let id = post
        .queue
        .put(json!({"module": "Contacts", "mapping": "shop", "record": contact(1)}));
    post.queue
        .put(json!({"module": "Accounts", "record": {"Account_Name": "Acme"}}));
    assert_eq!(post.consume().await, [id]);
    assert_eq!(post.last_report().reason.unwrap().code, "BAD_MAPPING");
    post.world
        .bucket
        .set("mappings/Contacts/shop.toml", "[columns]\nMail = \"Email\"\n");
    post.world.clock.advance(20 * 60);
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 1);
}

#[tokio::test]
async fn a_match_field_that_is_no_longer_unique_holds_the_module_unless_the_message_named_it() {
    let post = Post::open().await;
    post.world
        .bucket
        .set("mappings/Contacts/shop.toml", "match_on = [\"Last_Name\"]\n");
    let mappings = post
        .queue
        .put(json!({"module": "Contacts", "mapping": "shop", "record": contact(1)}));
    assert_eq!(post.consume().await, [mappings]);
    let own = post
        .queue
        .put(json!({"module": "Accounts", "match_on": ["Website"], "record": {"Account_Name": "Acme"}}));
    post.consume().await;
    let reject = &post.rejects()[0];
    assert_eq!(
        (&reject["_message_id"], &reject["_code"]),
        (&json!(own), &json!("MATCH_FIELD_NOT_UNIQUE"))
    );
}

#[tokio::test]
async fn the_rejects_of_messages_go_into_the_inbox_as_they_are() {
    let post = Post::open().await;
    post.contacts([json!({"Last_Name": "Rao", "Email": "rao@example.com", "External_ID": "K-1"})]);
    post.consume().await;
    let update = json!({"module": "Contacts", "operation": "update", "match_on": ["External_ID"],
        "records": [{"External_ID": "K-1", "Phone": "wrong§"}]});
    post.contacts([json!({"Last_Name": "Doe"})]);
    post.queue.put(update);
    assert_eq!(post.consume().await, NONE);
    let keys = post.world.bucket.keys("rejects/_queue/");
    assert_eq!(keys.len(), 2, "each operation has a file of its own: {keys:?}");
    for key in keys {
        let mended = post
            .world
            .text(&key)
            .replace("wrong§", "+49 30 1234")
            .replace("\"Doe\"", "\"Doe\",\"Email\":\"doe@example.com\"");
        let report = post
            .world
            .import(&post.world.put("inbox/Contacts/mended.ndjson", mended))
            .await;
        assert_eq!(
            report.counts.read,
            report.counts.inserted + report.counts.updated,
            "{report:?}"
        );
    }
    let contacts = post.world.records("Contacts");
    assert_eq!(contacts.len(), 2);
    assert!(contacts.iter().any(|contact| contact["Phone"] == "+49 30 1234"));
}
