//! A change record: one line of JSON that tells what became of one record. Its form is fixed, and its id is the same however
//! often the same change is read.

use std::fmt::Write;

use bigin::{ColumnName, NamedUser, Tombstone, WholeRecord, push_text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::origin::{Origin, Origins};
use crate::schema::MODIFIED_TIME;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// It was made or changed: this is how it is now.
    Upsert,
    /// It is gone.
    Delete,
    /// This is how it was when the copy was made.
    Snapshot,
}

/// Why a run reads, and so how its changes were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// By looking at what was written within a time.
    Poll,
    /// By reading everything.
    Backfill,
    /// By comparing everything with what consumers have.
    Census,
}

impl Op {
    fn as_str(self) -> &'static str {
        match self {
            Self::Upsert => "upsert",
            Self::Delete => "delete",
            Self::Snapshot => "snapshot",
        }
    }
}

impl Kind {
    /// What its records are.
    pub fn op(self) -> Op {
        match self {
            Self::Poll | Self::Census => Op::Upsert,
            Self::Backfill => Op::Snapshot,
        }
    }

    /// Whether it reads on from where the run before ended.
    pub fn follows_the_cursor(self) -> bool {
        self != Self::Backfill
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Backfill => "backfill",
            Self::Census => "census",
        }
    }
}

/// What all changes of a run have in common.
#[derive(Debug, Clone, Copy)]
pub struct Teller<'a> {
    /// The organisation's id.
    pub org_id: &'a str,
    /// The module's API name.
    pub module: &'a str,
    /// The run.
    pub run_id: &'a str,
    /// Why it reads.
    pub kind: Kind,
    /// Whose changes are whose.
    pub origins: &'a Origins,
    /// When the relay saw it.
    pub seen_at: Timestamp,
    /// The schema's hash.
    pub schema: &'a str,
}

impl Teller<'_> {
    /// The line of a record that was written last at `changed_at`.
    pub fn written(&self, record: &WholeRecord, changed_at: Timestamp, columns: &[ColumnName]) -> String {
        let changed_by = record.user("Modified_By");
        let mut line = String::with_capacity(2_048);
        let id = format!("{}/{}/{}/{changed_at}", self.org_id, self.module, record.id);
        self.begin(&mut line, (&id, self.kind.op()), (&record.id, changed_at));
        instant(&mut line, "created_at", record.instant("Created_Time"));
        let origin = self.origins.of_written(&record.id, changed_at, changed_by.as_ref());
        self.end(&mut line, changed_by.as_ref(), origin);
        line.push_str(",\"record\":{");
        let mut is_first = true;
        for column in columns {
            let Some(value) = record.json(column.as_str()) else {
                continue;
            };
            if !std::mem::take(&mut is_first) {
                line.push(',');
            }
            push_text(&mut line, column.as_str());
            line.push(':');
            push_value(&mut line, value);
        }
        line.push_str("}}");
        line
    }

    /// The line of a record that was deleted.
    pub fn deleted(&self, tombstone: &Tombstone) -> String {
        let deletion = if tombstone.is_permanent { "permanent" } else { "recycle" };
        self.gone(tombstone, deletion)
    }

    /// The line of a record that Bigin does not show any more, and does not tell of having been deleted.
    pub fn vanished(&self, id: &str, at: Timestamp) -> String {
        let nobodys = Tombstone {
            id: id.to_owned(),
            deleted_at: at,
            deleted_by: None,
            is_permanent: false,
        };
        self.gone(&nobodys, "vanished")
    }

    fn gone(&self, tombstone: &Tombstone, deletion: &str) -> String {
        let at = tombstone.deleted_at;
        let mut line = String::with_capacity(512);
        let id = format!("{}/{}/{}/deleted/{at}", self.org_id, self.module, tombstone.id);
        self.begin(&mut line, (&id, Op::Delete), (&tombstone.id, at));
        text(&mut line, "deletion", deletion);
        instant(&mut line, "created_at", None);
        let origin = self.origins.of_deleted(tombstone);
        self.end(&mut line, tombstone.deleted_by.as_ref(), origin);
        line.push_str(",\"record\":null}");
        line
    }

    fn begin(&self, line: &mut String, (id, op): (&str, Op), (record_id, changed_at): (&str, Timestamp)) {
        line.push_str("{\"v\":1");
        text(line, "id", id);
        text(line, "op", op.as_str());
        text(line, "module", self.module);
        text(line, "record_id", record_id);
        instant(line, "changed_at", Some(changed_at));
    }

    fn end(&self, line: &mut String, by: Option<&NamedUser>, origin: Origin) {
        line.push_str(",\"changed_by\":");
        match by {
            None => line.push_str("null"),
            Some(user) => {
                line.push_str("{\"id\":");
                push_text(line, &user.id);
                match &user.name {
                    Some(name) => text(line, "name", name),
                    None => line.push_str(",\"name\":null"),
                }
                line.push('}');
            }
        }
        text(line, "origin", origin.as_str());
        text(line, "via", self.kind.as_str());
        text(line, "run_id", self.run_id);
        // Always so many digits: two of them compare as their texts do.
        let seen_at = self.seen_at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        text(line, "seen_at", &seen_at);
        text(line, "schema", self.schema);
    }
}

/// When a record was written last.
pub fn modified_at(record: &WholeRecord) -> Option<Timestamp> {
    record.instant(MODIFIED_TIME)
}

fn text(line: &mut String, name: &str, value: &str) {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":");
    push_text(line, value);
}

fn instant(line: &mut String, name: &str, at: Option<Timestamp>) {
    // Writing into memory does not fail.
    let _ = match at {
        Some(at) => write!(line, ",\"{name}\":\"{at}\""),
        None => write!(line, ",\"{name}\":null"),
    };
}

/// A value as Bigin wrote it. A line break between its parts would end the line; within texts JSON allows none.
fn push_value(line: &mut String, value: &str) {
    if value.contains(['\n', '\r']) {
        line.extend(value.chars().map(|character| match character {
            '\n' | '\r' => ' ',
            other => other,
        }));
    } else {
        line.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn origins() -> Origins {
        Origins::new(Some("222".to_owned()), None)
    }

    fn teller(kind: Kind, origins: &Origins) -> Teller<'_> {
        Teller {
            org_id: "60001234",
            module: "Contacts",
            run_id: "r1",
            kind,
            origins,
            seen_at: "2026-11-27T09:15:00.25Z".parse().unwrap(),
            schema: "c0ffee12",
        }
    }

    fn record(modified_by: &str) -> WholeRecord {
        let fields = [
            ("Last_Name", r#""O\"Neil""#),
            ("Email", "null"),
            ("Account_Name", "{\"id\":\"112\",\n\"name\":\"Acme\"}"),
            ("Amount", "1234567890123456.123456789"),
            ("Modified_By", modified_by),
            ("Modified_Time", r#""2026-11-27T12:00:00+03:00""#),
            ("Created_Time", r#""2026-11-26T12:00:00+03:00""#),
            ("Unknown", "1"),
        ];
        WholeRecord::new("111", fields.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    fn columns() -> Vec<ColumnName> {
        let names = ["Last_Name", "Email", "Account_Name", "Amount", "Absent"];
        names.into_iter().filter_map(ColumnName::parse).collect()
    }

    fn line(kind: Kind, modified_by: &str) -> String {
        let record = record(modified_by);
        let at = modified_at(&record).unwrap();
        teller(kind, &origins()).written(&record, at, &columns())
    }

    #[test]
    fn a_change_record_has_the_form_that_the_documents_give() {
        let line = line(Kind::Poll, r#"{"name":"Ann","id":"223"}"#);
        assert!(!line.contains('\n'));
        assert!(line.contains("1234567890123456.123456789"), "no digit is lost");
        let read: Value = serde_json::from_str(&line).unwrap();
        let mut expected = json!({"v": 1, "id": "60001234/Contacts/111/2026-11-27T09:00:00Z", "op": "upsert", "module": "Contacts",
            "record_id": "111", "changed_at": "2026-11-27T09:00:00Z", "created_at": "2026-11-26T09:00:00Z",
            "changed_by": {"id": "223", "name": "Ann"}, "origin": "bigin", "via": "poll", "run_id": "r1",
            "seen_at": "2026-11-27T09:15:00.250Z", "schema": "c0ffee12",
            "record": {"Last_Name": "O\"Neil", "Email": null, "Account_Name": {"id": "112", "name": "Acme"}}});
        // A number of so many digits has no other form than its own.
        expected["record"]["Amount"] = read["record"]["Amount"].clone();
        assert_eq!(read, expected);
    }

    #[test]
    fn what_the_relays_user_or_nobody_wrote_may_be_the_relays() {
        for (by, origin) in [
            (r#"{"id":"222"}"#, "unsure"),
            ("null", "unsure"),
            (r#"{"id":"9"}"#, "bigin"),
        ] {
            let read: Value = serde_json::from_str(&line(Kind::Backfill, by)).unwrap();
            assert_eq!(
                (&read["origin"], &read["op"], &read["via"]),
                (&json!(origin), &json!("snapshot"), &json!("backfill"))
            );
        }
    }

    #[test]
    fn a_delete_says_where_the_record_is_and_has_none() {
        let tombstone = Tombstone {
            id: "111".to_owned(),
            deleted_at: "2026-11-27T10:00:00Z".parse().unwrap(),
            deleted_by: None,
            is_permanent: true,
        };
        let read: Value = serde_json::from_str(&teller(Kind::Poll, &origins()).deleted(&tombstone)).unwrap();
        let expected = json!({"v": 1, "id": "60001234/Contacts/111/deleted/2026-11-27T10:00:00Z", "op": "delete", "module": "Contacts",
            "record_id": "111", "changed_at": "2026-11-27T10:00:00Z", "deletion": "permanent", "created_at": null, "changed_by": null,
            "origin": "unsure", "via": "poll", "run_id": "r1", "seen_at": "2026-11-27T09:15:00.250Z", "schema": "c0ffee12",
            "record": null});
        assert_eq!(read, expected);
    }

    proptest::proptest! {
        #[test]
        fn any_name_and_value_make_one_line_of_json(name: String, value: String) {
            let by = json!({"id": "223", "name": name}).to_string();
            let fields = [("Modified_By".to_owned(), by), ("Last_Name".to_owned(), json!(value).to_string())];
            let record = WholeRecord::new("1", fields);
            let line = teller(Kind::Poll, &origins()).written(&record, Timestamp::UNIX_EPOCH, &columns());
            let read: Value = serde_json::from_str(&line).unwrap();
            proptest::prop_assert!(!line.contains('\n'));
            proptest::prop_assert_eq!(read["record"]["Last_Name"].as_str(), Some(value.as_str()));
        }
    }
}
