//! Judges the answer to a revoke (Zoho Accounts, "Revoke a refresh token").

use serde_json::Value;

use super::answer::{TokenAnswer, error_of};
use super::failure::TokenFailure;

/// A refresh token that is no longer good, and with it every access token made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// Zoho revoked it now.
    Now,
    /// Zoho does not know it: it was revoked before, or belongs to another data centre.
    NotKnown,
}

/// Judges an answer to a revoke. An unknown token is answered with HTTP 400 and a body that Zoho does not document.
///
/// # Errors
/// The answer does not tell that the token is no longer good.
pub fn judge_revoke(at: &str, answer: &TokenAnswer) -> Result<Revoked, TokenFailure> {
    let object = answer.object(at)?;
    let error = error_of(&object);
    match (answer.status, error) {
        (_, Some(error)) if error == "access_denied" => Err(TokenFailure::AccessDenied { at: at.to_owned() }),
        (200, None) if object.get("status").and_then(Value::as_str) == Some("success") => Ok(Revoked::Now),
        (400, _) => Ok(Revoked::NotKnown),
        (200, Some(error)) if matches!(error.as_str(), "invalid_code" | "invalid_token") => Ok(Revoked::NotKnown),
        (status, Some(error)) => Err(TokenFailure::Other {
            at: at.to_owned(),
            error,
            status,
        }),
        (status, None) => Err(TokenFailure::Unreadable {
            at: at.to_owned(),
            status,
            problem: "it does not say that the token was revoked",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> TokenAnswer {
        TokenAnswer {
            status,
            content_type: "application/json".into(),
            body: body.into(),
        }
    }

    #[test]
    fn only_a_stated_success_is_one() {
        assert_eq!(
            judge_revoke("a", &answer(200, r#"{"status":"success"}"#)),
            Ok(Revoked::Now)
        );
        for body in ["{}", r#"{"status":"failure"}"#, "[]", "", "ok"] {
            assert!(judge_revoke("a", &answer(200, body)).is_err(), "{body}");
        }
        assert!(judge_revoke("a", &answer(500, r#"{"status":"success"}"#)).is_err());
    }

    #[test]
    fn a_token_that_is_gone_already_is_no_failure() {
        for body in [
            "{}",
            r#"{"error":"invalid_code"}"#,
            r#"{"error":{"code":"invalid_token"}}"#,
        ] {
            assert_eq!(judge_revoke("a", &answer(400, body)), Ok(Revoked::NotKnown), "{body}");
        }
    }

    #[test]
    fn a_throttle_or_a_web_page_leaves_the_token_good() {
        let throttled = answer(400, r#"{"error":"Access Denied","status":"failure"}"#);
        assert!(matches!(
            judge_revoke("a", &throttled),
            Err(TokenFailure::AccessDenied { .. })
        ));
        let page = TokenAnswer {
            status: 400,
            content_type: "text/html".into(),
            body: b"<html>".to_vec(),
        };
        assert!(matches!(judge_revoke("a", &page), Err(TokenFailure::WebPage { .. })));
    }
}
