//! The rejects of a batch, as NDJSON. Each module and operation has a file of its own, so that each file can
//! be put into the inbox as it is. Messages that cannot be read have one more file.

use std::collections::{BTreeMap, HashMap};

use bigin::{CallShape, ModuleName, Operation};
use serde_json::{Map, Value};

use super::batch::{Batch, Consignment, Contents};
use super::prepare::object;
use crate::record::RAW_KEY;
use crate::record::Reject;
use crate::report::{RejectInfo, push_message_reject};

/// The file for messages that can never be delivered.
const MESSAGES: &str = "messages";

/// The files' contents, by what comes before their ending: the module (and the operation, where there are several), or
/// `messages`.
pub(super) fn files(batch: &Batch) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut first: HashMap<&ModuleName, &CallShape> = HashMap::new();
    for consignment in batch.consignments.iter().filter(|consignment| consignment.has_lines()) {
        match &consignment.contents {
            Contents::Poison(fault) => {
                let reject = Reject::relay(fault.code, None, fault.message.clone());
                let whole = whole(consignment);
                push(
                    files.entry(MESSAGES.to_owned()).or_default(),
                    consignment,
                    consignment.shape.as_ref().map(|shape| shape.operation),
                    &whole,
                    &reject,
                );
            }
            Contents::Records(message) => {
                let name = consignment.shape.as_deref().map_or(MESSAGES.to_owned(), |shape| {
                    name(shape, first.entry(&shape.module).or_insert(shape))
                });
                let operation = consignment.shape.as_ref().map(|shape| shape.operation);
                // Put back as it is, a new record must not be inserted once more.
                let again = match operation {
                    Some(Operation::Insert) => Some(Operation::Update),
                    other => other,
                };
                let rejected = consignment.rejects.iter().map(|line| (line, operation));
                let incomplete = consignment.incomplete.iter().map(|line| (line, again));
                for ((place, reject), operation) in rejected.chain(incomplete) {
                    if let Some(record) = message.records.get(*place) {
                        let file = files.entry(name.clone()).or_default();
                        push(file, consignment, operation, &object(record), reject);
                    }
                }
            }
        }
    }
    files
}

/// The name of the file for records of that shape, of whose module the first rejects were of the other.
fn name(shape: &CallShape, first: &CallShape) -> String {
    let module = shape.module.as_str();
    if shape.operation == first.operation && shape.match_on == first.match_on {
        return module.to_owned();
    }
    let how = std::iter::once(shape.operation.to_string()).chain(shape.match_on.iter().cloned());
    format!("{module}.{}", how.collect::<Vec<_>>().join("-"))
}

fn push(
    file: &mut Vec<u8>,
    consignment: &Consignment,
    operation: Option<Operation>,
    record: &Map<String, Value>,
    reject: &Reject,
) {
    let operation = operation.map(|operation| operation.to_string()).unwrap_or_default();
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
