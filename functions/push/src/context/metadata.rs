//! What Bigin says about itself (modules, fields, organisation), kept for a while between invocations.

use std::collections::HashMap;
use std::sync::Arc;

use bigin::{CallFailure, Module, ModuleFields, ModuleName, Organisation};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::{AskFailure, Context, Services};
use shared::module_names::{UnknownModule, by_label, by_own_name};

/// How old metadata may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Read afresh: at the start of a file.
    Fresh,
    /// At most ten minutes old: Bigin drops unknown names silently, so nothing older is trusted.
    TenMinutes,
}

/// The organisation changes rarely.
const ORGANISATION_LASTS: SignedDuration = SignedDuration::from_hours(6);

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

type Dated<T> = Option<(Timestamp, T)>;

/// What is kept. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Cache {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    fields: HashMap<ModuleName, (Timestamp, Metadata)>,
    modules: Dated<Arc<Vec<Module>>>,
    organisation: Dated<Option<Arc<Organisation>>>,
}

impl<S: Services> Context<S> {
    /// A module's fields. The lock makes one question out of several that are asked together.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or does not know the module.
    pub async fn fields(&self, module: &ModuleName, freshness: Freshness) -> Result<Metadata, AskFailure> {
        let mut kept = self.metadata.kept.lock().await;
        if let Some((at, metadata)) = kept.fields.get(module).filter(|_| freshness == Freshness::TenMinutes)
            && self.now() - *at < SignedDuration::from_mins(10)
        {
            return Ok(metadata.clone());
        }
        let metadata = match self
            .ask(|access| async move { self.bigin.fields(&access, module).await })
            .await
        {
            Ok(fields) => Metadata::Known(Arc::new(fields)),
            Err(AskFailure::Refused(
                failure @ (CallFailure::ScopeMissing { .. } | CallFailure::NotPermitted { .. }),
            )) => Metadata::Unverified(failure.to_string()),
            Err(failure) => return Err(failure),
        };
        kept.fields.insert(module.clone(), (self.now(), metadata.clone()));
        Ok(metadata)
    }

    /// The module that a name means. Bigin's own names need no question; a label does, and without the settings scope
    /// only API names are understood.
    ///
    /// # Errors
    /// Bigin cannot be asked for now.
    pub async fn module(&self, name: &str) -> Result<Result<ModuleName, UnknownModule>, AskFailure> {
        if let Some(module) = by_own_name(name) {
            return Ok(Ok(module));
        }
        let mut kept = self.metadata.kept.lock().await;
        if let Some((at, modules)) = &kept.modules
            && self.now() - *at < SignedDuration::from_mins(10)
            && let Ok(module) = by_label(name, modules)
        {
            return Ok(Ok(module));
        }
        match self
            .ask(|access| async move { self.bigin.modules(&access).await })
            .await
        {
            Ok(modules) => {
                let found = by_label(name, &modules);
                kept.modules = Some((self.now(), Arc::new(modules)));
                Ok(found)
            }
            Err(AskFailure::Refused(CallFailure::ScopeMissing { .. } | CallFailure::NotPermitted { .. })) => {
                Ok(ModuleName::parse(name.trim()).map_err(|_| UnknownModule::unlisted(name)))
            }
            Err(failure) => Err(failure),
        }
    }

    /// The organisation; `None` where the authorization does not let it be read.
    ///
    /// # Errors
    /// Bigin cannot be asked for now.
    pub async fn organisation(&self) -> Result<Option<Arc<Organisation>>, AskFailure> {
        let mut kept = self.metadata.kept.lock().await;
        if let Some((at, organisation)) = &kept.organisation
            && self.now() - *at < ORGANISATION_LASTS
        {
            return Ok(organisation.clone());
        }
        let organisation = match self
            .ask(|access| async move { self.bigin.organisation(&access).await })
            .await
        {
            Ok(organisation) => Some(Arc::new(organisation)),
            Err(AskFailure::Refused(_)) => None,
            Err(failure) => return Err(failure),
        };
        kept.organisation = Some((self.now(), organisation.clone()));
        Ok(organisation)
    }
}
