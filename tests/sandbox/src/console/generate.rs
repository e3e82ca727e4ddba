//! `POST /console/generate/<Module>`: many records of one pattern, for tests of size.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::{Result, body};
use super::records::{by_hand, module_of};
use crate::answer::Answer;
use crate::http::Call;
use crate::json::object;
use crate::records::write;
use crate::state::State;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    count: u64,
    /// A record in whose texts `{n}` stands for the record's number.
    record: Map<String, Value>,
    /// The number of the first.
    #[serde(default = "one")]
    first: u64,
    /// When the first was last changed; now without it.
    #[serde(default)]
    modified_from: Option<Timestamp>,
    /// How much later each next one was.
    #[serde(default)]
    step_ms: i64,
}

fn one() -> u64 {
    1
}

/// Plants records; stops at the first that is refused.
pub(super) fn generate(state: &mut State, call: &Call, module: &str) -> Result {
    let pattern: Pattern = body(call)?;
    let module = module_of(module)?;
    by_hand(state, call, |desk| {
        let mut at = pattern.modified_from.unwrap_or(desk.now);
        let step = SignedDuration::from_millis(pattern.step_ms);
        // Nobody hears of what was always there.
        desk.quiet = true;
        let mut ends = None;
        for number in pattern.first..pattern.first.saturating_add(pattern.count) {
            desk.now = at;
            at = at.saturating_add(step).unwrap_or(at);
            let element = filled(&pattern.record, &number.to_string());
            let id = write::insert_one(desk, module, 0, &element)
                .map_err(|fault| format!("record {number}: {} {:?}", fault.code, fault.details))?;
            let (first, _) = ends.unwrap_or((id, id));
            ends = Some((first, id));
        }
        desk.organisation.journal.take();
        let (first, last) = ends.unwrap_or_default();
        let answer =
            object! {"written" => pattern.count, "first_id" => first.to_string(), "last_id" => last.to_string()};
        Ok(Answer::json(200, answer))
    })
}

fn filled(record: &Map<String, Value>, number: &str) -> Map<String, Value> {
    let fill = |value: &Value| match value {
        Value::String(text) => text.replace("{n}", number).into(),
        value => value.clone(),
    };
    record.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
}
