//! `RecordsQueue` in memory, and push consuming it as Lambda would make it.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use push::context::{Context, Services, Settings};
use push::handler::Push;
use push::queue::Deferred;
use push::queue::{AT_ONCE, QueueError, Received, RecordsQueue, TakenMessage};
use push::report::Report;
use push::resolve::ResolverCache;
use serde_json::{Value, json};
use shared::intake::{Intake, MemoryIntake};
use shared::services::Connections;

use crate::support::machine::TestMachine;
use crate::support::table::TestTable;
use crate::support::{TestClock, TestServices, TestTokens, World};

/// A message on the queue.
#[derive(Debug, Clone)]
pub struct Lying {
    pub id: String,
    /// The name it had before it was moved away and brought back.
    pub origin: Option<String>,
    pub sent_at: Timestamp,
    pub body: String,
    pub group: Option<String>,
    pub receives: u32,
    pub first_received_at: Option<Timestamp>,
}

/// The queue in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryQueue {
    lying: Arc<Mutex<Vec<Lying>>>,
    hidden: Arc<Mutex<HashMap<String, Duration>>>,
    last: Arc<AtomicU64>,
    /// From how many sends on they fail.
    pub refuses: Arc<Mutex<bool>>,
}

impl MemoryQueue {
    pub fn put(&self, body: impl std::fmt::Display) -> String {
        self.put_into(None, body)
    }

    pub fn put_into(&self, group: Option<&str>, body: impl std::fmt::Display) -> String {
        self.put_at(Timestamp::now(), group, body)
    }

    /// Puts a message that was sent at that time.
    pub fn put_at(&self, sent_at: Timestamp, group: Option<&str>, body: impl std::fmt::Display) -> String {
        let id = format!("m{}", self.last.fetch_add(1, Ordering::SeqCst));
        let group = group.map(str::to_owned);
        let lying = Lying {
            id: id.clone(),
            origin: None,
            sent_at,
            body: body.to_string(),
            group,
            receives: 0,
            first_received_at: None,
        };
        self.lying.lock().unwrap().push(lying);
        id
    }

    /// Takes a message off the queue, as whoever has received it does.
    pub fn remove(&self, id: &str) {
        self.lying.lock().unwrap().retain(|message| message.id != id);
    }

    /// What lies on the queue.
    pub fn lying(&self) -> Vec<Lying> {
        self.lying.lock().unwrap().clone()
    }

    /// For how long a message was last sent out of sight.
    pub fn hidden(&self, id: &str) -> Option<Duration> {
        self.hidden.lock().unwrap().get(id).copied()
    }

    /// All times out of sight are over.
    pub fn show_all(&self) {
        self.hidden.lock().unwrap().clear();
    }

    /// Delivers all that lies there, as one event.
    fn deliver(&self, now: Timestamp) -> Value {
        let mut lying = self.lying.lock().unwrap();
        let records: Vec<_> = lying
            .iter_mut()
            .map(|message| {
                message.receives += 1;
                let first = *message.first_received_at.get_or_insert(now);
                json!({"messageId": message.id, "receiptHandle": message.id, "body": message.body, "eventSource": "aws:sqs",
                    "messageAttributes": message.origin.as_ref().map_or(json!({}), |origin|
                        json!({"relay_origin": {"stringValue": origin, "dataType": "String"}})),
                    "attributes": {"ApproximateReceiveCount": message.receives.to_string(),
                        "ApproximateFirstReceiveTimestamp": first.as_millisecond().to_string(),
                        "MessageGroupId": message.group}})
            })
            .collect();
        json!({"Records": records})
    }
}

impl RecordsQueue for MemoryQueue {
    async fn hide(&self, receipt: &str, wait: Duration) -> Result<(), QueueError> {
        self.hidden.lock().unwrap().insert(receipt.to_owned(), wait);
        Ok(())
    }

    async fn take(&self, out_of_sight: Duration) -> Result<Vec<TakenMessage>, QueueError> {
        tokio::task::yield_now().await;
        let mut hidden = self.hidden.lock().unwrap();
        let mut lying = self.lying.lock().unwrap();
        let is_out_of_sight = |message: &Lying| hidden.get(&message.id).is_some_and(|wait| !wait.is_zero());
        // Nothing more of a group while some of it is in flight (Amazon SQS developer guide, "FIFO queue delivery logic").
        let out_of_sight_now = lying.iter().filter(|message| is_out_of_sight(message));
        let blocked: HashSet<String> = out_of_sight_now.filter_map(|message| message.group.clone()).collect();
        let waiting = lying.iter_mut().filter(|message| {
            let is_blocked = message.group.as_ref().is_some_and(|group| blocked.contains(group));
            !is_blocked && !is_out_of_sight(message)
        });
        let taken: Vec<TakenMessage> = waiting.take(AT_ONCE).map(take).collect();
        hidden.extend(taken.iter().map(|taken| (taken.received.item_id.clone(), out_of_sight)));
        Ok(taken)
    }

    async fn delete(&self, receipts: &[String]) -> Result<(), QueueError> {
        tokio::task::yield_now().await;
        self.lying
            .lock()
            .unwrap()
            .retain(|message| !receipts.contains(&message.id));
        Ok(())
    }

    async fn put(&self, messages: &[Deferred]) -> Result<(), QueueError> {
        assert!(messages.len() <= AT_ONCE);
        if *self.refuses.lock().unwrap() {
            return Err(QueueError {
                action: "put messages onto",
                problem: "ordered".into(),
            });
        }
        tokio::task::yield_now().await;
        for message in messages {
            let id = self.put_into(message.group.as_deref(), &message.body);
            let mut lying = self.lying.lock().unwrap();
            let put = lying.iter_mut().find(|lying| lying.id == id).unwrap();
            put.origin = Some(message.message_id.clone());
        }
        Ok(())
    }
}

fn take(message: &mut Lying) -> TakenMessage {
    message.receives += 1;
    let received = Received {
        message_id: message.origin.clone().unwrap_or_else(|| message.id.clone()),
        item_id: message.id.clone(),
        body: message.body.clone(),
        receipt: Some(message.id.clone()),
        receives: message.receives,
        first_received_at: None,
        group: message.group.clone(),
    };
    TakenMessage {
        received,
        sent_at: Some(message.sent_at),
    }
}

/// Push with its queue.
pub struct Post<S: Services = TestServices> {
    pub world: World,
    pub push: Push<S, MemoryQueue, MemoryIntake, TestMachine>,
    pub queue: MemoryQueue,
}

/// Impatient, so that tests of trouble are short.
pub fn impatient() -> Settings {
    Settings {
        first_wait: Duration::from_millis(2),
        patience: Duration::from_millis(120),
        look_every: Duration::ZERO,
        ..Settings::default()
    }
}

impl Post {
    pub async fn open() -> Self {
        Self::with(json!({}), impatient()).await
    }

    pub async fn with(switches: Value, settings: Settings) -> Self {
        let world = World::with(switches, settings).await;
        let context = relay_over(&world, world.bucket.clone());
        Self::over(world, context)
    }
}

impl<S: Services> Post<S> {
    pub fn over(world: World, context: Context<S>) -> Self {
        let queue = MemoryQueue::default();
        let (intake, imports) = (MemoryIntake::default(), world.machine.clone());
        Self {
            push: Push {
                context,
                resolvers: ResolverCache::default(),
                queue: queue.clone(),
                intake,
                imports,
            },
            queue,
            world,
        }
    }

    /// Puts a message of contacts onto the queue.
    pub fn contacts(&self, records: impl IntoIterator<Item = Value>) -> String {
        let records: Vec<_> = records.into_iter().collect();
        self.queue.put(json!({"module": "Contacts", "records": records}))
    }

    /// Push consumes all that lies on the queue, as one batch; answers with the messages that go back.
    pub async fn consume(&self) -> Vec<String> {
        self.consume_within(Duration::from_mins(3)).await
    }

    pub async fn consume_within(&self, left: Duration) -> Vec<String> {
        let event = self.queue.deliver(self.push.context.now());
        let answer = self.push.handle(event, &request_id(), left).await.unwrap();
        let back: Vec<_> = answer["batchItemFailures"]
            .as_array()
            .unwrap()
            .iter()
            .map(identifier)
            .collect();
        self.queue
            .lying
            .lock()
            .unwrap()
            .retain(|message| back.contains(&message.id));
        back
    }

    /// Push dies while it consumes: nothing it would have answered counts.
    pub async fn consume_and_die(&self) {
        let event = self.queue.deliver(self.push.context.now());
        let id = request_id();
        tokio::select! {
            answer = self.push.handle(event, &id, Duration::from_mins(3)) => panic!("it lives: {answer:?}"),
            () = self.world.crash.death() => {}
        }
    }

    /// Push is killed while it consumes, once something is so.
    pub async fn consume_until(&self, is_so: impl Fn() -> bool) {
        let event = self.queue.deliver(self.push.context.now());
        let id = request_id();
        let waiting = async {
            for _ in 0..2_000 {
                if is_so() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("it never comes to that");
        };
        tokio::select! {
            answer = self.push.handle(event, &id, Duration::from_mins(3)) => panic!("it lives: {answer:?}"),
            () = waiting => {}
        }
    }

    /// Consumes until nothing is left, with all the waits that lie between.
    pub async fn drain(&self) -> u32 {
        for round in 0..200 {
            let back = self.consume().await;
            if back.is_empty() {
                return round;
            }
            let longest = back
                .iter()
                .filter_map(|id| self.queue.hidden(id))
                .max()
                .unwrap_or_default();
            self.world.clock.advance(longest.as_secs() + 1);
        }
        panic!("the queue is never empty: {:?}", self.reports().last());
    }

    /// What push answers when it is invoked by hand.
    pub async fn by_hand(&self, payload: Value) -> Result<Value, push::handler::PushError> {
        self.push.handle(payload, &request_id(), Duration::from_mins(3)).await
    }

    /// The reports about messages, oldest first.
    pub fn reports(&self) -> Vec<Report> {
        let mut reports: Vec<Report> = self
            .world
            .bucket
            .keys("reports/_queue/")
            .iter()
            .filter_map(|key| self.world.report_at(key))
            .collect();
        reports.sort_by_key(|report| report.started_at);
        reports
    }

    pub fn last_report(&self) -> Report {
        self.reports().pop().expect("there is a report")
    }

    /// The lines of all rejects files about messages.
    pub fn rejects(&self) -> Vec<Value> {
        let keys = self.world.bucket.keys("rejects/_queue/");
        let text: String = keys.iter().map(|key| self.world.text(key)).collect();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub async fn is_open(&self) -> bool {
        self.push.intake.is_open().await.unwrap().unwrap()
    }

    /// Tokens that were made since the world began.
    pub fn minted(&self) -> u64 {
        self.world.sandbox.state()["tokens"]["refreshed"].as_u64().unwrap()
    }
}

/// The world's relay with another bucket.
pub fn relay_over<S>(world: &World, bucket: S::Objects) -> Context<S>
where
    S: Services<Table = TestTable, Tokens = TestTokens, Clock = TestClock>,
{
    let connections = Connections {
        bucket,
        table: world.table.clone(),
        tokens: Arc::clone(&world.context.tokens),
        bigin: world.context.bigin.clone(),
        clock: world.clock.clone(),
    };
    Context::new(world.context.settings.clone(), connections)
}

fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn identifier(failure: &Value) -> String {
    failure["itemIdentifier"].as_str().unwrap().to_owned()
}

/// A contact with an e-mail address of its own.
pub fn contact(number: u32) -> Value {
    json!({"Last_Name": format!("Contact {number}"), "Email": format!("contact{number}@example.com")})
}

/// What happens to writes of contacts.
pub fn on_contacts(rule: Value) -> Value {
    let mut rule = rule;
    rule["path"] = json!("/bigin/v2/Contacts*");
    json!([rule])
}
