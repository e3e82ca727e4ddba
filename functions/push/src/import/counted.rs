//! What reading a file once has shown, before a credit is spent on records.

use std::collections::BTreeMap;

use bigin::{CallShape, MOST_RECORDS_A_CALL};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::decode::Checkpoint;
use crate::import::key_log::KeyFiles;
use crate::import::same_keys::SameKeys;
use crate::map::codes::NUMBER_AMBIGUOUS;
use crate::record::{Reject, RepairKind, Repairs};

/// How many rows that would be rejected are shown one by one.
const MOST_EXAMPLES: usize = 20;

/// The count so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Rows read.
    pub rows: u64,
    /// Whether all were read.
    pub is_done: bool,
    /// Whether the fields were read once more, since too many rows seemed to be at odds with them.
    #[serde(default)]
    pub by_fields_read_again: bool,
    /// Where counting goes on.
    pub checkpoint: Option<Checkpoint>,
    /// Rows that would be rejected before they are sent.
    pub rejected: u64,
    /// The same, by code.
    pub rejects_by_code: BTreeMap<String, u64>,
    /// The first of them.
    pub examples: Vec<Example>,
    /// What was mended in the rows, and what is in doubt.
    #[serde(default)]
    pub repairs: Repairs,
    /// Whether numbers have a comma before their decimals.
    #[serde(default)]
    pub decimal_comma: bool,
    /// What is remembered of the rows' keys.
    #[serde(default)]
    pub key_files: KeyFiles,
    /// Rows of a rejects file that are as they were when they were rejected.
    #[serde(default)]
    pub unmended: u64,
    /// Rows that differ and share a key, once all rows were read.
    #[serde(default)]
    pub same_keys: SameKeys,
}

/// A row that would be rejected, without its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    line: u64,
    code: String,
    field: Option<String>,
    message: String,
}

impl Counted {
    /// Counts a row that can be sent.
    pub fn good(&mut self) {
        self.rows += 1;
    }

    /// Counts a row that cannot.
    pub fn bad(&mut self, line: u64, reject: &Reject) {
        self.rows += 1;
        self.rejected += 1;
        *self.rejects_by_code.entry(reject.code.clone()).or_default() += 1;
        if self.examples.len() < MOST_EXAMPLES {
            let Reject {
                code, field, message, ..
            } = reject.clone();
            self.examples.push(Example {
                line,
                code,
                field,
                message,
            });
        }
    }

    /// The rows in which a comma was taken to stand between thousands are rejected, now that other numbers of the file were
    /// seen with one before their decimals.
    pub fn doubt_commas(&mut self) {
        if !self.decimal_comma {
            return;
        }
        let Some(met) = self.repairs.remove(RepairKind::CommaBetweenThousands) else {
            return;
        };
        self.rows -= met.rows;
        let reject = Reject::relay(
            NUMBER_AMBIGUOUS,
            None,
            "a number such as 1,234, while other numbers of the file have a comma before their decimals: say number in the mapping",
        );
        for _ in 0..met.rows {
            self.bad(met.first_line, &reject);
        }
        // One example speaks for all of them.
        let is_one = |example: &Example| example.line == met.first_line && example.code == NUMBER_AMBIGUOUS;
        let mut seen = false;
        self.examples
            .retain(|example| !is_one(example) || !std::mem::replace(&mut seen, true));
    }

    /// The API credits that the rows need at least.
    pub fn credits(&self, shape: &CallShape) -> u64 {
        let to_send = self.rows - self.rejected;
        let full = to_send / MOST_RECORDS_A_CALL as u64;
        let rest = usize::try_from(to_send % MOST_RECORDS_A_CALL as u64).unwrap_or(0);
        full * shape.credits(MOST_RECORDS_A_CALL) + if rest > 0 { shape.credits(rest) } else { 0 }
    }

    /// The plan as the report gives it.
    pub fn as_plan(&self, shape: &CallShape, columns: &Value, credits_left: Option<u64>) -> Value {
        let to_send = self.rows - self.rejected;
        json!({
            "rows": self.rows,
            "to_send": to_send,
            "rejected": self.rejected,
            "rejects_by_code": self.rejects_by_code,
            "examples": self.examples,
            "calls": to_send.div_ceil(MOST_RECORDS_A_CALL as u64),
            "credits": self.credits(shape),
            "credits_left": credits_left,
            "repairs": self.repairs,
            "same_keys": self.same_keys.as_plan(),
            "columns": columns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bigin::{ModuleName, Operation};

    fn shape() -> CallShape {
        let module = ModuleName::parse("Contacts").unwrap();
        CallShape {
            module,
            operation: Operation::Upsert,
            match_on: vec!["Email".into()],
            trigger: vec![],
        }
    }

    #[test]
    fn a_plan_counts_calls_and_credits_of_what_can_be_sent() {
        let mut counted = Counted::default();
        (0..215).for_each(|_| counted.good());
        counted.bad(7, &Reject::relay("INVALID_EMAIL", Some("Email".into()), "m"));
        let plan = counted.as_plan(&shape(), &json!([]), Some(5));
        assert_eq!(
            (&plan["rows"], &plan["to_send"], &plan["calls"], &plan["credits"]),
            (&json!(216), &json!(215), &json!(3), &json!(22))
        );
        assert_eq!(plan["examples"][0]["line"], 7);
        assert_eq!(Counted::default().credits(&shape()), 0);
    }

    #[test]
    fn only_the_first_bad_rows_are_shown_and_all_are_counted() {
        let mut counted = Counted::default();
        (0..50).for_each(|line| counted.bad(line, &Reject::relay("X", None, "m")));
        assert_eq!(
            (counted.examples.len(), counted.rejects_by_code["X"]),
            (MOST_EXAMPLES, 50)
        );
    }
}
