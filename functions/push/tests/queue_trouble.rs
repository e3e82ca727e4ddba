//! Messages while Bigin is in trouble: nothing is lost, nothing is delivered twice that need not be, and it is said.

mod post;
mod support;

use std::time::Duration;

use jiff::SignedDuration;
use push::context::Settings;
use push::report::RunStatus;
use serde_json::{Value, json};
use shared::state::waits::{self, Patience};

use post::{Post, contact, impatient, on_contacts};

const NONE: [&str; 0] = [];

/// Patient enough for a few failures in a row.
fn patient() -> Settings {
    Settings {
        patience: Duration::from_secs(20),
        ..impatient()
    }
}

async fn patient_post() -> Post {
    Post::with(json!({}), patient()).await
}

fn task(number: u32) -> Value {
    json!({"Subject": format!("Task {number}")})
}

fn inserts(module: &str, records: Vec<Value>) -> Value {
    json!({"module": module, "operation": "insert", "records": Value::Array(records)})
}

#[tokio::test]
async fn trouble_that_passes_is_borne_and_every_record_arrives_once() {
    let troubles = [
        json!({"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}),
        json!({"kind": "status", "status": 500}),
        json!({"kind": "cut"}),
        json!({"kind": "cut", "after_commit": true}),
        json!({"kind": "cut", "after_commit": true, "after_bytes": 30}),
        json!({"kind": "garbage"}),
        json!({"kind": "garbage", "after_commit": true}),
        json!({"kind": "html", "status": 502}),
        json!({"kind": "html", "status": 200, "after_commit": true}),
        json!({"kind": "status", "status": 500, "after_commit": true}),
        json!({"kind": "records", "every": 3, "code": "RECORD_LOCKED"}),
    ];
    for trouble in troubles {
        let post = patient_post().await;
        post.world.faults(on_contacts(json!({"count": 3, "fault": trouble})));
        post.contacts((0..60).map(contact));
        assert_eq!(post.consume().await, NONE, "{trouble}");
        assert_eq!(post.world.records("Contacts").len(), 60, "{trouble}");
        let report = post.last_report();
        assert_eq!(
            (report.status, report.counts.possibly_duplicated),
            (RunStatus::Complete, 0),
            "{trouble}"
        );
        assert_eq!(report.counts.inserted + report.counts.updated, 60, "{trouble}");
        assert!(report.retries >= 3, "{trouble}");
    }
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_costs_one_mint() {
    let post = patient_post().await;
    post.world.faults(on_contacts(
        json!({"skip": 1, "count": 1, "fault": {"kind": "revoke_token"}}),
    ));
    post.contacts((0..500).map(contact));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 500);
    assert_eq!(post.minted(), 1);
    assert_eq!((post.last_report().api_calls, post.last_report().retries), (6, 1));
}

#[tokio::test]
async fn an_insert_whose_answer_was_lost_meets_itself_and_is_neither_doubled_nor_rejected() {
    let post = patient_post().await;
    post.contacts([json!({"Last_Name": "Of old", "Email": "contact1@example.com"})]);
    assert_eq!(post.consume().await, NONE);
    // Older than clocks may be apart.
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    post.world
        .faults(json!([{"method": "POST", "path": "/bigin/v2/Contacts", "count": 1,
        "fault": {"kind": "cut", "after_commit": true}}]));
    post.queue.put(inserts("Contacts", (0..40).map(contact).collect()));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 40);
    let counts = post.last_report().counts;
    assert_eq!(
        (counts.inserted, counts.rejected, counts.possibly_duplicated),
        (39, 1, 0)
    );
    let reject = &post.rejects()[0];
    assert_eq!(
        (&reject["_code"], &reject["Email"]),
        (&json!("DUPLICATE_DATA"), &json!("contact1@example.com"))
    );
}

#[tokio::test]
async fn an_insert_without_a_unique_field_whose_answer_was_lost_counts_as_possibly_duplicated() {
    let post = patient_post().await;
    post.world
        .faults(json!([{"path": "/bigin/v2/Tasks", "count": 1, "fault": {"kind": "cut", "after_commit": true}}]));
    post.queue.put(inserts("Tasks", (0..5).map(task).collect()));
    assert_eq!(post.consume().await, NONE);
    let counts = post.last_report().counts;
    assert_eq!((counts.inserted, counts.possibly_duplicated), (5, 5));
    assert_eq!(post.world.records("Tasks").len(), 10, "which they are, this time");
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_a_delete() {
    let post = patient_post().await;
    post.contacts([contact(1), contact(2)]);
    assert_eq!(post.consume().await, NONE);
    let ids: Vec<_> = post
        .world
        .records("Contacts")
        .iter()
        .map(|record| json!({"id": record["id"]}))
        .collect();
    post.world
        .faults(json!([{"method": "DELETE", "count": 1, "fault": {"kind": "cut", "after_commit": true}}]));
    post.queue
        .put(json!({"module": "Contacts", "operation": "delete", "records": ids}));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(
        (post.last_report().counts.deleted, post.last_report().counts.rejected),
        (2, 0)
    );
}

#[tokio::test]
async fn a_call_refused_as_a_whole_is_split_until_the_record_is_found() {
    let post = patient_post().await;
    // Every call that has the bad record in it is refused: the sandbox is told so by counting calls.
    post.world
        .faults(json!([{"path": "/bigin/v2/Contacts/upsert", "count": 3,
        "fault": {"kind": "status", "status": 400, "code": "INVALID_DATA", "message": "body"}}]));
    post.contacts((0..100).map(contact));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(
        post.world.records("Contacts").len(),
        100,
        "nobody is rejected for what a larger call was refused for"
    );
    assert!(post.last_report().retries >= 3);
}

#[tokio::test]
async fn one_reason_for_refusing_record_after_record_holds_the_module_instead() {
    let post = patient_post().await;
    post.world.faults(on_contacts(
        json!({"fault": {"kind": "status", "status": 400, "code": "PATTERN_NOT_MATCHED"}}),
    ));
    post.contacts((0..100).map(contact));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.bucket.keys("deferred/held/Contacts/").len(), 1);
    let report = post.last_report();
    assert!(
        report.counts.rejected < 10 && report.counts.deferred > 90,
        "{:?}",
        report.counts
    );
    assert_eq!(report.reason.unwrap().code, "PATTERN_NOT_MATCHED");
}

#[tokio::test]
async fn redelivery_repeats_nothing() {
    let post = Post::open().await;
    post.world.faults(on_contacts(
        json!({"skip": 1, "fault": {"kind": "status", "status": 500}}),
    ));
    let long = post.contacts((0..150).map(contact));
    let short = post.contacts([contact(200)]);
    assert_eq!(post.consume().await, [long.clone(), short.clone()]);
    let first = post.last_report();
    assert_eq!((first.counts.inserted, first.counts.deferred), (100, 51));
    assert!(
        post.queue.hidden(&long).unwrap() < Duration::from_secs(10),
        "seconds at first"
    );
    assert_eq!(post.consume().await, [long.clone(), short]);
    assert!(
        post.queue.hidden(&long).unwrap() >= Duration::from_secs(10),
        "longer the next time"
    );
    post.world.faults(json!([]));
    assert_eq!(post.consume().await, NONE);
    let last = post.last_report();
    assert_eq!(
        (last.counts.read, last.counts.inserted, last.counts.updated),
        (51, 51, 0)
    );
    // In the outage the call was halved, as nothing else was there to compare it with. Only those halves are sent.
    assert!(last.api_calls <= 12, "{last:?}");
}

#[tokio::test]
async fn what_may_have_been_delivered_is_known_at_the_next_delivery() {
    let post = Post::open().await;
    post.world
        .faults(json!([{"path": "/bigin/v2/Tasks", "fault": {"kind": "status", "status": 502, "after_commit": true}}]));
    let id = post.queue.put(inserts("Tasks", vec![task(1)]));
    assert_eq!(post.consume().await, [id]);
    post.world.faults(json!([]));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.last_report().counts.possibly_duplicated, 1);
}

#[tokio::test]
async fn what_a_message_by_hand_may_have_delivered_is_known_on_the_queue() {
    let post = Post::open().await;
    post.world
        .faults(json!([{"path": "/bigin/v2/Tasks", "fault": {"kind": "status", "status": 502, "after_commit": true}}]));
    let answer = post.by_hand(inserts("Tasks", vec![task(1)])).await.unwrap();
    assert_eq!(answer["deferred"], 1, "{answer}");
    post.world.faults(json!([]));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.last_report().counts.possibly_duplicated, 1);
}

#[tokio::test]
async fn a_process_that_dies_after_the_call_repeats_safely_and_says_what_may_be_double() {
    let post = Post::open().await;
    post.contacts((0..30).map(contact));
    post.queue.put(inserts("Tasks", vec![task(1)]));
    // It dies when it writes down what has become of the first call.
    let probe = Post::open().await;
    probe.contacts((0..30).map(contact));
    probe.queue.put(inserts("Tasks", vec![task(1)]));
    probe.consume().await;
    let touches = probe.world.crash.touches();
    let mut died = 0;
    for touch in 1..=touches {
        post.world.crash.at(touch);
        post.consume_and_die().await;
        died += 1;
        if !post.world.records("Tasks").is_empty() {
            break;
        }
    }
    assert!(died > 1, "it died before it sent anything, and after");
    post.world.crash.never();
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 30);
    let report = post.last_report();
    assert_eq!((report.counts.possibly_duplicated, report.counts.rejected), (1, 0));
    assert!(report.counts.add_up());
}

#[tokio::test]
async fn a_process_that_dies_between_two_calls_repeats_only_the_second() {
    let post = Post::open().await;
    let slow = json!({"skip": 1, "path": "/bigin/v2/Tasks", "fault": {"kind": "latency", "ms": 60_000}});
    post.world.faults(json!([slow]));
    post.queue.put(inserts("Tasks", (0..150).map(task).collect()));
    let is_in_second_call = || {
        let state = post.world.sandbox.state();
        state["in_flight"] == 1 && state["records"]["Tasks"] == 100
    };
    post.consume_until(is_in_second_call).await;
    post.world.faults(json!([]));
    assert_eq!(post.consume().await, NONE);
    let counts = post.last_report().counts;
    assert_eq!((counts.read, counts.possibly_duplicated), (50, 50));
    assert_eq!(
        post.world.records("Tasks").len(),
        150,
        "the second call had not been carried out"
    );
}

#[tokio::test]
async fn a_throttle_that_lasts_goes_back_and_pauses_nobody() {
    let post = Post::open().await;
    post.world.faults(on_contacts(
        json!({"fault": {"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}}),
    ));
    let id = post.contacts([contact(1)]);
    assert_eq!(post.consume().await, std::slice::from_ref(&id));
    assert_eq!(post.last_report().reason.unwrap().code, "THROTTLED");
    assert!(post.is_open().await);
    assert!(post.queue.hidden(&id).unwrap() < Duration::from_secs(10));
}

#[tokio::test]
async fn that_messages_wait_for_bigin_can_be_heard_of_until_they_get_on_again() {
    let post = Post::open().await;
    let none = SignedDuration::ZERO;
    let patience = Patience {
        held: none,
        outage: none,
        turn: none,
        pause: none,
    };
    let heard = async || {
        let now = post.push.context.now();
        let waits = waits::look(&post.world.table, None, patience, now).await.unwrap();
        waits
            .into_iter()
            .map(|(what, wait)| (what, wait.code))
            .collect::<Vec<_>>()
    };
    post.contacts([contact(1)]);
    for (status, code) in [(500, "BIGIN_UNAVAILABLE"), (429, "THROTTLED")] {
        post.world
            .faults(on_contacts(json!({"fault": {"kind": "status", "status": status}})));
        assert_eq!(post.consume().await.len(), 1);
        assert_eq!(heard().await, [("messages".to_owned(), code.to_owned())]);
    }
    post.world.faults(json!([]));
    assert_eq!(post.consume().await, NONE);
    // What was tried again a while ago is no longer waited for.
    post.world.clock.advance(3_600);
    assert!(heard().await.is_empty());
}

#[tokio::test]
async fn a_wait_that_bigin_asks_for_is_kept() {
    let post = patient_post().await;
    post.world.faults(on_contacts(
        json!({"count": 1, "fault": {"kind": "status", "status": 429, "retry_after": 1}}),
    ));
    post.contacts([contact(1)]);
    let begun = std::time::Instant::now();
    assert_eq!(post.consume().await, NONE);
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn the_answer_comes_before_the_time_is_up() {
    let post = patient_post().await;
    post.world.switch(json!({"latency_ms": 900}));
    let ids: Vec<_> = (0..30)
        .map(|message| post.contacts((message * 100..message * 100 + 100).map(contact)))
        .collect();
    let begun = std::time::Instant::now();
    let back = post.consume_within(Duration::from_secs(6)).await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert!(!back.is_empty() && back.len() < ids.len(), "{back:?}");
    assert_eq!(post.last_report().reason.unwrap().code, "OUT_OF_TIME");
    post.world.switch(json!({"latency_ms": 0}));
    post.drain().await;
    let read: u64 = post.reports().iter().map(|report| report.counts.inserted).sum();
    assert_eq!(read, 3_000, "each is delivered once");
}

#[tokio::test]
async fn a_call_that_hangs_does_not_keep_the_answer_and_its_records_may_have_been_delivered() {
    let post = patient_post().await;
    post.world
        .faults(json!([{"path": "/bigin/v2/Tasks", "fault": {"kind": "latency", "ms": 60_000}}]));
    let id = post.queue.put(inserts("Tasks", vec![task(1)]));
    let begun = std::time::Instant::now();
    assert_eq!(post.consume_within(Duration::from_secs(2)).await, [id]);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    post.world.faults(json!([]));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.last_report().counts.possibly_duplicated, 1);
}

#[tokio::test]
async fn metadata_that_hangs_does_not_keep_the_answer() {
    let post = patient_post().await;
    post.world
        .faults(json!([{"path": "/bigin/v2/settings/*", "fault": {"kind": "latency", "ms": 60_000}}]));
    let id = post.contacts([contact(1)]);
    let begun = std::time::Instant::now();
    assert_eq!(post.consume_within(Duration::from_secs(2)).await, [id]);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(post.world.write_calls(), 0);
}
