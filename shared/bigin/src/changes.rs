//! What has changed in a module: which records were written within a time (by COQL), and which were deleted (Bigin developer
//! guide, "Query API", "Get Deleted Records").

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::coql::{Info, MOST_ROWS_A_QUERY};
use super::lenient::{List, Object, Text};
use super::whole::WireUser;
use super::{Access, Bigin, CallFailure, ModuleName, NamedUser};

/// Records that were written within a time, lowest id first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrittenPage {
    /// Their ids, and when each was written last.
    pub rows: Vec<(String, Timestamp)>,
    /// Whether there are more than one answer holds.
    pub more: bool,
    /// When Bigin answered, by its own clock.
    pub at: Option<Timestamp>,
}

impl WrittenPage {
    /// The last id. `None` where the ids do not ascend from the one before: what is read on from there would miss some.
    pub fn last_id(&self, after: u64) -> Option<u64> {
        let mut ids = self.rows.iter().map(|(id, _)| id.parse().ok());
        ids.try_fold(after, |before, id| id.filter(|id| before < *id))
    }
}

/// A record that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// Its id.
    pub id: String,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// By whom, as long as that is known.
    pub deleted_by: Option<NamedUser>,
    /// Whether it is gone for good, and not in the recycle bin.
    pub is_permanent: bool,
}

/// A page of deleted records, the latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tombstones {
    /// The records.
    pub records: Vec<Tombstone>,
    /// Whether there is another page.
    pub more: bool,
    /// When Bigin answered, by its own clock.
    pub at: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireWritten<'a> {
    #[serde(borrow)]
    data: List<Object<WireRow<'a>>>,
    #[serde(borrow)]
    info: Object<Info<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireRow<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(rename = "Modified_Time", borrow)]
    modified_time: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireTombstones<'a> {
    #[serde(borrow)]
    data: List<Object<WireTombstone<'a>>>,
    #[serde(borrow)]
    info: Object<Info<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireTombstone<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    deleted_time: Text<'a>,
    #[serde(borrow)]
    deleted_by: Object<WireUser<'a>>,
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
}

impl Bigin {
    /// Records whose `Modified_Time` is not before `from` and before `to`, and whose id is greater than `after`: at most 200,
    /// lowest id first. Neither ties nor edits while one reads on from id to id make one miss a record that stays in that time.
    ///
    /// # Errors
    /// The call failed as a whole, or a row of its answer cannot be read: to leave it out would be to overlook a change.
    pub async fn written_between(
        &self,
        access: &Access,
        module: &ModuleName,
        (from, to): (Timestamp, Timestamp),
        after: u64,
    ) -> Result<WrittenPage, CallFailure> {
        let body = json!({ "select_query": select_query(module, from, to, after) }).to_string();
        let answer = self.call(access, Method::POST, "coql", &[], Some(body)).await?;
        let call = "the query for records that were written";
        let found: WireWritten<'_> = answer.read(call)?;
        let rows = found.data.0.iter().map(|Object(row)| row.read()).collect();
        let rows: Option<Vec<_>> = rows;
        let unreadable = || unreadable(call, answer.status, "a row of it has no id or no Modified_Time");
        Ok(WrittenPage {
            rows: rows.ok_or_else(unreadable)?,
            more: found.info.0.more_records.is_set(),
            at: answer.date,
        })
    }

    /// A page of a module's deleted records, counted from 1; those in the recycle bin and those that are gone for good.
    ///
    /// # Errors
    /// The call failed as a whole, or a row of its answer cannot be read. Zoho refuses pages that lie too far away.
    pub async fn deleted(&self, access: &Access, module: &ModuleName, page: u64) -> Result<Tombstones, CallFailure> {
        let (path, page) = (format!("{module}/deleted"), page.to_string());
        let query = [("type", "all"), ("page", page.as_str()), ("per_page", "200")];
        let answer = self.call(access, Method::GET, &path, &query, None).await?;
        let call = "the question for deleted records";
        let found: WireTombstones<'_> = answer.read(call)?;
        let records: Option<Vec<_>> = found.data.0.iter().map(|Object(tombstone)| tombstone.read()).collect();
        let unreadable = || unreadable(call, answer.status, "a row of it has no id or no time");
        Ok(Tombstones {
            records: records.ok_or_else(unreadable)?,
            more: found.info.0.more_records.is_set(),
            at: answer.date,
        })
    }
}

/// Every two conditions are in brackets, which Bigin wants of more than two. The order is Bigin's usual one, by id.
fn select_query(module: &ModuleName, from: Timestamp, to: Timestamp, after: u64) -> String {
    // Z is not understood everywhere; an offset is.
    let text = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S+00:00");
    format!(
        "select id, Modified_Time from {module} where ((Modified_Time >= '{}' and Modified_Time < '{}') and id > {after}) limit {MOST_ROWS_A_QUERY}",
        text(from),
        text(to)
    )
}

impl WireRow<'_> {
    fn read(&self) -> Option<(String, Timestamp)> {
        Some((self.id.owned()?, self.modified_time.get()?.parse().ok()?))
    }
}

impl WireTombstone<'_> {
    fn read(&self) -> Option<Tombstone> {
        Some(Tombstone {
            id: self.id.owned()?,
            deleted_at: self.deleted_time.get()?.parse().ok()?,
            deleted_by: self.deleted_by.0.read(),
            is_permanent: self.kind.get() == Some("permanent"),
        })
    }
}

fn unreadable(call: &str, status: u16, problem: &str) -> CallFailure {
    CallFailure::Unreadable {
        call: call.to_owned(),
        status,
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_asked_for_with_its_end_left_out_and_every_pair_in_brackets() {
        let [from, to] = ["2026-11-27T09:00:00Z", "2026-11-27T10:00:00.7Z"].map(|at| at.parse().unwrap());
        assert_eq!(
            select_query(&ModuleName::parse("Contacts").unwrap(), from, to, 111),
            "select id, Modified_Time from Contacts where ((Modified_Time >= '2026-11-27T09:00:00+00:00' and \
             Modified_Time < '2026-11-27T10:00:00+00:00') and id > 111) limit 200"
        );
    }

    #[test]
    fn a_page_is_read_on_from_only_where_its_ids_ascend() {
        let page = |ids: &[&str]| WrittenPage {
            rows: ids.iter().map(|id| ((*id).to_owned(), Timestamp::UNIX_EPOCH)).collect(),
            ..WrittenPage::default()
        };
        assert_eq!(
            page(&["5", "9", "4711000000000000001"]).last_id(4),
            Some(4_711_000_000_000_000_001)
        );
        for wrong in [&["5", "4"][..], &["4"], &["x"], &["6", "6"]] {
            assert_eq!(page(wrong).last_id(4), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_tombstone_that_is_permanent_names_nobody() {
        let text = r#"{"data":[{"deleted_by":{"name":"Ann","id":"222"},"id":"111","type":"recycle","deleted_time":"2026-10-09T22:09:22+03:00"},
            {"deleted_by":null,"id":"112","type":"permanent","deleted_time":"2026-08-09T22:09:22+03:00"}],"info":{"more_records":true}}"#;
        let found: WireTombstones<'_> = serde_json::from_str(text).unwrap();
        let read: Vec<_> = found.data.0.iter().map(|Object(row)| row.read().unwrap()).collect();
        assert_eq!(read[0].deleted_by.as_ref().unwrap().id, "222");
        assert_eq!((&read[1].deleted_by, read[1].is_permanent), (&None, true));
        assert_eq!(read[0].deleted_at, "2026-10-09T19:09:22Z".parse().unwrap());
    }
}
