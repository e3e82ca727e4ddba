//! The two secrets of a scene.

use shared::tokens::{Publish, SecretText, Secrets, VaultError, VersionId, Versioned};

use crate::desk::Desk;
use crate::rules;
use crate::world::{Fate, May, Vault, World};

/// Which secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Which {
    SelfClient,
    Access,
}

#[derive(Clone)]
pub struct SceneSecret {
    pub desk: Desk,
    pub which: Which,
}

fn failed<R>(action: &'static str) -> impl FnOnce(Fate) -> Result<R, VaultError> {
    move |_| {
        Err(VaultError::Failed {
            action,
            secret: "scene".to_owned(),
            problem: "a fault of the scene".to_owned(),
        })
    }
}

impl SceneSecret {
    fn vault<'w>(&self, world: &'w mut World) -> &'w mut Vault {
        match self.which {
            Which::SelfClient => &mut world.self_client,
            Which::Access => &mut world.access,
        }
    }

    fn name(&self, access: &'static str, self_client: &'static str) -> &'static str {
        match self.which {
            Which::SelfClient => self_client,
            Which::Access => access,
        }
    }

    /// Stores a text as the current version.
    fn store(&self, world: &mut World, text: &str) -> VersionId {
        let version = VersionId::new(format!("v{:016x}", self.desk.mark(world)));
        match self.which {
            Which::Access => rules::publishes_access(world, self.desk.who(), text),
            Which::SelfClient => rules::publishes_self_client(world, text),
        }
        self.vault(world).put(version.clone(), text.to_owned());
        version
    }
}

impl Secrets for SceneSecret {
    fn name(&self) -> &'static str {
        "scene"
    }

    async fn read(&self) -> Result<Option<Versioned>, VaultError> {
        let look = |world: &mut World| {
            let current = self.vault(world).current.clone();
            if self.which == Which::Access
                && let Some(me) = world.people.get_mut(self.desk.who())
            {
                me.version_seen = current.as_ref().map(|(version, _)| version.clone());
            }
            current
        };
        let answer = |current: Option<(VersionId, String)>| {
            Ok(current.map(|(version, text)| Versioned {
                text: SecretText::new(text),
                version,
            }))
        };
        let name = self.name("read the access token", "read the self client");
        self.desk.deed(name, May::Fail, look, answer, failed("read")).await
    }

    async fn publish(&self, expected: Option<&VersionId>, text: &SecretText) -> Result<Publish, VaultError> {
        let swap =
            |world: &mut World| (self.vault(world).version() == expected).then(|| self.store(world, text.expose()));
        let answer = |version: Option<VersionId>| Ok(version.map_or(Publish::Lost, Publish::Done));
        let name = self.name("publish the access token", "publish the self client");
        self.desk
            .deed(name, May::FailOrLoseAnswer, swap, answer, failed("publish"))
            .await
    }

    async fn probe(&self, text: &SecretText) -> Result<(), VaultError> {
        let probe = |world: &mut World| {
            if self.vault(world).current.is_none() {
                self.store(world, text.expose());
            }
        };
        let name = self.name("probe the access token", "probe the self client");
        self.desk
            .deed(name, May::FailOrLoseAnswer, probe, Ok, failed("probe"))
            .await
    }

    async fn scrub(&self) -> Result<(), VaultError> {
        let scrub = |world: &mut World| {
            if let Some((_, text)) = self.vault(world).current.clone() {
                self.store(world, &text);
            }
        };
        let name = self.name("scrub the access token", "scrub the self client");
        self.desk
            .deed(name, May::FailOrLoseAnswer, scrub, Ok, failed("scrub"))
            .await
    }
}
