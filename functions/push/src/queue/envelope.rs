//! Envelopes that other services put around a message: SNS's and EventBridge's are opened, one deep; others are named. Pure.
//! No address in an envelope is ever visited.

use serde_json::{Map, Value};

use super::message::MessageFault;

/// What a body turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Opened {
    /// A message, or what should be one.
    Bare(Value),
    /// What another service put an envelope around: the service, and what was in it.
    Inside(&'static str, Value),
}

/// Opens an envelope, if there is one.
///
/// # Errors
/// It is an envelope with no message in it.
pub(super) fn open(value: Value) -> Result<Opened, MessageFault> {
    match value {
        Value::String(_) => Err(fault(
            "DOUBLY_ENCODED",
            "the message is JSON inside of a JSON text: send the object itself, encoded once",
        )),
        Value::Object(keys) => of_object(keys),
        other => Ok(Opened::Bare(other)),
    }
}

fn of_object(mut keys: Map<String, Value>) -> Result<Opened, MessageFault> {
    let text = |keys: &Map<String, Value>, key: &str| keys.get(key).and_then(Value::as_str).map(str::to_owned);
    if is_s3_event(&keys) {
        return Err(fault(
            "S3_EVENT",
            "this is an event of S3, and RecordsQueue takes records: put files into the data bucket's inbox, from where they are \
             imported, and take this queue off the bucket's notifications",
        ));
    }
    if keys.contains_key("TopicArn") && keys.contains_key("Type") {
        return match text(&keys, "Type").as_deref() {
            Some("Notification") => {
                let message = text(&keys, "Message").unwrap_or_default();
                inside("SNS", crate::decode::strict::value(&message).unwrap_or(Value::Null))
            }
            _ => Err(fault(
                "SNS_CONFIRMATION",
                "SNS asks whether this subscription is wanted: confirm it in the SNS console; the relay visits no address",
            )),
        };
    }
    if keys.contains_key("detail-type") && keys.contains_key("source") {
        return inside("EventBridge", keys.remove("detail").unwrap_or_default());
    }
    Ok(Opened::Bare(Value::Object(keys)))
}

fn inside(service: &'static str, inner: Value) -> Result<Opened, MessageFault> {
    match open(inner)? {
        Opened::Bare(inner) => Ok(Opened::Inside(service, inner)),
        Opened::Inside(other, _) => Err(fault(
            "ENVELOPE_IN_ENVELOPE",
            &format!(
                "there is an envelope of {other} in one of {service}, and only one is opened: {}",
                switch(other)
            ),
        )),
    }
}

/// How whoever set it up gets rid of an envelope.
pub(super) fn switch(service: &str) -> &'static str {
    match service {
        "SNS" => "switch on *raw message delivery* for the subscription",
        _ => "set the target's input to *part of the matched event*, `$.detail`",
    }
}

/// An event or a test event of S3, straight or by way of EventBridge (Amazon S3 user guide, "Event message structure").
fn is_s3_event(keys: &Map<String, Value>) -> bool {
    let is = |key: &str, wanted: &str| keys.get(key).and_then(Value::as_str) == Some(wanted);
    let first = keys.get("Records").and_then(|records| records.get(0));
    let of_s3 = first.is_some_and(|first| first.get("eventSource").and_then(Value::as_str) == Some("aws:s3"));
    of_s3 || is("Service", "Amazon S3") || (is("source", "aws.s3") && keys.contains_key("detail-type"))
}

fn fault(code: &'static str, message: &str) -> MessageFault {
    MessageFault::new(code, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message() -> Value {
        json!({"module": "Contacts", "record": {"Last_Name": "Rao"}})
    }

    fn sns(message: &Value) -> Value {
        json!({"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-central-1:1:t", "Message": message.to_string(),
            "Timestamp": "2026-11-24T09:00:00.000Z", "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe"})
    }

    fn event_bridge(detail: &Value) -> Value {
        json!({"version": "0", "id": "1", "detail-type": "Order", "source": "shop", "account": "1", "detail": detail})
    }

    fn code(value: Value) -> &'static str {
        open(value).unwrap_err().code
    }

    #[test]
    fn an_envelope_of_sns_or_eventbridge_is_opened_and_a_message_without_one_is_left_alone() {
        assert_eq!(open(sns(&message())), Ok(Opened::Inside("SNS", message())));
        assert_eq!(
            open(event_bridge(&message())),
            Ok(Opened::Inside("EventBridge", message()))
        );
        assert_eq!(open(message()), Ok(Opened::Bare(message())));
    }

    #[test]
    fn only_one_envelope_is_opened() {
        assert_eq!(code(sns(&sns(&message()))), "ENVELOPE_IN_ENVELOPE");
        assert_eq!(code(event_bridge(&sns(&message()))), "ENVELOPE_IN_ENVELOPE");
    }

    #[test]
    fn an_event_of_s3_is_named_however_it_comes() {
        let records =
            json!({"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "inbox/Contacts/x.csv"}}}]});
        let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"});
        let by_rule = json!({"detail-type": "Object Created", "source": "aws.s3", "detail": {"object": {"key": "x"}}});
        for event in [records, test, by_rule] {
            assert_eq!(code(event.clone()), "S3_EVENT", "{event}");
            assert_eq!(code(sns(&event)), "S3_EVENT", "{event}");
        }
    }

    #[test]
    fn what_is_no_message_at_all_is_named() {
        assert_eq!(code(json!(message().to_string())), "DOUBLY_ENCODED");
        assert_eq!(code(sns(&json!(message().to_string()))), "DOUBLY_ENCODED");
        let confirmation = json!({"Type": "SubscriptionConfirmation", "TopicArn": "arn", "SubscribeURL": "https://x"});
        assert_eq!(code(confirmation), "SNS_CONFIRMATION");
    }
}
