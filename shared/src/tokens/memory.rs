//! A secret in memory, for tests: versions and labels as Secrets Manager has them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::secrets::{Publish, SecretText, Secrets, VaultError, VersionId, Versioned};
use crate::stepping::step;

/// A secret in memory. Clones share what it holds.
#[derive(Debug, Clone, Default)]
pub struct MemorySecret(Arc<Mutex<MemoryVersions>>);

#[derive(Debug, Default)]
struct MemoryVersions {
    versions: BTreeMap<VersionId, SecretText>,
    current: Option<VersionId>,
    previous: Option<VersionId>,
    last: u64,
}

impl MemoryVersions {
    fn store(&mut self, text: &SecretText) -> VersionId {
        self.last += 1;
        let version = VersionId::new(format!("v{:04}", self.last));
        self.versions.insert(version.clone(), text.clone());
        version
    }

    fn promote(&mut self, version: &VersionId) {
        self.previous = self.current.replace(version.clone());
        let (current, previous) = (self.current.clone(), self.previous.clone());
        self.versions
            .retain(|id, _| Some(id) == current.as_ref() || Some(id) == previous.as_ref());
    }
}

impl MemorySecret {
    /// The texts that can be had by a label, for tests that look for what must not be there.
    pub fn labelled(&self) -> Vec<String> {
        let held = self.held();
        let labelled = [&held.current, &held.previous].into_iter().flatten();
        labelled
            .filter_map(|version| held.versions.get(version))
            .map(|text| text.expose().to_owned())
            .collect()
    }

    /// How many versions were ever stored.
    pub fn stored(&self) -> u64 {
        self.held().last
    }

    fn held(&self) -> MutexGuard<'_, MemoryVersions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Secrets for MemorySecret {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn read(&self) -> Result<Option<Versioned>, VaultError> {
        step().await;
        let held = self.held();
        let current = held
            .current
            .as_ref()
            .and_then(|version| Some((version, held.versions.get(version)?)));
        Ok(current.map(|(version, text)| Versioned {
            text: text.clone(),
            version: version.clone(),
        }))
    }

    async fn publish(&self, expected: Option<&VersionId>, text: &SecretText) -> Result<Publish, VaultError> {
        step().await;
        let mut held = self.held();
        if held.current.as_ref() != expected {
            return Ok(Publish::Lost);
        }
        let version = held.store(text);
        held.promote(&version);
        Ok(Publish::Done(version))
    }

    async fn probe(&self, text: &SecretText) -> Result<(), VaultError> {
        step().await;
        let mut held = self.held();
        if held.current.is_none() {
            let version = held.store(text);
            held.promote(&version);
        }
        Ok(())
    }

    async fn scrub(&self) -> Result<bool, VaultError> {
        step().await;
        let mut held = self.held();
        let current = held
            .current
            .clone()
            .and_then(|version| held.versions.get(&version).cloned());
        if let Some(text) = current {
            let version = held.store(&text);
            held.promote(&version);
        }
        Ok(true)
    }
}
