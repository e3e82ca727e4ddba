//! Deferred messages as they lie in the bucket: one JSON object a line, under `deferred/<yyyy-mm-dd>/`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::queue::{Received, TakenMessage};

/// Where they lie.
pub const FOLDER: &str = "deferred/";
/// How the keys begin of those that a pause has moved there: with a year.
pub const OF_A_PAUSE: &str = "deferred/2";

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

impl From<&TakenMessage> for Deferred {
    fn from(taken: &TakenMessage) -> Self {
        let received = &taken.received;
        Self {
            message_id: received.message_id.clone(),
            sent_at: taken.sent_at,
            group: received.group.clone(),
            body: received.body.clone(),
        }
    }
}

impl From<&Received> for Deferred {
    fn from(received: &Received) -> Self {
        Self {
            message_id: received.message_id.clone(),
            sent_at: received.first_received_at,
            group: received.group.clone(),
            body: received.body.clone(),
        }
    }
}

/// An object is begun anew when it would have more bytes, ...
pub const MOST_BYTES: usize = 8 << 20;
/// ... so that none is larger than what is read back: a message has a mebibyte at most (Amazon SQS developer guide,
/// "Quotas"), and a character of it six bytes in JSON.
pub const LARGEST: usize = 64 << 20;
const _: () = assert!(MOST_BYTES + 8 * (1 << 20) <= LARGEST);

/// A new object's key; `number` counts those of one walk through the queue. Objects come back in the order of their keys.
pub fn key(now: Timestamp, number: usize) -> String {
    let place = now.strftime("%Y-%m-%d/%H%M%S.%6f");
    format!("{FOLDER}{place}-{number:06}-{}.ndjson", uuid::Uuid::new_v4().simple())
}

/// The texts of objects with these messages, in their order. None has more than `most` bytes, but for a message that
/// alone has more.
///
/// # Errors
/// A message cannot be put into words: a fault of ours.
pub fn write(messages: &[Deferred], most: usize) -> Result<Vec<Vec<u8>>, serde_json::Error> {
    let (mut texts, mut text) = (Vec::new(), Vec::new());
    for message in messages {
        let line = serde_json::to_vec(message)?;
        if !text.is_empty() && text.len() + line.len() + 1 > most {
            texts.push(std::mem::take(&mut text));
        }
        text.extend(line);
        text.push(b'\n');
    }
    texts.push(text);
    Ok(texts)
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
        let at = |milli| key(Timestamp::from_millisecond(milli).unwrap(), 0);
        assert!(key(Timestamp::UNIX_EPOCH, 9) < key(Timestamp::UNIX_EPOCH, 10));
        assert!(at(1_000) < at(1_001) && at(1_001) < at(100_000_000));
        assert!(at(1_000).starts_with("deferred/1970-01-01/000001.000000-"));
    }

    #[test]
    fn no_object_is_larger_than_what_is_read_back_and_no_message_is_lost() {
        // The longest in JSON that a queue takes: a mebibyte, each byte of which is written as six.
        let message = |number: usize| Deferred {
            message_id: number.to_string(),
            sent_at: None,
            group: None,
            body: "\u{1}".repeat(1 << 20),
        };
        let messages: Vec<_> = (0..12).map(message).collect();
        let texts = write(&messages, MOST_BYTES).unwrap();
        assert!(texts.iter().all(|text| text.len() <= LARGEST), "{}", texts.len());
        let read: Vec<_> = texts.iter().flat_map(|text| read(text).unwrap()).collect();
        assert!(read == messages);

        let line = write(&messages[..1], 0).unwrap()[0].len();
        let objects = |most| write(&messages[..2], most).unwrap().len();
        assert_eq!((objects(2 * line), objects(2 * line - 1), objects(0)), (1, 2, 2));
    }

    proptest! {
        #[test]
        fn any_message_survives_the_bucket(message_id: String, body: String, group: Option<String>, at in prop::option::of(0i64..9_999_999_999)) {
            let sent_at = at.map(|at| Timestamp::from_millisecond(at).unwrap());
            let message = Deferred { message_id, sent_at, group, body };
            let texts = write(&[message.clone(), message.clone()], MOST_BYTES).unwrap();
            prop_assert_eq!(texts.len(), 1);
            prop_assert_eq!(read(&texts[0]), Ok(vec![message.clone(), message]));
        }
    }
}
