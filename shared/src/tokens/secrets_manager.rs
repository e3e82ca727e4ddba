//! A secret in AWS Secrets Manager: the calls. What they are made for is decided in [`super::labelled`].

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use uuid::Uuid;

use super::labelled::{CURRENT, Current, LabelledSecret, SecretVersions};
use super::secrets::{SecretText, VaultError, VersionId};
use crate::aws::{has_code, problem};

/// A secret in Secrets Manager.
pub type SecretsManagerSecret = LabelledSecret<SecretsManagerVersions>;

impl SecretsManagerSecret {
    /// The secret of that ARN.
    pub fn new(config: &SdkConfig, id: impl Into<String>) -> Self {
        Self::of(SecretsManagerVersions {
            client: Client::new(config),
            id: id.into(),
        })
    }

    /// Another secret, by the same client: each that is made costs a cold start a quarter of a millisecond.
    #[must_use]
    pub fn another(&self, id: impl Into<String>) -> Self {
        Self::of(SecretsManagerVersions {
            client: self.versions().client.clone(),
            id: id.into(),
        })
    }
}

/// A secret's versions in Secrets Manager.
#[derive(Debug, Clone)]
pub struct SecretsManagerVersions {
    client: Client,
    id: String,
}

impl SecretsManagerVersions {
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

impl SecretVersions for SecretsManagerVersions {
    fn name(&self) -> &str {
        &self.id
    }

    fn new_id(&self) -> VersionId {
        VersionId::new(Uuid::new_v4().to_string())
    }

    /// A secret without a value has no such version on AWS; elsewhere it may have one that holds nothing.
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

    async fn move_current(&self, from: Option<&VersionId>, to: &VersionId) -> Result<(), VaultError> {
        let update = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.id)
            .version_stage(CURRENT);
        let update = update
            .move_to_version_id(to.as_str())
            .set_remove_from_version_id(from.map(ToString::to_string));
        let moved = update.send().await;
        moved
            .map(|_| ())
            .map_err(|error| self.failed("publish a version of", &error))
    }

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
}
