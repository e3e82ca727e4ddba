//! A message as the queue delivers it.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The message attribute that holds the name which the relay itself has given a message. It is the message's
/// name from before a long pause moved it into the bucket. For a part of a message by hand it is the name
/// under which the memories of its records are kept.
pub(super) const ORIGIN: &str = "relay_origin";

/// A message as it was received.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// By what it is remembered: the queue's name for it, the same however often it is delivered, or the relay's own.
    pub message_id: String,
    /// The queue's name for it now, which an answer to the queue uses.
    pub item_id: String,
    /// What is in it. Record content: not for logs.
    pub body: String,
    /// By which its visibility is set; `None` for a message that came from no queue.
    pub receipt: Option<String>,
    /// How often it was delivered, this time included.
    pub receives: u32,
    /// When it was delivered first.
    pub first_received_at: Option<Timestamp>,
    /// Its group, in a FIFO queue.
    pub group: Option<String>,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received({}, {} bytes)", self.message_id, self.body.len())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    message_id: String,
    #[serde(default)]
    receipt_handle: Option<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attributes: MessageAttributes,
    #[serde(default)]
    message_attributes: Own,
}

/// What the relay itself has written onto a message.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Own {
    relay_origin: Option<AttributeText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttributeText {
    string_value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct MessageAttributes {
    approximate_receive_count: Option<String>,
    approximate_first_receive_timestamp: Option<String>,
    message_group_id: Option<String>,
}

impl Received {
    /// Whether there may be memories of it.
    pub fn is_known(&self) -> bool {
        self.receives > 1 || self.message_id != self.item_id
    }

    /// Reads one element of an event's `Records` (AWS Lambda developer guide, "Using Lambda with Amazon SQS").
    pub fn read(record: Value) -> Option<Self> {
        let wire: Wire = serde_json::from_value(record).ok()?;
        let attributes = wire.attributes;
        let origin = wire.message_attributes.relay_origin.and_then(|text| text.string_value);
        let milliseconds = attributes
            .approximate_first_receive_timestamp
            .and_then(|text| text.parse().ok());
        Some(Self {
            message_id: origin.unwrap_or_else(|| wire.message_id.clone()),
            item_id: wire.message_id,
            body: wire.body,
            receipt: wire.receipt_handle,
            receives: attributes
                .approximate_receive_count
                .and_then(|text| text.parse().ok())
                .unwrap_or(1),
            first_received_at: milliseconds.and_then(|at| Timestamp::from_millisecond(at).ok()),
            group: attributes.message_group_id.filter(|group| !group.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_events_record_is_a_message_with_its_history() {
        let received = Received::read(json!({
            "messageId": "m1", "receiptHandle": "r1", "body": "{}", "eventSource": "aws:sqs",
            "attributes": {"ApproximateReceiveCount": "3", "ApproximateFirstReceiveTimestamp": "1795512600000",
                "SentTimestamp": "1795512590000", "MessageGroupId": "shop-1"}}))
        .unwrap();
        assert_eq!((received.receives, received.group.as_deref()), (3, Some("shop-1")));
        assert_eq!(
            received.first_received_at,
            Some(Timestamp::from_millisecond(1_795_512_600_000).unwrap())
        );
    }

    #[test]
    fn a_message_that_was_moved_away_is_remembered_by_its_old_name() {
        let received = Received::read(json!({"messageId": "m2", "body": "{}",
            "messageAttributes": {ORIGIN: {"stringValue": "m1", "dataType": "String"}}}))
        .unwrap();
        assert_eq!((received.message_id.as_str(), received.item_id.as_str()), ("m1", "m2"));
        assert!(received.is_known());
    }

    #[test]
    fn a_record_without_an_id_cannot_be_answered_for() {
        assert_eq!(Received::read(json!({"body": "{}"})), None);
        assert_eq!(
            Received::read(json!({"messageId": "m1", "body": "{}"}))
                .unwrap()
                .receives,
            1
        );
    }

    #[test]
    fn debug_shows_no_content() {
        let received = Received::read(json!({"messageId": "m1", "body": "{\"module\": \"Rao\"}"})).unwrap();
        assert!(!format!("{received:?}").contains("Rao"));
    }
}
