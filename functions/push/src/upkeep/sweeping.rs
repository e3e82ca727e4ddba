//! Looks through the inbox for files that no import has: their event was lost, or their execution was stopped.

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::{Caretaker, UpkeepError};
use crate::context::Services;
use crate::import::ledger::{Entry, MOST_INBOX_DAYS, VersionState};
use crate::import::{Imports, Waiting, event_of, is_alive};
use crate::queue::RecordsQueue;
use shared::bucket::InboxKey;
use shared::bucket::{Listed, ObjectVersion, Objects};

/// How many keys are looked up in the ledger at once.
const AT_ONCE: usize = 8;

impl<S: Services, Q: RecordsQueue, I: Imports> Caretaker<'_, S, Q, I> {
    /// Starts an import for each version that has none: how many, and whether nothing is left for the next time.
    pub(super) async fn sweep(&self) -> Result<(usize, bool), UpkeepError> {
        let mut none_is_young = true;
        let line = self.context.ledger().line().await?;
        let (mut started, mut from) = (0, None);
        let mut last_key: Vec<Listed> = Vec::new();
        loop {
            let (listed, next) = self.context.bucket.versions("inbox/", from).await?;
            last_key.extend(listed);
            let mut keys = by_key(std::mem::take(&mut last_key));
            // The versions of the page's last key may go on on the next page.
            if next.is_some() {
                last_key = keys.pop().unwrap_or_default();
            }
            let missed = stream::iter(keys).map(|versions| self.missed(versions, &line));
            let missed: Vec<Vec<ObjectVersion>> = missed.buffered(AT_ONCE).try_collect().await?;
            let young_since = self.context.now() - self.context.settings.event_within;
            for object in missed.into_iter().flatten() {
                // Its event may be on its way still.
                if object.put_at.is_some_and(|put_at| put_at > young_since) {
                    none_is_young = false;
                    continue;
                }
                if self.is_over() {
                    return Ok((started, false));
                }
                let name = format!("swept-{}", Uuid::new_v4());
                self.imports.start(&name, &self.event(&object, started)).await?;
                started += 1;
            }
            from = next;
            match from {
                None => return Ok((started, none_is_young)),
                Some(_) if self.is_over() => return Ok((started, false)),
                Some(_) => {}
            }
        }
    }

    /// The versions of one key that no import has, oldest first.
    async fn missed(&self, versions: Vec<Listed>, line: &[Waiting]) -> Result<Vec<ObjectVersion>, UpkeepError> {
        let Some(first) = versions.first() else {
            return Ok(Vec::new());
        };
        // What is no file, or lies where no file is looked for, has no entry in the ledger and was told about.
        let is_file = InboxKey::parse(&first.object.key).is_ok() && !first.object.key.ends_with('/');
        if !is_file || first.is_deletion {
            return Ok(Vec::new());
        }
        let entries = self.context.ledger().versions(&first.object.key).await?;
        let entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
        let now = self.context.now();
        Ok(unknown(versions, &entries, now, |entry| {
            is_alive(line, &entry.execution, now)
        }))
    }

    /// The event that an import of this version is started with. Of versions of one second each is said to be later than
    /// the one before, so that they are imported in their order.
    fn event(&self, object: &ObjectVersion, number: usize) -> Value {
        let put_at = object.put_at.unwrap_or_else(|| self.context.now());
        let later = SignedDuration::from_millis(i64::try_from(number % 1_000).unwrap_or(0));
        event_of(self.context.bucket.name(), object, put_at + later)
    }
}

/// A listing, taken apart by key.
fn by_key(listed: Vec<Listed>) -> Vec<Vec<Listed>> {
    let mut keys: Vec<Vec<Listed>> = Vec::new();
    for listed in listed {
        match keys.last_mut() {
            Some(same) if same[0].object.key == listed.object.key => same.push(listed),
            _ => keys.push(vec![listed]),
        }
    }
    keys
}

/// Those of a key's versions, newest first, that no import has; oldest first. A version older than one that was imported
/// must not overwrite it, and one that was deleted is not wanted any more. Nor is one that is so old that the ledger may
/// have forgotten it.
fn unknown(
    versions: Vec<Listed>,
    entries: &[Entry],
    now: Timestamp,
    is_alive: impl Fn(&Entry) -> bool,
) -> Vec<ObjectVersion> {
    let since = now - SignedDuration::from_hours(24 * MOST_INBOX_DAYS);
    let is_forgotten = |object: &ObjectVersion| object.put_at.is_some_and(|put_at| put_at < since);
    let is_known = |object: &ObjectVersion| {
        let is_in_hand = |entry: &Entry| entry.standing != VersionState::Claimed || is_alive(entry);
        entries.iter().any(|entry| entry.is_of(object) && is_in_hand(entry))
    };
    let newer = versions
        .into_iter()
        .take_while(|listed| !listed.is_deletion && !is_known(&listed.object) && !is_forgotten(&listed.object));
    let mut unknown: Vec<_> = newer.map(|listed| listed.object).collect();
    unknown.reverse();
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn version(id: &str) -> Listed {
        let object = ObjectVersion {
            key: "inbox/Contacts/a.csv".into(),
            version_id: Some(id.into()),
            etag: "e".into(),
            size: 1,
            put_at: Timestamp::from_second(7).ok(),
        };
        Listed {
            object,
            is_deletion: false,
        }
    }

    fn entry(id: &str, standing: VersionState) -> Entry {
        Entry {
            standing,
            execution: format!("execution-of-{id}"),
            run_id: String::new(),
            sequencer: None,
            version_id: Some(id.into()),
            etag: "e".into(),
        }
    }

    fn ids(unknown: &[ObjectVersion]) -> Vec<&str> {
        unknown
            .iter()
            .filter_map(|object| object.version_id.as_deref())
            .collect()
    }

    #[test]
    fn versions_newer_than_the_last_that_is_known_are_imported_in_their_order() {
        let versions = || ["v4", "v3", "v2", "v1"].map(version).to_vec();
        assert_eq!(ids(&unknown(versions(), &[], NOW, |_| true)), ["v1", "v2", "v3", "v4"]);
        let ended = [entry("v2", VersionState::Ended)];
        assert_eq!(ids(&unknown(versions(), &ended, NOW, |_| true)), ["v3", "v4"]);
        let newest = [entry("v4", VersionState::Broken)];
        assert!(unknown(versions(), &newest, NOW, |_| true).is_empty());
    }

    #[test]
    fn an_import_under_way_is_left_alone_and_a_dead_one_is_not() {
        let claimed = [entry("v1", VersionState::Claimed)];
        assert!(unknown(vec![version("v1")], &claimed, NOW, |_| true).is_empty());
        assert_eq!(ids(&unknown(vec![version("v1")], &claimed, NOW, |_| false)), ["v1"]);
    }

    #[test]
    fn what_was_deleted_is_not_imported() {
        let deleted = Listed {
            is_deletion: true,
            ..version("d")
        };
        let versions = vec![version("v2"), deleted, version("v1")];
        assert_eq!(ids(&unknown(versions, &[], NOW, |_| true)), ["v2"]);
    }

    #[test]
    fn what_the_ledger_may_have_forgotten_is_not_imported_again() {
        let put_days_ago = |id: &str, days: i64| {
            let mut listed = version(id);
            listed.object.put_at = Some(NOW - SignedDuration::from_hours(24 * days));
            listed
        };
        let versions = |newest, older| vec![put_days_ago("v2", newest), put_days_ago("v1", older)];
        let found = |versions| unknown(versions, &[], NOW, |_| true);
        assert_eq!(ids(&found(versions(3, MOST_INBOX_DAYS))), ["v1", "v2"]);
        assert_eq!(ids(&found(versions(3, MOST_INBOX_DAYS + 1))), ["v2"]);
        assert!(found(versions(MOST_INBOX_DAYS + 1, MOST_INBOX_DAYS + 2)).is_empty());
    }

    #[test]
    fn a_listing_is_taken_apart_by_key() {
        let other = |key: &str| {
            let mut listed = version("v");
            listed.object.key = key.into();
            listed
        };
        let keys = by_key(vec![other("a"), other("a"), other("b")]);
        assert_eq!(keys.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    }
}
