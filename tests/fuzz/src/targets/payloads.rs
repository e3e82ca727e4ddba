//! What the functions are invoked with.

use authorize::Order;
use jiff::Timestamp;
use push::event::Event;
use push::queue::Message;
use serde_json::Value;

use super::{kind, seeds, wording};
use crate::driver::Target;

/// Payloads of all four functions, and bodies of messages.
pub struct Payloads;

/// Stands for what must not be told: a secret, a code, a record's value.
const CANARY: &str = "canary4711";
/// Where it may stand and must not be told from.
const GUARDED: [&str; 5] = ["client_secret", "code", "record", "records", "Records"];

impl Target for Payloads {
    fn name(&self) -> &'static str {
        "payloads"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        seeds(&[
            r#"{"Records":[{"messageId":"m","body":"{\"module\":\"Contacts\",\"record\":{\"Last_Name\":\"canary4711\"}}","eventSource":"aws:sqs","attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1791540000000"},"receiptHandle":"r"}]}"#,
            r#"{"id":"order-4711","module":"Contacts","mapping":"shop","operation":"upsert","match_on":["Email"],"trigger":[],"records":[{"Last_Name":"canary4711"}]}"#,
            r#"{"bucket":"b","key":"inbox/Contacts/x.csv","dry_run":true,"force":false}"#,
            r#"{"step":"claim","import":{"execution":"e","started_at":"2026-11-24T09:30:00Z","event":{}}}"#,
            r#"{"client_id":"1000.A","client_secret":"canary4711","code":"canary4711","grant_type":"authorization_code","scope":["ZohoBigin.modules.ALL"],"expiry_time":99999999999999,"data_center":"eu","change_org":true,"accept_missing":true}"#,
            r#"{"rejected_version":"v1"}"#,
            r#"{"action":"revoke","confirm":"60001234","reason":"left","dry_run":true}"#,
            r#"{"verify":true,"change_org":false}"#,
        ])
    }

    fn run(&self, input: &[u8]) -> u64 {
        let text = String::from_utf8_lossy(input);
        let message = Message::parse(&text).map(|message| message.records.len());
        let message = message.map_err(|fault| fault.to_string());
        // What may be told is looked for in the same text that the message is read from.
        let Ok(payload) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else {
            return kind(message.map_err(|said| silent(&said, "")));
        };
        let mut others = payload.clone();
        if let Some(others) = others.as_object_mut() {
            others.retain(|key, _| !GUARDED.contains(&key.as_str()));
        }
        let others = others.to_string();
        let silent = |said: String| silent(&said, &others);
        let event = Event::read(payload.clone()).map(|event| silent(format!("{event:?}")));
        let event = event.map_err(|error| silent(error.to_string()));
        let order = Order::read(payload.clone(), Timestamp::UNIX_EPOCH).map(|order| silent(format!("{order:?}")));
        let order = order.map_err(|error| silent(error.to_string()));
        let refresh = refresh::Request::read(&payload).is_ok();
        let revoke = revoke::Request::read(&payload).is_ok();
        kind((message.map_err(silent), event, order, refresh, revoke))
    }
}

/// What is said holds nothing guarded. `others` is what may be told: the rest, into which the canary may have been moved.
fn silent(said: &str, others: &str) -> String {
    assert!(!said.contains(CANARY) || others.contains(CANARY), "{said}");
    wording(said)
}
