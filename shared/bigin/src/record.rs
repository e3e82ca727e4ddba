//! A record as Bigin is to get it: JSON, written once and never parsed again on the way.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

/// One record: the text of one JSON object, and the id in it where it has one.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    json: String,
    id: Option<String>,
}

impl Record {
    /// Starts a record that has no field yet.
    pub fn writer() -> RecordWriter {
        Self::writer_for(64)
    }

    /// Starts a record whose JSON will have about that many bytes.
    pub fn writer_for(bytes: usize) -> RecordWriter {
        let mut json = String::with_capacity(bytes + 2);
        json.push('{');
        RecordWriter { json, id: None }
    }

    /// Takes a finished record up again, to add fields that were not known when it was written.
    pub fn reopen(mut self) -> RecordWriter {
        self.json.pop();
        RecordWriter {
            json: self.json,
            id: self.id,
        }
    }

    /// The record that has these fields.
    pub fn from_object(object: &Map<String, Value>) -> Self {
        let mut writer = Self::writer();
        for (name, value) in object {
            writer.field(name, value);
        }
        writer.finish()
    }

    /// The JSON object.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The id of the record in Bigin, for updates and deletes.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// Record content never reaches a log, so not through `Debug` either.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({} bytes)", self.json.len())
    }
}

/// A field's API name, made ready once for all records that have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldName {
    name: Arc<str>,
    /// `,"Last_Name":`
    key: Box<str>,
    is_id: bool,
}

impl FieldName {
    /// Makes an API name ready.
    pub fn new(name: &str) -> Self {
        let mut key = String::with_capacity(name.len() + 4);
        key.push(',');
        push_text(&mut key, name);
        key.push(':');
        Self {
            name: Arc::from(name),
            key: key.into(),
            is_id: name == "id",
        }
    }

    /// The API name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The API name, to be shared.
    pub fn shared(&self) -> &Arc<str> {
        &self.name
    }
}

/// A record being written, field by field.
#[derive(Clone)]
pub struct RecordWriter {
    json: String,
    id: Option<String>,
}

impl RecordWriter {
    /// Adds a field. `name` is its API name; a text or a whole number under the name `id` is the record's id.
    pub fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        let before = self.json.len();
        if before > 1 {
            self.json.push(',');
        }
        // Writing JSON into memory fails only for values that have no JSON form, such as maps whose keys are
        // no text. Such a field is left out, as if it had not been named.
        let written = push_json(&mut self.json, name).and_then(|()| {
            self.json.push(':');
            let value_at = self.json.len();
            push_json(&mut self.json, value).map(|()| value_at)
        });
        match written {
            Ok(value_at) if name == "id" => self.id = id_of(&self.json[value_at..]),
            Ok(_) => {}
            Err(_) => self.json.truncate(before),
        }
    }

    /// Adds a field whose value `write` appends to the record's JSON, as exactly one JSON value. Nothing is added when
    /// it fails.
    ///
    /// # Errors
    /// `write` failed.
    pub fn value<T, E>(&mut self, name: &FieldName, write: impl FnOnce(&mut String) -> Result<T, E>) -> Result<T, E> {
        let before = self.json.len();
        // The comma before the first field is left out.
        self.json.push_str(if before > 1 { &name.key } else { &name.key[1..] });
        let value_at = self.json.len();
        let written = write(&mut self.json);
        if written.is_err() {
            self.json.truncate(before);
        } else if name.is_id {
            self.id = id_of(&self.json[value_at..]);
        }
        written
    }

    /// Whether no field was written yet.
    pub fn is_empty(&self) -> bool {
        self.json.len() == 1
    }

    /// The finished record.
    pub fn finish(mut self) -> Record {
        self.json.push('}');
        Record {
            json: self.json,
            id: self.id,
        }
    }
}

/// Digits are taken as they stand: an id of 19 digits does not survive floating point.
pub(super) fn id_of(json: &str) -> Option<String> {
    if json.starts_with('"') {
        return serde_json::from_str(json).ok();
    }
    (!json.is_empty() && json.bytes().all(|byte| byte.is_ascii_digit())).then(|| json.to_owned())
}

/// Appends a text as a JSON string. Most texts need no escapes and are copied in one piece.
pub fn push_text(json: &mut String, text: &str) {
    json.push('"');
    let mut rest = text;
    while let Some(at) = to_be_escaped(rest.as_bytes()) {
        json.push_str(&rest[..at]);
        let byte = rest.as_bytes()[at];
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            _ => {
                json.push_str("\\u00");
                json.push(if byte < 0x10 { '0' } else { '1' });
                json.push(char::from(b"0123456789abcdef"[usize::from(byte & 0xf)]));
            }
        }
        // Only ASCII is escaped, so that both ends lie between characters.
        rest = &rest[at + 1..];
    }
    json.push_str(rest);
    json.push('"');
}

/// The place of the first byte that JSON wants escaped, looked for eight at a time.
fn to_be_escaped(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The high bit of each byte below `than` (where the bytes' own high bits are taken out again), and perhaps of bytes
    // above such a one: good enough to tell whether there is one.
    let below = |eight: u64, than: u64| eight.wrapping_sub(ONES * than) & !eight & HIGHS;
    let (eights, _) = bytes.as_chunks::<8>();
    let clean = eights.iter().take_while(|eight| {
        let eight = u64::from_ne_bytes(**eight);
        let quotes = eight ^ (ONES * u64::from(b'"'));
        let backslashes = eight ^ (ONES * u64::from(b'\\'));
        below(eight, 0x20) | below(quotes, 1) | below(backslashes, 1) == 0
    });
    let start = clean.count() * 8;
    let escaped = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\');
    bytes[start..].iter().position(escaped).map(|at| start + at)
}

/// Writes straight into the text: no buffer of its own for each value.
fn push_json<T: Serialize + ?Sized>(json: &mut String, value: &T) -> serde_json::Result<()> {
    struct Into<'a>(&'a mut String);
    impl std::io::Write for Into<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            // serde_json writes whole pieces of UTF-8.
            let text = std::str::from_utf8(bytes).map_err(std::io::Error::other)?;
            self.0.push_str(text);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Into(json), value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_the_object_it_was_written_from() {
        let object =
            json!({"Last_Name": "O'Neil \"Q\"\n", "id": "4711000000000000001", "Tag": [{"name": "VIP"}], "Age": null});
        let record = Record::from_object(object.as_object().unwrap());
        assert_eq!(serde_json::from_str::<Value>(record.json()).unwrap(), object);
        assert_eq!(record.id(), Some("4711000000000000001"));
    }

    #[test]
    fn an_id_that_is_a_number_keeps_every_digit() {
        let id = |value: Value| {
            Record::from_object(json!({ "id": value }).as_object().unwrap())
                .id()
                .map(str::to_owned)
        };
        assert_eq!(
            id(json!(4_711_000_000_000_000_001_u64)).as_deref(),
            Some("4711000000000000001")
        );
        for none in [json!(null), json!(1.5), json!({"id": "1"}), json!(true)] {
            assert_eq!(id(none), None);
        }
    }

    #[test]
    fn an_empty_record_is_an_empty_object() {
        assert_eq!(Record::writer().finish().json(), "{}");
    }

    #[allow(clippy::unnecessary_wraps, reason = "the writer wants a Result")]
    fn text(json: &mut String, value: &str) -> Result<(), ()> {
        push_text(json, value);
        Ok(())
    }

    #[test]
    fn a_value_that_cannot_be_written_leaves_no_trace() {
        let (last_name, email) = (FieldName::new("Last_Name"), FieldName::new("Email"));
        let mut writer = Record::writer();
        writer.value(&last_name, |json| text(json, "Rao")).unwrap();
        assert_eq!(
            writer.value(&email, |json| {
                json.push_str("\"half");
                Err::<(), ()>(())
            }),
            Err(())
        );
        assert_eq!(writer.finish().json(), r#"{"Last_Name":"Rao"}"#);
    }

    #[test]
    fn a_finished_record_takes_further_fields() {
        let (owner, id) = (FieldName::new("Owner"), FieldName::new("id"));
        let mut writer = Record::writer().finish().reopen();
        let null = |json: &mut String| {
            json.push_str("null");
            Ok::<(), ()>(())
        };
        writer.value(&owner, null).unwrap();
        let mut writer = writer.finish().reopen();
        writer.value(&id, |json| text(json, "4711000000000000001")).unwrap();
        let record = writer.finish();
        assert_eq!(record.json(), r#"{"Owner":null,"id":"4711000000000000001"}"#);
        assert_eq!(record.id(), Some("4711000000000000001"));
    }

    #[test]
    fn debug_shows_no_content() {
        let record = Record::from_object(json!({"Last_Name": "Rao"}).as_object().unwrap());
        assert!(!format!("{record:?}").contains("Rao"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives_the_writing(name: String, value: String) {
            let mut writer = Record::writer();
            writer.field(&name, &value);
            let back: Map<String, Value> = serde_json::from_str(writer.finish().json()).unwrap();
            proptest::prop_assert_eq!(back.get(&name).and_then(Value::as_str), Some(value.as_str()));
        }

        #[test]
        fn a_text_is_escaped_as_json_wants_it(text in "(\\PC|[\\x00-\\x1f\"\\\\])*") {
            let mut json = String::new();
            push_text(&mut json, &text);
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
