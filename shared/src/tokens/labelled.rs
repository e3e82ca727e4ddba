//! How a secret is published, probed and scrubbed where each of these takes several calls: versions with
//! labels, as Secrets Manager has them. A publish stores the text as a version with a label of its own. Then
//! it moves the label of the current version away from the version that it expected. The store refuses the
//! move when another version is current. So a publish is a compare-and-swap. The calls are apart from their
//! order, so that a test can stop between any two of them.

use std::future::Future;

use super::secrets::{Publish, SecretText, Secrets, VaultError, VersionId, Versioned};

/// The label of the version that is current.
pub const CURRENT: &str = "AWSCURRENT";
/// The label of the one that was current before.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// Labels of versions that are not published (yet) begin with this.
const PRIVATE: &str = "bigin-relay-";

/// The current version, which may hold nothing yet.
#[derive(Debug, Clone)]
pub struct Current {
    /// Its id.
    pub version: VersionId,
    /// What it holds.
    pub text: Option<SecretText>,
}

/// The versions of one secret: each method is one call.
pub trait SecretVersions: Clone + Send + Sync + 'static {
    /// The secret's name, for errors.
    fn name(&self) -> &str;

    /// An id that no version has had.
    fn new_id(&self) -> VersionId;

    /// What [`CURRENT`] points at.
    fn current(&self) -> impl Future<Output = Result<Option<Current>, VaultError>> + Send;

    /// Stores a text under a label of its own. True when it became current by itself, being the first.
    fn store(
        &self,
        version: &VersionId,
        label: &str,
        text: &SecretText,
    ) -> impl Future<Output = Result<bool, VaultError>> + Send;

    /// Moves [`CURRENT`]; refused where it is not at the version it is to be moved from.
    fn move_current(
        &self,
        from: Option<&VersionId>,
        to: &VersionId,
    ) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// Takes a label off a version. One that it does not have any more is no error.
    fn take_label_off(&self, label: &str, version: &VersionId) -> impl Future<Output = Result<(), VaultError>> + Send;

    /// Every version that has labels, with its labels.
    fn labelled(&self) -> impl Future<Output = Result<Vec<(VersionId, Vec<String>)>, VaultError>> + Send;
}

/// A secret whose versions have labels.
#[derive(Debug, Clone)]
pub struct LabelledSecret<V>(V);

impl<V: SecretVersions> LabelledSecret<V> {
    /// The secret with those versions.
    pub fn of(versions: V) -> Self {
        Self(versions)
    }

    pub(super) fn versions(&self) -> &V {
        &self.0
    }

    /// Moves the current one's label. False when it was not where it was expected.
    async fn move_current(&self, from: Option<&VersionId>, to: &VersionId) -> Result<bool, VaultError> {
        let Err(error) = self.0.move_current(from, to).await else {
            return Ok(true);
        };
        // A refusal is a lost race; but an answer that got lost, and was asked for again, is refused too.
        match self.0.current().await?.map(|current| current.version) {
            Some(current) if current == *to => Ok(true),
            current if current.as_ref() != from => Ok(false),
            _ => Err(error),
        }
    }
}

/// The label of a version that is its own.
fn label_of(version: &VersionId) -> String {
    format!("{PRIVATE}{version}")
}

impl<V: SecretVersions> Secrets for LabelledSecret<V> {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn read(&self) -> Result<Option<Versioned>, VaultError> {
        let current = self.0.current().await?;
        Ok(current.and_then(|current| {
            Some(Versioned {
                text: current.text?,
                version: current.version,
            })
        }))
    }

    async fn publish(&self, expected: Option<&VersionId>, text: &SecretText) -> Result<Publish, VaultError> {
        let from = match expected {
            Some(version) => Some(version.clone()),
            None => match self.0.current().await? {
                None => None,
                Some(Current { version, text: None }) => Some(version),
                Some(_) => return Ok(Publish::Lost),
            },
        };
        let version = self.0.new_id();
        let label = label_of(&version);
        let became_current = self.0.store(&version, &label, text).await?;
        let moved = if became_current {
            Ok(true)
        } else {
            self.move_current(from.as_ref(), &version).await
        };
        // The label of its own has done its work; on a loser it would keep a token within reach. What became of the
        // publish stands either way, and a revoke sweeps labels that stayed behind.
        if let Err(error) = self.0.take_label_off(&label, &version).await {
            tracing::warn!(%error, "a version of a secret keeps a label it should not have");
        }
        Ok(if moved? { Publish::Done(version) } else { Publish::Lost })
    }

    async fn probe(&self, text: &SecretText) -> Result<(), VaultError> {
        let version = self.0.new_id();
        let label = label_of(&version);
        self.0.store(&version, &label, text).await?;
        self.0.take_label_off(&label, &version).await
    }

    async fn scrub(&self) -> Result<bool, VaultError> {
        let Some(Current {
            version,
            text: Some(text),
        }) = self.0.current().await?
        else {
            return Ok(true);
        };
        // AWS keeps what was current before within reach as AWSPREVIOUS. Publishing the same once more makes that one a
        // copy of the current one.
        let Publish::Done(version) = self.publish(Some(&version), &text).await? else {
            return Ok(false);
        };
        for (labelled, labels) in self.0.labelled().await? {
            if labelled == version {
                continue;
            }
            for label in labels.iter().filter(|label| *label != CURRENT && *label != PREVIOUS) {
                self.0.take_label_off(label, &labelled).await?;
            }
        }
        Ok(true)
    }
}
