//! Writing records: insert, update, upsert and delete of up to 100 at a time (Bigin developer guide, "Insert
//! Records", "Update Records", "Upsert Records", "Delete Records").

use std::fmt;

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::{Answer, Fault, is_of_the_request};
use super::lenient::{List, Object};
use super::outcome::Element;
use super::{Access, Bigin, CallFailure, ModuleName, Record, RecordOutcome};

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
    /// The fields that records are looked up by, in order: unique ones, by Bigin itself, for an upsert; before the call
    /// is made for updates and deletes. The id is none of them.
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
    /// The user in whose name it was written, by id, where the answer says so.
    pub written_by: Option<String>,
    /// When Bigin answered, by its own clock.
    pub at: Option<Timestamp>,
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
        let call = format!("{} of {} {module} records", shape.operation, records.len());
        let (method, path) = match shape.operation {
            Operation::Delete => return self.delete(access, shape, records, &call).await,
            Operation::Update => (Method::PUT, module.to_owned()),
            Operation::Upsert => (Method::POST, format!("{module}/upsert")),
            Operation::Insert => (Method::POST, module.to_owned()),
        };
        let answer = self
            .call(access, method, &path, &[], Some(body(shape, records)))
            .await?;
        let ids: Vec<_> = records.iter().map(|record| record.id()).collect();
        Ok(RecordsAnswer::of(&answer, told(&call, shape.operation, &answer, &ids)?))
    }

    /// Adds notes to one record, which the address names: what a note's own `Parent_Id` would have to look like differs
    /// between Zoho's documents (Bigin developer guide, "Create Notes").
    ///
    /// # Errors
    /// The call failed as a whole; what failed for single notes is in the answer.
    pub async fn add_notes(
        &self,
        access: &Access,
        (module, id): (&ModuleName, &str),
        shape: &CallShape,
        notes: &[&Record],
    ) -> Result<RecordsAnswer, CallFailure> {
        let path = format!("{module}/{id}/Notes");
        let answer = self
            .call(access, Method::POST, &path, &[], Some(body(shape, notes)))
            .await?;
        let call = format!("insert of {} notes of one {module} record", notes.len());
        let none = vec![None; notes.len()];
        Ok(RecordsAnswer::of(
            &answer,
            told(&call, shape.operation, &answer, &none)?,
        ))
    }

    /// Ids travel in the address, so only what is an id goes there: a comma in one would delete a second record.
    async fn delete(
        &self,
        access: &Access,
        shape: &CallShape,
        records: &[&Record],
        call: &str,
    ) -> Result<RecordsAnswer, CallFailure> {
        let ids: Vec<_> = records
            .iter()
            .map(|record| record.id().filter(|id| is_an_id(id)))
            .collect();
        let sent: Vec<_> = ids.iter().copied().flatten().collect();
        let mut deleted = if sent.is_empty() {
            RecordsAnswer {
                outcomes: Vec::new(),
                written_by: None,
                at: None,
                credits_remaining: None,
                token_expires_at: None,
            }
        } else {
            // Without wf_trigger=false Bigin starts the workflows.
            let quiet = if shape.trigger.is_empty() { "false" } else { "true" };
            let list = sent.join(",");
            let query = [("ids", list.as_str()), ("wf_trigger", quiet)];
            let answer = self
                .call(access, Method::DELETE, shape.module.as_str(), &query, None)
                .await?;
            let outcomes = deletions(call, &answer, &sent)?;
            let written_by = None;
            RecordsAnswer::of(&answer, Told { outcomes, written_by })
        };
        let mut results = std::mem::take(&mut deleted.outcomes).into_iter();
        deleted.outcomes = ids
            .iter()
            .map(|id| match id {
                Some(_) => results.next().unwrap_or_else(RecordOutcome::unreadable),
                None => RecordOutcome::refused(
                    "INVALID_DATA",
                    "a record is deleted by its id in Bigin, some 19 digits, and this is none",
                    Some("id"),
                ),
            })
            .collect();
        Ok(deleted)
    }
}

pub(super) fn is_an_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl RecordsAnswer {
    pub(super) fn of(answer: &Answer, told: Told) -> Self {
        Self {
            outcomes: told.outcomes,
            written_by: told.written_by,
            at: answer.date,
            credits_remaining: answer.credits_remaining,
            token_expires_at: answer.token_expires_at,
        }
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

/// The results of a batch.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Results<'a> {
    #[serde(borrow)]
    data: List<Object<Element<'a>>>,
}

/// What an answer tells of its records.
pub(super) struct Told {
    outcomes: Vec<RecordOutcome>,
    written_by: Option<String>,
}

/// Results come in the order of the input, one an element: anything else cannot be mapped back and is not guessed at.
pub(super) fn told(
    call: &str,
    operation: Operation,
    answer: &Answer,
    ids: &[Option<&str>],
) -> Result<Told, CallFailure> {
    let results: Results<'_> = answer.read(call)?;
    let results = results.data.0;
    if results.len() != ids.len() {
        return Err(unreadable(
            call,
            answer,
            format!("it has {} results for {} records", results.len(), ids.len()),
        ));
    }
    let outcomes: Vec<_> = results
        .iter()
        .zip(ids)
        .map(|(Object(element), id)| element.outcome(operation, *id))
        .collect();
    let written_by = results.iter().find_map(|Object(element)| element.written_by());
    Ok(Told {
        outcomes: believable(call, answer, outcomes)?,
        written_by: written_by.map(str::to_owned),
    })
}

/// The results of a delete name their ids. The ids count where results come in another order, or where an id
/// that was sent twice has one result.
fn deletions(call: &str, answer: &Answer, sent: &[&str]) -> Result<Vec<RecordOutcome>, CallFailure> {
    let results: Results<'_> = answer.read(call)?;
    let results = results.data.0;
    let in_order = results.len() == sent.len()
        && results
            .iter()
            .zip(sent)
            .all(|(Object(element), id)| element.id().is_none_or(|named| named == *id));
    let of_id = |id: &str| results.iter().find(|Object(element)| element.id() == Some(id));
    let outcomes: Option<Vec<_>> = sent
        .iter()
        .enumerate()
        .map(|(place, id)| {
            let Object(element) = if in_order { results.get(place) } else { of_id(id) }?;
            Some(element.outcome(Operation::Delete, Some(id)))
        })
        .collect();
    match outcomes {
        Some(outcomes) => believable(call, answer, outcomes),
        None => Err(unreadable(
            call,
            answer,
            format!("it has {} results for {} records", results.len(), sent.len()),
        )),
    }
}

/// When every record was refused for the same fault of the request, the call failed. When no result can be
/// read, the answer is unreadable.
fn believable(call: &str, answer: &Answer, outcomes: Vec<RecordOutcome>) -> Result<Vec<RecordOutcome>, CallFailure> {
    if !outcomes.is_empty() && outcomes.iter().all(RecordOutcome::is_unreadable) {
        return Err(unreadable(
            call,
            answer,
            "its results are neither successes nor errors".to_owned(),
        ));
    }
    let common = outcomes
        .first()
        .and_then(RecordOutcome::only_error)
        .filter(|(code, _)| is_of_the_request(code));
    if let Some((code, message)) = common
        && outcomes
            .iter()
            .all(|outcome| outcome.only_error().is_some_and(|(other, _)| other == code))
    {
        let credits_remaining = answer.credits_remaining;
        let fault = Fault {
            status: answer.status,
            code,
            message,
            retry_after: None,
            credits_remaining,
        };
        return Err(fault.classify(call));
    }
    Ok(outcomes)
}

fn unreadable(call: &str, answer: &Answer, problem: String) -> CallFailure {
    CallFailure::Unreadable {
        call: call.to_owned(),
        status: answer.status,
        problem,
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
