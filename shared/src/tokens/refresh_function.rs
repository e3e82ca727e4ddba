//! The refresh function, asked for a fresh token.

use crate::aws::{Lazy, lazy, problem};
use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use serde_json::{Value, json};

use super::provider::{Refreshed, TokenMinter};
use crate::stop::{Service, Stop};

/// The refresh function of the stack.
#[derive(Debug, Clone)]
pub struct RefreshFunction {
    client: Lazy<Client>,
    name: String,
}

impl RefreshFunction {
    /// The function of that name.
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        Self {
            client: lazy(config, Client::new),
            name: name.into(),
        }
    }
}

impl TokenMinter for RefreshFunction {
    async fn refresh(&self, rejected_version: &str) -> Result<Refreshed, Stop> {
        let failed = |problem: String| Stop::unavailable(Service::Refresh, problem);
        let payload = json!({"rejected_version": rejected_version}).to_string();
        let invocation = self
            .client
            .invoke()
            .function_name(&self.name)
            .payload(Blob::new(payload));
        let answer = invocation
            .send()
            .await
            .map_err(|error| failed(format!("refresh could not be invoked: {}", problem(&error))))?;
        let body: Value = answer
            .payload()
            .and_then(|blob| serde_json::from_slice(blob.as_ref()).ok())
            .unwrap_or_default();
        if answer.function_error().is_some() {
            let text = |key| body.get(key).and_then(Value::as_str).unwrap_or("unknown").to_owned();
            return Err(failed(format!(
                "refresh failed ({}): {}",
                text("errorType"),
                text("errorMessage")
            )));
        }
        meaning(&body)
    }
}

/// What refresh's answer means for whoever needs a token.
fn meaning(answer: &Value) -> Result<Refreshed, Stop> {
    match answer.get("status").and_then(Value::as_str) {
        Some("in_progress") => Ok(Refreshed::InProgress),
        Some("revoked" | "revoking" | "not_authorized" | "needs_authorization") => Ok(Refreshed::NotAuthorized),
        Some("circuit_open" | "budget") => {
            let until = answer.get("retry_at").and_then(Value::as_str).unwrap_or("later");
            Err(Stop::NoFreshToken {
                message: format!("Zoho is not asked for another access token until {until}"),
            })
        }
        _ => Ok(Refreshed::Read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_an_authorization_is_told_from_one_with_a_token() {
        for status in ["revoked", "revoking", "not_authorized", "needs_authorization"] {
            assert_eq!(
                meaning(&json!({"status": status})),
                Ok(Refreshed::NotAuthorized),
                "{status}"
            );
        }
        assert_eq!(meaning(&json!({"status": "in_progress"})), Ok(Refreshed::InProgress));
        for status in ["refreshed", "fresh"] {
            assert_eq!(meaning(&json!({"status": status})), Ok(Refreshed::Read), "{status}");
        }
    }

    #[test]
    fn a_refresh_that_must_wait_says_until_when() {
        let stop = meaning(&json!({"status": "circuit_open", "retry_at": "2026-11-24T09:40:00Z"})).unwrap_err();
        assert!(stop.message().contains("2026-11-24T09:40:00Z"));
    }
}
