use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::tokens::{MemorySecret, Publish, SecretText, Secrets, VaultError, VersionId, Versioned};

/// A secret in memory that can be made to refuse writing.
#[derive(Clone, Default)]
pub struct TestSecret {
    secret: MemorySecret,
    refuses_probes: Arc<AtomicBool>,
    refuses_publishing: Arc<AtomicBool>,
}

impl TestSecret {
    pub fn refuse_writes(&self, also_probes: bool) {
        self.refuses_publishing.store(true, Ordering::SeqCst);
        self.refuses_probes.store(also_probes, Ordering::SeqCst);
    }

    fn refused(&self) -> VaultError {
        let problem = "AccessDeniedException".to_owned();
        VaultError::Failed {
            action: "write",
            secret: self.secret.name().to_owned(),
            problem,
        }
    }
}

impl Secrets for TestSecret {
    fn name(&self) -> &str {
        self.secret.name()
    }

    async fn read(&self) -> Result<Option<Versioned>, VaultError> {
        self.secret.read().await
    }

    async fn publish(&self, expected: Option<&VersionId>, text: &SecretText) -> Result<Publish, VaultError> {
        if self.refuses_publishing.load(Ordering::SeqCst) {
            return Err(self.refused());
        }
        self.secret.publish(expected, text).await
    }

    async fn probe(&self, text: &SecretText) -> Result<(), VaultError> {
        if self.refuses_probes.load(Ordering::SeqCst) {
            return Err(self.refused());
        }
        self.secret.probe(text).await
    }

    async fn scrub(&self) -> Result<bool, VaultError> {
        self.secret.scrub().await
    }
}
