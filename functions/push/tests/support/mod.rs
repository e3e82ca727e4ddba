//! Whole imports in one process: bucket and table in memory, and the sandbox over real HTTP.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

pub mod bucket;
pub mod crash;
pub mod machine;
pub mod table;
pub mod uploads;

use std::borrow::Borrow;
use std::fmt::Write;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bigin::Bigin;
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use jiff::SignedDuration;
use push::context::{Context, Services, Settings};
use push::import::{Import, Importer, Next, Step, StepEvent, TaskToken};
use push::report::{Report, RunStatus};
use push::resolve::ResolverCache;
use sandbox::{Config, Sandbox};
use serde_json::{Value, json};
use shared::bucket::ObjectVersion;
use shared::clock::Clock;
use shared::services::Connections;
use shared::state::{AuthorizationEvent, MemoryTable, standing};

pub use shared::testing::{TestClock, TestTokens};

use bucket::MemoryBucket;
use crash::Crash;
use machine::TestMachine;
use table::TestTable;

const SCOPES: &str =
    "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.users.READ,ZohoBigin.org.READ,ZohoBigin.coql.READ";

/// The means of these tests.
#[derive(Clone)]
pub struct TestServices;

impl Services for TestServices {
    type Table = TestTable;
    type Objects = MemoryBucket;
    type Tokens = TestTokens;
    type Clock = TestClock;
}

/// Everything an import meets.
pub struct World {
    pub sandbox: Sandbox,
    pub bucket: MemoryBucket,
    pub table: TestTable,
    pub clock: TestClock,
    pub crash: Crash,
    pub context: Context<TestServices>,
    pub resolvers: ResolverCache,
    pub machine: TestMachine,
    executions: AtomicU64,
    sequencer: AtomicU64,
}

impl World {
    pub async fn new() -> Self {
        Self::with(json!({}), Settings::default()).await
    }

    /// A sandbox with those switches, and a relay with those settings.
    pub async fn with(switches: Value, settings: Settings) -> Self {
        let switches = sandbox::Settings::default().changed(switches).unwrap();
        let sandbox = Sandbox::start(Config {
            settings: switches,
            ..Config::default()
        })
        .await
        .unwrap();
        let (clock, crash) = (TestClock::default(), Crash::default());
        let bucket = MemoryBucket::new(crash.clone());
        let table = TestTable::new(MemoryTable::with_clock(clock.clone()), crash.clone());
        let http = bigin::https::client(Duration::from_secs(30)).unwrap();
        let keys = sandbox.self_client();
        let file = sandbox.code(&keys.client_id, SCOPES);
        let code = file["code"].as_str().unwrap();
        let tokens = TestTokens::exchange(sandbox.url(), &keys.client_id, &keys.client_secret, code).await;
        let expires_at = clock.now() + SignedDuration::from_hours(1);
        standing::record(&table, &AuthorizationEvent::Authorized { expires_at }, clock.now())
            .await
            .unwrap();
        let connections = Connections {
            bucket: bucket.clone(),
            table: table.clone(),
            tokens: Arc::new(tokens),
            bigin: Bigin::new(http),
            clock: clock.clone(),
        };
        let context = Context::new(settings, connections);
        let (executions, sequencer) = (AtomicU64::new(0), AtomicU64::new(0));
        Self {
            sandbox,
            bucket,
            table,
            clock,
            crash,
            context,
            resolvers: ResolverCache::default(),
            machine: TestMachine::default(),
            executions,
            sequencer,
        }
    }

    /// From now on another instance of the function does the work: it remembers nothing.
    pub fn restart(&mut self) {
        let before = &self.context;
        let connections = Connections {
            bucket: before.bucket.clone(),
            table: before.table.clone(),
            tokens: Arc::clone(&before.tokens),
            bigin: before.bigin.clone(),
            clock: before.clock.clone(),
        };
        self.context = Context::new(before.settings.clone(), connections);
        self.resolvers = ResolverCache::default();
    }

    /// Puts a file; answers with the bucket's event.
    pub fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let object = self.bucket.set(key, bytes);
        self.event(&object)
    }

    pub fn event(&self, object: &ObjectVersion) -> Value {
        let sequencer = format!("{:016X}", self.sequencer.fetch_add(1, Ordering::SeqCst) + 1);
        json!({"version": "0", "detail-type": "Object Created", "source": "aws.s3",
            "time": self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "detail": {"bucket": {"name": "data"}, "object": {"key": object.key, "size": object.size,
                "etag": object.etag.trim_matches('"'), "version-id": object.version_id, "sequencer": sequencer}}})
    }

    /// Starts an execution, as the rule or an invocation of push would.
    pub fn start(&self, event: &Value) -> Execution {
        let number = self.executions.fetch_add(1, Ordering::SeqCst);
        let import =
            json!({"execution": format!("execution-{number}"), "started_at": self.clock.now(), "event": event});
        Execution {
            step: Step::Claim,
            import: serde_json::from_value(import).unwrap(),
            looks_within_s: 0,
            token: None,
        }
    }

    /// Runs a whole execution; answers with its report.
    pub async fn import(&self, event: &Value) -> Report {
        self.run(self.start(event)).await
    }

    /// Runs an execution to its end; answers with its report.
    pub async fn run(&self, mut execution: Execution) -> Report {
        for _ in 0..2_000 {
            let next = execution.step(self).await;
            if matches!(next.next, Step::Done | Step::Abandon) {
                return self.report(&execution).await.expect("a report was written");
            }
        }
        panic!("the import does not come to an end: {:?}", execution.step);
    }

    /// The last report of an execution that has ended.
    pub async fn report(&self, execution: &Execution) -> Option<Report> {
        let key = self
            .context
            .ledger()
            .report_of(&execution.import.execution)
            .await
            .unwrap()?;
        self.report_at(&key)
    }

    pub fn report_at(&self, key: &str) -> Option<Report> {
        self.bucket
            .text(key)
            .map(|bytes| serde_json::from_slice(&bytes).unwrap())
    }

    /// The one report there is.
    pub fn only_report(&self) -> Report {
        let keys = self.bucket.keys("reports/");
        assert_eq!(keys.len(), 1, "{keys:?}");
        self.report_at(&keys[0]).unwrap()
    }

    pub fn text(&self, key: &str) -> String {
        String::from_utf8(self.bucket.text(key).unwrap_or_else(|| panic!("{key} is not there"))).unwrap()
    }

    /// The rows of an outcomes file.
    pub fn outcomes(&self, report: &Report) -> Vec<Vec<String>> {
        let key = report.outcomes_key.as_ref().expect("there are outcomes");
        let mut text = String::new();
        let packed = self.bucket.text(key).unwrap();
        MultiGzDecoder::new(packed.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        text.lines()
            .skip(1)
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect()
    }

    pub fn faults(&self, rules: impl Borrow<Value>) {
        self.sandbox
            .console("PUT", "/console/faults", &json!({"rules": rules.borrow()}));
    }

    pub fn switch(&self, switches: impl Borrow<Value>) {
        self.sandbox.console("PUT", "/console/settings", switches.borrow());
    }

    pub fn records(&self, module: &str) -> Vec<Value> {
        self.sandbox.records(module)
    }

    /// Calls that write records, so far.
    pub fn write_calls(&self) -> u64 {
        let state = self.sandbox.state();
        let writes = |(endpoint, endings): (&String, &Value)| {
            let is_write = endpoint.starts_with("POST /bigin") || endpoint.starts_with("PUT /bigin");
            if is_write {
                endings.as_object().unwrap().values().filter_map(Value::as_u64).sum()
            } else {
                0
            }
        };
        state["calls"].as_object().unwrap().iter().map(writes).sum()
    }
}

/// An execution of the state machine.
#[derive(Clone)]
pub struct Execution {
    pub step: Step,
    pub import: Import,
    looks_within_s: u64,
    /// What wakes it, while it waits to be woken.
    pub token: Option<TaskToken>,
}

/// What the state machine's retry does about an invocation that died.
#[derive(Debug, PartialEq)]
pub enum Invocation {
    Answered(Box<Next>),
    Died,
}

impl Execution {
    /// Does the next step as the state machine would, wait included.
    pub async fn step(&mut self, world: &World) -> Next {
        match self.invoke(world).await {
            Invocation::Answered(next) => *next,
            Invocation::Died => panic!("the invocation died"),
        }
    }

    /// Invokes the function for the next step. It may die in the middle: then the step is the same the next time.
    pub async fn invoke(&mut self, world: &World) -> Invocation {
        self.invoke_for(world, false).await
    }

    /// The same as the function does it: whatever follows at once is done too.
    pub async fn invoke_whole(&mut self, world: &World) -> Invocation {
        self.invoke_for(world, true).await
    }

    async fn invoke_for(&mut self, world: &World, goes_on: bool) -> Invocation {
        // Whoever is not woken looks again when the time is over.
        if let Some(token) = self.token.take()
            && !world.machine.goes_on(&token)
        {
            world.clock.advance(self.looks_within_s);
        }
        let importer = Importer::new(&world.context, &world.resolvers, &world.machine);
        let waits = self.step == Step::Wait;
        let event = StepEvent {
            token: waits.then(|| world.machine.begin_to_wait()),
            looks_within_s: self.looks_within_s,
            ..StepEvent::of(self.step, self.import.clone(), &self.import.execution)
        };
        let token = event.token.clone();
        let done = async {
            if goes_on {
                importer.go_on(event).await
            } else {
                importer.step(event).await
            }
        };
        let next = tokio::select! {
            next = done => next.unwrap(),
            () = world.crash.death() => return Invocation::Died,
        };
        self.token = token;
        self.looks_within_s = if waits {
            self.looks_within_s
        } else {
            next.looks_within_s
        };
        world.clock.advance(next.wait_seconds);
        // The state machine carries JSON.
        self.import = serde_json::from_value(serde_json::to_value(&next.import).unwrap()).unwrap();
        self.step = if next.next == Step::Renew {
            Step::Claim
        } else {
            next.next
        };
        Invocation::Answered(Box::new(next))
    }

    /// Does steps until one has been done that leaves the execution there.
    pub async fn run_until(&mut self, world: &World, wanted: impl Fn(&Next) -> bool) -> Next {
        for _ in 0..2_000 {
            let next = self.step(world).await;
            if wanted(&next) {
                return next;
            }
            assert!(
                !matches!(next.next, Step::Done | Step::Abandon),
                "it has ended before: {next:?}"
            );
        }
        panic!("that never comes");
    }
}

/// Small slices, so that even a short file takes several.
pub fn small_slices() -> Settings {
    Settings {
        slice_budget: Duration::from_millis(60),
        first_wait: Duration::from_millis(5),
        patience: Duration::from_millis(200),
        look_every: Duration::ZERO,
        ..Settings::default()
    }
}

/// A file of contacts: `Last Name,Email`, with an e-mail address of its own in each row.
pub fn contacts(rows: std::ops::Range<u32>) -> String {
    let mut text = String::from("Last Name,Email\n");
    for row in rows {
        writeln!(text, "Contact {row},contact{row}@example.com").unwrap();
    }
    text
}

/// A file of 1,000 contacts with a handful of faults: 995 can be imported.
pub fn faulty_file() -> String {
    let mut text = String::from("Last Name,Email,Phone\r\n");
    for row in 0..1_000 {
        let (name, email) = match row {
            13 => (String::new(), "noname@example.com".to_owned()),
            57 => (format!("Contact {row}"), "not an address".to_owned()),
            200 => ("x".repeat(500), format!("contact{row}@example.com")),
            333 => (format!("\"Con\r\ntact {row}\""), format!("contact{row}@example.com")),
            700 => (format!("Contact {row}"), String::new()),
            _ => (format!("Contact {row}"), format!("contact{row}@example.com")),
        };
        let more = if row == 444 { ",too,many,cells" } else { "" };
        write!(text, "{name},{email},+49 30 123456{more}\r\n").unwrap();
    }
    text
}

/// How many seeds to run: so many as usual, or as `BIGIN_RELAY_SEEDS` says.
pub fn seeds(usual: u64) -> u64 {
    let asked = std::env::var("BIGIN_RELAY_SEEDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Runs that wait for most of their time go beside each other.
pub async fn each_seed<T, F: Future<Output = T>>(seeds: u64, run: impl FnMut(u64) -> F) -> Vec<T> {
    futures_util::stream::iter((0..seeds).map(run))
        .buffer_unordered(6)
        .collect()
        .await
}

/// Trouble that passes: it delays, and loses answers. Each kind strikes now and then where the path is one of these.
pub fn trouble(paths: &[&str], random: &mut fastrand::Rng) -> Vec<Value> {
    let kinds = [
        json!({"kind": "status", "status": 500}),
        json!({"kind": "status", "status": 500, "after_commit": true}),
        json!({"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}),
        json!({"kind": "cut"}),
        json!({"kind": "cut", "after_commit": true}),
        json!({"kind": "cut", "after_commit": true, "after_bytes": 40}),
        json!({"kind": "garbage", "after_commit": true}),
        json!({"kind": "html", "status": 503}),
        json!({"kind": "mixed_status", "status": 202}),
    ];
    let mut rules = Vec::new();
    for path in paths {
        for fault in &kinds {
            if random.bool() {
                rules.push(json!({"path": path, "probability": 0.25 * random.f64(), "fault": fault}));
            }
        }
        rules.push(json!({"path": path, "fault": {"kind": "latency", "ms": 0, "jitter_ms": 4}}));
    }
    rules
}

impl World {
    /// How many answers of writes to a module were lost after Bigin had carried them out.
    pub fn answers_lost(&self, path: &str) -> u64 {
        let rules = self.sandbox.console("GET", "/console/faults", &json!({}));
        let rules = rules["rules"].as_array().into_iter().flatten();
        rules
            .filter(|rule| rule["path"] == path && rule["fault"]["after_commit"] == true)
            .filter_map(|rule| rule["struck"].as_u64())
            .sum()
    }

    /// How many records of a module were written, each as often as it was.
    pub fn written(&self, module: &str) -> u64 {
        let writes = &self.sandbox.state()["writes"][module];
        ["inserted", "updated"]
            .iter()
            .filter_map(|how| writes[how].as_u64())
            .sum()
    }

    /// The names of a record's tags.
    pub fn tags(record: &Value) -> std::collections::BTreeSet<String> {
        let tags = record["Tag"].as_array().into_iter().flatten();
        tags.filter_map(|tag| tag["name"].as_str().map(str::to_owned)).collect()
    }
}

/// What must hold of every finished report.
pub fn adds_up(report: &Report) {
    assert!(report.counts.add_up(), "{report:?}");
    assert!(report.finished_at.is_some());
    let has_lines = report.counts.rejected > 0 || !report.counts.incomplete.is_empty();
    assert_eq!(report.rejects_key.is_some(), has_lines);
    if report.status == RunStatus::Complete {
        assert_eq!((report.counts.rejected, report.counts.deferred), (0, 0));
    }
}
