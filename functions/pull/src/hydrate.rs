//! Reads records in full: by list with their ids, 50 fields a call, joined by id; and one by one where Bigin does not
//! understand `ids`. Queries cannot do it, since they leave out long texts and tags.

use std::collections::{HashMap, HashSet};

use bigin::{CallFailure, ColumnName, MOST_FIELDS_A_CALL, MOST_IDS_A_LIST, WholeRecord};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::authorized_bigin::AskFailure;

use crate::change::modified_at;
use crate::context::Services;
use crate::module_reader::ModuleReader;
use crate::schema::MODIFIED_TIME;
use crate::window::Window;

/// How often records are read again that changed between two calls.
const TRIES: u32 = 3;

/// Whether Bigin understands `ids` in a list, which it does not document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ByIds {
    /// Nothing speaks against it.
    #[default]
    Works,
    /// It refuses `ids`, or takes no notice of them.
    Fails,
}

/// A record in full, and when it was written last.
pub type DatedRecord = (WholeRecord, Timestamp);

/// Reads records in full. `rows` are their ids and when a query said that they were written.
pub struct Hydrator<'a, S: Services> {
    /// Asks.
    pub reader: &'a ModuleReader<'a, S>,
    /// The fields to ask for.
    pub columns: &'a [ColumnName],
    /// What is written later belongs to the next run.
    pub window: &'a Window,
}

impl<S: Services> Hydrator<'_, S> {
    /// The records that are still there and were not written since the window closed.
    ///
    /// # Errors
    /// Bigin cannot be asked for now, or refuses to answer.
    pub async fn read(&self, rows: &[(String, Timestamp)], by_ids: &mut ByIds) -> Result<Vec<DatedRecord>, AskFailure> {
        let mut found = HashMap::new();
        for some in rows.chunks(MOST_IDS_A_LIST) {
            // Those that are neither read yet nor the next run's.
            let mut left: Vec<&str> = some.iter().map(|(id, _)| id.as_str()).collect();
            for _ in 0..TRIES {
                if left.is_empty() || *by_ids == ByIds::Fails {
                    break;
                }
                let Some(answers) = self.list(&left, by_ids).await? else {
                    break;
                };
                let Merged { records, uneven } = join(answers);
                let is_later = |id: &&str| uneven.get(*id).is_some_and(|at| self.window.is_before(*at));
                left.retain(|id| !is_later(id));
                found.extend(records.into_iter().map(|record| (record.id.clone(), record)));
                left.retain(|id| !found.contains_key(*id));
                // What one list lacks another will not have; what changed between two calls it may.
                if !left.iter().any(|id| uneven.contains_key(*id)) {
                    break;
                }
            }
            // Bigin said that they were there. What is not in a list is looked for, before it is taken for gone.
            for id in left {
                if let Some(record) = self.reader.one(id).await? {
                    found.insert(id.to_owned(), record);
                }
            }
        }
        let dated = rows.iter().filter_map(|(id, at)| {
            let record = found.remove(id)?;
            let at = modified_at(&record).unwrap_or(*at);
            Some((record, at))
        });
        Ok(dated.filter(|(_, at)| !self.window.is_before(*at)).collect())
    }

    /// The answers to one question for each 50 fields; `None` where Bigin does not understand the question.
    async fn list(&self, ids: &[&str], by_ids: &mut ByIds) -> Result<Option<Vec<Vec<WholeRecord>>>, AskFailure> {
        let mut answers = Vec::new();
        for columns in portions(self.columns) {
            match self.reader.by_ids(ids, &columns).await {
                Ok(records) if are_asked_for(&records, ids) => answers.push(records),
                Ok(_) | Err(AskFailure::Refused(CallFailure::Refused { .. })) => {
                    *by_ids = ByIds::Fails;
                    return Ok(None);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(Some(answers))
    }
}

/// Whether an answer has only records that were asked for.
fn are_asked_for(records: &[WholeRecord], ids: &[&str]) -> bool {
    let ids: HashSet<_> = ids.iter().copied().collect();
    records.iter().all(|record| ids.contains(record.id.as_str()))
}

/// The fields for each call. All ask for the time of the last write, which shows whether their answers belong together.
fn portions(columns: &[ColumnName]) -> Vec<Vec<&ColumnName>> {
    let (time, others): (Vec<_>, Vec<_>) = columns.iter().partition(|column| column.as_str() == MODIFIED_TIME);
    if others.is_empty() {
        return vec![time];
    }
    let some = others.chunks(MOST_FIELDS_A_CALL - 1);
    some.map(|some| time.iter().chain(some).copied().collect()).collect()
}

/// What the answers of several calls make together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Merged {
    /// Records of which every answer told the same state.
    records: Vec<WholeRecord>,
    /// Those that were written between two calls, and when last.
    uneven: HashMap<String, Timestamp>,
}

/// Joins answers by id. A record that one of them lacks was deleted meanwhile, or is looked for by itself.
fn join(answers: Vec<Vec<WholeRecord>>) -> Merged {
    let calls = answers.len();
    let mut parts: HashMap<String, Vec<WholeRecord>> = HashMap::new();
    let mut order = Vec::new();
    for record in answers.into_iter().flatten() {
        let known = parts.entry(record.id.clone()).or_default();
        if known.is_empty() {
            order.push(record.id.clone());
        }
        known.push(record);
    }
    let mut joined = Merged::default();
    for id in order {
        let parts = parts.remove(&id).unwrap_or_default();
        if parts.len() < calls {
            continue;
        }
        let times: HashSet<_> = parts.iter().map(modified_at).collect();
        if times.len() == 1 {
            joined.records.extend(parts.into_iter().reduce(WholeRecord::joined));
        } else if let Some(latest) = times.into_iter().flatten().max() {
            joined.uneven.insert(id, latest);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, at: &str, field: &str) -> WholeRecord {
        let fields = [
            (MODIFIED_TIME.to_owned(), format!("\"{at}\"")),
            (field.to_owned(), "1".to_owned()),
        ];
        WholeRecord::new(id, fields)
    }

    #[test]
    fn every_call_asks_for_the_time_of_the_last_write_and_for_fifty_fields_at_most() {
        let names = (0..120).map(|n| format!("Field_{n}")).chain([MODIFIED_TIME.to_owned()]);
        let columns: Vec<_> = names.filter_map(|name| ColumnName::parse(&name)).collect();
        let portions = portions(&columns);
        assert_eq!(portions.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 23]);
        assert!(portions.iter().all(|some| some[0].as_str() == MODIFIED_TIME));
        let asked: HashSet<_> = portions.iter().flatten().collect();
        assert_eq!(asked.len(), 121);
    }

    #[test]
    fn answers_that_tell_of_different_states_are_not_joined() {
        let (early, later) = ("2026-11-27T09:00:00Z", "2026-11-27T09:30:00Z");
        let joined = join(vec![
            vec![
                record("1", early, "A"),
                record("2", early, "A"),
                record("3", early, "A"),
            ],
            vec![record("2", later, "B"), record("1", "2026-11-27T12:00:00+03:00", "B")],
        ]);
        let [one] = joined.records.as_slice() else {
            panic!("{joined:?}")
        };
        assert_eq!(
            (one.id.as_str(), one.json("A"), one.json("B")),
            ("1", Some("1"), Some("1"))
        );
        assert_eq!(joined.uneven, HashMap::from([("2".to_owned(), later.parse().unwrap())]));
    }

    #[test]
    fn a_record_that_nobody_asked_for_shows_that_ids_are_ignored() {
        let at = "2026-11-27T09:00:00Z";
        assert!(are_asked_for(&[record("1", at, "A")], &["1", "2"]));
        assert!(!are_asked_for(
            &[record("1", at, "A"), record("9", at, "A")],
            &["1", "2"]
        ));
    }
}
