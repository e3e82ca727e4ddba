//! What happens to one call, put together from the rules that struck it.

use std::time::Duration;

use serde_json::Value;

use super::spoilt::RecordFault;
use super::{FaultKind, Spoilt};
use crate::answer::{Answer, Body};
use crate::json::{Json, object};
use crate::metadata::FieldChange;

/// What happens to one call.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Whether the call goes to the accounts server, whose errors have a form of their own.
    pub(super) to_accounts: bool,
    pub(crate) wait_before: Duration,
    pub(crate) wait_after: Duration,
    pub(crate) revokes_token: bool,
    pub(crate) spoilt: Spoilt,
    /// Fields that an administrator changes just before: module, name, change.
    pub(crate) field_changes: Vec<(String, String, FieldChange)>,
    /// Headers that come on top of the answer's own.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) gzip: bool,
    pub(crate) before: Option<Happening>,
    pub(crate) after: Option<Happening>,
}

/// What stands in the place of the answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Happening {
    Answer(Answer),
    /// The connection is cut after that many bytes.
    Cut(usize),
}

impl Plan {
    /// Waiting adds up; of other happenings the first rule's counts.
    pub(super) fn add(&mut self, fault: FaultKind, random: &mut fastrand::Rng) {
        match fault {
            FaultKind::Latency {
                ms,
                jitter_ms,
                after_commit,
            } => {
                let wait = Duration::from_millis(ms + random.u64(0..=jitter_ms));
                if after_commit {
                    self.wait_after += wait;
                } else {
                    self.wait_before += wait;
                }
            }
            FaultKind::RevokeToken => self.revokes_token = true,
            FaultKind::MixedStatus { status } => self.spoilt.mixed_status = Some(status),
            FaultKind::Headers { headers } => self.headers.extend(headers),
            FaultKind::Job { job } => {
                self.spoilt.job.get_or_insert(job);
            }
            FaultKind::Gzip => self.gzip = true,
            FaultKind::Field { module, field, change } => self.field_changes.push((module, field, change)),
            FaultKind::Records {
                when,
                every,
                probability,
                code,
                message,
                details,
            } => {
                let message = message.unwrap_or_else(|| "the record was refused by a fault rule".to_owned());
                let details = details.unwrap_or(Value::Null);
                let random = random.fork();
                self.spoilt.records.push(RecordFault {
                    when,
                    every,
                    probability,
                    code,
                    message,
                    details,
                    random,
                });
            }
            FaultKind::Cut {
                after_commit,
                after_bytes,
            } => self.happen(after_commit, Happening::Cut(after_bytes)),
            FaultKind::Garbage {
                status,
                text,
                after_commit,
            } => {
                let answer = Answer::text(status, "application/json;charset=UTF-8", text);
                self.happen(after_commit, Happening::Answer(answer));
            }
            FaultKind::Html { status, after_commit } => {
                self.happen(after_commit, Happening::Answer(Answer::html(status)));
            }
            FaultKind::Status {
                status,
                code,
                message,
                details,
                body,
                retry_after,
                headers,
                after_commit,
            } => {
                let body = match body {
                    Some(Value::String(text)) => Body::Text("application/json;charset=UTF-8", text),
                    Some(body) => Body::Json(body.into()),
                    None if self.to_accounts => {
                        let answer = accounts_error(status, code);
                        return self.happen(after_commit, Happening::Answer(with_headers(answer, headers)));
                    }
                    None => error_body(
                        code.unwrap_or_else(|| default_code(status).to_owned()),
                        message,
                        details,
                    ),
                };
                let mut answer = Answer {
                    status,
                    body,
                    headers: Vec::new(),
                };
                if let Some(seconds) = retry_after {
                    answer = answer.with_header("retry-after", seconds.to_string());
                }
                self.happen(after_commit, Happening::Answer(with_headers(answer, headers)));
            }
        }
    }

    /// The answer as it goes out: with the headers that come on top, compressed if that was ordered.
    pub(crate) fn dress(&mut self, answer: Answer) -> Answer {
        let answer = with_headers(answer, std::mem::take(&mut self.headers));
        if self.gzip { answer.gzipped() } else { answer }
    }

    fn happen(&mut self, after_commit: bool, happening: Happening) {
        let slot = if after_commit {
            &mut self.after
        } else {
            &mut self.before
        };
        slot.get_or_insert(happening);
    }
}

fn with_headers(mut answer: Answer, headers: impl IntoIterator<Item = (String, String)>) -> Answer {
    let headers = headers.into_iter().map(|(name, value)| (name.into(), value));
    answer.headers.extend(headers);
    answer
}

fn default_code(status: u16) -> &'static str {
    match status {
        401 => "INVALID_TOKEN",
        403 => "NO_PERMISSION",
        429 => "TOO_MANY_REQUESTS",
        _ => "INTERNAL_ERROR",
    }
}

fn accounts_error(status: u16, code: Option<String>) -> Answer {
    match code.unwrap_or_else(|| "general_error".to_owned()) {
        code if code == "Access Denied" => Answer::access_denied(status),
        code => Answer::json(status, object! {"error" => code}),
    }
}

fn error_body(code: String, message: Option<String>, details: Option<Value>) -> Body {
    let message = message.unwrap_or_else(|| "this answer was ordered by a fault rule".to_owned());
    let details = details.map_or_else(|| Json::from(object! {}), Json::from);
    Body::Json(object! {"code" => code, "details" => details, "message" => message, "status" => "error"}.into())
}
