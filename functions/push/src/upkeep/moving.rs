//! Moves old messages from the queue into the bucket.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use shared::state::pause;

use super::rules::{QueueWalk, is_moved};
use super::{Caretaker, UpkeepError};
use crate::context::Services;
use crate::import::Imports;
use crate::queue::{Deferred, deferred};
use crate::queue::{Memory, RecordsQueue, TakenMessage, recall, remember, remember_while_deferred};
use shared::bucket::Objects;

/// What was taken is out of sight for longer than this invocation may run, so that the walk meets each message once.
const OUT_OF_SIGHT: Duration = Duration::from_secs(200);
/// How many looks at the queue are under way at once.
const LOOKS: usize = 8;
/// Messages are put away when there are so many, or so many bytes of them.
const MOST_MESSAGES: usize = 500;

/// What some looks at the queue brought.
#[derive(Default)]
struct Haul {
    /// Messages to be moved.
    old: Vec<TakenMessage>,
    /// Messages that stay.
    young: Vec<TakenMessage>,
    /// Whether the last looks brought any.
    has_more: bool,
}

impl<S: Services, Q: RecordsQueue, I: Imports> Caretaker<'_, S, Q, I> {
    /// Goes through the queue once. It stops early when the pause ends or the time is over.
    pub(super) async fn move_old_messages(&self) -> Result<QueueWalk, UpkeepError> {
        let limit = self.context.settings.defer_after;
        let mut walk = QueueWalk {
            moved: 0,
            left: 0,
            oldest_left: None,
            saw_all: false,
        };
        let (mut young, mut objects) = (Vec::new(), 0);
        while !self.is_over() {
            let haul = self.take_some().await?;
            let (moved, has_more) = (haul.old.len(), haul.has_more);
            walk.moved += moved;
            objects += self.put_away(haul.old, objects).await?;
            walk.left += haul.young.len();
            let oldest = haul.young.iter().filter_map(|taken| taken.sent_at).min();
            walk.oldest_left = walk.oldest_left.into_iter().chain(oldest).min();
            young.extend(haul.young);
            // The end is a look that finds nothing while nothing was moved. Any other empty look proves
            // nothing: SQS gives no more messages of a FIFO group until those it gave have been deleted
            // (Amazon SQS developer guide, "FIFO queue delivery logic").
            if !has_more && moved == 0 {
                walk.saw_all = true;
                break;
            }
            if pause::current(&self.context.table, self.context.now()).await?.is_none() {
                break;
            }
        }
        tracing::info!(
            moved = walk.moved,
            left = walk.left,
            limit_s = limit.as_secs(),
            "the queue was gone through"
        );
        self.leave(young).await;
        Ok(walk)
    }

    /// Takes messages until there are enough for an object, or until a look comes back empty. Then the
    /// messages that were taken may block those that are left.
    async fn take_some(&self) -> Result<Haul, UpkeepError> {
        let (mut haul, mut bytes) = (Haul::default(), 0);
        let (limit, now) = (self.context.settings.defer_after, self.context.now());
        while haul.old.len() < MOST_MESSAGES && bytes < deferred::MOST_BYTES && !self.is_over() {
            let looks = try_join_all((0..LOOKS).map(|_| self.queue.take(OUT_OF_SIGHT))).await?;
            let is_last = looks.iter().any(Vec::is_empty);
            haul.has_more = looks.iter().any(|look| !look.is_empty());
            for taken in looks.into_iter().flatten() {
                if is_moved(taken.sent_at, now, limit) {
                    bytes += taken.received.body.len();
                    haul.old.push(taken);
                } else {
                    haul.young.push(taken);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(haul)
    }

    /// Into the bucket first, then off the queue: what dies between the two is there twice, and never nowhere. Answers
    /// into how many objects; so many lie there from this walk `already`.
    async fn put_away(&self, mut taken: Vec<TakenMessage>, already: usize) -> Result<usize, UpkeepError> {
        if taken.is_empty() {
            return Ok(0);
        }
        taken.sort_by_key(|taken| taken.sent_at);
        let messages: Vec<Deferred> = taken.iter().map(Deferred::from).collect();
        let now = self.context.now();
        let texts = deferred::write(&messages, deferred::MOST_BYTES).map_err(|_| UpkeepError::Unreadable {
            key: deferred::key(now, 0),
            line: 0,
        })?;
        // Where it comes back its deliveries are counted anew.
        self.note_deferred(&taken).await?;
        let objects = texts.len();
        for (number, text) in texts.into_iter().enumerate() {
            let key = deferred::key(now, already + number);
            self.context.bucket.put(&key, "application/x-ndjson", text).await?;
        }
        let receipts: Vec<String> = taken.into_iter().filter_map(|taken| taken.received.receipt).collect();
        self.queue.delete(&receipts).await?;
        Ok(objects)
    }

    /// Lets young messages be seen again. The look at them was a delivery that sent nothing: it is noted, so that it is
    /// not taken for one that died.
    async fn leave(&self, young: Vec<TakenMessage>) {
        if let Err(error) = self.note_deliveries(&young, |taken| taken.received.receives).await {
            tracing::warn!(%error, "a look at messages may count as a delivery that died");
        }
        for some in young.chunks(LOOKS) {
            let receipts = some.iter().filter_map(|taken| taken.received.receipt.as_deref());
            let shown = join_all(receipts.map(|receipt| self.queue.hide(receipt, Duration::ZERO))).await;
            if let Some(error) = shown.into_iter().find_map(Result::err) {
                tracing::warn!(%error, "messages stay out of sight for some minutes");
            }
        }
    }

    /// What is remembered of messages lasts for as long as they may lie in the bucket.
    async fn note_deferred(&self, taken: &[TakenMessage]) -> Result<(), UpkeepError> {
        let (table, now) = (&self.context.table, self.context.now());
        for some in taken.chunks(100) {
            let ids: Vec<&str> = some.iter().map(|taken| taken.received.message_id.as_str()).collect();
            let memories = recall(table, &ids).await?;
            let memories = memories
                .into_iter()
                .map(|(id, memory)| (id, Memory { delivery: 0, ..memory }));
            let memories: Vec<_> = memories.collect();
            let writes = memories
                .iter()
                .map(|(id, memory)| remember_while_deferred(table, id, memory, now));
            try_join_all(writes).await?;
        }
        Ok(())
    }

    /// Notes of which delivery the memory of each message speaks. Where nothing is remembered and nothing was delivered
    /// before, there is nothing to note.
    async fn note_deliveries(
        &self,
        taken: &[TakenMessage],
        delivery: impl Fn(&TakenMessage) -> u32,
    ) -> Result<(), UpkeepError> {
        let (table, now) = (&self.context.table, self.context.now());
        for some in taken.chunks(100) {
            let ids: Vec<&str> = some.iter().map(|taken| taken.received.message_id.as_str()).collect();
            let mut memories = recall(table, &ids).await?;
            let writes = some.iter().filter_map(|taken| {
                let (id, delivery) = (&taken.received.message_id, delivery(taken));
                let memory = memories.remove(id);
                let is_needed = memory.is_some() || delivery > 0;
                let memory = Memory {
                    delivery,
                    ..memory.unwrap_or_default()
                };
                is_needed.then_some((id, memory))
            });
            let writes: Vec<_> = writes.collect();
            try_join_all(writes.iter().map(|(id, memory)| remember(table, id, memory, now))).await?;
        }
        Ok(())
    }
}
