//! Whole runs in one process: bucket and table in memory, and the sandbox over real HTTP.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

pub mod consumer;
pub mod death;
pub mod stores;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bigin::Bigin;
use jiff::SignedDuration;
use pull::context::{Context, Services, Settings};
use pull::handler::{Pull, PullError};
use pull::run::{EventBus, Execution, ExecutionError, Executions, NotSent};
use sandbox::{Config, Sandbox};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::pulled_modules::PulledModules;
use shared::services::Connections;
use shared::state::{AuthorizationEvent, MemoryTable, standing};
use shared::testing::{TestClock, TestTokens};

use death::Death;
use stores::{TestBucket, TestTable};

pub const SCOPES: &str =
    "ZohoBigin.modules.ALL,ZohoBigin.settings.ALL,ZohoBigin.users.READ,ZohoBigin.org.READ,ZohoBigin.coql.READ";

/// Executions that a test carries on itself.
#[derive(Clone, Default)]
pub struct TestExecutions {
    /// By name: what it was started with, and whether it has ended.
    pub started: Arc<Mutex<BTreeMap<String, (Value, bool)>>>,
}

impl Executions for TestExecutions {
    async fn start(&self, name: &str, input: &Value) -> Result<Execution, ExecutionError> {
        let mut started = self.started.lock().unwrap();
        let (_, has_ended) = started.entry(name.to_owned()).or_insert((input.clone(), false));
        Ok(if *has_ended { Execution::Ended } else { Execution::Runs })
    }
}

impl TestExecutions {
    /// Every execution ends, whatever it was at.
    pub fn end_all(&self) {
        self.started
            .lock()
            .unwrap()
            .values_mut()
            .for_each(|(_, has_ended)| *has_ended = true);
    }

    pub fn names(&self) -> Vec<String> {
        self.started.lock().unwrap().keys().cloned().collect()
    }
}

/// A bus that keeps what it is sent, call by call.
#[derive(Clone, Default)]
pub struct TestBus {
    pub sent: Arc<Mutex<Vec<Vec<Value>>>>,
    /// How many of the next calls fail.
    pub failures: Arc<Mutex<u32>>,
}

impl EventBus for TestBus {
    async fn send(&self, detail_type: &str, details: &[String]) -> Result<(), NotSent> {
        assert_eq!(detail_type, "Bigin Record Changed");
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(NotSent("ThrottlingException".to_owned()));
        }
        let details = details.iter().map(|detail| serde_json::from_str(detail).unwrap());
        self.sent.lock().unwrap().push(details.collect());
        Ok(())
    }
}

/// The means of these tests.
#[derive(Clone)]
pub struct TestServices;

impl Services for TestServices {
    type Table = TestTable;
    type Objects = TestBucket;
    type Tokens = TestTokens;
    type Clock = TestClock;
}

/// Everything a run meets.
pub struct World {
    pub sandbox: Sandbox,
    pub bucket: TestBucket,
    pub table: TestTable,
    pub clock: TestClock,
    pub death: Death,
    pub executions: TestExecutions,
    pub bus: TestBus,
    pub pull: Pull<TestServices, TestExecutions, TestBus>,
    /// What was announced.
    pub announced: Mutex<Vec<Value>>,
    pub tokens: Arc<TestTokens>,
    settings: Settings,
    requests: AtomicU64,
}

impl World {
    pub async fn new() -> Self {
        Self::with(json!({})).await
    }

    pub async fn with(switches: Value) -> Self {
        Self::with_scopes(switches, SCOPES).await
    }

    /// A sandbox with those switches, and an authorization with those scopes.
    pub async fn with_scopes(switches: Value, scopes: &str) -> Self {
        let switches = sandbox::Settings::default().changed(switches).unwrap();
        let config = Config {
            settings: switches,
            ..Config::default()
        };
        let sandbox = Sandbox::start(config).await.unwrap();
        let (clock, death) = (TestClock::default(), Death::default());
        let bucket = TestBucket::new(death.clone());
        let table = TestTable {
            inner: MemoryTable::with_clock(clock.clone()),
            death: death.clone(),
        };
        let keys = sandbox.self_client();
        let file = sandbox.code(&keys.client_id, scopes);
        let code = file["code"].as_str().unwrap();
        let tokens = TestTokens::exchange(sandbox.url(), &keys.client_id, &keys.client_secret, code).await;
        let tokens = Arc::new(tokens);
        let expires_at = clock.now() + SignedDuration::from_hours(1);
        let authorized = AuthorizationEvent::Authorized { expires_at };
        standing::record(&table, &authorized, clock.now()).await.unwrap();
        let settings = Settings {
            modules: PulledModules::All,
            ..Settings::default()
        };
        let executions = TestExecutions::default();
        let bus = TestBus::default();
        let pull = instance(&settings, &bucket, &table, &tokens, &clock, (&executions, &bus));
        Self {
            sandbox,
            bucket,
            table,
            clock,
            death,
            executions,
            bus,
            pull,
            announced: Mutex::default(),
            tokens,
            settings,
            requests: AtomicU64::new(0),
        }
    }

    /// From now on another instance of the function does the work: it remembers nothing.
    pub fn restart(&mut self) {
        self.death.never();
        self.pull = instance(
            &self.settings,
            &self.bucket,
            &self.table,
            &self.tokens,
            &self.clock,
            (&self.executions, &self.bus),
        );
    }

    /// From now on with other settings.
    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.restart();
    }

    /// Time passes, here and at Zoho.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(seconds);
        self.sandbox
            .console("PUT", "/console/clock", &json!({"advance_s": seconds}));
    }

    pub async fn invoke(&self, payload: Value) -> Result<Value, PullError> {
        let request = format!("{:08x}", self.requests.fetch_add(1, Ordering::SeqCst));
        self.pull.handle(payload, &request, Duration::from_mins(3)).await
    }

    /// Starts a run; answers with its name.
    pub async fn start(&self, module: &str) -> String {
        let answer = self.invoke(json!({"module": module})).await.unwrap();
        answer["runs"][0]["run_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    }

    pub async fn step(&self, step: &str, module: &str, run_id: &str, waited_s: u64) -> Value {
        let payload = json!({"step": step, "module": module, "run_id": run_id, "waited_s": waited_s});
        self.invoke(payload).await.unwrap()
    }

    /// What the state machine does until the run has ended; answers with its manifest.
    pub async fn carry(&self, module: &str, run_id: &str) -> Value {
        let mut waited_s = 0;
        for _ in 0..200 {
            let next = self.step("slice", module, run_id, waited_s).await;
            match next["next"].as_str().unwrap() {
                "slice" => {
                    self.clock.advance(next["wait_seconds"].as_u64().unwrap());
                    waited_s = next["waited_s"].as_u64().unwrap();
                }
                "announce" => {
                    self.announced.lock().unwrap().push(next["announcement"].clone());
                    self.step("close", module, run_id, 0).await;
                    self.executions.end_all();
                    return self.manifest(next["announcement"]["manifest_key"].as_str().unwrap());
                }
                other => panic!("the run ended with {other}: {next}"),
            }
        }
        panic!("the run does not come to an end");
    }

    /// A whole run; answers with its manifest.
    pub async fn run(&self, module: &str) -> Value {
        let run_id = self.start(module).await;
        self.carry(module, &run_id).await
    }

    pub fn manifest(&self, key: &str) -> Value {
        serde_json::from_slice(&self.bucket.bytes(key).unwrap()).unwrap()
    }

    pub fn manifests(&self, module: &str) -> Vec<String> {
        self.bucket.keys(&format!("changes/{module}/_manifests/"))
    }

    /// A person adds records; answers with their ids.
    pub fn add(&self, module: &str, records: &[Value]) -> Vec<String> {
        let answer = self.person("POST", module, records);
        answer["ids"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect()
    }

    /// A person edits records, each by its `id`.
    pub fn edit(&self, module: &str, records: &[Value]) {
        self.person("PUT", module, records);
    }

    fn person(&self, method: &str, module: &str, records: &[Value]) -> Value {
        let lines: String = records
            .iter()
            .flat_map(|record| [record.to_string(), "\n".to_owned()])
            .collect();
        let path = format!("/console/records/{module}?user=sam@sandbox-company.example");
        let answer = self.sandbox.console(method, &path, &Value::String(lines));
        assert_eq!(answer["rejected"], json!([]), "{answer}");
        answer
    }

    /// A person deletes records.
    pub fn delete(&self, module: &str, ids: &[String]) {
        let path = format!(
            "/console/records/{module}?ids={}&user=sam@sandbox-company.example",
            ids.join(",")
        );
        let answer = self.sandbox.console("DELETE", &path, &Value::Null);
        assert_eq!(answer["deleted"], ids.len(), "{answer}");
    }

    pub fn faults(&self, rules: &Value) {
        self.sandbox.console("PUT", "/console/faults", &json!({"rules": rules}));
    }

    pub fn switch(&self, switches: &Value) {
        self.sandbox.console("PUT", "/console/settings", switches);
    }

    /// What Bigin has, by id, as the change records show it.
    pub fn truth(&self, module: &str) -> BTreeMap<String, Value> {
        let records = self.sandbox.records(module).into_iter();
        let shown = records.map(|record| {
            let Value::Object(mut fields) = record else {
                panic!("no record")
            };
            let id = fields.remove("id").unwrap().as_str().unwrap().to_owned();
            fields.retain(|name, _| !name.starts_with('$'));
            (id, Value::Object(fields))
        });
        shown.collect()
    }
}

fn instance(
    settings: &Settings,
    bucket: &TestBucket,
    table: &TestTable,
    tokens: &Arc<TestTokens>,
    clock: &TestClock,
    (executions, bus): (&TestExecutions, &TestBus),
) -> Pull<TestServices, TestExecutions, TestBus> {
    let connections = Connections {
        bucket: bucket.clone(),
        table: table.clone(),
        tokens: Arc::clone(tokens),
        bigin: Bigin::new(bigin::https::client(Duration::from_secs(30)).unwrap()),
        clock: clock.clone(),
    };
    Pull {
        context: Context::new(settings.clone(), connections),
        executions: executions.clone(),
        bus: bus.clone(),
    }
}
