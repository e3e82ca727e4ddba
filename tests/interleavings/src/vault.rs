//! The two secrets of a scene, call by call as Secrets Manager has them: in between, others act, and whoever calls may
//! die. What is done with the calls is the relay's own code.

use shared::tokens::{CURRENT, Current, LabelledSecret, PREVIOUS, SecretText, SecretVersions, VaultError, VersionId};

use crate::desk::Desk;
use crate::rules;
use crate::world::{Fate, May, Vault, Version, World};

/// Which secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Which {
    SelfClient,
    Access,
}

/// A secret of a scene.
pub type SceneSecret = LabelledSecret<SceneVersions>;

/// Its versions.
#[derive(Clone)]
pub struct SceneVersions {
    pub desk: Desk,
    pub which: Which,
}

fn failed(action: &'static str) -> VaultError {
    VaultError::Failed {
        action,
        secret: "scene".to_owned(),
        problem: "a fault of the scene".to_owned(),
    }
}

fn fails<R>(action: &'static str) -> impl FnOnce(Fate) -> Result<R, VaultError> {
    move |_| Err(failed(action))
}

impl SceneVersions {
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

    /// Makes a version current.
    fn promote(&self, world: &mut World, version: &VersionId) {
        let text = self.vault(world).text_of(version).unwrap_or_default().to_owned();
        match self.which {
            Which::Access => rules::publishes_access(world, self.desk.who(), &text),
            Which::SelfClient => rules::publishes_self_client(world, &text),
        }
        self.vault(world).promote(version.clone());
    }
}

impl SecretVersions for SceneVersions {
    fn name(&self) -> &'static str {
        "scene"
    }

    fn new_id(&self) -> VersionId {
        VersionId::new(format!("v{:016x}", self.desk.mark(&self.desk.world())))
    }

    async fn current(&self) -> Result<Option<Current>, VaultError> {
        let look = |world: &mut World| {
            let vault = self.vault(world);
            let current = vault.version().cloned();
            let text = current
                .as_ref()
                .and_then(|version| vault.text_of(version))
                .map(str::to_owned);
            if self.which == Which::Access
                && let Some(me) = world.people.get_mut(self.desk.who())
            {
                me.version_seen.clone_from(&current);
            }
            current.zip(text)
        };
        let answer = |current: Option<(VersionId, String)>| {
            Ok(current.map(|(version, text)| Current {
                version,
                text: Some(SecretText::new(text)),
            }))
        };
        let name = self.name("read the access token", "read the self client");
        self.desk.deed(name, May::Fail, look, answer, fails("read")).await
    }

    async fn store(&self, version: &VersionId, label: &str, text: &SecretText) -> Result<bool, VaultError> {
        let store = |world: &mut World| {
            let stored = Version {
                text: text.expose().to_owned(),
                label: Some(label.to_owned()),
                by: self.desk.who(),
                was_listed: false,
            };
            let vault = self.vault(world);
            vault.versions.insert(version.clone(), stored);
            let is_first = vault.current.is_none();
            if is_first {
                self.promote(world, version);
            }
            is_first
        };
        let name = self.name("store an access token", "store a self client");
        self.desk
            .deed(name, May::FailOrLoseAnswer, store, Ok, fails("store"))
            .await
    }

    async fn move_current(&self, from: Option<&VersionId>, to: &VersionId) -> Result<(), VaultError> {
        let swap = |world: &mut World| {
            let is_expected = self.vault(world).version() == from;
            if is_expected {
                self.promote(world, to);
            }
            is_expected
        };
        let answer = |is_done: bool| is_done.then_some(()).ok_or_else(|| failed("publish"));
        let name = self.name("publish the access token", "publish the self client");
        self.desk
            .deed(name, May::FailOrLoseAnswer, swap, answer, fails("publish"))
            .await
    }

    async fn take_label_off(&self, label: &str, version: &VersionId) -> Result<(), VaultError> {
        let take_off = |world: &mut World| self.vault(world).take_label_off(label, version, self.desk.who());
        let name = self.name("take a label off an access token", "take a label off a self client");
        self.desk
            .deed(name, May::FailOrLoseAnswer, take_off, Ok, fails("take a label off"))
            .await
    }

    async fn labelled(&self) -> Result<Vec<(VersionId, Vec<String>)>, VaultError> {
        let list = |world: &mut World| {
            let vault = self.vault(world);
            for version in vault.versions.values_mut() {
                version.was_listed = true;
            }
            let labels = |id: &VersionId, version: &Version| {
                let current = (vault.current.as_ref() == Some(id)).then(|| CURRENT.to_owned());
                let previous = (vault.previous.as_ref() == Some(id)).then(|| PREVIOUS.to_owned());
                current.into_iter().chain(previous).chain(version.label.clone())
            };
            let all = vault.versions.iter();
            all.map(|(id, version)| (id.clone(), labels(id, version).collect::<Vec<_>>()))
                .filter(|(_, labels)| !labels.is_empty())
                .collect::<Vec<_>>()
        };
        let name = self.name(
            "list the versions of the access token",
            "list the versions of the self client",
        );
        self.desk.deed(name, May::Fail, list, Ok, fails("list")).await
    }
}
