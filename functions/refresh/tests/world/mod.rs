//! A relay in memory to refresh in.
#![allow(dead_code, reason = "each test binary uses its part")]

use jiff::{SignedDuration, Timestamp};
use refresh::{Answer, Function, RefreshError, Refresher, Request};
use shared::clock::{Clock, ManualClock};
use shared::intake::MemoryIntake;
use shared::state::standing::record;
use shared::state::{AuthorizationEvent, AuthorizationState, MemoryTable, Standing};
use shared::testing::{ORG_ID, access_token, self_client};
use shared::tokens::{
    AccessDocument, BlankState, DocumentStore, Issuer, MemoryIssuer, MemorySecret, Publish, SelfClient, VersionId,
};

/// The refresh token of an authorized world.
pub const REFRESH_TOKEN: &str = "canary-refresh-token";

/// A relay in memory; only the issuer may be a real one.
#[derive(Clone)]
pub struct World<Z = MemoryIssuer> {
    pub function: Function<MemoryTable, MemorySecret, Z, MemoryIntake, ManualClock>,
    pub access: MemorySecret,
}

impl World {
    /// Nobody has authorized yet.
    pub fn new() -> Self {
        Self::with_issuer(MemoryIssuer::with_refresh_tokens(&[REFRESH_TOKEN]))
    }

    /// Authorized just now, with a token that lives for an hour.
    pub async fn authorized() -> Self {
        let world = Self::new();
        world.authorize(self_client(REFRESH_TOKEN)).await;
        world
    }
}

impl<Z: Issuer + Clone + 'static> World<Z> {
    /// Nobody has authorized yet.
    pub fn with_issuer(issuer: Z) -> Self {
        let clock = ManualClock::at("2026-11-24T09:00:00Z");
        let access = MemorySecret::default();
        let refresher = Refresher {
            table: MemoryTable::with_clock(clock.clone()),
            access: DocumentStore::new(access.clone()),
            self_client: DocumentStore::new(MemorySecret::default()),
            issuer,
            clock,
        };
        let function = Function {
            refresher,
            intake: MemoryIntake::default(),
            stack: "test".to_owned(),
            patience: shared::state::waits::Patience::default(),
        };
        Self { function, access }
    }

    /// What authorize leaves behind.
    pub async fn authorize(&self, client: SelfClient) {
        let token = access_token("canary-first-token", self.now());
        self.publish_self_client(&client).await;
        let published = self.function.refresher.access.publish(None, &token).await.unwrap();
        assert!(matches!(published, Publish::Done(_)));
        let expires_at = token.token().unwrap().expires_at;
        record(self.table(), &AuthorizationEvent::Authorized { expires_at }, self.now())
            .await
            .unwrap();
    }

    pub async fn publish_self_client(&self, client: &SelfClient) {
        let published = self.function.refresher.self_client.publish(None, client).await.unwrap();
        assert!(matches!(published, Publish::Done(_)));
    }

    pub fn table(&self) -> &MemoryTable {
        &self.function.refresher.table
    }

    pub fn issuer(&self) -> &Z {
        &self.function.refresher.issuer
    }

    pub fn now(&self) -> Timestamp {
        self.function.refresher.clock.now()
    }

    pub fn pass(&self, minutes: i64) {
        self.function
            .refresher
            .clock
            .advance(SignedDuration::from_mins(minutes));
    }

    pub async fn scheduled(&self) -> Result<Answer, RefreshError> {
        self.function.handle(Request::default(), "scheduled").await
    }

    pub async fn rejected(&self, version: &VersionId, holder: &str) -> Result<Answer, RefreshError> {
        let rejected_version = Some(version.to_string());
        self.function.handle(Request { rejected_version }, holder).await
    }

    pub async fn current(&self) -> (VersionId, AccessDocument) {
        let stored = self.function.refresher.access.read().await.unwrap().unwrap();
        (stored.version, stored.document)
    }

    pub async fn state(&self) -> AuthorizationState {
        Standing::read(self.table()).await.unwrap().authorization.state
    }

    /// Blanks the access token as a revoke does.
    pub async fn blank(&self) {
        let (version, _) = self.current().await;
        let blank = AccessDocument::blank(BlankState::Revoked, Some(ORG_ID.to_owned()));
        let published = self
            .function
            .refresher
            .access
            .publish(Some(&version), &blank)
            .await
            .unwrap();
        assert!(matches!(published, Publish::Done(_)));
    }

    /// What a revoke does first.
    pub async fn begin_revoke(&self) {
        let reason = "test".to_owned();
        record(self.table(), &AuthorizationEvent::RevokeBegun { reason }, self.now())
            .await
            .unwrap();
        self.blank().await;
    }
}
