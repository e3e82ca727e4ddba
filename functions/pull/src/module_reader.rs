//! The questions to Bigin that a run asks about its module, each counted.

use std::sync::atomic::{AtomicU64, Ordering};

use bigin::{Access, ColumnName, ModuleName, Tombstones, WholeRecord, WrittenPage};
use shared::authorized_bigin::AskFailure;

use crate::context::{Context, OwnBigin, Services};
use crate::window::Window;

/// Asks about one module.
pub struct ModuleReader<'a, S: Services> {
    bigin: &'a OwnBigin<S>,
    module: &'a ModuleName,
    calls: AtomicU64,
}

impl<'a, S: Services> ModuleReader<'a, S> {
    /// Asks about that module.
    pub fn new(context: &'a Context<S>, module: &'a ModuleName) -> Self {
        Self {
            bigin: &context.bigin,
            module,
            calls: AtomicU64::new(0),
        }
    }

    /// How many calls there were since this was asked last. Each costs one credit.
    pub fn take_calls(&self) -> u64 {
        self.calls.swap(0, Ordering::Relaxed)
    }

    fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that were written within the window, by ids greater than that.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn written(&self, window: &Window, after: u64) -> Result<WrittenPage, AskFailure> {
        let bounds = window.bounds();
        let question = |access: Access| {
            self.count();
            async move {
                self.bigin
                    .bigin()
                    .written_between(&access, self.module, bounds, after)
                    .await
            }
        };
        self.bigin.ask(question).await
    }

    /// A page of deleted records, counted from 1.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn deleted(&self, page: u64) -> Result<Tombstones, AskFailure> {
        let question = |access: Access| {
            self.count();
            async move { self.bigin.bigin().deleted(&access, self.module, page).await }
        };
        self.bigin.ask(question).await
    }

    /// Records by their ids, with these fields.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn by_ids(&self, ids: &[&str], columns: &[&ColumnName]) -> Result<Vec<WholeRecord>, AskFailure> {
        let question = |access: Access| {
            self.count();
            async move {
                self.bigin
                    .bigin()
                    .records_by_id(&access, self.module, ids, columns)
                    .await
            }
        };
        self.bigin.ask(question).await
    }

    /// One record with all it has; `None` where it is gone.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn one(&self, id: &str) -> Result<Option<WholeRecord>, AskFailure> {
        let question = |access: Access| {
            self.count();
            async move { self.bigin.bigin().record(&access, self.module, id).await }
        };
        self.bigin.ask(question).await
    }

    /// The user in whose name the relay works.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn relay_user(&self) -> Result<String, AskFailure> {
        let question = |access: Access| {
            self.count();
            async move { self.bigin.bigin().current_user(&access).await }
        };
        Ok(self.bigin.ask(question).await?.id)
    }
}
