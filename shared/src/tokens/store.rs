//! The secrets as documents.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::access::{AccessDocument, AccessTokenRecord};
use super::secrets::{LARGEST_SECRET, Publish, SecretText, Secrets, VaultError, VersionId};
use super::secrets_manager::SecretsManagerSecret;
use super::self_client::SelfClient;

/// A document and the version it was read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionedDocument<D> {
    /// The document.
    pub document: D,
    /// Its version: what a publish must expect.
    pub version: VersionId,
}

/// A secret that holds one kind of document.
#[derive(Debug)]
pub struct DocumentStore<S, D> {
    secret: S,
    kind: PhantomData<fn() -> D>,
}

/// The secret with the self client.
pub type SelfClientStore<S = SecretsManagerSecret> = DocumentStore<S, SelfClient>;
/// The secret with the access token, as those see it that write it.
pub type AccessDocumentStore<S = SecretsManagerSecret> = DocumentStore<S, AccessDocument>;

impl<S: Clone, D> Clone for DocumentStore<S, D> {
    fn clone(&self) -> Self {
        Self {
            secret: self.secret.clone(),
            kind: PhantomData,
        }
    }
}

impl<S: Secrets, D: Serialize + DeserializeOwned> DocumentStore<S, D> {
    /// The documents in that secret.
    pub fn new(secret: S) -> Self {
        Self {
            secret,
            kind: PhantomData,
        }
    }

    /// The current document; `None` when the secret holds nothing yet.
    ///
    /// # Errors
    /// The secret cannot be read, or holds something else.
    pub async fn read(&self) -> Result<Option<VersionedDocument<D>>, VaultError> {
        let Some(current) = self.secret.read().await? else {
            return Ok(None);
        };
        let document = serde_json::from_str(current.text.expose()).map_err(|error| self.unreadable(&error))?;
        Ok(Some(VersionedDocument {
            document,
            version: current.version,
        }))
    }

    /// The current version, whatever it holds; `None` when the secret holds nothing yet.
    ///
    /// # Errors
    /// The secret cannot be read.
    pub async fn version(&self) -> Result<Option<VersionId>, VaultError> {
        Ok(self.secret.read().await?.map(|current| current.version))
    }

    /// Makes a document current if the expected version still is; `None`: if the secret holds nothing yet.
    ///
    /// # Errors
    /// The secret cannot be written.
    pub async fn publish(&self, expected: Option<&VersionId>, document: &D) -> Result<Publish, VaultError> {
        self.secret.publish(expected, &self.text(document)?).await
    }

    /// Proves that publishing would work, without changing what is current (a secret that holds nothing yet keeps the
    /// document).
    ///
    /// # Errors
    /// The secret cannot be written.
    pub async fn probe(&self, document: &D) -> Result<(), VaultError> {
        self.secret.probe(&self.text(document)?).await
    }

    /// Sees to it that no version but the current one, and copies of it, can be had by a label. False where somebody
    /// else has published meanwhile: then what was current has to be looked at anew.
    ///
    /// # Errors
    /// The secret cannot be written.
    pub async fn scrub(&self) -> Result<bool, VaultError> {
        self.secret.scrub().await
    }

    fn text(&self, document: &D) -> Result<SecretText, VaultError> {
        let text = serde_json::to_string(document).map(SecretText::new);
        let text = text.map_err(|error| self.unreadable(&error))?;
        let bytes = text.expose().len();
        if bytes > LARGEST_SECRET {
            let secret = self.secret.name().to_owned();
            return Err(VaultError::TooLarge { secret, bytes });
        }
        Ok(text)
    }

    /// Serde's own words may quote the value: only the place is told.
    fn unreadable(&self, error: &serde_json::Error) -> VaultError {
        let problem = format!(
            "{:?} at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        );
        VaultError::Unreadable {
            secret: self.secret.name().to_owned(),
            problem,
        }
    }
}

/// An access token and the version it was read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccess {
    /// The token.
    pub record: AccessTokenRecord,
    /// Its version: what refresh is told when Bigin rejects it.
    pub version: VersionId,
}

/// The secret with the access token, as push sees it: for reading alone.
#[derive(Debug, Clone)]
pub struct AccessTokenStore<S = SecretsManagerSecret>(AccessDocumentStore<S>);

impl<S: Secrets> AccessTokenStore<S> {
    /// The tokens in that secret.
    pub fn new(secret: S) -> Self {
        Self(DocumentStore::new(secret))
    }

    /// The current token; `None` when nothing is authorized.
    ///
    /// # Errors
    /// The secret cannot be read, or holds something else.
    pub async fn read(&self) -> Result<Option<StoredAccess>, VaultError> {
        let stored = self.0.read().await?;
        Ok(
            stored.and_then(|VersionedDocument { document, version }| match document {
                AccessDocument::Token(record) => Some(StoredAccess { record, version }),
                AccessDocument::Blank(_) => None,
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::MemorySecret;

    #[tokio::test]
    async fn a_secret_takes_what_secrets_manager_takes_and_not_a_byte_more() {
        let store = DocumentStore::<_, String>::new(MemorySecret::default());
        // Two bytes are the quotes.
        let too_much = "x".repeat(LARGEST_SECRET - 1);
        let refused = store.publish(None, &too_much).await.unwrap_err();
        assert!(
            matches!(refused, VaultError::TooLarge { bytes: 65_537, .. }),
            "{refused}"
        );
        assert!(
            refused.to_string().contains("65537 bytes, more than the 65536"),
            "{refused}"
        );
        assert_eq!(store.read().await.unwrap(), None);
        let enough = "x".repeat(LARGEST_SECRET - 2);
        let done = store.publish(None, &enough).await.unwrap();
        assert!(matches!(done, Publish::Done(_)));
    }
}
