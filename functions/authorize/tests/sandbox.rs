//! Authorizing against the sandbox, over HTTP: what can be wrong with a self client file, and what becomes of it.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "helpers of tests count as tests"
)]

mod doubles;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use authorize::{Answer, Authorize, AuthorizeError, Previous, SCOPES_LINE, ZohoClient};
use bigin::Bigin;
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::https;
use bigin::oauth::TokenServer;
use bigin::secret::RefreshToken;
use doubles::TestSecret;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::Diagnostic;
use sandbox::{Config, Sandbox, Settings};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::intake::MemoryIntake;
use shared::state::MemoryTable;
use shared::tokens::{AccessDocument, DocumentStore, SelfClient, ZohoIssuer};

/// The real time, moved on as the sandbox's is.
#[derive(Clone, Default)]
struct MovedClock(Arc<AtomicI64>);

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        let seconds = i64::try_from(duration.as_secs()).unwrap();
        self.0.fetch_add(seconds.max(1), Ordering::SeqCst);
    }
}

struct Bench {
    sandbox: Sandbox,
    client_id: String,
    table: MemoryTable,
    self_client: DocumentStore<TestSecret, SelfClient>,
    access: DocumentStore<TestSecret, AccessDocument>,
    clock: MovedClock,
}

impl Bench {
    async fn start() -> Self {
        Self::with(json!({})).await
    }

    async fn with(settings: Value) -> Self {
        let settings = Settings::default().changed(settings).unwrap();
        let sandbox = Sandbox::start(Config {
            settings,
            ..Config::default()
        })
        .await
        .unwrap();
        let client_id = sandbox.self_client().client_id;
        let clock = MovedClock::default();
        Self {
            sandbox,
            client_id,
            table: MemoryTable::with_clock(clock.clone()),
            self_client: DocumentStore::new(TestSecret::default()),
            access: DocumentStore::new(TestSecret::default()),
            clock,
        }
    }

    /// A file as the console gives it.
    fn file(&self) -> Value {
        self.file_for(&json!({"client_id": self.client_id, "scope": SCOPES_LINE, "minutes": 10}))
    }

    fn file_for(&self, wanted: &Value) -> Value {
        self.sandbox.console("POST", "/console/codes", wanted)
    }

    async fn authorize(&self, payload: Value) -> Result<Answer, AuthorizeError> {
        let http = https::client(Duration::from_secs(5)).unwrap();
        let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, self.sandbox.url()).unwrap();
        let authorize = Authorize {
            table: self.table.clone(),
            self_client: self.self_client.clone(),
            access: self.access.clone(),
            zoho: ZohoClient {
                issuer: ZohoIssuer::new(http.clone(), hosts),
                bigin: Bigin::new(http),
            },
            intake: MemoryIntake::default(),
            clock: self.clock.clone(),
            data_center: DataCentre::Us,
        };
        let (code, secret) = (payload["code"].clone(), payload["client_secret"].clone());
        let result = authorize.handle(payload).await;
        let shown = format!("{result:?}");
        for canary in [code, secret]
            .iter()
            .filter_map(Value::as_str)
            .filter(|canary| canary.len() > 20)
        {
            assert!(!shown.contains(canary), "{shown}");
        }
        result
    }

    async fn refused(&self, payload: Value) -> Diagnostic {
        self.authorize(payload).await.unwrap_err().into()
    }

    fn advance(&self, seconds: i64) {
        self.sandbox
            .console("PUT", "/console/clock", &json!({"advance_s": seconds}));
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn fault(&self, rules: Value) {
        let answer = self
            .sandbox
            .console("PUT", "/console/faults", &json!({"seed": 7, "rules": rules}));
        assert!(answer["rules"].is_array(), "{answer}");
    }

    async fn stored_refresh_token(&self) -> Option<RefreshToken> {
        self.self_client.read().await.unwrap()?.document.refresh_token
    }

    /// Whether Zoho still mints from it.
    async fn is_good(&self, token: &RefreshToken) -> bool {
        let http = https::client(Duration::from_secs(5)).unwrap();
        let server = TokenServer::new(
            http,
            ZohoHosts::with_accounts_url(DataCentre::Us, self.sandbox.url()).unwrap(),
        );
        let client = self.self_client.read().await.unwrap().unwrap().document;
        server
            .refresh(&client.client_id, &client.client_secret.unwrap(), token)
            .await
            .is_ok()
    }

    fn calls_of_the_token_endpoint(&self) -> Value {
        self.sandbox.state()["calls"]["POST /oauth/v2/token"].clone()
    }
}

#[tokio::test]
async fn the_downloaded_file_authorizes_and_its_successor_replaces_it() {
    let bench = Bench::start().await;
    let answer = bench.authorize(bench.file()).await.unwrap();
    assert_eq!((answer.previous, answer.scopes.granted.len()), (Previous::None, 8));
    assert!(answer.scopes.missing.is_empty() && answer.warnings.is_empty());
    assert!(answer.user_email.unwrap().starts_with("ann@"));
    let first = bench.stored_refresh_token().await.unwrap();
    let again = bench.authorize(bench.file()).await.unwrap();
    assert_eq!((again.previous, again.org_id), (Previous::Revoked, answer.org_id));
    assert!(!bench.is_good(&first).await);
    assert!(bench.is_good(&bench.stored_refresh_token().await.unwrap()).await);
    let access = bench.access.read().await.unwrap().unwrap().document;
    assert_eq!(access.token().unwrap().api_domain.as_str(), bench.sandbox.url());
}

#[tokio::test]
async fn a_file_that_is_not_json_or_lacks_keys_asks_zoho_nothing() {
    let bench = Bench::start().await;
    assert_eq!(
        bench.refused(json!("{\"client_id\": \"1000.A\",")).await.error_type,
        "NotASelfClientFile"
    );
    let mut file = bench.file();
    file.as_object_mut().unwrap().remove("code");
    let refused = bench.refused(file).await;
    assert_eq!(refused.error_type, "KeysMissing");
    assert!(
        refused.error_message.contains("lacks code"),
        "{}",
        refused.error_message
    );
    assert_eq!(bench.calls_of_the_token_endpoint(), Value::Null);
}

#[tokio::test]
async fn an_expired_file_is_refused_without_asking_zoho() {
    let bench = Bench::start().await;
    let file = bench.file();
    bench.advance(662);
    assert_eq!(bench.refused(file).await.error_type, "CodeExpired");
    assert_eq!(bench.calls_of_the_token_endpoint(), Value::Null);
    // Within the skew Zoho is asked, and knows better.
    let file = bench.file();
    bench.advance(630);
    assert_eq!(bench.refused(file).await.error_type, "CodeRefused");
}

#[tokio::test]
async fn a_file_of_another_data_centre_says_which_it_may_be() {
    let bench = Bench::start().await;
    let keys = bench.sandbox.console(
        "POST",
        "/console/self-clients",
        &json!({"client_name": "in Europe", "data_center": "eu"}),
    );
    let file = bench.file_for(&json!({"client_id": keys["client_id"], "scope": SCOPES_LINE, "minutes": 10}));
    let refused = bench.refused(file).await;
    assert_eq!(refused.error_type, "ClientUnknown");
    assert!(
        refused.error_message.contains("data_center"),
        "{}",
        refused.error_message
    );
}

#[tokio::test]
async fn a_file_that_was_used_already_says_which_it_may_be_and_changes_nothing() {
    let bench = Bench::start().await;
    let file = bench.file();
    bench.authorize(file.clone()).await.unwrap();
    let token = bench.stored_refresh_token().await.unwrap();
    let refused = bench.refused(file).await;
    assert_eq!(refused.error_type, "CodeRefused");
    assert!(
        refused.error_message.contains("used before"),
        "{}",
        refused.error_message
    );
    assert_eq!(bench.stored_refresh_token().await, Some(token.clone()));
    assert!(bench.is_good(&token).await);
}

#[tokio::test]
async fn a_wrong_secret_is_told_from_a_wrong_client() {
    let bench = Bench::start().await;
    let mut file = bench.file();
    file["client_secret"] = json!("0".repeat(40));
    assert_eq!(bench.refused(file).await.error_type, "ClientSecretWrong");
    let mut file = bench.file();
    file["client_id"] = json!("1000.NOBODY");
    assert_eq!(bench.refused(file).await.error_type, "ClientUnknown");
}

#[tokio::test]
async fn a_file_short_of_scopes_is_refused_unspent_and_goes_through_when_that_is_accepted() {
    let bench = Bench::start().await;
    let wanted =
        json!({"client_id": bench.client_id, "scope": "ZohoBigin.modules.ALL,ZohoBigin.org.READ", "minutes": 10});
    let mut file = bench.file_for(&wanted);
    let refused = bench.refused(file.clone()).await;
    assert_eq!(refused.error_type, "ScopesMissing");
    for expected in [
        "ZohoBigin.settings.ALL",
        "ZohoBigin.users.READ",
        "ZohoFiles.files.ALL",
        "accept_missing",
    ] {
        assert!(refused.error_message.contains(expected), "{}", refused.error_message);
    }
    file["accept_missing"] = json!(true);
    let answer = bench.authorize(file).await.unwrap();
    assert_eq!((answer.scopes.granted.len(), answer.scopes.missing.len()), (2, 6));
    assert_eq!(answer.user_email, None);
    assert!(answer.org_id.is_some());
    assert!(answer.warnings[0].contains("scope"), "{:?}", answer.warnings);
}

#[tokio::test]
async fn a_code_of_another_organisation_needs_change_org() {
    let bench = Bench::start().await;
    bench.authorize(bench.file()).await.unwrap();
    let token = bench.stored_refresh_token().await.unwrap();
    let wanted = json!({"client_id": bench.client_id, "scope": SCOPES_LINE, "minutes": 10, "org": "Second Company"});
    let refused = bench.refused(bench.file_for(&wanted)).await;
    assert_eq!(refused.error_type, "OtherOrganisation");
    assert!(
        refused.error_message.contains("Second Company"),
        "{}",
        refused.error_message
    );
    assert!(bench.is_good(&token).await);
    assert_eq!(bench.stored_refresh_token().await, Some(token.clone()));
    let mut file = bench.file_for(&wanted);
    file["change_org"] = json!(true);
    let answer = bench.authorize(file).await.unwrap();
    assert_eq!(
        (answer.org_name.as_deref(), answer.previous),
        (Some("Second Company"), Previous::Revoked)
    );
}

#[tokio::test]
async fn a_bigin_out_of_reach_costs_no_second_code() {
    let bench = Bench::start().await;
    bench.fault(json!([{"path": "/bigin/*", "fault": {"kind": "html", "status": 503}}]));
    let refused = bench.refused(bench.file()).await;
    assert_eq!(refused.error_type, "VerificationFailed");
    let token = bench.stored_refresh_token().await.unwrap();
    bench.fault(json!([]));
    let answer = bench.authorize(json!({"verify": true})).await.unwrap();
    assert_eq!(answer.previous, Previous::Kept);
    assert_eq!(bench.stored_refresh_token().await, Some(token));
    assert!(bench.access.read().await.unwrap().unwrap().document.token().is_some());
}

#[tokio::test]
async fn an_accounts_server_that_misbehaves_is_told_apart_and_changes_nothing() {
    let bench = Bench::start().await;
    bench.authorize(bench.file()).await.unwrap();
    let token = bench.stored_refresh_token().await;
    for (fault, kind) in [
        (json!({"kind": "html", "status": 503}), "ZohoWebPage"),
        (json!({"kind": "garbage"}), "ZohoUnreadable"),
        (json!({"kind": "cut"}), "ZohoNoAnswer"),
        (
            json!({"kind": "status", "status": 400, "body": {"error": "Access Denied", "error_description": "请稍后再试"}}),
            "AccessDenied",
        ),
    ] {
        bench.fault(json!([{"path": "/oauth/v2/token", "fault": fault}]));
        assert_eq!(bench.refused(bench.file()).await.error_type, kind);
    }
    assert_eq!(bench.stored_refresh_token().await, token);
}

#[tokio::test]
async fn an_api_domain_that_is_not_zohos_is_refused() {
    let bench = Bench::with(json!({"api_domain": "https://bigin.evil.example"})).await;
    let refused = bench.refused(bench.file()).await;
    assert_eq!(refused.error_type, "ApiDomainRefused");
    assert!(
        refused.error_message.contains("was revoked at once"),
        "{}",
        refused.error_message
    );
    assert_eq!(bench.stored_refresh_token().await, None);
}
