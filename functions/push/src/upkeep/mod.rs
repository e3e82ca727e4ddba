//! What a pause does to what waits, and what is left to do when it is over. While delivery is paused, messages that would
//! grow too old on the queue move into the bucket. Afterwards they come back, and files are looked for that no import has.
//!
//! The scheduled refresh asks for this, and so do resume and authorize. Asked in vain it does nothing.

mod bringing;
mod held;
mod moving;
mod rules;
mod sweeping;
mod taking_up;

use jiff::SignedDuration;
use serde::Serialize;
use shared::state::lease::{self, Taken};
use shared::state::unread;
use shared::state::upkeep::{self, Upkeep};
use shared::state::{Key, StateError, Table, pause};
use tokio::time::Instant;

use crate::context::{Context, Services};
use crate::import::ledger::LedgerError;
use crate::import::{Importer, Imports, StartError};
use crate::queue::{HELD_FOLDER, QueueError, RecordsQueue};
use crate::resolve::ResolverCache;
use shared::bucket::{BucketError, Objects};

/// Longer than push may run (180 s): a lease that has run out belongs to an invocation that is dead.
const LEASE: SignedDuration = SignedDuration::from_secs(200);

/// Why the upkeep stopped. What it did until then stands, and the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The state table.
    #[error(transparent)]
    State(#[from] StateError),
    /// The ledger of files.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// An import could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A deferred message cannot be read.
    #[error(
        "line {line} of {key} is no deferred message: mend or remove the line, or move the object out of deferred/; the objects behind it wait"
    )]
    Unreadable {
        /// The object.
        key: String,
        /// The line, the first is 1.
        line: usize,
    },
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct UpkeepAnswer {
    /// Whether delivery is paused.
    pub paused: bool,
    /// Whether another invocation was at it already.
    pub under_way: bool,
    /// Messages moved from the queue into the bucket.
    pub deferred: usize,
    /// Messages put back onto the queue.
    pub brought_back: usize,
    /// Imports started for files that none had.
    pub imports_started: usize,
    /// Whether something was left for the next time.
    pub unfinished: bool,
}

impl UpkeepAnswer {
    /// What was done in all, after that.
    fn after(self, earlier: Self) -> Self {
        Self {
            deferred: earlier.deferred + self.deferred,
            brought_back: earlier.brought_back + self.brought_back,
            imports_started: earlier.imports_started + self.imports_started,
            ..self
        }
    }
}

/// The lease of whoever is at it.
fn lease() -> Key {
    Key::new("lease", "upkeep")
}

/// Does the upkeep.
pub struct Caretaker<'a, S: Services, Q, I> {
    /// The means.
    pub context: &'a Context<S>,
    /// `RecordsQueue`.
    pub queue: &'a Q,
    /// What was found out of records that others refer to.
    pub resolvers: &'a ResolverCache,
    /// What starts imports.
    pub imports: &'a I,
    /// When nothing new is begun any more.
    pub until: Instant,
}

impl<S: Services, Q: RecordsQueue, I: Imports> Caretaker<'_, S, Q, I> {
    /// Does what there is to do. `holder` names the invocation: only one at a time is at it.
    ///
    /// # Errors
    /// Something failed on the way.
    pub async fn look_after(&self, holder: &str) -> Result<UpkeepAnswer, UpkeepError> {
        let (table, asked) = (&self.context.table, Key::new("relay", "upkeep_asked"));
        if !self.take_lease(holder).await? {
            // Who is at it may have looked already where something waits now: told of this, it looks once more.
            table.add(&asked, 1, None).await?;
            if !self.take_lease(holder).await? {
                return Ok(UpkeepAnswer {
                    under_way: true,
                    ..UpkeepAnswer::default()
                });
            }
        }
        let mut earlier = UpkeepAnswer::default();
        loop {
            let before = table.count(&asked).await;
            let done = match &before {
                Ok(_) => self.under_lease().await.map(|answer| answer.after(earlier)),
                Err(_) => Ok(earlier),
            };
            if let Err(error) = lease::give_back(table, &lease(), holder).await {
                tracing::warn!(%error, "the lease was not given back; it runs out by itself");
            }
            let before = before?;
            let may_go_on = done.is_ok() && !self.is_over() && table.count(&asked).await? != before;
            match done {
                Ok(answer) if may_go_on && self.take_lease(holder).await? => earlier = answer,
                done => return Self::tell(done),
            }
        }
    }

    async fn take_lease(&self, holder: &str) -> Result<bool, StateError> {
        let taken = lease::take(&self.context.table, &lease(), holder, self.context.now(), LEASE).await?;
        Ok(!matches!(taken, Taken::No { .. }))
    }

    fn tell(done: Result<UpkeepAnswer, UpkeepError>) -> Result<UpkeepAnswer, UpkeepError> {
        match &done {
            Ok(answer) => tracing::info!(
                deferred = answer.deferred,
                brought_back = answer.brought_back,
                imports_started = answer.imports_started,
                "upkeep"
            ),
            Err(error) => tracing::error!(%error, "the upkeep broke off"),
        }
        done
    }

    async fn under_lease(&self) -> Result<UpkeepAnswer, UpkeepError> {
        let (table, now) = (&self.context.table, self.context.now());
        let noted = upkeep::read(table).await?;
        if let Some(pause) = pause::current(table, now).await? {
            let limit = self.context.settings.defer_after;
            let since = pause.since.unwrap_or(now);
            let upkeep = noted.unwrap_or_else(|| Upkeep::of_pause(since, limit));
            return self.during_a_pause(upkeep).await;
        }
        // What waited for the end of the pause goes on at once.
        let importer = Importer::new(self.context, self.resolvers, self.imports);
        if let Err(error) = importer.wake_those_aside().await {
            tracing::warn!(%error, "imports that waited for the end of the pause go on a little later");
        }
        // Neither waits for the other's trouble to pass.
        let (back, swept) = (self.bring_back(noted.as_ref()).await, self.sweep().await);
        let ((brought_back, all_are_back), (swept, all_are_known)) = (back?, swept?);
        let imports_started = swept + self.take_up_unread().await?;
        let (of_held, none_is_held) = self.bring_back_held().await?;
        let brought_back = brought_back + of_held;
        let is_watch = all_are_back && all_are_known;
        let unfinished = !(is_watch && none_is_held && self.take_note_away().await?);
        // The next scheduled refresh sees by the note that something is left.
        if unfinished {
            let noted = upkeep::read(table).await?;
            let noted = noted.unwrap_or_else(|| Upkeep::of_pause(now, self.context.settings.defer_after));
            upkeep::write(table, &Upkeep { is_watch, ..noted }).await?;
        }
        Ok(UpkeepAnswer {
            brought_back,
            imports_started,
            unfinished,
            ..UpkeepAnswer::default()
        })
    }

    /// Takes the note away if nothing waits: false where something does. What comes to wait is there before the note is
    /// written anew for it, so it is either seen here, or the note is another than the one that was read.
    async fn take_note_away(&self) -> Result<bool, UpkeepError> {
        let table = &self.context.table;
        let Some(note) = upkeep::stored(table).await? else {
            return Ok(true);
        };
        let waits = !self.context.bucket.keys(HELD_FOLDER).await?.is_empty() || !unread::all(table).await?.is_empty();
        Ok(!waits && upkeep::clear(table, note.revision).await?)
    }

    /// Notes that there is a pause, so that its end is seen, and moves messages away when it is time.
    async fn during_a_pause(&self, mut upkeep: Upkeep) -> Result<UpkeepAnswer, UpkeepError> {
        let mut answer = UpkeepAnswer {
            paused: true,
            ..UpkeepAnswer::default()
        };
        // Written first: what is moved is then sure to be brought back.
        upkeep::write(&self.context.table, &upkeep).await?;
        if self.context.now() >= upkeep.look_at {
            let moved = self.move_old_messages().await?;
            (answer.deferred, answer.unfinished) = (moved.moved, !moved.saw_all);
            upkeep.look_at = moved.next_look(self.context.now(), self.context.settings.defer_after);
            upkeep::write(&self.context.table, &upkeep).await?;
        }
        Ok(answer)
    }

    /// Whether there is no time left to begin something new.
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }
}
