//! Records as Bigin tells them: chosen ones with chosen fields (`GET /{module}?ids=...`, which Zoho CRM documents), and one
//! with all it has (Bigin developer guide, "Get Records").

use std::fmt;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::Answer;
use super::json_text::{elements, members};
use super::lenient::Text;
use super::record::id_of;
use super::records::is_an_id;
use super::{Access, Bigin, CallFailure, ColumnName, ModuleName};

/// The most records that one list by ids is asked for.
pub const MOST_IDS_A_LIST: usize = 100;
/// The most fields that one call is asked for.
pub const MOST_FIELDS_A_CALL: usize = 50;

/// A record with fields of it, each value in Bigin's own JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct WholeRecord {
    /// Its id.
    pub id: String,
    fields: Vec<(String, Box<str>)>,
}

/// A user, as a record names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedUser {
    /// The user's id.
    pub id: String,
    /// The user's name.
    pub name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct WireUser<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

impl WireUser<'_> {
    pub(super) fn read(&self) -> Option<NamedUser> {
        Some(NamedUser {
            id: self.id.owned()?,
            name: self.name.owned(),
        })
    }
}

impl WholeRecord {
    /// A record of these fields, each value as JSON.
    pub fn new(id: impl Into<String>, fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self { id: id.into(), fields }
    }

    /// A field's value as Bigin wrote it.
    pub fn json(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }

    /// A field's text.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str::<Text<'_>>(self.json(name)?).ok()?.owned()
    }

    /// A field's instant.
    pub fn instant(&self, name: &str) -> Option<Timestamp> {
        self.text(name)?.parse().ok()
    }

    /// The user that a field names.
    pub fn user(&self, name: &str) -> Option<NamedUser> {
        serde_json::from_str::<WireUser<'_>>(self.json(name)?).ok()?.read()
    }

    /// The same record with what another answer said of it besides.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        for (name, value) in other.fields {
            if self.json(&name).is_none() {
                self.fields.push((name, value));
            }
        }
        self
    }

    /// What a record is without an id, it is not.
    fn read(text: &str) -> Option<Self> {
        let (mut id, mut fields) = (None, Vec::new());
        for (name, value) in members(text)? {
            let name: String = serde_json::from_str(name).ok()?;
            if name == "id" {
                id = id_of(value);
            } else {
                fields.push((name, value.into()));
            }
        }
        Some(Self { id: id?, fields })
    }
}

/// Record content never reaches a log, so not through `Debug` either.
impl fmt::Debug for WholeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WholeRecord({}, {} fields)", self.id, self.fields.len())
    }
}

impl Bigin {
    /// Records by their ids, with these fields: at most [`MOST_IDS_A_LIST`] and [`MOST_FIELDS_A_CALL`]. Those that are gone
    /// are not in the answer. Bigin does not document `ids`: where it is not understood, the answer has records that were
    /// not asked for.
    ///
    /// # Errors
    /// The call failed as a whole.
    pub async fn records_by_id(
        &self,
        access: &Access,
        module: &ModuleName,
        ids: &[&str],
        columns: &[&ColumnName],
    ) -> Result<Vec<WholeRecord>, CallFailure> {
        let ids: Vec<_> = ids.iter().copied().filter(|id| is_an_id(id)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<_> = columns.iter().map(|column| column.as_str()).collect();
        let (ids, names) = (ids.join(","), names.join(","));
        let query = [("ids", ids.as_str()), ("fields", names.as_str()), ("per_page", "200")];
        let answer = self.call(access, Method::GET, module.as_str(), &query, None).await?;
        records("the question for records by their ids", &answer)
    }

    /// One record with all it has; `None` where there is none of that id.
    ///
    /// # Errors
    /// The call failed as a whole.
    pub async fn record(
        &self,
        access: &Access,
        module: &ModuleName,
        id: &str,
    ) -> Result<Option<WholeRecord>, CallFailure> {
        if !is_an_id(id) {
            return Ok(None);
        }
        let path = format!("{module}/{id}");
        let answer = self.call(access, Method::GET, &path, &[], None).await?;
        let found = records("the question for a record", &answer)?;
        Ok(found.into_iter().find(|record| record.id == id))
    }
}

fn records(call: &str, answer: &Answer) -> Result<Vec<WholeRecord>, CallFailure> {
    if answer.body.is_empty() {
        return Ok(Vec::new());
    }
    let text = std::str::from_utf8(&answer.body).ok();
    let valid = text.filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    let all = valid.and_then(members);
    let list = all.and_then(|all| all.into_iter().find(|(name, _)| *name == "\"data\""));
    let list = list.and_then(|(_, list)| elements(list));
    let Some(list) = list else {
        return Err(CallFailure::Unreadable {
            call: call.to_owned(),
            status: answer.status,
            problem: "it has no list of records".to_owned(),
        });
    };
    Ok(list.into_iter().filter_map(WholeRecord::read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer {
            body: body.as_bytes().to_vec(),
            status: 200,
            credits_remaining: None,
            token_expires_at: None,
            date: None,
        }
    }

    #[test]
    fn a_record_keeps_every_value_as_bigin_wrote_it() {
        let body = r#"{"data":[{"Amount":1234567890123456.123456789,"Modified_Time":"2026-10-09T22:09:22+03:00",
            "Modified_By":{"name":"Ann","id":"222","email":"a@example.com"},"Email":null,"id":"111"},{"Email":"x"}],"info":{}}"#;
        let found = records("c", &answer(body)).unwrap();
        assert_eq!(found.len(), 1, "what has no id is no record");
        let record = &found[0];
        assert_eq!(record.json("Amount"), Some("1234567890123456.123456789"));
        assert_eq!((record.json("Email"), record.text("Email")), (Some("null"), None));
        assert_eq!(
            record.instant("Modified_Time"),
            Some("2026-10-09T19:09:22Z".parse().unwrap())
        );
        let ann = NamedUser {
            id: "222".into(),
            name: Some("Ann".into()),
        };
        assert_eq!(record.user("Modified_By"), Some(ann));
        assert!(!format!("{record:?}").contains("Ann"));
    }

    #[test]
    fn an_answer_without_a_list_is_no_empty_one() {
        for body in ["{}", "[]", "{\"data\":{}}", "{\"data\":[", "null"] {
            assert!(records("c", &answer(body)).is_err(), "{body}");
        }
        assert!(records("c", &answer("")).unwrap().is_empty());
    }

    #[test]
    fn what_another_answer_said_is_added_and_replaces_nothing() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let one = WholeRecord::new("1", [field("A", "1")]);
        let both = one.joined(WholeRecord::new("1", [field("A", "2"), field("B", "3")]));
        assert_eq!((both.json("A"), both.json("B")), (Some("1"), Some("3")));
    }
}
