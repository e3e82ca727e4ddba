//! The two secrets: the self client with its refresh token, and the access token of the hour. Their documents, where
//! they are kept, and the decisions about them.

mod access;
mod issuer;
mod labelled;
#[cfg(any(test, feature = "test-support"))]
mod memory;
#[cfg(any(test, feature = "test-support"))]
mod memory_issuer;
mod pass;
mod provider;
mod refresh_function;
mod secrets;
mod secrets_manager;
mod self_client;
mod store;
mod verdict;

pub use access::{AccessDocument, AccessTokenRecord, Blank, BlankState};
pub use issuer::{Issuer, ZohoIssuer};
pub use labelled::{CURRENT, Current, LabelledSecret, PREVIOUS, SecretVersions};
#[cfg(any(test, feature = "test-support"))]
pub use memory::MemorySecret;
#[cfg(any(test, feature = "test-support"))]
pub use memory_issuer::MemoryIssuer;
pub use pass::{Pass, Tokens};
pub use provider::{Refreshed, TokenMinter, TokenProvider};
pub use refresh_function::RefreshFunction;
pub use secrets::{LARGEST_SECRET, Publish, SecretText, Secrets, VaultError, VersionId, Versioned};
pub use secrets_manager::{SecretsManagerSecret, SecretsManagerVersions};
pub use self_client::{Replaced, SelfClient, StandingGrant};
pub use store::{
    AccessDocumentStore, AccessTokenStore, DocumentStore, SelfClientStore, StoredAccess, VersionedDocument,
};
pub use verdict::{RefreshCause, TokenVerdict, judge_access};
