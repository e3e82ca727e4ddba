//! Deferred messages as they lie in the bucket: one JSON object a line, under `deferred/<yyyy-mm-dd>/`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::queue::Taken;

/// Where they lie.
pub const FOLDER: &str = "deferred/";

/// A message that was moved into the bucket.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    /// By what it is remembered.
    pub message_id: String,
    /// When it was sent first.
    pub sent_at: Option<Timestamp>,
    /// Its group, in a FIFO queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What is in it. Record content: not for logs.
    pub body: String,
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deferred({}, {} bytes)", self.message_id, self.body.len())
    }
}

impl From<&Taken> for Deferred {
    fn from(taken: &Taken) -> Self {
        let received = &taken.received;
        Self {
            message_id: received.message_id.clone(),
            sent_at: taken.sent_at,
            group: received.group.clone(),
            body: received.body.clone(),
        }
    }
}

/// A new object's key. Objects come back in the order of their keys.
pub fn key(now: Timestamp) -> String {
    let place = now.strftime("%Y-%m-%d/%H%M%S.%6f");
    format!("{FOLDER}{place}-{}.ndjson", uuid::Uuid::new_v4().simple())
}

/// An object with these messages.
///
/// # Errors
/// A message cannot be put into words: a fault of ours.
pub fn write(messages: &[Deferred]) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = Vec::new();
    for message in messages {
        serde_json::to_writer(&mut text, message)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// The messages of an object, or the line that is none.
pub fn read(text: &[u8]) -> Result<Vec<Deferred>, usize> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    lines
        .filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
        .map(|(number, line)| serde_json::from_slice(line).map_err(|_| number + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_that_is_no_message_is_named() {
        let message = r#"{"message_id": "m", "sent_at": null, "body": "{}"}"#;
        assert_eq!(read(format!("{message}\n\n{message}\r\n").as_bytes()).unwrap().len(), 2);
        assert_eq!(read(format!("{message}\nRao\n").as_bytes()), Err(2));
    }

    #[test]
    fn keys_are_in_the_order_of_time() {
        let at = |milli| key(Timestamp::from_millisecond(milli).unwrap());
        assert!(at(1_000) < at(1_001) && at(1_001) < at(100_000_000));
        assert!(at(1_000).starts_with("deferred/1970-01-01/000001.000000-"));
    }

    proptest! {
        #[test]
        fn any_message_survives_the_bucket(message_id: String, body: String, group: Option<String>, at in prop::option::of(0i64..9_999_999_999)) {
            let sent_at = at.map(|at| Timestamp::from_millisecond(at).unwrap());
            let message = Deferred { message_id, sent_at, group, body };
            let text = write(&[message.clone(), message.clone()]).unwrap();
            prop_assert_eq!(read(&text), Ok(vec![message.clone(), message]));
        }
    }
}
