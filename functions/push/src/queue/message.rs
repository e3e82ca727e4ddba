//! What a message says: which records, for which module, and what is to be done with them.

use std::fmt;

use bigin::Operation;
use serde_json::{Map, Value, json};

use super::envelope::{self, Opened};
use crate::decode::strict;
use crate::map::Overrides;

/// The keys a message may have.
const KEYS: [&str; 9] = [
    "id",
    "module",
    "mapping",
    "operation",
    "match_on",
    "trigger",
    "cascade",
    "records",
    "record",
];

/// The most records in a message: which of them have ended is kept in one item of the state table, of at most 400 KB.
pub const MOST_RECORDS: usize = 10_000;
/// The most characters in a name that a message gives: its own, its module's, its mapping's, a field's.
pub const LONGEST_NAME: usize = 200;
/// The most names in a list of them.
pub const MOST_NAMES: usize = 50;

/// A message.
#[derive(Clone, PartialEq, Default)]
pub struct Message {
    /// The sender's own name for it.
    pub id: Option<String>,
    /// The module, by any of its names.
    pub module: String,
    /// The mapping, where it names one.
    pub mapping: Option<String>,
    /// What it says about the calls itself.
    pub overrides: Overrides,
    /// The records; each should be an object.
    pub records: Vec<Value>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({}, {} records)", self.module, self.records.len())
    }
}

/// Why a message can never succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MessageFault {
    /// A stable word.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl MessageFault {
    /// A fault.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl Message {
    /// Reads a message's body.
    ///
    /// # Errors
    /// It is not JSON or not such a message.
    pub fn parse(body: &str) -> Result<Self, MessageFault> {
        // Some writers put a byte order mark in front of whatever they write.
        let body = body.strip_prefix('\u{feff}').unwrap_or(body);
        let value = strict::value(body).map_err(|error| {
            if error.is_data() {
                let message =
                    "a key comes twice in an object of the message, and one of the two would be lost: keep one";
                return MessageFault::new("DUPLICATE_KEY", message);
            }
            // Serde's own words may quote what is there.
            let at = format!("line {} column {}", error.line(), error.column());
            MessageFault::new(
                "NOT_JSON",
                format!("the message is not JSON (at {at}): send one JSON object"),
            )
        })?;
        match envelope::open(value)? {
            Opened::Bare(value) => Self::read(value),
            Opened::Inside(service, value) => Self::read(value).map_err(|fault| {
                let switch = envelope::switch(service);
                let message =
                    format!("{fault} (in the envelope that {service} puts around messages; to be rid of it, {switch})");
                MessageFault { message, ..fault }
            }),
        }
    }

    /// Reads a message that is JSON already.
    ///
    /// # Errors
    /// It is not such a message.
    pub fn read(value: Value) -> Result<Self, MessageFault> {
        let Value::Object(mut keys) = value else {
            return Err(malformed("the message is not a JSON object"));
        };
        if let Some(unknown) = keys.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let shown: String = unknown.chars().take(60).collect();
            return Err(MessageFault::new(
                "UNKNOWN_KEY",
                format!("a message has no key {shown:?}; it may have {}", KEYS.join(", ")),
            ));
        }
        let module = text(&mut keys, "module")?
            .ok_or_else(|| malformed("the message names no module, as in \"module\": \"Contacts\""))?;
        let records = match (keys.remove("records"), keys.remove("record")) {
            (Some(_), Some(_)) => return Err(malformed("the message has both record and records: use one of them")),
            (Some(Value::Array(records)), None) => records,
            (Some(_), None) => return Err(malformed("records is not an array")),
            (None, Some(record)) => vec![record],
            (None, None) => Vec::new(),
        };
        if records.is_empty() {
            return Err(MessageFault::new(
                "NO_RECORDS",
                "the message has no records: nothing was done",
            ));
        }
        if records.len() > MOST_RECORDS {
            let message = format!(
                "the message has {} records, more than {MOST_RECORDS}: send them in several messages",
                records.len()
            );
            return Err(MessageFault::new("TOO_MANY_RECORDS", message));
        }
        let operation = text(&mut keys, "operation")?.map(|word| operation(&word)).transpose()?;
        Ok(Self {
            id: text(&mut keys, "id")?,
            mapping: text(&mut keys, "mapping")?
                .map(|name| mapping_name(&name))
                .transpose()?,
            overrides: Overrides {
                operation,
                match_on: texts(&mut keys, "match_on")?,
                trigger: texts(&mut keys, "trigger")?,
                cascade: flag(&mut keys, "cascade")?,
            },
            module,
            records,
        })
    }

    /// The same message with some of its records.
    pub fn with_records(&self, records: &[&Value]) -> Value {
        let mut keys = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                keys.insert(key.to_owned(), value);
            }
        };
        put("id", self.id.as_ref().map(|id| json!(id)));
        put("module", Some(json!(self.module)));
        put("mapping", self.mapping.as_ref().map(|mapping| json!(mapping)));
        put("operation", self.overrides.operation.map(|operation| json!(operation)));
        put(
            "match_on",
            self.overrides.match_on.as_ref().map(|match_on| json!(match_on)),
        );
        put("trigger", self.overrides.trigger.as_ref().map(|trigger| json!(trigger)));
        put("cascade", self.overrides.cascade.map(|cascade| json!(cascade)));
        put("records", Some(json!(records)));
        Value::Object(keys)
    }
}

fn malformed(message: &str) -> MessageFault {
    MessageFault::new("MALFORMED_MESSAGE", message)
}

fn text(keys: &mut Map<String, Value>, key: &str) -> Result<Option<String>, MessageFault> {
    match keys.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.trim().is_empty() => short(key, text.trim()).map(Some),
        Some(_) => Err(malformed(&format!("{key} is not a text, or an empty one"))),
    }
}

fn short(key: &str, text: &str) -> Result<String, MessageFault> {
    let length = text.chars().count();
    if length > LONGEST_NAME {
        let message = format!("{key} has {length} characters, more than {LONGEST_NAME}: shorten it");
        return Err(MessageFault::new("NAME_TOO_LONG", message));
    }
    Ok(text.to_owned())
}

fn texts(keys: &mut Map<String, Value>, key: &str) -> Result<Option<Vec<String>>, MessageFault> {
    let wrong = || malformed(&format!("{key} is not an array of texts"));
    match keys.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(texts)) if texts.len() > MOST_NAMES => {
            let message = format!("{key} has {} names, more than {MOST_NAMES}: take some out", texts.len());
            Err(MessageFault::new("TOO_MANY_NAMES", message))
        }
        Some(Value::Array(texts)) => {
            let texts = texts
                .iter()
                .map(|text| text.as_str().ok_or_else(wrong).and_then(|text| short(key, text)));
            texts.collect::<Result<Vec<_>, _>>().map(Some)
        }
        Some(_) => Err(wrong()),
    }
}

fn flag(keys: &mut Map<String, Value>, key: &str) -> Result<Option<bool>, MessageFault> {
    match keys.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(malformed(&format!("{key} is neither true nor false"))),
    }
}

fn operation(word: &str) -> Result<Operation, MessageFault> {
    Ok(match word {
        "upsert" => Operation::Upsert,
        "insert" => Operation::Insert,
        "update" => Operation::Update,
        "delete" => Operation::Delete,
        _ => return Err(malformed("operation is none of upsert, insert, update, delete")),
    })
}

/// A mapping's name is one step of an object's key.
fn mapping_name(name: &str) -> Result<String, MessageFault> {
    let fits = name.len() <= 200 && !name.contains(['/', '\\']) && !name.chars().any(char::is_control) && name != "..";
    if fits {
        Ok(name.to_owned())
    } else {
        Err(malformed("mapping is not the name of a mapping, such as shop"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &Value) -> &'static str {
        Message::parse(&body.to_string()).unwrap_err().code
    }

    #[test]
    fn the_least_message_names_a_module_and_a_record() {
        let message = Message::parse(r#"{"module": "Contacts", "record": {"Last_Name": "Rao"}}"#).unwrap();
        assert_eq!((message.module.as_str(), message.records.len()), ("Contacts", 1));
        assert_eq!(message.overrides, Overrides::default());
    }

    #[test]
    fn a_whole_message_is_read_and_written_again() {
        let whole = json!({"id": "order-4711", "module": "Contacts", "mapping": "shop", "operation": "upsert",
            "match_on": ["Email"], "trigger": [], "records": [{"Last_Name": "Rao"}, {"Last_Name": "Ito"}]});
        let message = Message::read(whole.clone()).unwrap();
        assert_eq!(message.overrides.operation, Some(Operation::Upsert));
        let all: Vec<_> = message.records.iter().collect();
        assert_eq!(message.with_records(&all), whole);
        assert_eq!(
            message.with_records(&all[1..])["records"],
            json!([{"Last_Name": "Ito"}])
        );
    }

    #[test]
    fn a_key_that_comes_twice_anywhere_is_refused() {
        for body in [
            r#"{"module": "Contacts", "records": [{"Last_Name": "A"}], "records": [{"Last_Name": "B"}]}"#,
            r#"{"module": "Contacts", "module": "Accounts", "record": {"Last_Name": "A"}}"#,
            r#"{"module": "Contacts", "record": {"Last_Name": "A", "Last_Name": "B"}}"#,
            r#"{"module": "Contacts", "record": {"Owner": {"id": "1", "id": "2"}}}"#,
        ] {
            assert_eq!(Message::parse(body).unwrap_err().code, "DUPLICATE_KEY", "{body}");
        }
    }

    #[test]
    fn what_is_no_message_says_why() {
        assert_eq!(
            Message::parse("{\"module\": \"Contacts\",").unwrap_err().code,
            "NOT_JSON"
        );
        assert_eq!(Message::parse("").unwrap_err().code, "NOT_JSON");
        assert_eq!(code(&json!(["Contacts"])), "MALFORMED_MESSAGE");
        assert_eq!(code(&json!({"module": "Contacts", "recrods": []})), "UNKNOWN_KEY");
        assert_eq!(code(&json!({"records": [{}]})), "MALFORMED_MESSAGE");
        assert_eq!(code(&json!({"module": "Contacts", "records": []})), "NO_RECORDS");
        assert_eq!(code(&json!({"module": "Contacts"})), "NO_RECORDS");
        assert_eq!(
            code(&json!({"module": "Contacts", "records": [{}], "record": {}})),
            "MALFORMED_MESSAGE"
        );
        assert_eq!(
            code(&json!({"module": "Contacts", "records": [{}], "operation": "merge"})),
            "MALFORMED_MESSAGE"
        );
        assert_eq!(
            code(&json!({"module": "Contacts", "records": [{}], "match_on": "Email"})),
            "MALFORMED_MESSAGE"
        );
        assert_eq!(
            code(&json!({"module": "Contacts", "records": [{}], "mapping": "../x"})),
            "MALFORMED_MESSAGE"
        );
    }

    #[test]
    fn sizes_are_limited_and_the_limit_itself_is_taken() {
        let records = |count: usize| json!({"module": "Contacts", "records": vec![json!({}); count]});
        assert_eq!(
            Message::read(records(MOST_RECORDS)).unwrap().records.len(),
            MOST_RECORDS
        );
        let fault = Message::read(records(MOST_RECORDS + 1)).unwrap_err();
        assert_eq!(fault.code, "TOO_MANY_RECORDS");
        assert!(
            fault.message.contains("10001 records, more than 10000: send"),
            "{fault}"
        );

        let of_length = |key: &str, length: usize| {
            let mut message = json!({"module": "Contacts", "records": [{}]});
            message[key] = json!("ä".repeat(length));
            Message::read(message)
        };
        for key in ["id", "module", "mapping"] {
            let name = of_length(key, LONGEST_NAME);
            // A mapping's name is limited in bytes besides.
            assert!(name.is_ok() || key == "mapping", "{key}: {name:?}");
            let fault = of_length(key, LONGEST_NAME + 1).unwrap_err();
            assert_eq!(
                (fault.code, fault.message.contains("201 characters, more than 200")),
                ("NAME_TOO_LONG", true)
            );
        }

        let listed = |count: usize, length: usize| {
            let names = vec!["x".repeat(length); count];
            Message::read(json!({"module": "Contacts", "records": [{}], "match_on": names}))
        };
        assert!(listed(MOST_NAMES, LONGEST_NAME).is_ok());
        assert_eq!(listed(MOST_NAMES + 1, 1).unwrap_err().code, "TOO_MANY_NAMES");
        assert_eq!(listed(1, LONGEST_NAME + 1).unwrap_err().code, "NAME_TOO_LONG");
    }

    #[test]
    fn a_message_in_an_envelope_is_read_and_refused_like_any_other_and_the_envelope_is_named() {
        let in_sns = |message: &Value| {
            json!({"Type": "Notification", "TopicArn": "arn", "Message": message.to_string()}).to_string()
        };
        let good = json!({"module": "Contacts", "record": {"Last_Name": "Rao"}});
        assert_eq!(Message::parse(&in_sns(&good)), Message::read(good));
        let fault = Message::parse(&in_sns(&json!({"module": "Contacts", "recrods": []}))).unwrap_err();
        assert_eq!(fault.code, "UNKNOWN_KEY");
        assert!(fault.message.contains("raw message delivery"), "{fault}");
        let by_event = json!({"detail-type": "x", "source": "shop", "detail": {"module": "Contacts", "records": [{}]}});
        assert!(Message::parse(&by_event.to_string()).is_ok());
    }

    #[test]
    fn a_byte_order_mark_before_the_json_is_no_part_of_it() {
        assert!(Message::parse("\u{feff}{\"module\": \"Contacts\", \"record\": {}}").is_ok());
    }

    #[test]
    fn a_fault_never_quotes_what_a_message_has_in_it() {
        let fault =
            Message::parse(r#"{"module": "Contacts", "record": {"Email": "ann@example.com" "x"}}"#).unwrap_err();
        assert!(!fault.message.contains("ann@"), "{fault}");
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(body: String) {
            let _ = Message::parse(&body);
        }
    }
}
