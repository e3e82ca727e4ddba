//! Rejects and outcomes are put together in bounded stretches: no death, no upload that was lost and no invocation that
//! hangs on loses or doubles a line.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use push::context::Settings;
use push::import::Step;
use push::report::RunStatus;
use shared::bucket::{Join, Joined};

use crate::support::bucket::MemoryBucket;
use crate::support::crash::Crash;
use crate::support::{Execution, Invocation, World, adds_up, faulty_file};

const FILE: &str = "rejects/Contacts/a.csv";

/// What happens to a stretch.
#[derive(Debug, Clone)]
enum Happening {
    /// It is done, and saved.
    Saved,
    /// The invocation dies at that touch of the bucket.
    DiesAt(i64),
    /// It is done, and the invocation dies before it is saved.
    NotSaved,
    /// The bucket forgets what was not completed.
    UploadsForgotten,
    /// An invocation that was taken for dead does a stretch from what was saved that long ago.
    HangsOn(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => Just(Happening::Saved),
        4 => (1..30_i64).prop_map(Happening::DiesAt),
        1 => Just(Happening::NotSaved),
        1 => Just(Happening::UploadsForgotten),
        2 => (1..4_usize).prop_map(Happening::HangsOn),
    ]
}

/// One stretch of so many objects; what is to be saved then, or nothing where the invocation has died.
async fn stretch(
    bucket: &MemoryBucket,
    crash: &Crash,
    keys: &[String],
    from: &Joined,
    epoch: usize,
    most: usize,
) -> Option<(Joined, bool)> {
    let mut left = most;
    let rest_key = format!("work/rest-{epoch}");
    let join = Join {
        key: FILE,
        content_type: "text/csv",
        parts: keys,
        rest_key: &rest_key,
    };
    let may_go_on = || {
        left = left.saturating_sub(1);
        left > 0
    };
    // What is saved is JSON.
    let mut joined: Joined = serde_json::from_value(serde_json::to_value(from).unwrap()).unwrap();
    let is_whole = tokio::select! {
        is_whole = joined.go_on(bucket, &join, may_go_on) => is_whole.unwrap(),
        () = crash.death() => return None,
    };
    Some((joined, is_whole))
}

proptest! {
    #[test]
    fn whatever_happens_in_between_the_file_is_all_objects_in_their_order(
        sizes in prop::collection::vec(1..3_000_usize, 1..40),
        most in 1..12_usize,
        happenings in prop::collection::vec(happening(), 0..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let crash = Crash::default();
            let bucket = MemoryBucket::new(crash.clone());
            let mut whole = Vec::new();
            let mut keys = Vec::new();
            for (number, size) in sizes.iter().enumerate() {
                let part: Vec<u8> = (0..*size).map(|at| (at * 31 + number * 7).to_le_bytes()[0]).collect();
                whole.extend_from_slice(&part);
                let key = format!("work/part-{number}");
                bucket.set(&key, part);
                keys.push(key);
            }
            // An abandoned run has left a file of fewer objects.
            bucket.set(FILE, &whole[..sizes[0] / 2]);
            let mut saved = vec![Joined::default()];
            let mut happenings = happenings.into_iter();
            for epoch in 0.. {
                prop_assert!(epoch < 200, "it does not come to an end");
                let happening = happenings.next().unwrap_or(Happening::Saved);
                let mut from = saved.last().unwrap();
                match happening {
                    Happening::DiesAt(touch) => crash.at(touch),
                    Happening::UploadsForgotten => bucket.forget_uploads(),
                    Happening::HangsOn(back) => from = &saved[saved.len().saturating_sub(1 + back)],
                    Happening::Saved | Happening::NotSaved => {}
                }
                let done = stretch(&bucket, &crash, &keys, from, epoch, most).await;
                crash.never();
                let Some((joined, is_whole)) = done else { continue };
                if matches!(happening, Happening::NotSaved | Happening::HangsOn(_)) {
                    continue;
                }
                saved.push(joined);
                if is_whole {
                    break;
                }
            }
            prop_assert!(bucket.text(FILE) == Some(whole), "the file is not what the objects come to");
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn no_more_is_read_ahead_than_was_said_and_no_piece_is_kept() {
    let crash = Crash::default();
    let bucket = MemoryBucket::new(crash.clone());
    let keys: Vec<String> = (0..300).map(|number| format!("work/part-{number}")).collect();
    for key in &keys {
        bucket.set(key, vec![b'x'; 100]);
    }
    let join = Join {
        key: FILE,
        content_type: "text/csv",
        parts: &keys,
        rest_key: "work/rest",
    };
    let mut joined = Joined::default();
    assert!(!joined.go_on(&bucket, &join, || false).await.unwrap());
    assert_eq!(joined.rest(), Some("work/rest"));
    assert!(
        crash.touches() <= 12 + 1,
        "one object, those read ahead, and the rest: {}",
        crash.touches()
    );
    let before = crash.touches();
    while !joined.go_on(&bucket, &join, || true).await.unwrap() {}
    // 300 objects of 100 bytes are 29 pieces of 1 KiB and a last one; none is asked for twice, and nothing is looked up.
    assert_eq!(crash.touches() - before, 1 + 299 + 1 + 30 + 2);
    assert_eq!(bucket.text(FILE).unwrap().len(), 30_000);
}

/// A checkpoint is always due: many parts, and each finish puts one of them together.
fn hurried() -> Settings {
    Settings {
        checkpoint_every: Duration::ZERO,
        checkpoint_rows: 1,
        ..Settings::default()
    }
}

async fn before_finish(world: &World) -> Execution {
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", faulty_file()));
    execution.run_until(world, |next| next.next == Step::Finish).await;
    execution
}

#[tokio::test]
async fn finish_goes_on_over_as_many_steps_as_it_takes_and_may_die_anywhere() {
    let world = World::with(serde_json::json!({}), hurried()).await;
    let mut execution = before_finish(&world).await;
    let parts = world.bucket.keys("work/").len();
    assert!(parts > 5, "{parts} parts");
    let (mut steps, mut deaths) = (0, 0);
    while execution.step != Step::Done {
        // It dies at every place that this step has, then lives.
        for touch in 1.. {
            world.crash.at(touch);
            let invocation = execution.invoke(&world).await;
            world.crash.never();
            if invocation != Invocation::Died {
                break;
            }
            deaths += 1;
        }
        steps += 1;
        assert!(steps < 200);
    }
    assert!(steps > 2 && deaths > 20, "{steps} steps, {deaths} deaths");
    let report = world.report(&execution).await.unwrap();
    adds_up(&report);
    assert_eq!((report.counts.read, report.counts.rejected), (1_000, 5));
    let outcomes = world.outcomes(&report);
    let lines: HashSet<_> = outcomes.iter().map(|row| row[0].clone()).collect();
    assert_eq!((outcomes.len(), lines.len()), (1_000, 1_000), "each row is there once");
    let rejects = world.text(report.rejects_key.as_ref().unwrap());
    assert_eq!(rejects.matches("+49 30 123456").count(), 5);
}

#[tokio::test]
async fn what_a_long_finish_kept_under_way_is_removed() {
    let world = World::with(serde_json::json!({}), hurried()).await;
    let mut execution = before_finish(&world).await;
    while execution.step != Step::Done {
        execution.step(&world).await;
    }
    assert_eq!(world.bucket.keys("work/"), Vec::<String>::new());
}

#[tokio::test]
async fn a_finish_that_was_given_up_in_the_middle_is_told_with_its_files_and_ends_whole_later() {
    let world = World::with(serde_json::json!({}), hurried()).await;
    let mut execution = before_finish(&world).await;
    for _ in 0..4 {
        execution.step(&world).await;
    }
    execution.step = Step::Abandon;
    execution.step(&world).await;
    let report = world.report(&execution).await.unwrap();
    assert_eq!(
        (report.status, world.outcomes(&report).len()),
        (RunStatus::Failed, 1_000)
    );
    let again = serde_json::json!({"bucket": "data", "key": "inbox/Contacts/a.csv"});
    let report = world.import(&again).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.rejected),
        (RunStatus::Partial, 5),
        "{report:?}"
    );
    assert_eq!(world.outcomes(&report).len(), 1_000);
    let rejects = world.text(report.rejects_key.as_ref().unwrap());
    assert_eq!(rejects.matches("+49 30 123456").count(), 5);
}
