//! What all answers of the Bigin API have in common, and the one that several rooms give.

use crate::answer::Answer;
use crate::json::{Object, object};

/// The answer to a call beyond the number that may be in flight, and to one without credits.
pub(crate) fn too_many(code: &str) -> Answer {
    let body = object! {
        "code" => code.to_owned(),
        "details" => Object::new(),
        "message" => "too many requests fired in a short period of time",
        "status" => "error",
    };
    dressed(Answer::json(429, body))
}

/// The headers that answers of Bigin were recorded with; the cookies are for clients to ignore.
pub(crate) fn dressed(answer: Answer) -> Answer {
    let is_file = answer.headers.iter().any(|(name, _)| name == "content-disposition");
    let answer = if is_file {
        answer
    } else {
        answer.with_header("content-disposition", "attachment; filename=response.json")
    };
    answer
        .with_header("server", "ZGS")
        .with_header("cache-control", "no-store, no-cache, must-revalidate, private")
        .with_header("pragma", "no-cache")
        .with_header("clientversion", "6007410")
        .with_header("content-language", "en-US")
        .with_header("set-cookie", "zalb_a1b2c3=0123456789abcdef; Path=/; HttpOnly")
}
