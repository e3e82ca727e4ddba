//! An answer of the accounts server as it came, and what every kind of answer is looked at for first.

use serde_json::{Map, Value};

use super::TokenFailure;

/// An answer of the accounts server, reduced to what is judged.
#[derive(Clone, Default)]
pub struct TokenAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, lower case.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Tokens are in the body, so `Debug` does not show it.
impl std::fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "TokenAnswer(HTTP {}, {}, {} bytes)",
            self.status,
            self.content_type,
            self.body.len()
        )
    }
}

impl TokenAnswer {
    /// The body as a JSON object.
    pub(super) fn object(&self, at: &str) -> Result<Map<String, Value>, TokenFailure> {
        let unreadable = |problem| TokenFailure::Unreadable {
            at: at.to_owned(),
            status: self.status,
            problem,
        };
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(unreadable("it is JSON, but no object")),
            Err(_) if self.is_web_page() => Err(TokenFailure::WebPage {
                at: at.to_owned(),
                status: self.status,
            }),
            Err(_) if self.body.is_empty() => Err(unreadable("it is empty")),
            Err(_) => Err(unreadable("it is not JSON")),
        }
    }

    fn is_web_page(&self) -> bool {
        (300..400).contains(&self.status)
            || self.content_type.contains("html")
            || self.body.trim_ascii_start().starts_with(b"<")
    }
}

/// The error an answer names, in lower case and with underscores: Zoho writes both `Access Denied` and
/// `access_denied`. Only this word is matched, since descriptions are localised. A word that cannot be one of Zoho's
/// is not repeated: it might echo what was sent.
pub(super) fn error_of(object: &Map<String, Value>) -> Option<String> {
    const UNNAMED: &str = "an error without a name";
    match object.get("error")? {
        Value::Null => None,
        Value::String(word) if word.is_empty() => None,
        Value::String(word) => {
            let word = word.trim().to_ascii_lowercase().replace([' ', '-'], "_");
            let is_a_word =
                !word.is_empty() && word.len() <= 40 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            Some(if is_a_word { word } else { UNNAMED.to_owned() })
        }
        _ => Some(UNNAMED.to_owned()),
    }
}
