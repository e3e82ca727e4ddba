//! Unread: a file that is there and may not be read is not done. It is noted, and imported once it can be read, unless a
//! newer file of its module has gone by then.

use crate::context::Services;
use crate::import::codes::UNREADABLE;
use crate::import::ledger::VersionState;
use crate::import::state_machine::Imports;
use crate::import::step::Import;
use crate::import::steps::{ImportError, Importer};
use crate::report::Reason;
use shared::state::unread::{self, Unread};
use shared::state::upkeep;

impl<S: Services, I: Imports> Importer<'_, S, I> {
    /// How the ledger has a version whose import ended for that reason, if it does not count as done. What could not be
    /// read is noted.
    pub(in crate::import) async fn standing_after(
        &self,
        import: &Import,
        reason: Option<&Reason>,
        otherwise: VersionState,
    ) -> Result<VersionState, ImportError> {
        if reason.is_none_or(|reason| reason.code != UNREADABLE) {
            return Ok(otherwise);
        }
        if let (Some(object), Some(place), Some(_)) = (&import.object, &import.place, &import.entry) {
            let file = Unread {
                key: object.key.clone(),
                version_id: object.version_id.clone(),
                etag: object.etag.clone(),
                module: import.module.clone(),
                place: place.clone(),
            };
            let (table, now) = (&self.context.table, self.context.now());
            unread::note(table, &file, now).await?;
            // The next scheduled refresh sees by the note that push must look.
            upkeep::watch(table, now, self.context.settings.defer_after).await?;
        }
        Ok(VersionState::Unread)
    }

    /// A file has gone: older ones of its module that could not be read would overwrite what it has written.
    pub(in crate::import) async fn give_up_older_unread(&self, import: &Import) -> Result<(), ImportError> {
        let Some(place) = &import.place else { return Ok(()) };
        for file in unread::all(&self.context.table).await? {
            if file.module == import.module && file.place <= *place {
                tracing::info!(
                    "an older file of the module could not be read before this one was imported: it is left out"
                );
                unread::forget(&self.context.table, &file).await?;
            }
        }
        Ok(())
    }
}
