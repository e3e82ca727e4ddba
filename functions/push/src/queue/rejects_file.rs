//! The rejects of a batch, as NDJSON: one file for each module, and one for messages that cannot be read.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::batch::{Batch, Consignment, Contents};
use super::prepare::object;
use crate::parcel::Reject;
use crate::rejects::{RejectInfo, push_message_reject};
use crate::row::RAW_KEY;

/// The file for messages that can never be delivered.
const MESSAGES: &str = "messages";

/// The files' contents, by what comes before their ending: the module, or `messages`.
pub(super) fn files(batch: &Batch) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for consignment in batch.consignments.iter().filter(|consignment| consignment.has_lines()) {
        match &consignment.contents {
            Contents::Poison(fault) => {
                let reject = Reject::relay(fault.code, None, fault.message.clone());
                let whole = whole(consignment);
                push(
                    files.entry(MESSAGES.to_owned()).or_default(),
                    consignment,
                    &whole,
                    &reject,
                );
            }
            Contents::Records(message) => {
                let module = consignment
                    .shape
                    .as_ref()
                    .map_or(MESSAGES, |shape| shape.module.as_str());
                let file = files.entry(module.to_owned()).or_default();
                for (place, reject) in consignment.rejects.iter().chain(&consignment.incomplete) {
                    if let Some(record) = message.records.get(*place) {
                        push(file, consignment, &object(record), reject);
                    }
                }
            }
        }
    }
    files
}

fn push(file: &mut Vec<u8>, consignment: &Consignment, record: &Map<String, Value>, reject: &Reject) {
    let operation = consignment
        .shape
        .as_ref()
        .map(|shape| shape.operation.to_string())
        .unwrap_or_default();
    let info = RejectInfo {
        message_id: Some(&consignment.received.message_id),
        operation: &operation,
        match_on: consignment.shape.as_ref().map_or(&[], |shape| &shape.match_on),
        reject,
    };
    push_message_reject(file, record, &info);
}

/// The message's own text under the key for what is no record.
fn whole(consignment: &Consignment) -> Map<String, Value> {
    Map::from_iter([(RAW_KEY.to_owned(), Value::from(consignment.received.body.as_str()))])
}
