//! Older: the versions of a key are imported each once and in their order, whichever's event comes first. A version is
//! not claimed before the one before it was.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::context::Services;
use crate::import::codes::SUPERSEDED;
use crate::import::key_versions::KeyVersions;
use crate::import::ledger::{Entry, MOST_INBOX_DAYS, VersionState};
use crate::import::state_machine::Imports;
use crate::import::step::{Import, MINUTE, Next, QUARTER};
use crate::import::steps::{ImportError, Importer};
use crate::import::{event_of, line};
use crate::report::Reason;
use shared::bucket::{ObjectVersion, Objects};

/// How long to wait for the event of an older version between two looks, in seconds, at first ...
const SOON: u64 = 2;
/// ... and after so long, when an import of it is started: its event may be lost.
const LATE: u64 = 10;

/// Where the version before this one is.
pub(in crate::import) enum Older {
    /// It has ended, or there is none.
    Gone,
    /// Its import stands at that place.
    At(String),
    /// No import has it.
    Unclaimed,
}

impl<S: Services, I: Imports> Importer<'_, S, I> {
    /// Looks for the import of an older version of the same key.
    pub(in crate::import) async fn look_for_older(&self, older: &ObjectVersion) -> Result<Older, ImportError> {
        let (ledger, now) = (self.context.ledger(), self.context.now());
        let forgotten_since = now - SignedDuration::from_hours(24 * MOST_INBOX_DAYS);
        if older.put_at.is_some_and(|put_at| put_at < forgotten_since) {
            return Ok(Older::Gone);
        }
        let entries = ledger.versions(&older.key).await?;
        let line = ledger.line().await?;
        let of_older = || {
            entries
                .iter()
                .map(|(_, entry)| entry)
                .filter(|entry| entry.is_of(older))
        };
        if of_older().any(|entry| entry.standing != VersionState::Claimed) {
            return Ok(Older::Gone);
        }
        let is_alive = |entry: &&Entry| line::is_alive(&line, &entry.execution, now);
        let Some(alive) = of_older().find(is_alive) else {
            return Ok(Older::Unclaimed);
        };
        let place = line.iter().find(|waiting| waiting.execution == alive.execution);
        Ok(place.map_or(Older::Gone, |waiting| Older::At(waiting.place.clone())))
    }

    /// Why a file that holds everything need not be imported: a newer version of it is there.
    pub(in crate::import) async fn look_for_newer(&self, import: &Import) -> Result<Option<Reason>, ImportError> {
        let Some(object) = import.object.as_ref().filter(|_| !import.dry_run) else {
            return Ok(None);
        };
        let versions = KeyVersions::down_to(&self.context.bucket, &object.key, |other| other.is_same(object)).await?;
        let newer = versions.after(object).next();
        Ok(newer.map(|_| {
            let message = "a newer version of this key is there, and the mapping says versions = \"newest\": it is imported instead of this one";
            Reason::new(SUPERSEDED, message, "nothing")
        }))
    }

    /// Whether the older version has been waited for as long as it may be: nobody waits for ever for an import that
    /// nothing can start.
    pub(in crate::import) fn has_waited_for_older(import: &Import) -> bool {
        import.waited >= QUARTER
    }

    /// Waits for the import of the older version, and starts one now and then: its event may be lost.
    pub(in crate::import) async fn wait_for_older(
        &self,
        import: Import,
        older: &ObjectVersion,
    ) -> Result<Next, ImportError> {
        if import.waited % MINUTE == LATE {
            let put_at = older.put_at.unwrap_or(import.started_at);
            let event = event_of(self.context.bucket.name(), older, put_at);
            let name = format!("older-{}", Uuid::new_v4());
            match self.imports.start(&name, &event).await {
                Ok(_) => tracing::info!(name, "an import of an older version was started"),
                Err(error) => tracing::warn!(%error, "the older version waits for its event"),
            }
        }
        let wait = if import.waited < LATE { SOON } else { LATE };
        Ok(Next::after(wait, import))
    }

    /// This import's place in the line, behind that of the older version.
    pub(in crate::import) async fn place_behind(
        &self,
        import: &Import,
        behind: Option<&str>,
        put_at: Timestamp,
        order: &str,
    ) -> Result<String, ImportError> {
        let place = line::place(import.dry_run, put_at, order, &import.run_id());
        let Some(behind) = behind.filter(|behind| **behind >= *place) else {
            return Ok(place);
        };
        // A claim whose answer was lost is repeated, and the line has moved meanwhile.
        let line = self.context.ledger().line().await?;
        if let Some(mine) = line.iter().find(|waiting| waiting.execution == import.execution) {
            return Ok(mine.place.clone());
        }
        let later = line::put_at(behind).unwrap_or(put_at) + SignedDuration::from_millis(1);
        Ok(line::place(import.dry_run, later.max(put_at), order, &import.run_id()))
    }
}
