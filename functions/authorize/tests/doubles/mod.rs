//! What authorize works with, in memory.

#![allow(dead_code, unused_imports, reason = "every test file uses a part of it")]

mod secret;
mod zoho;

use authorize::{Answer, Authorize, AuthorizeError, SCOPES_LINE};
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::secret::AccessToken;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::intake::MemoryIntake;
use shared::state::{AuthorizationEvent, AuthorizationState, MemoryTable, Standing, standing};
use shared::tokens::{
    AccessDocument, AccessDocumentStore, AccessTokenRecord, BlankState, DocumentStore, Publish, SecretText, Secrets,
    SelfClient, SelfClientStore,
};

pub use secret::TestSecret;
pub use zoho::{ZohoDouble, organisation};

/// A clock whose waits take no time, but move it.
#[derive(Clone, Default)]
pub struct TestClock(std::sync::Arc<std::sync::atomic::AtomicI64>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let waited = self.0.load(std::sync::atomic::Ordering::SeqCst);
        Timestamp::from_millisecond(1_791_540_000_000 + waited).unwrap()
    }

    async fn sleep(&self, duration: std::time::Duration) {
        let waited = i64::try_from(duration.as_millis()).unwrap();
        self.0.fetch_add(waited, std::sync::atomic::Ordering::SeqCst);
    }
}

/// The relay as far as authorize sees it. Clones share everything.
#[derive(Clone)]
pub struct Relay {
    pub zoho: ZohoDouble,
    pub table: MemoryTable,
    pub intake: MemoryIntake,
    pub self_client: SelfClientStore<TestSecret>,
    pub access: AccessDocumentStore<TestSecret>,
    secrets: [TestSecret; 2],
    clock: TestClock,
}

impl Relay {
    pub fn new(zoho: ZohoDouble) -> Self {
        let clock = TestClock::default();
        let secrets = [TestSecret::default(), TestSecret::default()];
        Self {
            zoho,
            table: MemoryTable::with_clock(clock.clone()),
            intake: MemoryIntake::default(),
            self_client: DocumentStore::new(secrets[0].clone()),
            access: DocumentStore::new(secrets[1].clone()),
            secrets,
            clock,
        }
    }

    pub async fn authorize(&self, payload: Value) -> Result<Answer, AuthorizeError> {
        let authorize = Authorize {
            table: self.table.clone(),
            self_client: self.self_client.clone(),
            access: self.access.clone(),
            zoho: self.zoho.clone(),
            intake: self.intake.clone(),
            clock: self.clock.clone(),
            data_center: DataCentre::Eu,
        };
        let result = authorize.handle(payload).await;
        let shown = format!("{result:?}") + &result.as_ref().map_or_else(ToString::to_string, |_| String::new());
        for secret in ["refresh-", "access-", "client-secret", "the-code"] {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
        result
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn client(&self) -> SelfClient {
        self.self_client.read().await.unwrap().unwrap().document
    }

    pub async fn access_token(&self) -> Option<AccessTokenRecord> {
        self.access.read().await.unwrap()?.document.token().cloned()
    }

    pub async fn state(&self) -> AuthorizationState {
        Standing::read(&self.table).await.unwrap().authorization.state
    }

    /// What the revoke function leaves behind.
    pub async fn revoke(&self) {
        let begun = AuthorizationEvent::RevokeBegun {
            reason: "test".to_owned(),
        };
        standing::record(&self.table, &begun, self.now()).await.unwrap();
        let stored = self.self_client.read().await.unwrap().unwrap();
        let scrubbed = stored.document.scrubbed();
        published(
            self.self_client
                .publish(Some(&stored.version), &scrubbed)
                .await
                .unwrap(),
        );
        let version = self.access.version().await.unwrap();
        let blank = AccessDocument::blank(BlankState::Revoked, scrubbed.org_id);
        published(self.access.publish(version.as_ref(), &blank).await.unwrap());
        standing::record(&self.table, &AuthorizationEvent::RevokeDone, self.now())
            .await
            .unwrap();
    }

    /// What the refresh function does.
    pub async fn publish_access(&self, token: &str) {
        let version = self.access.version().await.unwrap();
        let record = AccessTokenRecord {
            access_token: AccessToken::new(token).unwrap(),
            api_domain: ZohoHosts::of(DataCentre::Eu).usual_api_domain(),
            org_id: None,
            issued_at: self.now(),
            expires_at: self.now(),
        };
        published(
            self.access
                .publish(version.as_ref(), &AccessDocument::Token(record))
                .await
                .unwrap(),
        );
    }

    pub fn refuse_writes(&self, which: &str) {
        match which {
            "self client" => self.secrets[0].refuse_writes(true),
            "access token" => self.secrets[1].refuse_writes(true),
            _ => self.secrets[0].refuse_writes(false),
        }
    }

    pub async fn spoil_secrets(&self) {
        for secret in &self.secrets {
            published(
                secret
                    .publish(None, &SecretText::new("{\"something\": \"else\"}x"))
                    .await
                    .unwrap(),
            );
        }
    }
}

fn published(publish: Publish) {
    assert!(matches!(publish, Publish::Done(_)));
}

/// A self client file as the console gives it.
pub fn file() -> Value {
    json!({
        "client_id": "1000.ABCDEFGHIJ0123456789KLMNOPQRST",
        "client_secret": "client-secret",
        "code": "the-code",
        "grant_type": "authorization_code",
        "scope": SCOPES_LINE.split(',').collect::<Vec<_>>(),
        "expiry_time": 1_791_540_000_000_i64 + 600_000,
    })
}
