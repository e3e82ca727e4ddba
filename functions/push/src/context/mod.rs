//! The means that every room of push works with: settings, bucket, state, tokens, Bigin, time.

mod turn;

use std::sync::Arc;

use bigin::{Bigin, ModuleName};
use jiff::Timestamp;
use shared::authorized_bigin::AuthorizedBigin;
use shared::clock::Clock;
use shared::metadata_cache::MetadataCache;
use shared::pause_watch::PauseWatch;
use shared::services::Connections;
use shared::state::own_writes::{self, OwnWrites};
use shared::state::{StateError, Table, sum_key};
use tokio::sync::OnceCell;

use crate::deliver::RecordSums;
use crate::mappings::MappingCache;
use crate::report::ReportFile;

pub use crate::config::Settings;
pub use shared::services::Services;
pub use turn::Turn;

/// The means themselves. Cheap to clone.
#[derive(Clone)]
pub struct Context<S: Services> {
    /// What can be set.
    pub settings: Settings,
    /// The data bucket.
    pub bucket: S::Objects,
    /// The state table.
    pub table: S::Table,
    /// Where access tokens come from.
    pub tokens: Arc<S::Tokens>,
    /// The Bigin API.
    pub bigin: Bigin,
    /// Time.
    pub clock: S::Clock,
    /// The mappings of messages.
    pub mappings: MappingCache,
    /// What records are told from others by, once that was read.
    sums: Arc<OnceCell<RecordSums>>,
    /// Questions to Bigin, with a token and their credits counted.
    pub authorized: AuthorizedBigin<S::Tokens, S::Table, S::Clock>,
    /// What Bigin says about its modules, fields and organisation.
    pub metadata: MetadataCache<S::Tokens, S::Table, S::Clock>,
}

impl<S: Services> Context<S> {
    /// Puts the means together.
    pub fn new(settings: Settings, connections: Connections<S>) -> Self {
        let authorized = connections.authorized(settings.first_wait);
        let Connections {
            bucket,
            table,
            tokens,
            bigin,
            clock,
        } = connections;
        Self {
            metadata: MetadataCache::new(authorized.clone()),
            authorized,
            settings,
            bucket,
            table,
            tokens,
            bigin,
            clock,
            mappings: MappingCache::default(),
            sums: Arc::default(),
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The sums by which this stack tells records from others.
    ///
    /// # Errors
    /// The table failed.
    pub async fn record_sums(&self) -> Result<RecordSums, StateError> {
        let read = async || Ok(RecordSums::by(&sum_key::of_stack(&self.table).await?));
        self.sums.get_or_try_init(read).await.cloned()
    }

    /// Writes reports.
    pub fn reports(&self) -> ReportFile<'_, S::Objects> {
        ReportFile::new(&self.bucket)
    }

    /// Watches whether delivery, to that module where one is named, may go on.
    pub fn pause_watch(&self, module: Option<ModuleName>) -> PauseWatch<S::Table, S::Clock> {
        PauseWatch::new("push", self.table.clone(), self.clock.clone(), module)
    }
}

/// Notes for pull what a call wrote. What is not noted pull takes for somebody else's change: that is told, and nothing waits
/// for it.
pub async fn note_own(table: impl Table, module: ModuleName, writes: OwnWrites, now: Timestamp) {
    if let Err(error) = own_writes::note(&table, &module, &writes, now).await {
        tracing::warn!(%error, module = module.as_str(), "own writes were not noted; pull takes them for changes of others");
    }
}
