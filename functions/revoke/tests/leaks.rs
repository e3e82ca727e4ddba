//! Authorize, refresh and revoke with canaries for tokens, secrets and codes: nothing that they print, answer or keep in
//! the state table has one of them in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use authorize::{Authorize, SCOPES_LINE, ZohoClient};
use bigin::Bigin;
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::https;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Diagnostic;
use refresh::Refresher;
use revoke::{LastReport, QueueDepth, Queues, Reports, Revoker, Watch};
use sandbox::{Config, Sandbox};
use serde_json::{Value, json};
use shared::clock::ManualClock;
use shared::intake::MemoryIntake;
use shared::state::MemoryTable;
use shared::testing::Witness;
use shared::tokens::{AccessDocument, DocumentStore, MemorySecret, SelfClient, ZohoIssuer};
use shared::{panics, telemetry};

/// A text of Zoho's that is no secret, but nobody knows what is in it.
const BODY: &str = "1000.CanaryInABody7731";

struct Nothing;

impl Queues for Nothing {
    async fn depths(&self) -> Vec<(&'static str, Result<QueueDepth, String>)> {
        Vec::new()
    }
}

impl Reports for Nothing {
    async fn last(&self, _: Timestamp) -> Result<Vec<LastReport>, String> {
        Ok(Vec::new())
    }
}

struct Stack {
    sandbox: Sandbox,
    clock: ManualClock,
    table: MemoryTable,
    access: MemorySecret,
    self_client: MemorySecret,
    witness: Witness,
}

impl Stack {
    async fn start() -> Self {
        telemetry::init(Some("info"));
        let sandbox = Sandbox::start(Config::default()).await.unwrap();
        let clock = ManualClock::at(&Timestamp::now().to_string());
        let mut witness = Witness::default();
        witness.guard("an answer's body", BODY);
        Self {
            sandbox,
            table: MemoryTable::with_clock(clock.clone()),
            clock,
            access: MemorySecret::default(),
            self_client: MemorySecret::default(),
            witness,
        }
    }

    fn issuer(&self) -> ZohoIssuer {
        let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, self.sandbox.url()).unwrap();
        ZohoIssuer::new(https::client(Duration::from_secs(5)).unwrap(), hosts)
    }

    /// A file as the console gives it; its secrets are canaries.
    fn file(&mut self, client_id: &str) -> Value {
        let file = self.sandbox.code(client_id, SCOPES_LINE);
        for key in ["client_secret", "code"] {
            self.witness.guard(key, file[key].as_str().unwrap());
        }
        file
    }

    async fn authorize(&mut self, payload: Value) {
        let authorize = Authorize {
            table: self.table.clone(),
            self_client: DocumentStore::new(self.self_client.clone()),
            access: DocumentStore::new(self.access.clone()),
            zoho: ZohoClient {
                issuer: self.issuer(),
                bigin: Bigin::new(https::client(Duration::from_secs(5)).unwrap()),
            },
            intake: MemoryIntake::default(),
            clock: self.clock.clone(),
            data_center: DataCentre::Us,
        };
        match authorize.handle(payload).await {
            Ok(answer) => {
                self.witness.show("authorize's answer", json!(answer));
                self.witness.show("authorize's answer", format!("{answer:?}"));
            }
            Err(error) => {
                self.witness.show("authorize's error", format!("{error} {error:?}"));
                self.witness
                    .show("authorize's error", format!("{:?}", Diagnostic::from(error)));
            }
        }
        self.look();
    }

    async fn refresh(&mut self, payload: Value) {
        let function = refresh::Function {
            refresher: Refresher {
                table: self.table.clone(),
                access: DocumentStore::new(self.access.clone()),
                self_client: DocumentStore::new(self.self_client.clone()),
                issuer: self.issuer(),
                clock: self.clock.clone(),
            },
            intake: MemoryIntake::default(),
            stack: "leaks".to_owned(),
            patience: shared::state::waits::Patience::default(),
        };
        match function.invoke(&payload, "request").await {
            Ok(answer) => self
                .witness
                .show("refresh's answer", format!("{} {answer:?}", json!(answer))),
            Err(error) => {
                self.witness.show("refresh's error", format!("{error} {error:?}"));
                self.witness
                    .show("refresh's error", format!("{:?}", Diagnostic::from(error)));
            }
        }
        self.look();
        self.pass(11);
    }

    async fn revoke(&mut self, payload: Value) {
        let function = revoke::Function {
            revoker: Revoker {
                table: self.table.clone(),
                access: DocumentStore::new(self.access.clone()),
                self_client: DocumentStore::new(self.self_client.clone()),
                issuer: self.issuer(),
                intake: MemoryIntake::default(),
                clock: self.clock.clone(),
            },
            watch: Watch {
                queues: Nothing,
                reports: Nothing,
            },
            stack: "leaks".to_owned(),
        };
        match function.handle(&payload).await {
            Ok(answer) => self.witness.show("revoke's answer", answer),
            Err(error) => {
                self.witness.show("revoke's error", format!("{error} {error:?}"));
                self.witness
                    .show("revoke's error", format!("{:?}", Diagnostic::from(error)));
            }
        }
        self.look();
    }

    /// Whatever lies in the secrets now is a canary from now on; the state table is looked through.
    fn look(&mut self) {
        for text in [&self.access, &self.self_client]
            .into_iter()
            .flat_map(MemorySecret::labelled)
        {
            self.witness.show("a secret's Debug", debug_of(&text));
            let document: Value = serde_json::from_str(&text).unwrap();
            for key in ["access_token", "refresh_token", "client_secret"] {
                for holder in [&document, &document["pending"]] {
                    if let Some(canary) = holder[key].as_str() {
                        self.witness.guard(key, canary);
                    }
                }
            }
        }
        for (key, item) in self.table.dump() {
            self.witness.show("the state table", format!("{key} {item}"));
        }
    }

    /// Minutes pass, here and at Zoho: limits of what may be asked are not what this is about.
    fn pass(&self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
        let seconds = json!({"advance_s": minutes * 60});
        self.sandbox.console("PUT", "/console/clock", &seconds);
    }

    fn spoil(&self, path: &str, fault: &Value) {
        let rules = json!({"rules": [{"path": path, "count": 1, "fault": fault}]});
        let answer = self.sandbox.console("PUT", "/console/faults", &rules);
        assert_eq!(answer["rules"].as_array().map(Vec::len), Some(1), "{answer}");
    }
}

fn debug_of(text: &str) -> String {
    let client = serde_json::from_str::<SelfClient>(text).map(|client| format!("{client:?}"));
    let access = serde_json::from_str::<AccessDocument>(text).map(|access| format!("{access:?}"));
    format!("{client:?} {access:?}")
}

/// What Zoho's servers may do instead of answering as they should, with a canary in it wherever there is room.
fn faults() -> Vec<Value> {
    let told = |body: Value| json!({"kind": "status", "status": 200, "body": body});
    vec![
        json!({"kind": "html", "status": 503}),
        json!({"kind": "cut"}),
        json!({"kind": "cut", "after_commit": true, "after_bytes": 40}),
        json!({"kind": "garbage", "status": 200, "text": BODY}),
        json!({"kind": "garbage", "status": 500, "text": format!("{{\"error\": \"{BODY}\", ")}),
        json!({"kind": "status", "status": 400, "code": BODY, "message": BODY}),
        told(json!({"error": BODY, "error_description": BODY})),
        told(json!({"access_token": {"of": BODY}, "api_domain": BODY})),
        told(json!({"access_token": BODY, "expires_in": BODY})),
        told(json!({"status": BODY, "code": BODY, "message": BODY})),
        told(json!([BODY])),
        json!({"kind": "status", "status": 400, "body": {"error": "Access Denied", "error_description": BODY}}),
    ]
}

#[tokio::test]
#[ignore = "run by the test that looks at what it prints"]
async fn a_life_of_tokens() {
    let mut stack = Stack::start().await;
    tracing::info!(target: "shared", "planted: the log is looked at");
    let client_id = stack.sandbox.self_client().client_id;

    // Files that are wrong, and the right one given to the wrong function.
    let file = stack.file(&client_id);
    let (secret, code) = (file["client_secret"].clone(), file["code"].clone());
    for wrong in [
        json!(file.to_string() + "}"),
        json!({"client_id": code, "client_secret": secret}),
        json!({"client_id": client_id, "client_secret": secret, "code": [code]}),
        json!({"client_id": client_id, "client_secret": secret, "code": code, "expiry_time": code}),
        json!({"client_id": client_id, "client_secret": secret, "code": code, "scope": [secret]}),
        json!({"client_id": client_id, "client_secret": secret, "code": code, "data_center": secret, "verify": code}),
        json!({"client_id": client_id, "client_secret": secret, "code": code, "redirect_uris": [code]}),
        json!([code]),
    ] {
        stack.authorize(wrong).await;
    }
    for wrong in [
        file.clone(),
        json!(file.to_string()),
        json!([code]),
        json!({"rejected_version": [code]}),
    ] {
        stack.refresh(wrong.clone()).await;
        stack.revoke(wrong).await;
    }
    stack.revoke(json!({"action": [code], "dry_run": [secret]})).await;

    // Everything that can go wrong with the exchange, and then with what comes after it.
    for fault in faults() {
        let file = stack.file(&client_id);
        stack.spoil("/oauth/v2/token", &fault);
        stack.authorize(file).await;
        stack.pass(11);
        let file = stack.file(&client_id);
        stack.spoil("/bigin/v2/*", &fault);
        stack.authorize(file).await;
        stack.authorize(json!({"verify": true})).await;
        stack.pass(11);
    }
    let file = stack.file(&client_id);
    stack.authorize(file).await;
    stack.revoke(json!({"action": "status"})).await;

    for fault in faults() {
        stack.pass(50);
        stack.spoil("/oauth/v2/token", &fault);
        stack.refresh(json!({})).await;
    }
    stack.pass(120);
    stack.refresh(json!({})).await;
    stack.revoke(json!({"action": "pause", "reason": "a test"})).await;
    stack.revoke(json!({"action": "resume"})).await;

    let confirm = stack.self_client.labelled().first().map(|text| {
        serde_json::from_str::<SelfClient>(text)
            .unwrap()
            .confirmation()
            .to_owned()
    });
    for fault in faults() {
        stack.spoil("/oauth/v2/token/revoke", &fault);
        stack.revoke(json!({"confirm": confirm, "reason": "a test"})).await;
    }
    stack.revoke(json!({"confirm": confirm})).await;
    stack.revoke(json!({"action": "status"})).await;
    stack.refresh(json!({})).await;

    // A refresh token that Zoho took back, and a panic over it.
    let file = stack.file(&client_id);
    stack.authorize(file).await;
    stack
        .sandbox
        .console("POST", "/console/revoke", &json!({"client_id": client_id}));
    stack.pass(120);
    stack.refresh(json!({})).await;
    let failed = panics::contained(async {
        let text = stack.self_client.labelled().concat();
        assert!(text.is_empty(), "{text}");
        Ok::<(), Diagnostic>(())
    });
    let failed = failed.await;
    stack.witness.show("a panic's error", format!("{failed:?}"));
    stack.witness.rest();
}

#[test]
fn no_token_secret_or_code_is_printed_answered_or_kept_in_the_state_table() {
    let witness = Witness::of("a_life_of_tokens");
    for seen in [
        "planted: the log is looked at",
        "\"Namespace\":\"BiginRelay\"",
        "a panic: a fault of the relay's own",
        "a human must authorize again",
        "relay/standing",
        "previous",
    ] {
        assert!(witness.has_seen(seen), "{seen} was not seen: is anything looked at?");
    }
    let leaks = witness.leaks();
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
