//! A record as Bigin is to get it: JSON, written once and never parsed again on the way.

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
        RecordWriter {
            json: String::from("{"),
            id: None,
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
        // Writing JSON into memory fails only for values that have no JSON form, such as maps with keys that are no
        // text; the field is left out then, as if it had not been named.
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
fn id_of(json: &str) -> Option<String> {
    if json.starts_with('"') {
        return serde_json::from_str(json).ok();
    }
    (!json.is_empty() && json.bytes().all(|byte| byte.is_ascii_digit())).then(|| json.to_owned())
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
    }
}
