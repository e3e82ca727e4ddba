//! The versions of one key, as the bucket lists them: which come before and after one, and whether it was deleted.

use jiff::{SignedDuration, Timestamp};

use crate::import::codes::{EXPIRED, WITHDRAWN};
use crate::report::Reason;
use shared::bucket::{BucketError, Listed, ObjectVersion, Objects};

/// Versions of one key and its delete markers, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyVersions(Vec<Listed>);

impl KeyVersions {
    /// Lists the newest versions of a key: down to the one that is meant, and the one before it.
    ///
    /// # Errors
    /// The bucket failed.
    pub async fn down_to<O: Objects>(
        bucket: &O,
        key: &str,
        is_meant: impl Fn(&ObjectVersion) -> bool + Send,
    ) -> Result<Self, BucketError> {
        let (mut listed, mut from) = (Vec::<Listed>::new(), None);
        loop {
            let (page, next) = bucket.versions(key, from).await?;
            let is_last = page.iter().any(|listed| listed.object.key != key);
            // A key may be the beginning of others, which come behind it.
            listed.extend(page.into_iter().filter(|listed| listed.object.key == key));
            let meant = listed.iter().position(|listed| is(listed, &is_meant));
            let is_enough = meant.is_some_and(|at| listed.len() > at + 1);
            from = next;
            if is_last || is_enough || from.is_none() {
                return Ok(Self(listed));
            }
        }
    }

    /// The newest version that is meant.
    pub fn find(&self, is_meant: impl Fn(&ObjectVersion) -> bool) -> Option<&ObjectVersion> {
        self.0
            .iter()
            .find(|listed| is(listed, &is_meant))
            .map(|listed| &listed.object)
    }

    /// The version just before this one; `None` where there is none, or the key had been deleted before this one was put.
    pub fn before(&self, object: &ObjectVersion) -> Option<&ObjectVersion> {
        let older = self.0.get(self.at(object)? + 1)?;
        (!older.is_deletion).then_some(&older.object)
    }

    /// The versions that were put after this one, newest first.
    pub fn after(&self, object: &ObjectVersion) -> impl Iterator<Item = &ObjectVersion> {
        let newer = self.0.iter().take(self.at(object).unwrap_or(0));
        newer.filter(|listed| !listed.is_deletion).map(|listed| &listed.object)
    }

    /// Why nothing more of this version may be sent, if the key was deleted after it was put. The bucket's lifecycle rule
    /// deletes what is older than so many days.
    pub fn deletion_of(&self, object: &ObjectVersion, kept_for_days: i64) -> Option<Reason> {
        let at = self.at(object)?;
        let marker = self.0[..at].iter().rev().find(|listed| listed.is_deletion)?;
        let (put_at, deleted_at) = (self.0[at].object.put_at, marker.object.put_at);
        let has_expired = put_at.zip(deleted_at).is_some_and(|(put_at, deleted_at)| {
            deleted_at.duration_since(put_at) >= SignedDuration::from_hours(24 * kept_for_days)
        });
        Some(deleted(deleted_at, has_expired.then_some(kept_for_days)))
    }

    fn at(&self, object: &ObjectVersion) -> Option<usize> {
        self.0
            .iter()
            .position(|listed| is(listed, |other| other.is_same(object)))
    }
}

fn is(listed: &Listed, is_meant: impl Fn(&ObjectVersion) -> bool) -> bool {
    !listed.is_deletion && is_meant(&listed.object)
}

fn deleted(at: Option<Timestamp>, expired_after: Option<i64>) -> Reason {
    let at = at.map_or_else(String::new, |at| format!(" at {}", at.strftime("%Y-%m-%dT%H:%M:%SZ")));
    let action = "nothing, if that is meant; else take the delete marker away and invoke push with this bucket and key: the import goes on where it stopped";
    match expired_after {
        None => {
            let message = format!("the file was deleted{at}, before all of it was sent: nothing more of it is sent");
            Reason::new(WITHDRAWN, message, action)
        }
        Some(days) => {
            let message = format!(
                "the bucket's lifecycle rule removed the file{at}, {days} days after it was put, before all of it was sent: nothing more of it is sent"
            );
            Reason::new(EXPIRED, message, action)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAYS: i64 = 90;

    fn listed(key: &str, id: &str, second: i64) -> Listed {
        Listed {
            object: ObjectVersion {
                key: key.to_owned(),
                version_id: Some(id.trim_start_matches('-').to_owned()),
                etag: format!("\"{}\"", &id[..1]),
                size: 1,
                put_at: Timestamp::from_second(second).ok(),
            },
            is_deletion: id.starts_with('-'),
        }
    }

    /// Versions by name, newest first, a second apart; a name that begins with a dash is a delete marker's.
    fn versions(ids: &[&str]) -> KeyVersions {
        let seconds = (0..ids.len()).rev();
        let all = ids.iter().zip(seconds);
        KeyVersions(
            all.map(|(id, second)| listed("k", id, i64::try_from(second).unwrap()))
                .collect(),
        )
    }

    fn version(id: &str) -> ObjectVersion {
        listed("k", id, 0).object
    }

    fn id(object: Option<&ObjectVersion>) -> Option<&str> {
        object.and_then(|object| object.version_id.as_deref())
    }

    #[test]
    fn only_a_delete_marker_newer_than_a_version_takes_it_back() {
        let all = versions(&["c", "-y", "b", "-x", "a"]);
        for (name, is_deleted) in [("c", false), ("b", true), ("a", true)] {
            assert_eq!(all.deletion_of(&version(name), DAYS).is_some(), is_deleted, "{name}");
        }
        assert_eq!(all.deletion_of(&version("unlisted"), DAYS), None);
    }

    #[test]
    fn what_the_lifecycle_rule_removed_is_told_as_such() {
        let day = 24 * 3_600;
        for (deleted_at, code) in [(DAYS * day - 1, WITHDRAWN), (DAYS * day, EXPIRED)] {
            let all = KeyVersions(vec![listed("k", "-x", deleted_at), listed("k", "a", 0)]);
            assert_eq!(all.deletion_of(&version("a"), DAYS).unwrap().code, code);
        }
    }

    #[test]
    fn a_version_behind_a_deletion_does_not_come_before() {
        let all = versions(&["d", "c", "-x", "b", "a"]);
        let before = ["d", "c", "b", "a"].map(|name| id(all.before(&version(name))).map(str::to_owned));
        assert_eq!(before, [Some("c".to_owned()), None, Some("a".to_owned()), None]);
        let after: Vec<_> = all
            .after(&version("b"))
            .filter_map(|object| object.version_id.clone())
            .collect();
        assert_eq!(after, ["d", "c"]);
    }

    proptest! {
        #[test]
        fn whoever_comes_before_comes_later_in_the_list(deletions in proptest::collection::vec(any::<bool>(), 1..12)) {
            let names: Vec<String> = deletions
                .iter()
                .enumerate()
                .map(|(at, is_deletion)| format!("{}v{at}", if *is_deletion { "-" } else { "" }))
                .collect();
            let all = versions(&names.iter().map(String::as_str).collect::<Vec<_>>());
            for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.starts_with('-')) {
                let object = version(name);
                let is_deleted = names[..at].iter().any(|name| name.starts_with('-'));
                prop_assert_eq!(all.deletion_of(&object, DAYS).is_some(), is_deleted);
                let newer = names[..at].iter().filter(|name| !name.starts_with('-')).count();
                prop_assert_eq!(all.after(&object).count(), newer);
                if let Some(older) = all.before(&object) {
                    prop_assert_eq!(id(all.after(older).last()), Some(name.as_str()));
                }
            }
        }
    }
}
