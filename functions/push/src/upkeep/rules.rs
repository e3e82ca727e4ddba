//! When the queue is gone through for old messages, and which of them are moved. Pure.
//!
//! Looking at a message costs it a delivery, of which it has 20 before the dead-letter queue. So when one
//! message has reached the age limit, all messages that have reached half of it are moved too. No message is
//! looked at more than twice in one pause.

use jiff::{SignedDuration, Timestamp};

/// What a walk through the queue found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueWalk {
    /// Messages moved into the bucket.
    pub moved: usize,
    /// Messages left on the queue, being young.
    pub left: usize,
    /// When the oldest of those was sent.
    pub oldest_left: Option<Timestamp>,
    /// Whether the walk came to the end of the queue.
    pub saw_all: bool,
}

impl QueueWalk {
    /// When the queue is to be gone through again: when the oldest message left reaches the limit. After a walk that was
    /// not finished, at once while it finds old messages, and later when it mostly looks at young ones.
    pub fn next_look(&self, now: Timestamp, limit: SignedDuration) -> Timestamp {
        match (self.saw_all, self.moved > self.left) {
            (true, _) => self.oldest_left.unwrap_or(now) + limit,
            (false, true) => now,
            (false, false) => now + limit / 14,
        }
    }
}

/// Whether a message is moved. One whose age is not known is: it is on the queue still when the pause has lasted.
pub fn is_moved(sent_at: Option<Timestamp>, now: Timestamp, limit: SignedDuration) -> bool {
    sent_at.is_none_or(|sent_at| now.duration_since(sent_at) >= limit / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: SignedDuration = SignedDuration::from_hours(7 * 24);

    #[test]
    fn an_unfinished_walk_goes_on_at_once_only_while_it_finds_old_messages() {
        let now = Timestamp::UNIX_EPOCH;
        let walk = |moved, left| QueueWalk {
            moved,
            left,
            oldest_left: Some(now),
            saw_all: false,
        };
        assert_eq!(walk(10, 5).next_look(now, LIMIT), now);
        assert_eq!(walk(5, 10).next_look(now, LIMIT), now + SignedDuration::from_hours(12));
    }

    proptest! {
        /// A pause of 30 days over messages sent at any hour before or in it, looked at every hour.
        #[test]
        fn no_message_is_looked_at_more_than_twice_nor_stays_longer_than_the_limit(sent in prop::collection::vec(-6i64 * 24..30 * 24, 1..60)) {
            let at = |hour: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
            let mut waiting: Vec<(i64, u32)> = sent.into_iter().map(|hour| (hour, 0)).collect();
            let mut look_at = at(0) + LIMIT / 7;
            for hour in 0..30 * 24 {
                let now = at(hour);
                if now < look_at {
                    prop_assert!(waiting.iter().all(|(sent, _)| *sent > hour || now.duration_since(at(*sent)) <= LIMIT));
                    continue;
                }
                let before = waiting.len();
                let mut oldest_left = None;
                waiting.retain_mut(|(sent, looks)| {
                    if *sent > hour {
                        return true;
                    }
                    *looks += 1;
                    let stays = !is_moved(Some(at(*sent)), now, LIMIT);
                    if stays {
                        oldest_left = Some(oldest_left.map_or(at(*sent), |oldest: Timestamp| oldest.min(at(*sent))));
                    }
                    stays
                });
                prop_assert!(waiting.iter().all(|(_, looks)| *looks <= 1), "those that were looked at twice have moved");
                let walk = QueueWalk { moved: before - waiting.len(), left: waiting.len(), oldest_left, saw_all: true };
                look_at = walk.next_look(now, LIMIT);
            }
        }
    }
}
