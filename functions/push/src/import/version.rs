//! Which version of a key an import may have. Pure.

use crate::import::asked::{Asked, is_newer};
use crate::import::ledger::{Entry, EntryName, VersionState};
use shared::bucket::ObjectVersion;

/// What is to be done about a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionDecision {
    /// It may be claimed.
    Claim {
        /// The name of its entry.
        name: EntryName,
        /// The entry of an import that broke off or died: the new one goes on where that one stopped. Or this
        /// execution's own, where its first claim was made and its answer lost.
        over: Option<Entry>,
    },
    /// It was imported before, or is being imported.
    Duplicate(String),
    /// A newer version was imported, or is being imported.
    Superseded,
}

/// Judges by the entries of other executions for the same key. `is_alive` tells whether an import that has not ended is
/// still in the line.
pub fn judge(
    asked: &Asked,
    object: &ObjectVersion,
    execution: &str,
    entries: &[(EntryName, Entry)],
    is_alive: impl Fn(&Entry) -> bool,
) -> VersionDecision {
    let is_under_way = |entry: &Entry| entry.execution != execution && entry.is_under_way(object, &is_alive);
    if asked.force
        && let Some((_, entry)) = entries.iter().find(|(_, entry)| is_under_way(entry))
    {
        // Asked twice in one moment: a little later, the one who asks waits for that import instead.
        return VersionDecision::Duplicate(format!(
            "run {} is importing this version of the object; its report says what came of it",
            entry.run_id
        ));
    }
    if asked.force {
        let name = EntryName {
            key: asked.key.clone(),
            version: execution.to_owned(),
        };
        return VersionDecision::Claim { name, over: None };
    }
    let version = object
        .version_id
        .as_ref()
        .or(asked.sequencer.as_ref())
        .unwrap_or(&object.etag);
    let name = EntryName {
        key: asked.key.clone(),
        version: version.clone(),
    };
    let others = || entries.iter().filter(|(_, entry)| entry.execution != execution);
    let is_over = |entry: &Entry| match entry.standing {
        VersionState::Ended => false,
        VersionState::Broken | VersionState::Unread => true,
        VersionState::Claimed => !is_alive(entry),
    };
    let is_this = |entry: &Entry| match (&object.version_id, &asked.sequencer) {
        (Some(version), _) => entry.version_id.as_ref() == Some(version),
        (None, Some(sequencer)) => entry.sequencer.as_ref() == Some(sequencer),
        (None, None) => entry.etag == object.etag,
    };
    if let Some((_, entry)) = others().find(|(_, entry)| is_this(entry) && !is_over(entry)) {
        return VersionDecision::Duplicate(match entry.standing {
            VersionState::Claimed => format!(
                "run {} is importing this version of the object; if its execution was stopped by hand, ask again in a \
                 quarter of an hour",
                entry.run_id
            ),
            _ => format!(
                "this version of the object was imported before, by run {}",
                entry.run_id
            ),
        });
    }
    let is_newer = |entry: &Entry| match (&entry.sequencer, &asked.sequencer) {
        (Some(theirs), Some(ours)) => is_newer(theirs, ours),
        _ => false,
    };
    if others().any(|(_, entry)| is_newer(entry)) {
        return VersionDecision::Superseded;
    }
    let may_go_on = |entry: &Entry| entry.execution == execution || is_over(entry);
    let over = entries
        .iter()
        .find(|(theirs, entry)| *theirs == name && may_go_on(entry));
    VersionDecision::Claim {
        over: over.map(|(_, entry)| entry.clone()),
        name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sequencer: Option<&str>, force: bool) -> Asked {
        Asked {
            bucket: "b".into(),
            key: "k".into(),
            version_id: None,
            etag: None,
            sequencer: sequencer.map(str::to_owned),
            put_at: None,
            dry_run: false,
            force,
            by_hand: force,
        }
    }

    fn object(version: Option<&str>) -> ObjectVersion {
        ObjectVersion {
            key: "k".into(),
            version_id: version.map(str::to_owned),
            etag: "e".into(),
            size: 1,
            put_at: None,
        }
    }

    fn entry(version: &str, sequencer: &str, standing: VersionState) -> (EntryName, Entry) {
        let name = EntryName {
            key: "k".into(),
            version: version.into(),
        };
        let entry = Entry {
            standing,
            execution: "other".into(),
            run_id: format!("run-{version}"),
            sequencer: Some(sequencer.to_owned()),
            version_id: Some(version.to_owned()),
            etag: "e".into(),
        };
        (name, entry)
    }

    fn over(verdict: &VersionDecision) -> Option<&str> {
        match verdict {
            VersionDecision::Claim { over, .. } => over.as_ref().map(|entry| entry.run_id.as_str()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_version_that_was_never_seen_is_claimed() {
        let older = [entry("v1", "01", VersionState::Ended)];
        let verdict = judge(&asked(Some("02"), false), &object(Some("v2")), "me", &older, |_| true);
        assert_eq!(over(&verdict), None);
    }

    #[test]
    fn a_version_is_imported_once_unless_it_is_forced() {
        for standing in [VersionState::Ended, VersionState::Claimed] {
            let same = [entry("v1", "01", standing)];
            let by_hand = judge(&asked(None, false), &object(Some("v1")), "me", &same, |_| true);
            assert!(matches!(by_hand, VersionDecision::Duplicate(_)), "{by_hand:?}");
        }
        for (standing, is_alive) in [
            (VersionState::Ended, true),
            (VersionState::Broken, true),
            (VersionState::Claimed, false),
        ] {
            let same = [entry("v1", "01", standing)];
            let forced = judge(&asked(None, true), &object(Some("v1")), "me", &same, |_| is_alive);
            assert_eq!(over(&forced), None);
        }
    }

    #[test]
    fn a_version_is_not_imported_twice_at_once_even_if_it_is_forced() {
        let same = [entry("v1", "01", VersionState::Claimed)];
        let forced = |me: &str, version| judge(&asked(None, true), &object(Some(version)), me, &same, |_| true);
        assert!(matches!(forced("me", "v1"), VersionDecision::Duplicate(_)));
        assert_eq!(
            over(&forced("me", "v2")),
            None,
            "it is another version that is under way"
        );
        assert_eq!(
            over(&forced("other", "v1")),
            None,
            "it is this very execution that has it"
        );
    }

    #[test]
    fn an_older_version_comes_too_late() {
        let newer = [entry("v2", "02", VersionState::Claimed)];
        let verdict = judge(&asked(Some("01"), false), &object(Some("v1")), "me", &newer, |_| true);
        assert_eq!(verdict, VersionDecision::Superseded);
    }

    #[test]
    fn an_import_that_broke_off_or_died_is_gone_on_with() {
        let broken = [entry("v1", "01", VersionState::Broken)];
        let verdict = judge(&asked(None, false), &object(Some("v1")), "me", &broken, |_| true);
        assert_eq!(over(&verdict), Some("run-v1"));
        let dead = [entry("v1", "01", VersionState::Claimed)];
        let verdict = judge(&asked(None, false), &object(Some("v1")), "me", &dead, |_| false);
        assert_eq!(over(&verdict), Some("run-v1"));
    }

    #[test]
    fn a_repeated_claim_of_the_same_execution_is_no_duplicate() {
        let own = [entry("v1", "01", VersionState::Claimed)];
        let verdict = judge(&asked(None, false), &object(Some("v1")), "other", &own, |_| true);
        assert_eq!(
            over(&verdict),
            Some("run-v1"),
            "and goes on with the run it had taken over"
        );
    }
}
