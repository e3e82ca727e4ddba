//! The means that every room of push works with: settings, bucket, state, tokens, Bigin, time.

mod ask;
mod metadata;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use bigin::{Bigin, ModuleName};
use jiff::{SignedDuration, Timestamp};
use shared::clock::Clock;
use shared::state::{StateError, Table};

use crate::deliver::{Limits, Tokens};
use crate::mappings::MappingCache;
use crate::report::ReportFile;
use shared::bucket::Objects;
use shared::pause_watch::PauseWatch;

pub use ask::AskFailure;
pub use metadata::{Freshness, Metadata};
pub use turn::Turn;

/// The kinds of means: AWS and the machine's clock in the function, memory and a clock set by hand in tests.
pub trait Services: Clone + Send + Sync + 'static {
    /// The state table.
    type Table: Table;
    /// The data bucket.
    type Objects: Objects;
    /// Where access tokens come from.
    type Tokens: Tokens;
    /// Time.
    type Clock: Clock + Clone + 'static;
}

/// What can be set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The stack's name; without one nothing is measured.
    pub stack: String,
    /// The most calls to Bigin in flight over the whole stack.
    pub bigin_concurrency: usize,
    /// How long a slice of an import, or its plan, works before it hands over.
    pub slice_budget: Duration,
    /// How long an import waits before it looks again whether it is its turn, in seconds.
    pub turn_poll_s: u64,
    /// At what age messages that a pause keeps waiting are moved into the bucket.
    pub defer_after: SignedDuration,
    /// How long the turn is held without a sign of life.
    pub turn_lasts: Duration,
    /// The same for a slice, which shows one at each checkpoint.
    pub slice_turn_lasts: Duration,
    /// The wait after a first failed call; it doubles with each further one.
    pub first_wait: Duration,
    /// How long failed calls in a row are borne before delivery stops.
    pub patience: Duration,
    /// How often to look whether delivery is paused, at least.
    pub look_every: Duration,
    /// A checkpoint is due after that long, ...
    pub checkpoint_every: Duration,
    /// ... or after that many rows have ended.
    pub checkpoint_rows: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stack: String::new(),
            bigin_concurrency: 5,
            slice_budget: Duration::from_mins(2),
            turn_poll_s: 20,
            defer_after: SignedDuration::from_hours(7 * 24),
            // A call takes 30 s, a fresh token up to 20 s, the call again 30 s: nothing longer passes between two signs.
            turn_lasts: Duration::from_secs(100),
            // Twice a checkpoint's distance, since it may take as long to be written, and then as long as a call may take:
            // when a dead slice's turn runs out, what it had in flight is over.
            slice_turn_lasts: Duration::from_secs(50),
            first_wait: Duration::from_secs(1),
            patience: Duration::from_mins(1),
            look_every: Duration::from_secs(20),
            checkpoint_every: Duration::from_secs(10),
            checkpoint_rows: 5_000,
        }
    }
}

impl Settings {
    /// How many calls an import may have in flight: what the queue's two consumers leave.
    pub fn import_width(&self) -> usize {
        self.bigin_concurrency.saturating_sub(2).max(1)
    }

    /// How far delivery may go that starts now, within that width and time.
    pub fn limits(&self, width: usize, budget: Duration) -> Limits {
        let usual = Limits::usual(width, tokio::time::Instant::now() + budget);
        Limits {
            first_wait: self.first_wait,
            patience: self.patience,
            look_every: self.look_every,
            ..usual
        }
    }
}

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
    metadata: metadata::Cache,
}

impl<S: Services> Context<S> {
    /// Puts the means together.
    pub fn new(
        settings: Settings,
        bucket: S::Objects,
        table: S::Table,
        tokens: Arc<S::Tokens>,
        bigin: Bigin,
        clock: S::Clock,
    ) -> Self {
        Self {
            settings,
            bucket,
            table,
            tokens,
            bigin,
            clock,
            mappings: MappingCache::default(),
            metadata: metadata::Cache::default(),
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes reports.
    pub fn reports(&self) -> ReportFile<'_, S::Objects> {
        ReportFile::new(&self.bucket)
    }

    /// Watches whether delivery, to that module where one is named, may go on.
    pub fn pause_watch(&self, module: Option<ModuleName>) -> PauseWatch<S::Table, S::Clock> {
        PauseWatch::new(self.table.clone(), self.clock.clone(), module)
    }

    /// Counts API credits that calls cost.
    ///
    /// # Errors
    /// The table failed.
    pub async fn spend_credits(&self, credits: u64) -> Result<(), StateError> {
        if credits > 0 {
            shared::state::credits::spend(&self.table, self.now(), credits).await?;
        }
        Ok(())
    }
}
