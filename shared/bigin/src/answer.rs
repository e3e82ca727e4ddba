//! Judges an answer of Bigin by its body first and by its status second. Errors hide under HTTP 200, and a
//! mixed batch may come as 200, 202 or 207.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::CallFailure;
use super::failure::is_of_the_user;
use super::lenient::{First, Object, Text};
use super::plain_words::{code_of, plain_words};

/// An answer as it came, reduced to what is judged.
#[derive(Clone, Default)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, lower case.
    pub content_type: String,
    /// `Retry-After` in seconds. Zoho does not document it; it is honoured where it comes.
    pub retry_after: Option<u64>,
    /// `X-API-CREDITS-REMAINING` (Zoho CRM documents it once half of the day's credits are used).
    pub credits_remaining: Option<u64>,
    /// `x-accesstoken-reset`: when the token that was used will expire.
    pub token_expires_at: Option<Timestamp>,
    /// `Date`: when Zoho answered, by its own clock.
    pub date: Option<Timestamp>,
    /// The body.
    pub body: Vec<u8>,
}

/// A call that Bigin carried out; the body is empty where there is nothing to show (204, 304).
#[derive(Clone)]
pub struct Answer {
    /// The body: JSON, or nothing.
    pub body: Vec<u8>,
    /// HTTP status.
    pub status: u16,
    /// Credits left, where the answer said so.
    pub credits_remaining: Option<u64>,
    /// When the token will expire, where the answer said so.
    pub token_expires_at: Option<Timestamp>,
    /// When Zoho answered, by its own clock, where the answer said so.
    pub date: Option<Timestamp>,
}

/// Record content is in the bodies, so `Debug` shows neither.
impl std::fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawAnswer(HTTP {}, {} bytes)", self.status, self.body.len())
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer(HTTP {}, {} bytes)", self.status, self.body.len())
    }
}

impl Answer {
    /// The body as a `T`; `T`'s default where there is nothing to show.
    pub(super) fn read<'a, T: Deserialize<'a> + Default>(&'a self, call: &str) -> Result<T, CallFailure> {
        if self.body.is_empty() {
            return Ok(T::default());
        }
        serde_json::from_slice(&self.body).map_err(|error| CallFailure::Unreadable {
            call: call.to_owned(),
            status: self.status,
            // serde's own text would quote the value it stumbled over, which may be record content.
            problem: format!("it is not of the documented shape (at byte {})", error.column()),
        })
    }
}

/// What tells an error of the request from a batch's results, read in one pass without keeping the rest.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Peek<'a> {
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    details: Object<Details<'a>>,
    /// Tags that are made are answered under a name of their own.
    #[serde(borrow, alias = "tags")]
    data: First<Object<Inner<'a>>>,
}

/// The same, wrapped in `data`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Inner<'a> {
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    details: Object<Details<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details<'a> {
    #[serde(borrow)]
    retry_after: Text<'a>,
}

/// Judges an answer.
///
/// # Errors
/// Everything that is not a call carried out, typed by what the caller should do about it.
pub fn judge(call: &str, raw: RawAnswer) -> Result<Answer, CallFailure> {
    if raw.status == 204 || raw.status == 304 {
        return Ok(Answer {
            body: Vec::new(),
            status: raw.status,
            credits_remaining: raw.credits_remaining,
            token_expires_at: raw.token_expires_at,
            date: raw.date,
        });
    }
    let failure = if begins_with_a_result(&raw) {
        None
    } else {
        failure(call, &raw)
    };
    match failure {
        Some(failure) => Err(failure),
        None => Ok(Answer {
            body: raw.body,
            status: raw.status,
            credits_remaining: raw.credits_remaining,
            token_expires_at: raw.token_expires_at,
            date: raw.date,
        }),
    }
}

/// Where the results of a batch begin, in Bigin's own way of writing them.
const RESULTS: &[u8] = b"{\"data\":[";

/// Whether an answer under a 2xx plainly has results, told by the first of them alone: [`failure`] would read the others, most
/// of the body, and find nothing. They are read once, where they are used; there it also shows if they are cut off.
fn begins_with_a_result(raw: &RawAnswer) -> bool {
    let Some(results) = raw
        .body
        .strip_prefix(RESULTS)
        .filter(|_| matches!(raw.status, 200..300))
    else {
        return false;
    };
    let mut results = serde_json::Deserializer::from_slice(results).into_iter::<Object<Inner<'_>>>();
    matches!(results.next(), Some(Ok(Object(first))) if first.status.get() == Some("success"))
}

fn failure(call: &str, raw: &RawAnswer) -> Option<CallFailure> {
    let peek: Peek<'_> = match serde_json::from_slice(&raw.body) {
        Ok(peek) => peek,
        // JSON, but no object: nothing in it names an error.
        Err(error) if error.is_data() => Peek::default(),
        Err(_) => return Some(not_json(call, raw)),
    };
    let fault = |code: &Text<'_>, message: &Text<'_>, details: &Details<'_>| {
        let fault = Fault {
            status: raw.status,
            code: code.get().unwrap_or_default(),
            message: message.get().unwrap_or_default(),
            retry_after: raw.retry_after.or_else(|| details.retry_after.number()),
            credits_remaining: raw.credits_remaining,
        };
        Some(fault.classify(call))
    };
    // The results of a batch are the truth under any of these (a batch in which every record failed is a 400).
    let may_be_results = matches!(raw.status, 200..300 | 400 | 412);
    let is_error = |status: &Text<'_>| status.get() == Some("error");
    match &peek.data.first {
        Some(Object(first)) => {
            let of_the_request =
                peek.data.count == 1 && is_error(&first.status) && first.code.get().is_some_and(is_of_the_request);
            if of_the_request || !may_be_results {
                return fault(&first.code, &first.message, &first.details.0);
            }
            None
        }
        None if is_error(&peek.status) || !matches!(raw.status, 200..300) => {
            fault(&peek.code, &peek.message, &peek.details.0)
        }
        None => None,
    }
}

fn not_json(call: &str, raw: &RawAnswer) -> CallFailure {
    let (call, status) = (call.to_owned(), raw.status);
    let html = raw.content_type.contains("html") || raw.body.trim_ascii_start().starts_with(b"<");
    match status {
        200..300 if !html => CallFailure::Unreadable {
            call,
            status,
            problem: "it is not JSON".into(),
        },
        // Without a page, 401, 413 and 429 say enough by themselves; with one, something in front of Bigin spoke.
        401 if html => CallFailure::Unavailable { call, status, html },
        401 | 413 | 414 | 429 => Fault {
            status,
            retry_after: raw.retry_after,
            credits_remaining: raw.credits_remaining,
            ..Fault::default()
        }
        .classify(&call),
        _ => CallFailure::Unavailable { call, status, html },
    }
}

/// Whether a code speaks of the request although it comes wrapped in `data`.
pub(super) fn is_of_the_request(code: &str) -> bool {
    matches!(
        code,
        "INVALID_TOKEN"
            | "INVALID_OAUTHTOKEN"
            | "AUTHENTICATION_FAILURE"
            | "OAUTH_SCOPE_MISMATCH"
            | "INVALID_MODULE"
            | "MODULE_NOT_SUPPORTED"
            | "INVALID_REQUEST_METHOD"
            | "INVALID_URL_PATTERN"
            | "TOO_MANY_REQUESTS"
            | "RATE_LIMIT_EXCEEDED"
            | "INTERNAL_ERROR"
            | "REQUIRED_PARAM_MISSING"
    )
}

/// An error of the request as a whole.
#[derive(Default)]
pub(super) struct Fault<'a> {
    pub(super) status: u16,
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    pub(super) retry_after: Option<u64>,
    pub(super) credits_remaining: Option<u64>,
}

/// The longest wait that a hint of Zoho's is believed.
const LONGEST_HINT_S: u64 = 3600;

impl Fault<'_> {
    /// The code decides; the status only where there is no code that does.
    pub(super) fn classify(&self, call: &str) -> CallFailure {
        let (call, status) = (call.to_owned(), self.status);
        let message = plain_words(self.message);
        let code = match code_of(self.code) {
            "" => format!("HTTP {status}"),
            code => code.to_owned(),
        };
        match (self.code, status) {
            ("OAUTH_SCOPE_MISMATCH", _) => CallFailure::ScopeMissing { call },
            ("INVALID_TOKEN" | "INVALID_OAUTHTOKEN" | "AUTHENTICATION_FAILURE", _) => {
                CallFailure::TokenRejected { code }
            }
            // Under 401 or 403: no token of that user's is good for anything.
            (code, 401 | 403) if is_of_the_user(code) => CallFailure::TokenRejected { code: code.to_owned() },
            ("INVALID_MODULE" | "MODULE_NOT_SUPPORTED", _) => CallFailure::UnknownModule { call },
            ("TOO_MANY_REQUESTS" | "RATE_LIMIT_EXCEEDED", _) | (_, 429) => CallFailure::Throttled {
                call,
                credits_remaining: self.credits_remaining,
                retry_after: self
                    .retry_after
                    .map(|seconds| Duration::from_secs(seconds.min(LONGEST_HINT_S))),
            },
            ("NO_PERMISSION" | "NOT_SUPPORTED" | "AUTHORIZATION_FAILED", _) | (_, 403) => {
                CallFailure::NotPermitted { call, code, message }
            }
            (_, 401) => CallFailure::TokenRejected { code },
            ("INTERNAL_ERROR", _) | (_, 500..) | ("", 300..=399) => CallFailure::Unavailable {
                call,
                status,
                html: false,
            },
            _ => CallFailure::Refused {
                call,
                status,
                code,
                message,
            },
        }
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
