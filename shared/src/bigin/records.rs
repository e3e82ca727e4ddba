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
        Ok(RecordsAnswer::of(
            &answer,
            outcomes(&call, shape.operation, &answer, &ids)?,
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
            RecordsAnswer::of(&answer, deletions(call, &answer, &sent)?)
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

fn is_an_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl RecordsAnswer {
    fn of(answer: &Answer, outcomes: Vec<RecordOutcome>) -> Self {
        Self {
            outcomes,
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

/// Results come in the order of the input, one an element: anything else cannot be mapped back and is not guessed at.
fn outcomes(
    call: &str,
    operation: Operation,
    answer: &Answer,
    ids: &[Option<&str>],
) -> Result<Vec<RecordOutcome>, CallFailure> {
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
    believable(call, answer, outcomes)
}

/// The results of a delete name the ids they speak of; where they are in another order, or an id that was sent twice
/// has one result, the ids count.
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

/// When every record was refused for the same fault of the request, it is the call that failed; when no result can be
/// read, it is the answer.
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

    fn answer(body: &serde_json::Value) -> Answer {
        Answer {
            body: body.to_string().into_bytes(),
            status: 200,
            credits_remaining: None,
            token_expires_at: None,
        }
    }

    fn success(id: &str) -> serde_json::Value {
        json!({"code": "SUCCESS", "details": {"id": id}, "message": "m", "status": "success"})
    }

    fn error(code: &str) -> serde_json::Value {
        json!({"code": code, "details": {}, "message": "m", "status": "error"})
    }

    fn upserted(body: &serde_json::Value, sent: usize) -> Result<Vec<RecordOutcome>, CallFailure> {
        outcomes("upsert", Operation::Upsert, &answer(body), &vec![None; sent])
    }

    #[test]
    fn too_few_or_too_many_results_are_not_mapped_by_guesswork() {
        let body = json!({"data": [success("1")]});
        for sent in [0, 2, 3] {
            assert!(upserted(&body, sent).unwrap_err().may_have_been_carried_out(), "{sent}");
        }
        for body in [json!({}), json!([]), json!({"data": {}}), json!({"data": null})] {
            assert!(upserted(&body, 1).unwrap_err().may_have_been_carried_out(), "{body}");
        }
    }

    #[test]
    fn one_strange_result_does_not_spoil_the_others() {
        let body =
            json!({"data": [success("1"), 7, error("BRAND_NEW"), {"code": "DUPLICATE_DATA", "status": "error"}]});
        let outcomes = upserted(&body, 4).unwrap();
        assert!(matches!(&outcomes[0], RecordOutcome::Accepted { id, .. } if id == "1"));
        assert!(outcomes[1].is_unreadable());
        assert_eq!(outcomes[2].only_error().unwrap().0, "BRAND_NEW");
        assert_eq!(outcomes[3].only_error().unwrap().0, "DUPLICATE_DATA");
    }

    #[test]
    fn a_permission_that_every_record_lacks_is_a_failure_of_the_call() {
        let all = json!({"data": [error("NO_PERMISSION"), error("NO_PERMISSION")]});
        assert!(matches!(upserted(&all, 2), Err(CallFailure::NotPermitted { .. })));
        let some = json!({"data": [error("NO_PERMISSION"), success("1")]});
        assert!(upserted(&some, 2).is_ok());
    }

    #[test]
    fn a_field_that_every_record_lacks_is_each_records_own_error() {
        let all = json!({"data": [error("MANDATORY_NOT_FOUND"), error("MANDATORY_NOT_FOUND")]});
        assert_eq!(upserted(&all, 2).unwrap().len(), 2);
    }

    #[test]
    fn a_delete_is_mapped_by_id_where_the_order_differs() {
        let gone =
            json!({"code": "INVALID_DATA", "details": {"id": "2"}, "message": "record not deleted", "status": "error"});
        let body = json!({"data": [gone, success("1")]});
        let outcomes = deletions("delete", &answer(&body), &["1", "2", "1"]).unwrap();
        assert!(matches!(
            &outcomes[0],
            RecordOutcome::Accepted {
                action: super::super::Action::Deleted,
                ..
            }
        ));
        assert_eq!(outcomes[1].only_error().unwrap().0, "INVALID_DATA");
        assert!(matches!(&outcomes[2], RecordOutcome::Accepted { .. }));
        assert!(deletions("delete", &answer(&body), &["1", "3"]).is_err());
    }

    #[test]
    fn the_body_has_the_records_as_they_stand() {
        let record = Record::from_object(json!({"Last_Name": "Rao"}).as_object().unwrap());
        let shape = CallShape {
            module: ModuleName::parse("Contacts").unwrap(),
            operation: Operation::Upsert,
            match_on: vec!["Email".into()],
            trigger: vec![],
        };
        assert_eq!(
            body(&shape, &[&record, &record]),
            r#"{"data":[{"Last_Name":"Rao"},{"Last_Name":"Rao"}],"trigger":[],"duplicate_check_fields":["Email"]}"#
        );
        let shape = CallShape {
            operation: Operation::Insert,
            ..shape
        };
        assert_eq!(body(&shape, &[]), r#"{"data":[],"trigger":[]}"#);
    }

    proptest::proptest! {
        #[test]
        fn no_results_make_it_panic_and_none_is_lost(codes in proptest::collection::vec("[A-Z_]{0,12}|SUCCESS", 1..8)) {
            let elements: Vec<_> = codes.iter().map(|code| json!({"code": code, "details": {"id": "1"}})).collect();
            let sent = elements.len();
            if let Ok(outcomes) = upserted(&json!({"data": elements}), sent) {
                proptest::prop_assert_eq!(outcomes.len(), sent);
            }
        }
    }
}
