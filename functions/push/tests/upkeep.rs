//! What becomes of waiting messages and missed files over a pause.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod post;
mod support;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use post::{Post, contact};
use push::queue::{Memory, remember};
use serde_json::{Value, json};
use shared::state::pause::{self, SetCause};
use shared::state::{Cause, upkeep};

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn pause(post: &Post) {
    let cause = SetCause {
        cause: Cause::Operator,
        message: "the books are being closed".into(),
        since: post.push.relay.now(),
        by: "operator".into(),
        resumes_at: None,
    };
    pause::set(&post.world.table, &cause).await.unwrap();
}

async fn resume(post: &Post) {
    pause::clear(&post.world.table, &[Cause::Operator]).await.unwrap();
}

async fn look_after(post: &Post) -> Value {
    post.by_hand(json!({"upkeep": true})).await.unwrap()
}

fn days(days: i32) -> u64 {
    (DAY * days).as_secs().unsigned_abs()
}

/// A message of one contact that was sent so many days ago.
fn sent(post: &Post, number: u32, days_ago: i32) -> String {
    let body = json!({"module": "Contacts", "records": [contact(number)]});
    post.queue.put_at(post.push.relay.now() - DAY * days_ago, None, body)
}

/// The upkeep is done over and over while it dies at each step it makes, a little later every time.
async fn look_after_and_die_often(post: &Post) {
    for steps in 1..60 {
        post.world.crash.at(steps);
        let alive = tokio::select! {
            done = post.by_hand(json!({"upkeep": true})) => { done.unwrap(); true }
            () = post.world.crash.death() => false,
        };
        post.world.crash.never();
        post.queue.show_all();
        // The lease of the dead one runs out.
        post.world.clock.advance(201);
        if alive && post.world.bucket.keys("deferred/").is_empty() {
            return;
        }
    }
}

#[tokio::test]
async fn old_messages_wait_in_the_bucket_and_come_back_when_the_pause_is_over() {
    let post = Post::open().await;
    pause(&post).await;
    for number in 0..25 {
        sent(&post, number, 5);
    }
    let young = sent(&post, 99, -1);
    assert_eq!(
        look_after(&post).await["deferred"],
        0,
        "a pause of a moment moves nothing"
    );
    post.world.clock.advance(days(2));
    let answer = look_after(&post).await;
    assert_eq!(
        (&answer["paused"], &answer["deferred"]),
        (&json!(true), &json!(25)),
        "{answer}"
    );
    let lying: Vec<_> = post.queue.lying().into_iter().map(|message| message.id).collect();
    assert_eq!(lying, [young.as_str()]);
    assert!(
        post.queue.hidden(&young).unwrap().is_zero(),
        "it can be received at once"
    );
    assert_eq!(post.world.bucket.keys("deferred/").len(), 1);
    assert_eq!(look_after(&post).await["deferred"], 0);
    assert_eq!(post.queue.lying()[0].receives, 1, "and is not looked at again for days");

    resume(&post).await;
    let answer = look_after(&post).await;
    assert_eq!(answer["brought_back"], 25, "{answer}");
    assert!(post.world.bucket.keys("deferred/").is_empty());
    assert_eq!(upkeep::read(&post.world.table).await.unwrap(), None);
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 26);
    assert_eq!(
        post.last_report().counts.possibly_duplicated,
        0,
        "nobody had sent any of them before"
    );
}

#[tokio::test]
async fn messages_that_grow_old_in_a_long_pause_follow() {
    let post = Post::open().await;
    pause(&post).await;
    look_after(&post).await;
    for day in 0..30 {
        sent(&post, day, 0);
        post.world.clock.advance(days(1));
        look_after(&post).await;
        let oldest = post.queue.lying().iter().map(|message| message.sent_at).min();
        let age = oldest.map_or(SignedDuration::ZERO, |oldest| {
            post.push.relay.now().duration_since(oldest)
        });
        assert!(age <= DAY * 7 + SignedDuration::from_mins(1), "{age:?} on day {day}");
        assert!(post.queue.lying().iter().all(|message| message.receives <= 1));
    }
    resume(&post).await;
    look_after(&post).await;
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 30);
}

#[tokio::test]
async fn what_had_ended_of_a_deferred_message_is_not_sent_again() {
    let post = Post::open().await;
    let body = json!({"module": "Tasks", "operation": "insert", "records": [{"Subject": "done"}, {"Subject": "open"}]});
    let id = post.queue.put_at(post.push.relay.now() - DAY * 8, None, body);
    let memory = Memory {
        ended: [0].into(),
        delivery: 3,
        ..Memory::default()
    };
    remember(&post.world.table, &id, &memory, Timestamp::now())
        .await
        .unwrap();
    pause(&post).await;
    post.world.clock.advance(days(1));
    assert_eq!(look_after(&post).await["deferred"], 1);
    resume(&post).await;
    look_after(&post).await;
    post.drain().await;
    let subjects: Vec<_> = post
        .world
        .records("Tasks")
        .iter()
        .map(|task| task["Subject"].clone())
        .collect();
    assert_eq!(subjects, ["open"]);
    assert_eq!(post.last_report().counts.possibly_duplicated, 0);
}

#[tokio::test]
async fn nothing_is_lost_however_often_the_upkeep_dies() {
    let post = Post::open().await;
    pause(&post).await;
    let sent: BTreeSet<_> = (0..40).map(|number| sent(&post, number, 8)).collect();
    look_after(&post).await;
    post.world.clock.advance(days(2));
    look_after_and_die_often(&post).await;
    let moved: String = post
        .world
        .bucket
        .keys("deferred/")
        .iter()
        .map(|key| post.world.text(key))
        .collect();
    let lying: BTreeSet<_> = post.queue.lying().into_iter().map(|message| message.id).collect();
    assert!(
        sent.iter()
            .all(|id| lying.contains(id) || moved.contains(&format!("\"{id}\"")))
    );
    resume(&post).await;
    look_after_and_die_often(&post).await;
    look_after(&post).await;
    assert!(post.world.bucket.keys("deferred/").is_empty());
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 40);
}

#[tokio::test]
async fn files_whose_event_was_lost_are_imported_after_a_pause_and_only_those() {
    let post = Post::open().await;
    let world = &post.world;
    let known = world.put("inbox/Contacts/known.csv", "Last Name,Email\nA,a@example.com\n");
    world.import(&known).await;
    // Its pages hold three versions each: the seven of these two keys are cut apart.
    for version in 1..=3 {
        world.bucket.set(
            "inbox/Contacts/lost.csv",
            format!("Last Name,Email\nB{version},b@example.com\n"),
        );
        world.bucket.set(
            "inbox/Contacts/too.csv",
            format!("Last Name,Email\nC{version},c@example.com\n"),
        );
    }
    world.bucket.set("inbox/nowhere.csv", "x");
    let answer = look_after(&post).await;
    assert_eq!(answer["imports_started"], 6, "{answer}");
    let started = post.push.imports.0.lock().unwrap().clone();
    for (_, event) in &started {
        world.import(event).await;
    }
    let names: BTreeSet<String> = world
        .records("Contacts")
        .iter()
        .map(|contact| contact["Last_Name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["A", "B3", "C3"].map(str::to_owned).into());
    assert_eq!(look_after(&post).await["imports_started"], 0);
}

#[tokio::test]
async fn one_upkeep_at_a_time() {
    let post = Post::open().await;
    let (one, other) = tokio::join!(look_after(&post), look_after(&post));
    assert_ne!(one["under_way"], other["under_way"], "{one} {other}");
}
