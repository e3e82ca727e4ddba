//! What becomes of waiting messages and missed files over a pause.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod post;
mod support;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use post::{Post, contact};
use push::import::Step;
use push::queue::{Memory, remember};
use push::report::{Report, RunStatus};
use serde_json::{Value, json};
use shared::state::pause::{self, SetCause};
use shared::state::{Cause, Held, held, unread, upkeep};
use support::{Execution, contacts};

const DAY: SignedDuration = SignedDuration::from_hours(24);

async fn pause(post: &Post) {
    let cause = SetCause {
        cause: Cause::Operator,
        message: "the books are being closed".into(),
        since: post.push.context.now(),
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
    post.queue.put_at(post.push.context.now() - DAY * days_ago, None, body)
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
async fn a_file_that_ends_the_hold_on_its_module_has_waiting_messages_brought_back() {
    let post = Post::open().await;
    let hold = Held {
        module: "Contacts".into(),
        code: "NO_PERMISSION".into(),
        message: "m".into(),
        action: "a".into(),
        since: post.push.context.now(),
        look_again_at: post.push.context.now(),
    };
    for (rows, upkeeps) in [(0..3, 1), (3..5, 1)] {
        if rows.start == 0 {
            held::hold(&post.world.table, &hold).await.unwrap();
        }
        let file = post.world.put("inbox/Contacts/a.csv", contacts(rows.clone()));
        let Execution {
            mut step, mut import, ..
        } = post.world.start(&file);
        while step != Step::Done {
            let event = json!({"step": step, "import": import, "runs_in": import.execution});
            let next = post.by_hand(event).await.unwrap();
            post.world.clock.advance(next["wait_seconds"].as_u64().unwrap());
            step = serde_json::from_value(next["next"].clone()).unwrap();
            import = serde_json::from_value(next["import"].clone()).unwrap();
        }
        assert_eq!(post.world.records("Contacts").len(), rows.end as usize);
        assert_eq!(held::of_module(&post.world.table, "Contacts").await.unwrap(), None);
        assert_eq!(post.push.intake.upkeeps(), upkeeps, "once, when the hold ends");
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

/// Runs what the upkeep has started.
async fn run_started(post: &Post) -> Vec<Report> {
    let started: Vec<(String, Value)> = std::mem::take(&mut *post.world.machine.started.lock().unwrap());
    let mut reports = Vec::new();
    for (_, event) in started {
        reports.push(post.world.import(&event).await);
    }
    reports
}

#[tokio::test]
async fn a_file_that_could_not_be_read_is_taken_up_once_it_can_be() {
    for (may_be_looked_up, is_in_the_middle) in [(true, false), (false, false), (true, true)] {
        let post = Post::open().await;
        let (world, key) = (&post.world, "inbox/Contacts/a.csv");
        let rows = if is_in_the_middle { 2_000 } else { 3 };
        let event = world.put(key, contacts(0..rows));
        let forbid = || world.bucket.forbidden.lock().unwrap().insert(key.to_owned());
        world
            .bucket
            .forbids_heads
            .store(!may_be_looked_up, std::sync::atomic::Ordering::SeqCst);
        let mut execution = world.start(&event);
        if is_in_the_middle {
            execution.run_until(world, |next| next.next == Step::Slice).await;
        }
        forbid();
        let refused = world.run(execution).await;
        let status = if is_in_the_middle {
            RunStatus::Stopped
        } else {
            RunStatus::Refused
        };
        assert_eq!(
            (refused.status, refused.reason.unwrap().code.as_str()),
            (status, "UNREADABLE")
        );
        assert!(
            world.context.ledger().line().await.unwrap().is_empty(),
            "nobody waits for it"
        );
        assert!(
            upkeep::read(&world.table).await.unwrap().is_some(),
            "the scheduled refresh asks push to look"
        );
        for _ in 0..2 {
            assert_eq!(look_after(&post).await["imports_started"], 0, "it cannot be read yet");
            world.clock.advance(1_200);
        }
        world.bucket.forbidden.lock().unwrap().clear();
        assert_eq!(look_after(&post).await["imports_started"], 1);
        let [report] = run_started(&post).await.try_into().unwrap();
        assert_eq!(
            (report.status, report.counts.inserted),
            (RunStatus::Complete, rows.into()),
            "{report:?}"
        );
        assert_eq!(look_after(&post).await["imports_started"], 0);
        assert_eq!(upkeep::read(&world.table).await.unwrap(), None, "nothing is left to do");
    }
}

#[tokio::test]
async fn a_file_that_could_not_be_read_is_left_out_once_it_was_deleted_or_a_newer_one_of_its_module_has_gone() {
    for is_deleted in [true, false] {
        let post = Post::open().await;
        let (world, key) = (&post.world, "inbox/Contacts/a.csv");
        let event = world.put(key, contacts(0..3));
        world.bucket.forbidden.lock().unwrap().insert(key.to_owned());
        assert_eq!(world.import(&event).await.status, RunStatus::Refused);
        // One of another module is no reason.
        world.clock.advance(2);
        let other = world.put("inbox/Accounts/b.csv", "Account Name\nX GmbH\n");
        assert_eq!(world.import(&other).await.status, RunStatus::Complete);
        assert_eq!(unread::all(&world.table).await.unwrap().len(), 1);
        if is_deleted {
            world.bucket.delete_at(key, Timestamp::now());
        } else {
            let newer = world.put("inbox/Contacts/b.csv", contacts(5..6));
            assert_eq!(world.import(&newer).await.status, RunStatus::Complete);
        }
        world.bucket.forbidden.lock().unwrap().clear();
        assert_eq!(look_after(&post).await["imports_started"], 0, "deleted: {is_deleted}");
        assert_eq!(upkeep::read(&world.table).await.unwrap(), None);
    }
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
            post.push.context.now().duration_since(oldest)
        });
        assert!(age <= DAY * 7 + SignedDuration::from_mins(1), "{age:?} on day {day}");
        assert!(post.queue.lying().iter().all(|message| message.receives <= 1));
    }
    resume(&post).await;
    look_after(&post).await;
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 30);
}

/// The order of a group's messages, as numbers in what lies on the queue.
fn order_of(post: &Post, group: &str) -> Vec<u64> {
    let lying = post.queue.lying().into_iter();
    let of_group = lying.filter(|message| message.group.as_deref() == Some(group));
    of_group
        .map(|message| {
            let body: Value = serde_json::from_str(&message.body).unwrap();
            body["record"]["Title"].as_str().unwrap().parse().unwrap()
        })
        .collect()
}

/// A message that gives a group's contact a number.
fn numbered(group: &str, number: u32) -> Value {
    json!({"module": "Contacts", "record": {"Last_Name": group, "Email": format!("{group}@example.com"), "Title": number.to_string()}})
}

#[tokio::test]
async fn hundreds_of_messages_of_one_group_survive_a_long_pause_in_their_order() {
    let post = Post::open().await;
    pause(&post).await;
    let sent_at = post.push.context.now() - DAY * 5;
    for number in 0..437 {
        // Many were sent within one millisecond; some of another group lie in between.
        post.queue.put_at(sent_at, Some("one"), numbered("one", number));
        if number % 40 == 0 {
            post.queue.put_at(sent_at, Some("other"), numbered("other", number));
        }
    }
    let young = post
        .queue
        .put_at(post.push.context.now() + DAY, Some("one"), numbered("one", 437));
    look_after(&post).await;
    post.world.clock.advance(days(2));
    let answer = look_after(&post).await;
    assert_eq!(
        (&answer["deferred"], &answer["unfinished"]),
        (&json!(448), &json!(false)),
        "{answer}"
    );
    let lying: Vec<_> = post
        .queue
        .lying()
        .into_iter()
        .map(|message| (message.id, message.receives))
        .collect();
    assert_eq!(lying, [(young, 1)], "the young one was looked at once");

    resume(&post).await;
    assert_eq!(look_after(&post).await["brought_back"], 448);
    let [one, other] = ["one", "other"].map(|group| order_of(&post, group));
    assert_eq!(other, (0..437).step_by(40).collect::<Vec<u64>>());
    assert_eq!(
        one.into_iter().filter(|number| *number < 437).collect::<Vec<_>>(),
        (0..437).collect::<Vec<u64>>()
    );
    post.drain().await;
    let titles: BTreeSet<_> = post
        .world
        .records("Contacts")
        .iter()
        .map(|contact| contact["Title"].clone().to_string())
        .collect();
    assert_eq!(
        titles,
        ["\"400\"", "\"436\""].map(str::to_owned).into(),
        "later data wins"
    );
}

#[tokio::test]
async fn no_message_of_any_group_is_left_behind_or_overtaken() {
    for seed in 0..30 {
        let mut random = fastrand::Rng::with_seed(seed);
        let post = Post::open().await;
        pause(&post).await;
        let groups = ["a", "b", "c", "d"].map(|group| (group, random.u32(0..60)));
        let mut left: Vec<(&str, u32)> = groups
            .iter()
            .flat_map(|(group, count)| (0..*count).map(move |number| (*group, number)))
            .collect();
        // In any mixture of groups, each in its order.
        random.shuffle(&mut left);
        left.sort_by_key(|(_, number)| number / 7);
        let mut next = std::collections::HashMap::new();
        for (place, (group, _)) in left.iter().enumerate() {
            let number = next.entry(*group).and_modify(|number| *number += 1).or_insert(0u32);
            let sent_at = post.push.context.now() - DAY * 9 + SignedDuration::from_secs(i64::try_from(place).unwrap());
            post.queue.put_at(sent_at, Some(group), numbered(group, *number));
        }
        look_after(&post).await;
        post.world.clock.advance(days(1));
        let answer = look_after(&post).await;
        assert_eq!(answer["deferred"], left.len(), "seed {seed}: {answer}");
        assert!(post.queue.lying().is_empty(), "seed {seed}");
        resume(&post).await;
        look_after(&post).await;
        for (group, count) in groups {
            assert_eq!(
                order_of(&post, group),
                (0..u64::from(count)).collect::<Vec<_>>(),
                "seed {seed}, group {group}"
            );
        }
    }
}

#[tokio::test]
async fn what_had_ended_of_a_deferred_message_is_not_sent_again() {
    let post = Post::open().await;
    let body = json!({"module": "Tasks", "operation": "insert", "records": [{"Subject": "done"}, {"Subject": "open"}]});
    let id = post.queue.put_at(post.push.context.now() - DAY * 8, None, body);
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
    assert_eq!(
        (&answer["imports_started"], &answer["unfinished"]),
        (&json!(0), &json!(true)),
        "their events may be on their way"
    );
    world.clock.advance(16 * 60);
    let answer = look_after(&post).await;
    assert_eq!(answer["imports_started"], 6, "{answer}");
    let started = post.push.imports.started.lock().unwrap().clone();
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

#[tokio::test]
async fn an_upkeep_that_the_table_fails_leaves_the_next_one_free() {
    let post = Post::open().await;
    post.world.table.fails_to_count(true);
    assert!(post.by_hand(json!({"upkeep": true})).await.is_err());
    post.world.table.fails_to_count(false);
    assert_eq!(look_after(&post).await["under_way"], false);
}

#[tokio::test]
async fn a_message_that_is_put_away_again_while_the_upkeep_is_at_it_is_not_taken_for_a_second_copy() {
    let post = Post::open().await;
    let away = |key: &str, number: u32| {
        let body = json!({"module": "Contacts", "records": [contact(number)]}).to_string();
        let line = json!({"message_id": format!("message-{number}"), "sent_at": null, "body": body});
        post.world
            .bucket
            .set(&format!("deferred/held/Contacts/{key}"), line.to_string());
    };
    away("1.ndjson", 1);
    away("2.ndjson", 2);
    // The first comes back, is refused and put away, before the second has come back.
    let consumer = async {
        while post.queue.lying().is_empty() {
            tokio::task::yield_now().await;
        }
        let [first] = post.queue.lying().try_into().unwrap();
        assert_eq!(first.origin.as_deref(), Some("message-1"));
        post.queue.remove(&first.id);
        away("3.ndjson", 1);
    };
    let (answer, ()) = tokio::join!(look_after(&post), consumer);
    assert_eq!(answer["brought_back"], 3, "{answer}");
    let origins: BTreeSet<_> = post
        .queue
        .lying()
        .into_iter()
        .filter_map(|lying| lying.origin)
        .collect();
    assert_eq!(origins, ["message-1".to_owned(), "message-2".to_owned()].into());
    post.drain().await;
    assert_eq!(post.world.records("Contacts").len(), 2);
}
