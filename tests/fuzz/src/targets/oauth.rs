//! Answers of Zoho's accounts server. The first bytes choose the status, the content type and what was asked.

use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::oauth::{GrantKind, TokenAnswer, judge_grant, judge_revoke};
use serde_json::Value;

use super::{kind, wording};
use crate::driver::Target;

/// Answers to an exchange, a refresh and a revoke.
pub struct Oauth;

const STATUSES: [u16; 8] = [200, 400, 401, 302, 429, 500, 503, 204];
const TYPES: [&str; 3] = ["application/json;charset=utf-8", "text/html", ""];
const CANARY: &str = "canary4711";

impl Target for Oauth {
    fn name(&self) -> &'static str {
        "oauth"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let bodies = [
            r#"{"access_token":"1000.canary4711","refresh_token":"1000.canary4711","api_domain":"https://www.zohoapis.eu","token_type":"Bearer","expires_in":3600,"scope":"ZohoBigin.modules.ALL ZohoBigin.org.READ"}"#,
            r#"{"access_token":"1000.canary4711","expires_in":3600000,"expires_in_sec":3600,"api_domain":"https://evil.example"}"#,
            r#"{"error":"invalid_code"}"#,
            r#"{"error":"invalid_client"}"#,
            r#"{"error":"invalid_client_secret"}"#,
            r#"{"error_description":"canary4711","error":"Access Denied","status":"failure"}"#,
            r#"{"status":"success"}"#,
            "<html><body>canary4711</body></html>",
        ];
        bodies
            .iter()
            .map(|body| [&[0, 0, 0], body.as_bytes()].concat())
            .collect()
    }

    fn run(&self, input: &[u8]) -> u64 {
        let [status, content_type, asked, body @ ..] = input else {
            return 0;
        };
        let answer = TokenAnswer {
            status: STATUSES[usize::from(*status) % STATUSES.len()],
            content_type: TYPES[usize::from(*content_type) % TYPES.len()].to_owned(),
            body: body.to_vec(),
        };
        // Scopes are no secret, and the canary may have been moved into one.
        let whole = wholly(body);
        if whole["scope"].to_string().contains(CANARY) {
            return 0;
        }
        let hosts = ZohoHosts::of(DataCentre::Eu);
        // A host that is refused is named, and the canary may have been moved into it, too.
        let domain = whole["api_domain"].as_str();
        let refused = domain.and_then(|domain| hosts.check_api_domain(domain).err());
        let about_host = refused.map(|error| error.to_string()).unwrap_or_default();
        let silent = |said: &str, is_error| silent(&said.replacen(&about_host, "", 1), is_error);
        let asked = if asked % 2 == 0 {
            GrantKind::Refresh
        } else {
            GrantKind::Code
        };
        let grant = match judge_grant(asked, &hosts, &answer) {
            Ok(grant) => {
                assert!(answer.status == 200, "a token came with HTTP {}", answer.status);
                let lives = grant.lives.as_millis();
                assert!((1..=86_400_000).contains(&lives), "a token lives for {lives} ms");
                let host = grant.api_domain.as_str().trim_start_matches("https://").to_owned();
                assert!(host.contains("zohoapis") || host.contains("zoho"), "{host}");
                silent(&format!("{grant:?}"), false)
            }
            Err(failure) => silent(&failure.to_string(), true),
        };
        let revoked = match judge_revoke("accounts", &answer) {
            Ok(revoked) => format!("{revoked:?}"),
            Err(failure) => silent(&failure.to_string(), true),
        };
        kind((grant, revoked))
    }
}

fn wholly(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn silent(said: &str, is_error: bool) -> String {
    assert!(!said.contains(CANARY), "{said}");
    if is_error { wording(said) } else { "a grant".to_owned() }
}
