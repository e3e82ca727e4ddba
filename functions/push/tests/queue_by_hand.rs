//! Push invoked by hand, with a message or a file; and what must never go wrong with a batch.

mod post;
mod support;

use std::time::Duration;

use push::context::Services;
use serde_json::json;
use shared::bucket::{BucketError, Listed, ObjectVersion, Objects, VersionMarker};
use shared::state::pause::SetCause;
use shared::state::{Cause, pause};

use post::{Post, contact, impatient, relay_over};
use support::bucket::MemoryBucket;
use support::table::TestTable;
use support::{TestClock, TestTokens, World};

const NONE: [&str; 0] = [];

#[tokio::test]
async fn a_message_by_hand_is_delivered_and_answered_with_its_report() {
    let post = Post::open().await;
    let records: Vec<_> = (0..150).map(contact).chain([json!({"Last_Name": "No key"})]).collect();
    let answer = post
        .by_hand(json!({"module": "Contacts", "records": records}))
        .await
        .unwrap();
    assert_eq!(
        (&answer["status"], &answer["inserted"], &answer["rejected"]),
        (&json!("partial"), &json!(150), &json!(1))
    );
    assert_eq!(answer["source"], "message");
    assert!(post.world.report_at(answer["report_key"].as_str().unwrap()).is_some());
    assert_eq!(post.rejects().len(), 1);
    assert!(post.queue.lying().is_empty());
    let turn = post.push.context.take_turn("another").await.unwrap();
    assert!(turn.is_some(), "the turn was given back");
}

#[tokio::test]
async fn a_message_by_hand_that_can_never_succeed_says_why() {
    let post = Post::open().await;
    let answer = post
        .by_hand(json!({"module": "Leads", "record": {"Last_Name": "Rao"}}))
        .await
        .unwrap();
    assert_eq!(
        (&answer["status"], &answer["rejects_by_code"]),
        (&json!("partial"), &json!({"UNKNOWN_MODULE": 1}))
    );
    assert!(post.rejects()[0]["_raw"].as_str().unwrap().contains("Leads"));
}

#[tokio::test]
async fn while_an_import_has_the_turn_a_message_by_hand_goes_onto_the_queue_first() {
    let post = Post::open().await;
    let turn = post.push.context.take_turn("an import").await.unwrap().unwrap();
    let records: Vec<_> = (0..5).map(contact).collect();
    let answer = post
        .by_hand(json!({"module": "Contacts", "operation": "upsert", "records": records}))
        .await
        .unwrap();
    assert_eq!((&answer["status"], &answer["deferred"]), (&json!("paused"), &json!(5)));
    assert_eq!(answer["reason"]["code"], "TURN_TAKEN");
    assert_eq!(post.queue.lying().len(), 1);
    post.push.context.give_turn_back(turn).await.unwrap();
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Contacts").len(), 5);
}

#[tokio::test]
async fn what_a_message_by_hand_cannot_deliver_is_on_the_queue_before_it_answers() {
    let post = Post::with(json!({}), impatient()).await;
    post.world
        .faults(json!([{"path": "/bigin/v2/Contacts*", "skip": 3, "fault": {"kind": "status", "status": 500}}]));
    let records: Vec<_> = (0..500).map(contact).collect();
    let answer = post
        .by_hand(json!({"module": "Contacts", "records": records}))
        .await
        .unwrap();
    assert_eq!((&answer["inserted"], &answer["deferred"]), (&json!(300), &json!(200)));
    assert_eq!(post.queue.lying()[0].group.as_deref(), Some("by-hand"));
    post.world.faults(json!([]));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.last_report().counts.inserted, 200);
    assert_eq!(post.world.records("Contacts").len(), 500);
}

#[tokio::test]
async fn records_that_are_neither_delivered_nor_queued_are_an_error() {
    let post = Post::open().await;
    let now = post.push.context.now();
    let cause = SetCause {
        cause: Cause::Operator,
        message: "m".into(),
        since: now,
        by: "test".into(),
        resumes_at: None,
    };
    pause::set(&post.push.context.table, &cause).await.unwrap();
    *post.queue.refuses.lock().unwrap() = true;
    let error = post
        .by_hand(json!({"module": "Contacts", "record": contact(1)}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), "NotQueued");
    assert!(error.to_string().contains("1 of the message's 1 records"));
}

#[tokio::test]
async fn a_file_by_hand_starts_an_import_and_waits_for_its_report() {
    let post = Post::open().await;
    let request = json!({"bucket": "data", "key": "inbox/Contacts/x.csv", "dry_run": true});
    let answering = post.by_hand(request);
    let importing = async {
        let name = loop {
            if let Some((name, input)) = post.push.imports.started.lock().unwrap().first().cloned() {
                assert_eq!(
                    input,
                    json!({"bucket": "data", "key": "inbox/Contacts/x.csv", "dry_run": true, "force": false})
                );
                break name;
            }
            tokio::task::yield_now().await;
        };
        post.world.bucket.set("reports/x.json", r#"{"status": "planned"}"#);
        post.push
            .context
            .ledger()
            .note_report(&name, "reports/x.json", post.push.context.now())
            .await
            .unwrap();
    };
    let (answer, ()) = tokio::join!(answering, importing);
    assert_eq!(answer.unwrap(), json!({"status": "planned"}));
}

#[tokio::test]
async fn a_file_that_takes_longer_is_answered_with_where_its_report_will_be() {
    let post = Post::open().await;
    let request = json!({"bucket": "data", "key": "inbox/Contacts/x.csv"});
    let answer = post.push.handle(request, "r", Duration::from_secs(10)).await.unwrap();
    assert_eq!(answer["status"], "running");
    assert!(answer["report_key"].as_str().unwrap().starts_with("reports/Contacts/"));
    let error = post.by_hand(json!({"hello": "world"})).await.unwrap_err();
    assert_eq!(error.kind(), "UnknownEvent");
}

#[tokio::test]
async fn a_file_by_hand_is_answered_before_whoever_asked_asks_again() {
    let post = Post::open().await;
    let began = post.push.context.now();
    let request = json!({"bucket": "data", "key": "inbox/Contacts/x.csv"});
    let answer = post.by_hand(request).await.unwrap();
    assert_eq!(answer["status"], "running");
    let waited = post.push.context.now().duration_since(began).as_secs();
    assert!(
        (30..=45).contains(&waited),
        "the AWS CLI asks again after 60 s: {waited} s"
    );
}

#[tokio::test]
async fn a_forced_request_that_comes_again_waits_for_the_import_of_the_first() {
    let post = Post::open().await;
    let world = &post.world;
    let key = "inbox/Contacts/x.csv";
    let event = world.put(key, "Last Name,Email\nA,a@example.com\n");
    world.import(&event).await;
    let forced = json!({"bucket": "data", "key": key, "force": true});
    assert_eq!(post.by_hand(forced.clone()).await.unwrap()["status"], "running");
    let (name, input) = post.push.imports.started.lock().unwrap()[0].clone();
    let mut execution = world.start(&input);
    execution.import.execution.clone_from(&name);
    // It is claimed, and goes on while the request comes again.
    execution.step(world).await;
    let again = post.by_hand(forced.clone());
    let importing = world.run(execution);
    let (again, report) = tokio::join!(again, importing);
    assert_eq!(
        post.push.imports.started.lock().unwrap().len(),
        1,
        "no second import was started"
    );
    assert_eq!((&report.counts.inserted, &report.counts.updated), (&0, &1));
    let again = again.unwrap();
    let told = (again["run_id"].as_str(), again["status"].as_str());
    assert!(
        told == (Some(&report.run_id), Some("complete")) || again["execution"] == name.as_str(),
        "{again}"
    );

    // The first has ended: now it is a new request.
    post.by_hand(forced).await.unwrap();
    assert_eq!(post.push.imports.started.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_forced_request_finds_the_import_that_an_event_started_and_says_where_its_report_will_be() {
    let post = Post::open().await;
    let key = "inbox/Contacts/x.csv";
    let event = post.world.put(key, "Last Name,Email\nA,a@example.com\n");
    let mut execution = post.world.start(&event);
    execution.step(&post.world).await;
    let forced = json!({"bucket": "data", "key": key, "force": true});
    let answer = post.by_hand(forced.clone()).await.unwrap();
    assert_eq!(answer["execution"], execution.import.execution.as_str());
    let report_key = answer["report_key"].as_str().unwrap().to_owned();
    assert_eq!(post.world.run(execution).await.report_key, Some(report_key));
    // Another version of the file is another matter.
    post.world.put(key, "Last Name,Email\nB,b@example.com\n");
    post.by_hand(forced).await.unwrap();
    assert_eq!(post.push.imports.started.lock().unwrap().len(), 1);
}

/// A bucket in which one mapping makes whoever reads it panic, and which takes no rejects while it is full.
#[derive(Clone)]
struct Trapped {
    inner: MemoryBucket,
    full: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Objects for Trapped {
    const RANGE: usize = MemoryBucket::RANGE;
    const PIECE: usize = MemoryBucket::PIECE;

    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn look_up(&self, key: &str, version_id: Option<&str>) -> Result<ObjectVersion, BucketError> {
        self.inner.look_up(key, version_id).await
    }

    async fn read(&self, object: &ObjectVersion, from: u64) -> Result<Vec<u8>, BucketError> {
        self.inner.read(object, from).await
    }

    async fn get(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, BucketError> {
        assert!(!key.contains("trap"), "the trap was stepped on");
        self.inner.get(key, most).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, BucketError> {
        Objects::keys(&self.inner, prefix).await
    }

    async fn versions(
        &self,
        prefix: &str,
        from: Option<VersionMarker>,
    ) -> Result<(Vec<Listed>, Option<VersionMarker>), BucketError> {
        self.inner.versions(prefix, from).await
    }

    async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), BucketError> {
        if key.starts_with("rejects/") && self.full.load(std::sync::atomic::Ordering::SeqCst) {
            let (bucket, key, problem) = ("data".to_owned(), key.to_owned(), "full".to_owned());
            return Err(BucketError::Failed {
                action: "write",
                bucket,
                key,
                problem,
            });
        }
        self.inner.put(key, content_type, bytes).await
    }

    async fn delete(&self, key: &str) -> Result<(), BucketError> {
        self.inner.delete(key).await
    }

    async fn read_range(&self, key: &str, from: u64) -> Result<(Vec<u8>, u64), BucketError> {
        self.inner.read_range(key, from).await
    }

    async fn begin_upload(&self, key: &str, content_type: &str) -> Result<String, BucketError> {
        self.inner.begin_upload(key, content_type).await
    }

    async fn upload(&self, key: &str, upload: &str, number: usize, bytes: Vec<u8>) -> Result<String, BucketError> {
        self.inner.upload(key, upload, number, bytes).await
    }

    async fn complete_upload(&self, key: &str, upload: &str, tags: &[String]) -> Result<(), BucketError> {
        self.inner.complete_upload(key, upload, tags).await
    }
}

#[derive(Clone)]
struct TrappedMeans;

impl Services for TrappedMeans {
    type Table = TestTable;
    type Objects = Trapped;
    type Tokens = TestTokens;
    type Clock = TestClock;
}

async fn trapped() -> (Post<TrappedMeans>, Trapped) {
    let world = World::with(json!({}), impatient()).await;
    let bucket = Trapped {
        inner: world.bucket.clone(),
        full: std::sync::Arc::default(),
    };
    let context = relay_over::<TrappedMeans>(&world, bucket.clone());
    (Post::over(world, context), bucket)
}

#[tokio::test]
async fn a_message_that_makes_the_relay_panic_takes_no_other_along() {
    let (post, _) = trapped().await;
    post.contacts([contact(1)]);
    let trap = post
        .queue
        .put(json!({"module": "Contacts", "mapping": "trap", "record": contact(2)}));
    post.contacts([contact(3)]);
    assert_eq!(post.consume().await, std::slice::from_ref(&trap));
    assert_eq!(post.world.records("Contacts").len(), 2);
    assert!(post.queue.hidden(&trap).is_some());
}

#[tokio::test]
async fn rejects_that_cannot_be_written_send_their_messages_back_and_nothing_is_lost_or_repeated() {
    let (post, bucket) = trapped().await;
    bucket.full.store(true, std::sync::atomic::Ordering::SeqCst);
    let mixed = post.contacts([contact(1), json!({"Last_Name": "No key"})]);
    let poison = post.queue.put("poison");
    post.contacts([contact(2)]);
    assert_eq!(post.consume().await, [mixed.clone(), poison]);
    assert_eq!(post.world.records("Contacts").len(), 2);
    let calls = post.world.write_calls();
    bucket.full.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.rejects().len(), 2);
    assert_eq!(post.world.write_calls(), calls, "what was accepted is not sent again");
}
