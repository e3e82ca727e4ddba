//! One event for each record of a run that has few enough: `Bigin Record Changed`, whose detail is the change record. They are
//! sent once the manifest stands and the cursor has moved, from the parts as they lie in the bucket.

use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use shared::bucket::Objects;

use super::failure::RunError;
use super::progress::Run;

/// The name of the event.
const RECORD_CHANGED: &str = "Bigin Record Changed";
/// A run with more changes than that is told of by its manifest alone.
pub(super) const MOST_RECORD_EVENTS: u64 = 1_000;
/// EventBridge takes 256 KB in an entry; a record that needs more than that is pointed to.
const MOST_BYTES: usize = 240 << 10;
/// EventBridge takes so many entries in a call, and as many bytes in all of them as in one.
const MOST_ENTRIES: usize = 10;
/// Written by us, and gzipped: a part is closed soon after 8 MB.
const MOST_PART_BYTES: u64 = 64 << 20;

/// Events were not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("events could not be sent ({0}): check that the function's role may put events on the default bus")]
pub struct NotSent(pub String);

/// Where events go. The function works with the default bus, tests with one of their own.
pub trait EventBus: Clone + Send + Sync + 'static {
    /// Sends events of that name, at most ten.
    ///
    /// # Errors
    /// One of them was not taken.
    fn send(&self, detail_type: &str, details: &[String]) -> impl Future<Output = Result<(), NotSent>> + Send;
}

/// Tells of each record of a run.
pub(super) async fn tell(bucket: &impl Objects, bus: &impl EventBus, run: &Run) -> Result<(), RunError> {
    let mut waiting: Vec<String> = Vec::new();
    for part in &run.parts {
        let packed = bucket.get(&part.key, MOST_PART_BYTES).await?.unwrap_or_default();
        for (number, line) in (1_u64..).zip(BufReader::new(GzDecoder::new(packed.as_slice())).lines()) {
            let detail = detail(line?, &part.key, number)?;
            let bytes: usize = waiting.iter().map(String::len).sum();
            if waiting.len() == MOST_ENTRIES || (!waiting.is_empty() && bytes + detail.len() > MOST_BYTES) {
                bus.send(RECORD_CHANGED, &waiting).await?;
                waiting.clear();
            }
            waiting.push(detail);
        }
    }
    if !waiting.is_empty() {
        bus.send(RECORD_CHANGED, &waiting).await?;
    }
    Ok(())
}

/// A change record as an event has it: the record itself, or where it lies.
fn detail(line: String, key: &str, number: u64) -> Result<String, serde_json::Error> {
    if line.len() <= MOST_BYTES {
        return Ok(line);
    }
    let mut record: Value = serde_json::from_str(&line)?;
    record["record"] = Value::Null;
    record["pointer"] = json!({"key": key, "line": number});
    Ok(record.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_too_large_is_pointed_to() {
        let line = |text: &str| json!({"id": "a", "record": {"Description": text}}).to_string();
        let small = line("x");
        assert_eq!(detail(small.clone(), "k", 1).unwrap(), small);
        let pointed: Value = serde_json::from_str(&detail(line(&"x".repeat(MOST_BYTES)), "k", 7).unwrap()).unwrap();
        assert_eq!(
            pointed,
            json!({"id": "a", "record": null, "pointer": {"key": "k", "line": 7}})
        );
    }
}
