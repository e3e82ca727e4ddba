//! What the relay wrote into Bigin itself, one item a call: ids and times, so that pull can tell its own changes from those of
//! others. Push notes it, and only for modules that are pulled.

use std::collections::BTreeMap;

use bigin::{CallShape, ModuleName, Operation, RecordOutcome, RecordsAnswer};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::table::{Key, StateError, Table};

/// For so long they are kept: Bigin forgets what was in the recycle bin after that long, too, and whoever has not read on by
/// then begins anew.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 60);
/// They lie in stretches of so many seconds, so that whoever looks for those of a time reads few others.
const STRETCH_S: i64 = 600;

/// What one call wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnWrites {
    /// In whose name, by id, where Bigin said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When Bigin answered, by its own clock where it told.
    pub at: Timestamp,
    /// The records by their `Modified_Time` since, in seconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub written: BTreeMap<i64, Vec<u64>>,
    /// Records that it changed, or that may change once more by what it started; when is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touched: Vec<u64>,
    /// Records that it deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<u64>,
    /// When a call set out that may have been carried out and was not answered: nobody knows what it wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_since: Option<Timestamp>,
}

impl OwnWrites {
    /// What an answered call wrote; `None` where it wrote nothing. `now`: where Bigin does not tell its time.
    pub fn of(shape: &CallShape, answer: &RecordsAnswer, now: Timestamp) -> Option<Self> {
        let mut writes = Self {
            by: answer.written_by.clone(),
            ..Self::nothing(answer.at.unwrap_or(now))
        };
        for outcome in &answer.outcomes {
            let RecordOutcome::Accepted { id, modified_at, .. } = outcome else {
                continue;
            };
            let Ok(id) = id.parse() else { continue };
            match modified_at {
                _ if shape.operation == Operation::Delete => writes.deleted.push(id),
                // An automation that the call starts may write in the same second, in the same name.
                Some(at) if shape.trigger.is_empty() => writes.written.entry(at.as_second()).or_default().push(id),
                _ => writes.touched.push(id),
            }
        }
        let is_any = !(writes.written.is_empty() && writes.touched.is_empty() && writes.deleted.is_empty());
        is_any.then_some(writes)
    }

    /// A call that set out then, and of which nobody knows what it wrote.
    pub fn lost(since: Timestamp, now: Timestamp) -> Self {
        Self {
            lost_since: Some(since),
            ..Self::nothing(now)
        }
    }

    fn nothing(at: Timestamp) -> Self {
        Self {
            by: None,
            at,
            written: BTreeMap::new(),
            touched: Vec::new(),
            deleted: Vec::new(),
            lost_since: None,
        }
    }
}

fn stretch(module: &ModuleName, number: i64) -> String {
    format!("own-writes/{module}/{number}")
}

fn number(at: Timestamp) -> i64 {
    at.as_second().div_euclid(STRETCH_S)
}

/// Notes what a call wrote.
///
/// # Errors
/// The table failed.
pub async fn note(
    table: &impl Table,
    module: &ModuleName,
    writes: &OwnWrites,
    now: Timestamp,
) -> Result<(), StateError> {
    let key = Key::new(stretch(module, number(writes.at)), Uuid::new_v4().to_string());
    table.put(&key, writes, Some(now + REMEMBERED)).await
}

/// The stretches that hold what was answered in that time, both ends among it.
pub fn stretches(from: Timestamp, to: Timestamp) -> impl Iterator<Item = i64> {
    number(from)..=number(to)
}

/// What was written to a module in a stretch of time.
///
/// # Errors
/// The table failed.
pub async fn within(table: &impl Table, module: &ModuleName, number: i64) -> Result<Vec<OwnWrites>, StateError> {
    let found = table.list::<OwnWrites>(&stretch(module, number)).await?;
    Ok(found.into_iter().map(|(_, writes)| writes.value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryTable;
    use bigin::Action;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn answer(operation: Operation, modified_at: Option<&str>) -> RecordsAnswer {
        let action = if operation == Operation::Delete {
            Action::Deleted
        } else {
            Action::Updated
        };
        RecordsAnswer {
            outcomes: vec![
                RecordOutcome::Accepted {
                    action,
                    id: "111".into(),
                    modified_at: modified_at.map(at),
                },
                RecordOutcome::Refused(Vec::new()),
            ],
            written_by: Some("222".into()),
            at: Some(at("2026-11-27T09:00:01Z")),
            credits_remaining: None,
            token_expires_at: None,
        }
    }

    fn shape(operation: Operation, trigger: &[&str]) -> CallShape {
        CallShape {
            module: ModuleName::parse("Contacts").unwrap(),
            operation,
            match_on: Vec::new(),
            trigger: trigger.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn what_a_call_wrote_is_told_apart_by_what_is_known_of_it() {
        let of = |operation, trigger: &[&str], modified_at| {
            OwnWrites::of(
                &shape(operation, trigger),
                &answer(operation, modified_at),
                Timestamp::UNIX_EPOCH,
            )
            .unwrap()
        };
        let time = Some("2026-11-27T09:00:00Z");
        let written = of(Operation::Update, &[], time);
        assert_eq!(
            written.written,
            BTreeMap::from([(at("2026-11-27T09:00:00Z").as_second(), vec![111])])
        );
        assert_eq!(
            (written.by.as_deref(), written.at),
            (Some("222"), at("2026-11-27T09:00:01Z"))
        );
        for unsure in [
            of(Operation::Update, &["workflow"], time),
            of(Operation::Update, &[], None),
        ] {
            assert_eq!((unsure.touched, unsure.written.len()), (vec![111], 0));
        }
        assert_eq!(of(Operation::Delete, &[], None).deleted, [111]);
    }

    #[test]
    fn a_call_that_wrote_nothing_leaves_nothing() {
        let mut nothing = answer(Operation::Update, None);
        nothing.outcomes.remove(0);
        assert_eq!(
            OwnWrites::of(&shape(Operation::Update, &[]), &nothing, Timestamp::UNIX_EPOCH),
            None
        );
    }

    #[tokio::test]
    async fn writes_are_found_by_module_and_time_and_have_no_record_content() {
        let table = MemoryTable::default();
        let [contacts, accounts] = ["Contacts", "Accounts"].map(|name| ModuleName::parse(name).unwrap());
        let writes = OwnWrites::of(
            &shape(Operation::Delete, &[]),
            &answer(Operation::Delete, None),
            Timestamp::now(),
        )
        .unwrap();
        for _ in 0..2 {
            note(&table, &contacts, &writes, Timestamp::now()).await.unwrap();
        }
        let mut found = Vec::new();
        for number in stretches(at("2026-11-27T08:55:00Z"), at("2026-11-27T09:05:00Z")) {
            assert_eq!(within(&table, &accounts, number).await.unwrap(), []);
            found.extend(within(&table, &contacts, number).await.unwrap());
        }
        assert_eq!(found, [writes.clone(), writes]);
        for (_, document) in table.dump() {
            assert_eq!(document, r#"{"by":"222","at":"2026-11-27T09:00:01Z","deleted":[111]}"#);
        }
    }
}
