//! What push was invoked with: a batch of messages, a step of an import, its upkeep, or a request by hand.

use std::fmt;

use serde_json::Value;

use crate::import::{ByHand, ExecutionEnded, StepEvent};
use crate::queue::Received;

/// An invocation's payload.
#[derive(Clone)]
pub enum Event {
    /// Messages of `RecordsQueue`.
    Batch(Vec<Received>),
    /// A step of an import.
    Step(Box<StepEvent>),
    /// An execution of the import ended without a word.
    ExecutionEnded(Box<ExecutionEnded>),
    /// To look after what a pause does to what waits.
    Upkeep,
    /// A message, by hand.
    Message(Value),
    /// A file, by hand.
    File(ByHand),
}

/// Record content is in the payloads, so `Debug` does not show them.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Batch(received) => write!(f, "Batch({} messages)", received.len()),
            Self::Step(step) => f.debug_tuple("Step").field(&step.step).finish(),
            Self::ExecutionEnded(ended) => f.debug_tuple("ExecutionEnded").field(&ended.status).finish(),
            Self::Upkeep => f.write_str("Upkeep"),
            Self::Message(_) => f.write_str("Message(***)"),
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
        }
    }
}

/// A payload that is none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "push was invoked with {what}: send a message ({{\"module\": \"Contacts\", \"records\": [...]}}) or name a file \
     ({{\"bucket\": ..., \"key\": \"inbox/Contacts/x.csv\", \"dry_run\": false, \"force\": false}})"
)]
pub struct UnknownEvent {
    what: String,
}

impl Event {
    /// Reads a payload.
    ///
    /// # Errors
    /// It is none that push knows. Nothing of what it holds is told.
    pub fn read(payload: Value) -> Result<Self, UnknownEvent> {
        let unknown = |what: &str| Err(UnknownEvent { what: what.to_owned() });
        let Value::Object(mut keys) = payload else {
            return unknown("something that is no JSON object");
        };
        if let Some(records) = keys.remove("Records") {
            return batch(records);
        }
        let names = |key: &str| keys.contains_key(key);
        if names("step") {
            return match serde_json::from_value(Value::Object(keys)) {
                Ok(step) => Ok(Self::Step(Box::new(step))),
                Err(_) => unknown("a step of an import that cannot be read (start the import state machine instead)"),
            };
        }
        if names("detail-type") {
            let detail = keys.remove("detail").unwrap_or_default();
            return match serde_json::from_value(detail) {
                Ok(ended) => Ok(Self::ExecutionEnded(Box::new(ended))),
                Err(_) => unknown(
                    "an event that is no execution's change of status (files come through the import state machine)",
                ),
            };
        }
        if names("upkeep") {
            return Ok(Self::Upkeep);
        }
        if names("module") || names("records") || names("record") {
            return Ok(Self::Message(Value::Object(keys)));
        }
        if names("bucket") || names("key") {
            return match serde_json::from_value(Value::Object(keys)) {
                Ok(file) => Ok(Self::File(file)),
                Err(_) => {
                    unknown("a file that cannot be read: bucket and key are needed, dry_run and force may be set")
                }
            };
        }
        unknown("a JSON object that is neither a message nor names a file")
    }
}

fn batch(records: Value) -> Result<Event, UnknownEvent> {
    let Value::Array(records) = records else {
        return Err(UnknownEvent {
            what: "Records that are no array".to_owned(),
        });
    };
    let is_message = |record: &Value| record.get("eventSource").and_then(Value::as_str) == Some("aws:sqs");
    if !records.iter().all(is_message) {
        let what = "an event of another source than RecordsQueue (files come through the import state machine)";
        return Err(UnknownEvent { what: what.to_owned() });
    }
    // A message without an id could not be answered for: then the whole batch goes back.
    let messages: Option<Vec<_>> = records.into_iter().map(Received::read).collect();
    messages.map(Event::Batch).ok_or_else(|| UnknownEvent {
        what: "a message without an id".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(payload: Value) -> String {
        Event::read(payload).unwrap_err().to_string()
    }

    #[test]
    fn each_way_to_invoke_push_is_told_apart() {
        let sqs = json!({"Records": [{"messageId": "m", "body": "{}", "eventSource": "aws:sqs"}]});
        assert!(matches!(Event::read(sqs), Ok(Event::Batch(messages)) if messages.len() == 1));
        let step = json!({"step": "claim",
            "import": {"execution": "e", "started_at": "2026-11-24T09:30:00Z", "event": {}}});
        assert!(matches!(Event::read(step), Ok(Event::Step(_))));
        assert!(matches!(
            Event::read(json!({"module": "Contacts", "record": {}})),
            Ok(Event::Message(_))
        ));
        assert!(matches!(Event::read(json!({"upkeep": true})), Ok(Event::Upkeep)));
        let ended = json!({"source": "aws.states", "detail-type": "Step Functions Execution Status Change",
            "detail": {"name": "e", "status": "ABORTED", "startDate": 1}});
        assert!(matches!(Event::read(ended), Ok(Event::ExecutionEnded(ended)) if ended.name == "e"));
        let file = json!({"bucket": "b", "key": "inbox/Contacts/x.csv", "dry_run": true});
        assert!(matches!(Event::read(file), Ok(Event::File(file)) if file.dry_run));
    }

    #[test]
    fn anything_else_is_refused_with_what_may_be_sent() {
        assert!(refusal(json!([1])).contains("no JSON object"));
        assert!(refusal(json!({})).contains("inbox/Contacts/x.csv"));
        assert!(refusal(json!({"bucket": "b", "key": "k", "froce": true})).contains("dry_run"));
        assert!(refusal(json!({"Records": [{"eventSource": "aws:s3"}]})).contains("another source"));
        assert!(refusal(json!({"detail-type": "Object Created", "detail": {}})).contains("change of status"));
        assert!(refusal(json!({"Records": [{"eventSource": "aws:sqs", "body": "Rao"}]})).contains("without an id"));
        assert!(!refusal(json!({"step": "claim", "secret": "Rao"})).contains("Rao"));
    }

    proptest::proptest! {
        #[test]
        fn no_payload_makes_it_panic(key: String, text: String) {
            let _ = Event::read(json!({key: text}));
        }
    }
}
