//! What Bigin says about itself: its modules, fields and organisation. The answers are kept for a while, in
//! this instance's memory and, for all other instances, in the state table. So a hundred small files do not
//! each pay for the same answers.

use std::collections::HashMap;
use std::sync::Arc;

use bigin::{CallFailure, Module, ModuleFields, ModuleName, Organisation};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::authorized_bigin::{AskFailure, AuthorizedBigin};
use crate::clock::Clock;
use crate::module_names::{UnknownModule, by_label, by_own_name};
use crate::state::{Key, StateError, Table};
use crate::tokens::Tokens;

/// How old metadata may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Before something is refused because of it: read because of a doubt, within the last minute.
    Doubted,
    /// While a file is under way, so that a field that vanishes is missed soon.
    OneMinute,
    /// Bigin drops unknown names silently, so nothing older is trusted.
    TenMinutes,
}

impl Freshness {
    fn lasts(self) -> SignedDuration {
        match self {
            Self::Doubted | Self::OneMinute => SignedDuration::from_mins(1),
            Self::TenMinutes => SignedDuration::from_mins(10),
        }
    }
}

/// What Bigin keeps a module's fields like, or why it does not say.
#[derive(Debug, Clone)]
pub enum Metadata {
    /// The fields.
    Known(Arc<ModuleFields>),
    /// The authorization lacks the settings scope: names are taken as they are.
    Unverified(String),
}

impl Metadata {
    /// The fields, where Bigin said.
    pub fn fields(&self) -> Option<&ModuleFields> {
        match self {
            Self::Known(fields) => Some(fields),
            Self::Unverified(_) => None,
        }
    }

    /// Whether it says the same as the other.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => Arc::ptr_eq(one, other) || one == other,
            (Self::Unverified(_), Self::Unverified(_)) => true,
            _ => false,
        }
    }

    /// The fields to keep, where Bigin said.
    pub fn shared(&self) -> Option<Arc<ModuleFields>> {
        match self {
            Self::Known(fields) => Some(Arc::clone(fields)),
            Self::Unverified(_) => None,
        }
    }

    /// What to warn of.
    pub fn warning(&self) -> Option<String> {
        match self {
            Self::Known(_) => None,
            Self::Unverified(why) => Some(format!(
                "columns were not verified, and Bigin drops unknown names silently: {why}"
            )),
        }
    }
}

/// A module's fields as they lie in the table.
#[derive(Serialize, Deserialize)]
enum FieldsAnswer {
    Fields(ModuleFields),
    Unverified(String),
}

/// An answer, and when it was given.
#[derive(Clone, Serialize, Deserialize)]
struct Dated<T> {
    at: Timestamp,
    /// Whether it was asked because something seemed to be at odds with what had been answered before.
    #[serde(default)]
    doubted: bool,
    said: T,
}

impl<T> Dated<T> {
    fn is(&self, freshness: Freshness, now: Timestamp) -> bool {
        let is_asked_for = self.doubted || freshness != Freshness::Doubted;
        is_asked_for && now.duration_since(self.at) < freshness.lasts()
    }
}

/// Answers about modules, fields and the organisation. Clones share what is kept in memory.
pub struct MetadataCache<K, T, C> {
    authorized: AuthorizedBigin<K, T, C>,
    kept: Arc<Mutex<KeptAnswers>>,
}

// Derived, it would ask for tokens that can be cloned too.
impl<K, T: Clone, C: Clone> Clone for MetadataCache<K, T, C> {
    fn clone(&self) -> Self {
        Self {
            authorized: self.authorized.clone(),
            kept: Arc::clone(&self.kept),
        }
    }
}

#[derive(Default)]
struct KeptAnswers {
    fields: HashMap<ModuleName, Dated<Metadata>>,
    modules: Option<Dated<Arc<Vec<Module>>>>,
    organisation: Option<Dated<Option<Arc<Organisation>>>>,
}

impl<K: Tokens, T: Table, C: Clock> MetadataCache<K, T, C> {
    /// An empty cache. What it lacks it asks Bigin for.
    pub fn new(authorized: AuthorizedBigin<K, T, C>) -> Self {
        Self {
            authorized,
            kept: Arc::default(),
        }
    }

    /// A module's fields. The lock makes one question out of several that are asked together.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or does not know the module.
    pub async fn fields(&self, module: &ModuleName, freshness: Freshness) -> Result<Metadata, AskFailure> {
        let mut kept = self.kept.lock().await;
        if let Some(metadata) = self.recall_fields(&mut kept, module, freshness).await? {
            return Ok(metadata);
        }
        let said = match self
            .authorized
            .ask(|access| async move { self.authorized.bigin().fields(&access, module).await })
            .await
        {
            Ok(fields) => FieldsAnswer::Fields(fields),
            Err(AskFailure::Refused(
                failure @ (CallFailure::ScopeMissing { .. } | CallFailure::NotPermitted { .. }),
            )) => FieldsAnswer::Unverified(failure.to_string()),
            Err(failure) => return Err(failure),
        };
        let dated = Dated {
            at: self.authorized.now(),
            doubted: freshness == Freshness::Doubted,
            said,
        };
        self.note(&fields_of(module), &dated).await;
        Ok(kept.remember_fields(module, dated))
    }

    /// A module's fields, where they are known without asking Bigin.
    ///
    /// # Errors
    /// The table failed.
    pub async fn kept_fields(&self, module: &ModuleName, freshness: Freshness) -> Result<Option<Metadata>, StateError> {
        let mut kept = self.kept.lock().await;
        self.recall_fields(&mut kept, module, freshness).await
    }

    async fn recall_fields(
        &self,
        kept: &mut KeptAnswers,
        module: &ModuleName,
        freshness: Freshness,
    ) -> Result<Option<Metadata>, StateError> {
        let now = self.authorized.now();
        if let Some(dated) = kept.fields.get(module).filter(|dated| dated.is(freshness, now)) {
            return Ok(Some(dated.said.clone()));
        }
        let noted = self.recall::<FieldsAnswer>(&fields_of(module), freshness).await?;
        Ok(noted.map(|dated| kept.remember_fields(module, dated)))
    }

    /// The module that a name means. Bigin's own names need no question; a label does, and without the settings scope
    /// only API names are understood.
    ///
    /// # Errors
    /// Bigin cannot be asked for now.
    pub async fn module(&self, name: &str) -> Result<Result<ModuleName, UnknownModule>, AskFailure> {
        if let Some(module) = self.kept_module(name).await? {
            return Ok(Ok(module));
        }
        match self
            .authorized
            .ask(|access| async move { self.authorized.bigin().modules(&access).await })
            .await
        {
            Ok(modules) => {
                let found = by_label(name, &modules);
                let dated = Dated {
                    at: self.authorized.now(),
                    doubted: false,
                    said: modules,
                };
                self.note(&modules_key(), &dated).await;
                self.kept.lock().await.remember_modules(dated);
                Ok(found)
            }
            Err(AskFailure::Refused(CallFailure::ScopeMissing { .. } | CallFailure::NotPermitted { .. })) => {
                Ok(ModuleName::parse(name.trim()).map_err(|_| UnknownModule::unlisted(name)))
            }
            Err(failure) => Err(failure),
        }
    }

    /// The module that a name means, where that is known without asking Bigin.
    ///
    /// # Errors
    /// The table failed.
    pub async fn kept_module(&self, name: &str) -> Result<Option<ModuleName>, StateError> {
        if let Some(module) = by_own_name(name) {
            return Ok(Some(module));
        }
        let (mut kept, now) = (self.kept.lock().await, self.authorized.now());
        if let Some(dated) = &kept.modules
            && dated.is(Freshness::TenMinutes, now)
            && let Ok(module) = by_label(name, &dated.said)
        {
            return Ok(Some(module));
        }
        let noted = self
            .recall::<Vec<Module>>(&modules_key(), Freshness::TenMinutes)
            .await?;
        Ok(noted.and_then(|dated| by_label(name, &kept.remember_modules(dated)).ok()))
    }

    /// The organisation; `None` where the authorization does not let it be read.
    ///
    /// # Errors
    /// Bigin cannot be asked for now.
    pub async fn organisation(&self) -> Result<Option<Arc<Organisation>>, AskFailure> {
        let mut kept = self.kept.lock().await;
        if let Some(organisation) = self.recall_organisation(&mut kept).await? {
            return Ok(organisation);
        }
        let said = match self
            .authorized
            .ask(|access| async move { self.authorized.bigin().organisation(&access).await })
            .await
        {
            Ok(organisation) => Some(organisation),
            Err(AskFailure::Refused(_)) => None,
            Err(failure) => return Err(failure),
        };
        let dated = Dated {
            at: self.authorized.now(),
            doubted: false,
            said,
        };
        self.note(&organisation_key(), &dated).await;
        Ok(kept.remember_organisation(dated))
    }

    /// The organisation, where it is known without asking Bigin.
    ///
    /// # Errors
    /// The table failed.
    pub async fn kept_organisation(&self) -> Result<Option<Option<Arc<Organisation>>>, StateError> {
        let mut kept = self.kept.lock().await;
        self.recall_organisation(&mut kept).await
    }

    async fn recall_organisation(
        &self,
        kept: &mut KeptAnswers,
    ) -> Result<Option<Option<Arc<Organisation>>>, StateError> {
        let now = self.authorized.now();
        if let Some(dated) = kept
            .organisation
            .as_ref()
            .filter(|dated| dated.is(Freshness::TenMinutes, now))
        {
            return Ok(Some(dated.said.clone()));
        }
        let noted = self
            .recall::<Option<Organisation>>(&organisation_key(), Freshness::TenMinutes)
            .await?;
        Ok(noted.map(|dated| kept.remember_organisation(dated)))
    }

    /// What another instance noted. What cannot be read, since another version wrote it, is asked for anew.
    async fn recall<V: DeserializeOwned>(
        &self,
        key: &Key,
        freshness: Freshness,
    ) -> Result<Option<Dated<V>>, StateError> {
        let noted = match self.authorized.table().get::<Dated<V>>(key).await {
            Err(StateError::Unreadable { .. }) => None,
            noted => noted?.map(|stored| stored.value),
        };
        Ok(noted.filter(|dated| dated.is(freshness, self.authorized.now())))
    }

    /// Notes an answer for other instances. One that is too large for an item of the table is not noted.
    async fn note<V: Serialize + Sync>(&self, key: &Key, dated: &Dated<V>) {
        let keep_until = Some(dated.at + Freshness::TenMinutes.lasts());
        if let Err(error) = self.authorized.table().put(key, dated, keep_until).await {
            tracing::warn!(%error, "what Bigin said about itself is not shared with other instances");
        }
    }
}

impl KeptAnswers {
    fn remember_fields(&mut self, module: &ModuleName, dated: Dated<FieldsAnswer>) -> Metadata {
        let said = match dated.said {
            FieldsAnswer::Fields(fields) => Metadata::Known(Arc::new(fields)),
            FieldsAnswer::Unverified(why) => Metadata::Unverified(why),
        };
        let dated = Dated {
            at: dated.at,
            doubted: dated.doubted,
            said,
        };
        self.fields.insert(module.clone(), dated.clone());
        dated.said
    }

    fn remember_modules(&mut self, dated: Dated<Vec<Module>>) -> Arc<Vec<Module>> {
        let said = Arc::new(dated.said);
        self.modules = Some(Dated {
            at: dated.at,
            doubted: false,
            said: Arc::clone(&said),
        });
        said
    }

    fn remember_organisation(&mut self, dated: Dated<Option<Organisation>>) -> Option<Arc<Organisation>> {
        let said = dated.said.map(Arc::new);
        self.organisation = Some(Dated {
            at: dated.at,
            doubted: false,
            said: said.clone(),
        });
        said
    }
}

fn fields_of(module: &ModuleName) -> Key {
    Key::new("metadata", format!("fields#{}", module.as_str()))
}

fn modules_key() -> Key {
    Key::new("metadata", "modules")
}

fn organisation_key() -> Key {
    Key::new("metadata", "organisation")
}
