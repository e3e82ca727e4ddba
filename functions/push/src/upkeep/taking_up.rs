//! Takes up files that could not be read, once they can be.

use shared::bucket::{BucketError, Objects};
use shared::state::unread::{self, Unread};
use uuid::Uuid;

use super::{Caretaker, UpkeepError};
use crate::context::Services;
use crate::import::ledger::VersionState;
use crate::import::{Imports, KeyVersions, event_of, is_alive, put_at};
use crate::queue::RecordsQueue;
use shared::bucket::ObjectVersion;

/// What becomes of a file that could not be read.
enum Fate {
    /// It can be read now.
    Import(ObjectVersion),
    /// It cannot be read yet, or an import has it.
    Wait,
    /// It was imported, deleted, or put out of reach for good.
    Forget,
}

impl<S: Services, Q: RecordsQueue, I: Imports> Caretaker<'_, S, Q, I> {
    /// Starts an import for each file that can be read now: how many.
    pub(super) async fn take_up_unread(&self) -> Result<usize, UpkeepError> {
        let mut started = 0;
        for file in unread::all(&self.context.table).await? {
            if self.is_over() {
                break;
            }
            match self.fate(&file).await? {
                Fate::Wait => {}
                Fate::Forget => unread::forget(&self.context.table, &file).await?,
                Fate::Import(object) => {
                    let put_at = put_at(&file.place)
                        .or(object.put_at)
                        .unwrap_or_else(|| self.context.now());
                    let event = event_of(self.context.bucket.name(), &object, put_at);
                    self.imports.start(&format!("read-{}", Uuid::new_v4()), &event).await?;
                    started += 1;
                }
            }
        }
        Ok(started)
    }

    async fn fate(&self, file: &Unread) -> Result<Fate, UpkeepError> {
        let (ledger, now) = (self.context.ledger(), self.context.now());
        let is_it = |object: &ObjectVersion| match &file.version_id {
            Some(version) => object.version_id.as_ref() == Some(version),
            None => object.etag == file.etag,
        };
        let versions = KeyVersions::down_to(&self.context.bucket, &file.key, is_it).await?;
        let Some(object) = versions.find(is_it) else {
            return Ok(Fate::Forget);
        };
        if versions.deletion_of(object, self.context.settings.inbox_days).is_some() {
            return Ok(Fate::Forget);
        }
        let entries = ledger.versions(&file.key).await?;
        let Some((_, entry)) = entries.iter().find(|(_, entry)| entry.is_of(object)) else {
            return Ok(Fate::Forget);
        };
        match entry.standing {
            VersionState::Ended | VersionState::Broken => return Ok(Fate::Forget),
            VersionState::Claimed if is_alive(&ledger.line().await?, &entry.execution, now) => return Ok(Fate::Wait),
            VersionState::Claimed | VersionState::Unread => {}
        }
        Ok(match self.context.bucket.read(object, 0).await {
            Ok(_) => Fate::Import(object.clone()),
            Err(BucketError::Unreadable { .. }) => Fate::Wait,
            Err(BucketError::Gone { .. } | BucketError::Changed { .. }) => Fate::Forget,
            Err(error) => return Err(error.into()),
        })
    }
}
