//! What tests of several crates begin with.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "support for tests: a panic here is a test that fails"
)]

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::data_centre::{DataCentre, ZohoHosts};
use crate::secret::{AccessToken, ClientSecret, RefreshToken};
use crate::tokens::{AccessDocument, AccessTokenRecord, SelfClient};

/// The user whom [`self_client`] was authorized by.
pub const USER: &str = "ops@example.com";
/// The organisation that the tokens are for.
pub const ORG_ID: &str = "60001234";

/// A self client that is authorized.
pub fn self_client(refresh_token: &str) -> SelfClient {
    SelfClient {
        client_id: "1000.CLIENT".to_owned(),
        client_secret: ClientSecret::new("canary-client-secret"),
        refresh_token: RefreshToken::new(refresh_token),
        accounts_url: ZohoHosts::of(DataCentre::Eu).accounts_url(),
        data_center: DataCentre::Eu,
        scope: vec!["ZohoBigin.modules.ALL".to_owned()],
        org_id: Some(ORG_ID.to_owned()),
        org_name: Some("Example".to_owned()),
        user_email: Some(USER.to_owned()),
        authorized_at: Some(Timestamp::UNIX_EPOCH),
        pending: None,
    }
}

/// An access token that lives for an hour.
pub fn access_token(text: &str, issued_at: Timestamp) -> AccessDocument {
    AccessDocument::Token(AccessTokenRecord {
        access_token: AccessToken::new(text).unwrap(),
        api_domain: ZohoHosts::of(DataCentre::Eu).usual_api_domain(),
        org_id: Some(ORG_ID.to_owned()),
        issued_at,
        expires_at: issued_at + SignedDuration::from_hours(1),
    })
}

/// Waits until something holds, for ten seconds at most.
///
/// # Panics
/// It has not come to hold.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "{what} has not come to pass");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
