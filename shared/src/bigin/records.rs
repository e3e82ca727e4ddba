//! Writing records: insert, update, upsert and delete of up to 100 at a time (Bigin developer guide, "Insert
//! Records", "Update Records", "Upsert Records", "Delete Records").

use std::fmt;

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Access, Bigin, CallFailure, ModuleName, Record, RecordOutcome, outcome};

/// The most records that one call may carry.
pub const MOST_RECORDS_A_CALL: usize = 100;

/// What is done with the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Update the record that has the match field's value, insert it where there is none.
    Upsert,
    /// Insert.
    Insert,
    /// Update by id.
    Update,
    /// Delete by id.
    Delete,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upsert => "upsert",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}

/// What all records of a call have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallShape {
    /// The module.
    pub module: ModuleName,
    /// What is done.
    pub operation: Operation,
    /// The unique fields that an upsert looks a record up by, in order. Only for upsert.
    pub match_on: Vec<String>,
    /// Which automation the call may start; empty starts none.
    pub trigger: Vec<String>,
}

impl CallShape {
    /// What a call with that many records costs: one API credit for each started ten (Bigin developer guide, "API
    /// Limits"); a delete costs one.
    pub fn credits(&self, records: usize) -> u64 {
        match self.operation {
            Operation::Delete => 1,
            _ => records.div_ceil(10) as u64,
        }
    }
}

/// The outcomes of a call, one a record and in the records' order.
#[derive(Debug, Clone)]
pub struct RecordsAnswer {
    /// One outcome a record.
    pub outcomes: Vec<RecordOutcome>,
    /// API credits left, where the answer said so.
    pub credits_remaining: Option<u64>,
    /// When the access token will expire, where the answer said so.
    pub token_expires_at: Option<Timestamp>,
}

impl Bigin {
    /// Sends records. Update and delete find theirs by each record's `id`.
    ///
    /// # Errors
    /// The call failed as a whole; what failed for single records is in the answer.
    pub async fn write(
        &self,
        access: &Access,
        shape: &CallShape,
        records: &[&Record],
    ) -> Result<RecordsAnswer, CallFailure> {
        let module = shape.module.as_str();
        let answer = match shape.operation {
            Operation::Delete => {
                let ids: Vec<_> = records.iter().filter_map(|record| record.id()).collect();
                // Without wf_trigger=false Bigin starts the workflows.
                let quiet = if shape.trigger.is_empty() { "false" } else { "true" };
                let query = [("ids", ids.join(",")), ("wf_trigger", quiet.to_owned())];
                let query = query.each_ref().map(|(name, value)| (*name, value.as_str()));
                self.call(access, Method::DELETE, module, &query, None).await?
            }
            operation => {
                let (method, path) = match operation {
                    Operation::Update => (Method::PUT, module.to_owned()),
                    Operation::Upsert => (Method::POST, format!("{module}/upsert")),
                    _ => (Method::POST, module.to_owned()),
                };
                self.call(access, method, &path, &[], Some(body(shape, records)))
                    .await?
            }
        };
        let call = format!("{} of {} {module} records", shape.operation, records.len());
        Ok(RecordsAnswer {
            outcomes: outcomes(&call, answer.status, &answer.body, records.len())?,
            credits_remaining: answer.credits_remaining,
            token_expires_at: answer.token_expires_at,
        })
    }
}

/// The body of a call: the records' JSON as it stands, between what all of them have in common.
fn body(shape: &CallShape, records: &[&Record]) -> String {
    let length: usize = records.iter().map(|record| record.json().len() + 1).sum();
    let mut body = String::with_capacity(length + 128);
    body.push_str("{\"data\":[");
    for (place, record) in records.iter().enumerate() {
        if place > 0 {
            body.push(',');
        }
        body.push_str(record.json());
    }
    body.push_str("],\"trigger\":");
    body.push_str(&json!(shape.trigger).to_string());
    if shape.operation == Operation::Upsert && !shape.match_on.is_empty() {
        body.push_str(",\"duplicate_check_fields\":");
        body.push_str(&json!(shape.match_on).to_string());
    }
    body.push('}');
    body
}

/// Results come in the order of the input, one an element: anything else cannot be mapped back and is not guessed at.
fn outcomes(call: &str, status: u16, body: &Value, sent: usize) -> Result<Vec<RecordOutcome>, CallFailure> {
    let unreadable = |problem: String| CallFailure::Unreadable {
        call: call.to_owned(),
        status,
        problem,
    };
    let data = body
        .get("data")
        .and_then(Value::as_array)
        .ok_or_else(|| unreadable("it has no data array".into()))?;
    if data.len() != sent {
        return Err(unreadable(format!("it has {} results for {sent} records", data.len())));
    }
    data.iter()
        .enumerate()
        .map(|(place, element)| {
            outcome::read(element).ok_or_else(|| unreadable(format!("result {place} is neither success nor error")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_costs_a_credit_for_each_started_ten_records() {
        let shape = |operation| CallShape {
            module: ModuleName::parse("Contacts").unwrap(),
            operation,
            match_on: vec![],
            trigger: vec![],
        };
        for (records, credits) in [(1, 1), (10, 1), (11, 2), (100, 10)] {
            assert_eq!(shape(Operation::Upsert).credits(records), credits);
        }
        assert_eq!(shape(Operation::Delete).credits(100), 1);
    }

    #[test]
    fn too_few_results_are_not_mapped_by_guesswork() {
        let body = json!({"data": [{"code": "SUCCESS", "details": {"id": "1"}, "status": "success"}]});
        let failure = outcomes("upsert", 200, &body, 2).unwrap_err();
        assert!(failure.may_have_been_carried_out());
    }
}
