//! The console's own manners: bodies read strictly, mistakes answered with 400 and a sentence.

use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::http::Call;
use crate::json::object;

/// An answer, or what was wrong with the question.
pub(super) type Result = std::result::Result<Answer, String>;

pub(super) fn refused(why: String) -> Answer {
    Answer::json(400, object! {"error" => why})
}

/// The body of a console call; an empty one is an empty object.
pub(super) fn body<T: DeserializeOwned>(call: &Call) -> std::result::Result<T, String> {
    let text = if call.body.is_empty() {
        b"{}"
    } else {
        call.body.as_slice()
    };
    serde_json::from_slice(text).map_err(|error| format!("the body of {} {}: {error}", call.method, call.path))
}
