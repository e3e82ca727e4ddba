//! The means that every room of pull works with: settings, bucket, state table, Bigin, time.

use std::time::Duration;

use jiff::Timestamp;
use shared::authorized_bigin::AuthorizedBigin;
use shared::clock::Clock;
use shared::metadata_cache::MetadataCache;
use shared::pause_watch::PauseWatch;
use shared::pulled_modules::PulledModules;
use shared::services::Connections;

pub use shared::services::Services;

/// What can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The stack's name; without one nothing is measured.
    pub stack: String,
    /// Which modules are pulled by themselves.
    pub modules: PulledModules,
    /// Whether each record of a small run has an event of its own.
    pub record_events: bool,
    /// How long a slice works before it hands over.
    pub slice_budget: Duration,
    /// How often to look whether delivery is paused, at least.
    pub look_every: Duration,
    /// A part is written after that long, ...
    pub part_every: Duration,
    /// ... or when it has so many bytes.
    pub part_bytes: usize,
    /// The wait after a first failed call; it doubles with each further one.
    pub first_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stack: String::new(),
            modules: PulledModules::Off,
            record_events: false,
            slice_budget: Duration::from_mins(2),
            look_every: Duration::from_secs(20),
            part_every: Duration::from_mins(1),
            part_bytes: 8 << 20,
            first_wait: Duration::from_secs(1),
        }
    }
}

/// Bigin with this function's tokens.
pub type OwnBigin<S> = AuthorizedBigin<<S as Services>::Tokens, <S as Services>::Table, <S as Services>::Clock>;
/// What Bigin says about itself.
pub type OwnMetadata<S> = MetadataCache<<S as Services>::Tokens, <S as Services>::Table, <S as Services>::Clock>;

/// The means themselves. Cheap to clone.
#[derive(Clone)]
pub struct Context<S: Services> {
    /// What can be set.
    pub settings: Settings,
    /// The data bucket.
    pub bucket: S::Objects,
    /// The state table.
    pub table: S::Table,
    /// The Bigin API.
    pub bigin: OwnBigin<S>,
    /// What Bigin says about itself.
    pub metadata: OwnMetadata<S>,
    /// Time.
    pub clock: S::Clock,
}

impl<S: Services> Context<S> {
    /// Puts the means together.
    pub fn new(settings: Settings, connections: Connections<S>) -> Self {
        let bigin = connections.authorized(settings.first_wait);
        let Connections {
            bucket, table, clock, ..
        } = connections;
        Self {
            metadata: MetadataCache::new(bigin.clone()),
            settings,
            bucket,
            table,
            bigin,
            clock,
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Watches whether Bigin may be asked at all. A hold on a module is about writing it, and does not count here.
    pub fn pause_watch(&self) -> PauseWatch<S::Table, S::Clock> {
        PauseWatch::new("pull", self.table.clone(), self.clock.clone(), None)
    }
}
