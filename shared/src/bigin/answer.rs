//! Judges an answer of Bigin's by its body first and its status second: errors hide under HTTP 200, and a mixed
//! batch may come as 200, 202 or 207.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::CallFailure;

/// An answer as it came, reduced to what is judged.
#[derive(Debug, Clone, Default)]
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
    /// The body.
    pub body: Vec<u8>,
}

/// A call that Bigin carried out, as JSON; `Null` where there is nothing to show (204, 304).
#[derive(Debug, Clone)]
pub struct Answer {
    /// The body.
    pub body: Value,
    /// HTTP status.
    pub status: u16,
    /// Credits left, where the answer said so.
    pub credits_remaining: Option<u64>,
    /// When the token will expire, where the answer said so.
    pub token_expires_at: Option<Timestamp>,
}

/// Judges an answer.
///
/// # Errors
/// Everything that is not a call carried out, typed by what the caller should do about it.
pub fn judge(call: &str, raw: &RawAnswer) -> Result<Answer, CallFailure> {
    let answer = |body| Answer {
        body,
        status: raw.status,
        credits_remaining: raw.credits_remaining,
        token_expires_at: raw.token_expires_at,
    };
    if raw.status == 204 || raw.status == 304 {
        return Ok(answer(Value::Null));
    }
    let call = call.to_owned();
    let Ok(body) = serde_json::from_slice::<Value>(&raw.body) else {
        let html = raw.content_type.contains("html") || raw.body.trim_ascii_start().starts_with(b"<");
        return Err(match raw.status {
            429 => throttled(call, raw, &Value::Null),
            200..300 if !html => CallFailure::Unreadable {
                call,
                status: raw.status,
                problem: "it is not JSON".into(),
            },
            _ => CallFailure::Unavailable {
                call,
                status: raw.status,
                html,
            },
        });
    };
    if let Some(error) = whole_error(&body) {
        return Err(classify(call, raw, error));
    }
    match raw.status {
        200..300 => Ok(answer(body)),
        // The results of a batch are the truth under any of these (a batch in which every record failed is a 400).
        400 | 412 if results(&body).is_some() => Ok(answer(body)),
        429 => Err(throttled(call, raw, &body)),
        status => Err(CallFailure::Unavailable {
            call,
            status,
            html: false,
        }),
    }
}

/// The results of a batch: `data`, an array whose elements each carry a code. A single error of the request that
/// comes wrapped in `data` looks the same and is told apart by [`whole_error`].
fn results(body: &Value) -> Option<&Vec<Value>> {
    body.get("data")?.as_array().filter(|data| !data.is_empty())
}

/// Codes that speak of the request although they come wrapped in `data`.
const REQUEST_CODES: [&str; 14] = [
    "INVALID_TOKEN",
    "INVALID_OAUTHTOKEN",
    "AUTHENTICATION_FAILURE",
    "OAUTH_SCOPE_MISMATCH",
    "NO_PERMISSION",
    "AUTHORIZATION_FAILED",
    "INVALID_MODULE",
    "MODULE_NOT_SUPPORTED",
    "INVALID_REQUEST_METHOD",
    "INVALID_URL_PATTERN",
    "TOO_MANY_REQUESTS",
    "RATE_LIMIT_EXCEEDED",
    "INTERNAL_ERROR",
    "REQUIRED_PARAM_MISSING",
];

/// The error of the request as a whole: at the top level, or wrapped in `data`.
fn whole_error(body: &Value) -> Option<&Value> {
    let is_error = |value: &Value| value.get("status").and_then(Value::as_str) == Some("error");
    if body.get("code").is_some_and(Value::is_string) && is_error(body) {
        return Some(body);
    }
    let [only] = results(body)?.as_slice() else { return None };
    let code = only.get("code")?.as_str()?;
    (is_error(only) && REQUEST_CODES.contains(&code)).then_some(only)
}

fn classify(call: String, raw: &RawAnswer, error: &Value) -> CallFailure {
    let text = |key| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (code, message) = (text("code"), text("message"));
    match (code.as_str(), raw.status) {
        ("OAUTH_SCOPE_MISMATCH", _) => CallFailure::ScopeMissing { call },
        ("INVALID_TOKEN" | "INVALID_OAUTHTOKEN" | "AUTHENTICATION_FAILURE", _) | (_, 401) => {
            CallFailure::TokenRejected { code }
        }
        ("INVALID_MODULE" | "MODULE_NOT_SUPPORTED", _) => CallFailure::UnknownModule { call },
        ("NO_PERMISSION" | "NOT_SUPPORTED" | "AUTHORIZATION_FAILED", _) | (_, 403) => {
            CallFailure::NotPermitted { call, code, message }
        }
        ("TOO_MANY_REQUESTS" | "RATE_LIMIT_EXCEEDED", _) | (_, 429) => throttled(call, raw, error),
        ("INTERNAL_ERROR", status) | (_, status @ 500..) => CallFailure::Unavailable {
            call,
            status,
            html: false,
        },
        (_, status) => CallFailure::Refused {
            call,
            status,
            code,
            message,
        },
    }
}

fn throttled(call: String, raw: &RawAnswer, error: &Value) -> CallFailure {
    let hinted = error.pointer("/details/retry_after").and_then(Value::as_u64);
    CallFailure::Throttled {
        call,
        credits_remaining: raw.credits_remaining,
        retry_after: raw
            .retry_after
            .or(hinted)
            .map(|seconds| Duration::from_secs(seconds.min(3600))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(status: u16, body: &Value) -> RawAnswer {
        RawAnswer {
            status,
            content_type: "application/json;charset=utf-8".into(),
            body: body.to_string().into_bytes(),
            ..RawAnswer::default()
        }
    }

    fn error(code: &str) -> Value {
        json!({"code": code, "details": {}, "message": "m", "status": "error"})
    }

    #[test]
    fn a_batch_is_read_under_any_status() {
        let body = json!({"data": [
            {"code": "SUCCESS", "details": {"id": "1"}, "message": "record added", "status": "success"},
            {"code": "DUPLICATE_DATA", "details": {}, "message": "duplicate data", "status": "error"}]});
        for status in [200, 201, 202, 207, 400, 412] {
            assert!(judge("POST /x", &raw(status, &body)).is_ok(), "{status}");
        }
    }

    #[test]
    fn a_single_record_that_failed_is_a_result_and_not_an_error_of_the_request() {
        let body = json!({"data": [{"code": "DUPLICATE_DATA", "details": {}, "message": "duplicate data", "status": "error"}]});
        assert!(judge("POST /x", &raw(400, &body)).is_ok());
    }

    #[test]
    fn a_scope_problem_is_not_mistaken_for_an_expired_token() {
        assert!(matches!(
            judge("GET /x", &raw(401, &error("OAUTH_SCOPE_MISMATCH"))),
            Err(CallFailure::ScopeMissing { .. })
        ));
        for code in ["INVALID_TOKEN", "INVALID_OAUTHTOKEN", "AUTHENTICATION_FAILURE"] {
            assert!(
                matches!(
                    judge("GET /x", &raw(401, &error(code))),
                    Err(CallFailure::TokenRejected { .. })
                ),
                "{code}"
            );
        }
    }

    #[test]
    fn an_error_under_http_200_is_an_error() {
        assert!(matches!(
            judge("GET /x", &raw(200, &error("INVALID_DATA"))),
            Err(CallFailure::Refused { status: 200, .. })
        ));
    }

    #[test]
    fn an_error_of_the_request_wrapped_in_data_is_found() {
        let wrapped = json!({"data": [error("NO_PERMISSION")]});
        assert!(matches!(
            judge("POST /x", &raw(403, &wrapped)),
            Err(CallFailure::NotPermitted { .. })
        ));
    }

    #[test]
    fn a_throttle_takes_the_hint_where_there_is_one() {
        let body =
            json!({"code": "TOO_MANY_REQUESTS", "details": {"retry_after": 60}, "message": "", "status": "error"});
        let Err(CallFailure::Throttled { retry_after, .. }) = judge("POST /x", &raw(429, &body)) else {
            panic!()
        };
        assert_eq!(retry_after, Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_web_page_is_never_a_success() {
        for status in [200, 403, 502] {
            let page = RawAnswer {
                status,
                content_type: "text/html".into(),
                body: b"<html>Maintenance</html>".to_vec(),
                ..RawAnswer::default()
            };
            assert!(
                matches!(judge("GET /x", &page), Err(CallFailure::Unavailable { html: true, .. })),
                "{status}"
            );
        }
    }

    #[test]
    fn garbage_under_a_success_may_have_been_carried_out() {
        let garbage = RawAnswer {
            status: 200,
            body: b"{\"data\": [".to_vec(),
            ..RawAnswer::default()
        };
        assert!(judge("POST /x", &garbage).unwrap_err().may_have_been_carried_out());
    }

    #[test]
    fn nothing_to_show_is_no_error() {
        assert!(
            judge(
                "GET /x",
                &RawAnswer {
                    status: 204,
                    ..RawAnswer::default()
                }
            )
            .unwrap()
            .body
            .is_null()
        );
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_it_panic(status in 100u16..600, body: Vec<u8>) {
            let _ = judge("GET /x", &RawAnswer { status, body, ..RawAnswer::default() });
        }
    }
}
