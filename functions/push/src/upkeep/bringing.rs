//! Puts deferred messages back onto the queue.

use std::collections::HashSet;

use shared::state::upkeep::{self, Upkeep};

use super::{Caretaker, UpkeepError};
use crate::context::Services;
use crate::import::Imports;
use crate::queue::{AT_ONCE, RecordsQueue};
use crate::queue::{Deferred, OF_A_PAUSE, deferred};
use shared::bucket::Objects;

impl<S: Services, Q: RecordsQueue, I: Imports> Caretaker<'_, S, Q, I> {
    /// Brings messages back, the oldest first: how many, and whether these were all.
    pub(super) async fn bring_back(&self, noted: Option<&Upkeep>) -> Result<(usize, bool), UpkeepError> {
        let mut brought = 0;
        // A message that is there twice, because it was moved and something died before it was deleted, comes back once.
        let mut seen = HashSet::new();
        let mut begun = noted.and_then(|upkeep| upkeep.brought_back.clone());
        loop {
            let keys = self.context.bucket.keys(OF_A_PAUSE).await?;
            if keys.is_empty() {
                return Ok((brought, true));
            }
            for key in keys {
                let from = match begun.take() {
                    Some((begun, count)) if begun == key => count,
                    _ => 0,
                };
                let (count, all) = self.bring_object_back(&key, from, &mut seen).await?;
                brought += count;
                if !all {
                    return Ok((brought, false));
                }
            }
        }
    }

    /// Brings the messages of an object back, from the first that was not brought on, but for those that were seen in
    /// another: how many, and whether these were all.
    pub(super) async fn bring_object_back(
        &self,
        key: &str,
        from: usize,
        seen: &mut HashSet<String>,
    ) -> Result<(usize, bool), UpkeepError> {
        let Some(text) = self.context.bucket.get(key, deferred::LARGEST as u64).await? else {
            return Ok((0, true));
        };
        let messages = deferred::read(&text).map_err(|line| UpkeepError::Unreadable {
            key: key.to_owned(),
            line,
        })?;
        let (mut brought, mut at) = (0, from.min(messages.len()));
        while at < messages.len() {
            if self.is_over() {
                return Ok((brought, false));
            }
            let some = &messages[at..messages.len().min(at + AT_ONCE)];
            let new: Vec<Deferred> = some
                .iter()
                .filter(|message| seen.insert(message.message_id.clone()))
                .cloned()
                .collect();
            if !new.is_empty() {
                self.queue.put(&new).await?;
            }
            brought += new.len();
            at += some.len();
            self.note_progress(key, at).await?;
        }
        self.context.bucket.delete(key).await?;
        Ok((brought, true))
    }

    /// After a crash no more than a few messages are put back twice.
    async fn note_progress(&self, key: &str, count: usize) -> Result<(), UpkeepError> {
        let now = self.context.now();
        let upkeep = upkeep::read(&self.context.table).await?.unwrap_or(Upkeep {
            look_at: now + self.context.settings.defer_after,
            brought_back: None,
            is_watch: false,
        });
        let brought_back = Some((key.to_owned(), count));
        Ok(upkeep::write(&self.context.table, &Upkeep { brought_back, ..upkeep }).await?)
    }
}
