//! A secret in AWS Secrets Manager. A publish stores the text as a version with a label of its own and then moves the
//! label AWSCURRENT from the version that was expected: AWS refuses the move when another one is current, which makes it
//! a compare-and-swap.

use std::fmt::Write as _;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use uuid::Uuid;

use super::secrets::{Publish, SecretText, Secrets, VaultError, VersionId, Versioned};
use crate::aws::{has_code, problem};

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
/// Labels of versions that are not published (yet) begin with this.
const PRIVATE: &str = "bigin-relay-";

/// A secret in Secrets Manager.
#[derive(Debug, Clone)]
pub struct SecretsManagerSecret {
    client: Client,
    id: String,
}

/// The current version, which may hold nothing yet.
struct Current {
    version: VersionId,
    text: Option<SecretText>,
}

impl SecretsManagerSecret {
    /// The secret of that ARN.
    pub fn new(config: &SdkConfig, id: impl Into<String>) -> Self {
        Self {
            client: Client::new(config),
            id: id.into(),
        }
    }

    /// Another secret, by the same client: each that is made costs a cold start a quarter of a millisecond.
    #[must_use]
    pub fn another(&self, id: impl Into<String>) -> Self {
        Self {
            client: self.client.clone(),
            id: id.into(),
        }
    }

    /// What AWSCURRENT points at. A secret without a value has no such version on AWS; elsewhere it may have one that
    /// holds nothing.
    async fn current(&self) -> Result<Option<Current>, VaultError> {
        let answer = match self.client.get_secret_value().secret_id(&self.id).send().await {
            Ok(answer) => answer,
            Err(error) if has_code(&error, "ResourceNotFoundException") => return Ok(None),
            Err(error) => return Err(self.failed("read", &error)),
        };
        let Some(version) = answer.version_id.map(VersionId::new) else {
            return Ok(None);
        };
        let text = answer
            .secret_string
            .map(SecretText::new)
            .filter(|text| !text.expose().trim().is_empty());
        Ok(Some(Current { version, text }))
    }

    /// Stores a text under a label of its own. True when it became current by itself, being the first.
    async fn store(&self, version: &VersionId, label: &str, text: &SecretText) -> Result<bool, VaultError> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(&self.id)
            .client_request_token(version.as_str());
        let put = put.version_stages(label).secret_string(text.expose());
        let answer = put.send().await.map_err(|error| self.failed("write", &error))?;
        Ok(answer.version_stages().iter().any(|stage| stage == CURRENT))
    }

    /// Takes a label off a version.
    async fn take_label_off(&self, label: &str, version: &VersionId) -> Result<(), VaultError> {
        let update = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.id)
            .version_stage(label);
        match update.remove_from_version_id(version.as_str()).send().await {
            Ok(_) => Ok(()),
            // It is not there any more: what was wanted.
            Err(error) if has_code(&error, "InvalidParameterException") => Ok(()),
            Err(error) => Err(self.failed("take a label off a version of", &error)),
        }
    }

    /// Moves AWSCURRENT. False when it was not where it was expected.
    async fn move_current(&self, from: Option<&VersionId>, to: &VersionId) -> Result<bool, VaultError> {
        let update = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.id)
            .version_stage(CURRENT);
        let update = update
            .move_to_version_id(to.as_str())
            .set_remove_from_version_id(from.map(ToString::to_string));
        let Err(error) = update.send().await else {
            return Ok(true);
        };
        // A refusal is a lost race; but an answer that got lost, and was asked for again, is refused too.
        match self.current().await?.map(|current| current.version) {
            Some(current) if current == *to => Ok(true),
            current if current.as_ref() != from => Ok(false),
            _ => Err(self.failed("publish a version of", &error)),
        }
    }

    /// Every version that has labels, with its labels.
    async fn labelled(&self) -> Result<Vec<(VersionId, Vec<String>)>, VaultError> {
        let (mut labelled, mut next) = (Vec::new(), None);
        loop {
            let list = self
                .client
                .list_secret_version_ids()
                .secret_id(&self.id)
                .set_next_token(next);
            let page = list
                .send()
                .await
                .map_err(|error| self.failed("list the versions of", &error))?;
            for version in page.versions.unwrap_or_default() {
                let labels = version.version_stages.unwrap_or_default();
                if let Some(id) = version.version_id.filter(|_| !labels.is_empty()) {
                    labelled.push((VersionId::new(id), labels));
                }
            }
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(labelled);
            }
        }
    }

    fn failed<E: ProvideErrorMetadata + std::error::Error>(
        &self,
        action: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> VaultError {
        VaultError::Failed {
            action,
            secret: self.id.clone(),
            problem: problem(error),
        }
    }
}

impl Secrets for SecretsManagerSecret {
    fn name(&self) -> &str {
        &self.id
    }

    async fn read(&self) -> Result<Option<Versioned>, VaultError> {
        let current = self.current().await?;
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
            None => match self.current().await? {
                None => None,
                Some(Current { version, text: None }) => Some(version),
                Some(_) => return Ok(Publish::Lost),
            },
        };
        let (version, label) = new_version();
        let became_current = self.store(&version, &label, text).await?;
        let moved = if became_current {
            Ok(true)
        } else {
            self.move_current(from.as_ref(), &version).await
        };
        // The label of its own has done its work; on a loser it would keep a token within reach. What became of the
        // publish stands either way, and a revoke sweeps labels that stayed behind.
        if let Err(error) = self.take_label_off(&label, &version).await {
            tracing::warn!(%error, "a version of a secret keeps a label it should not have");
        }
        Ok(if moved? { Publish::Done(version) } else { Publish::Lost })
    }

    async fn probe(&self, text: &SecretText) -> Result<(), VaultError> {
        let (version, label) = new_version();
        self.store(&version, &label, text).await?;
        self.take_label_off(&label, &version).await
    }

    async fn scrub(&self) -> Result<(), VaultError> {
        let Some(Current {
            version,
            text: Some(text),
        }) = self.current().await?
        else {
            return Ok(());
        };
        // AWS keeps what was current before within reach as AWSPREVIOUS. Publishing the same once more makes that one a
        // copy of the current one.
        let Publish::Done(version) = self.publish(Some(&version), &text).await? else {
            let problem = "somebody else published a version at the same time; repeat the revoke".to_owned();
            return Err(VaultError::Failed {
                action: "scrub",
                secret: self.id.clone(),
                problem,
            });
        };
        for (labelled, labels) in self.labelled().await? {
            if labelled == version {
                continue;
            }
            for label in labels.iter().filter(|label| *label != CURRENT && *label != PREVIOUS) {
                self.take_label_off(label, &labelled).await?;
            }
        }
        Ok(())
    }
}

/// An id for a new version, and a label that no other version has.
fn new_version() -> (VersionId, String) {
    let id = Uuid::new_v4();
    let mut label = PRIVATE.to_owned();
    // Writing to a String cannot fail.
    let _ = write!(label, "{id}");
    (VersionId::new(id.to_string()), label)
}
