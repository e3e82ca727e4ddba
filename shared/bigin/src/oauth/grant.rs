//! Judges the answer to a question for tokens. Success is HTTP 200 with an access token and nothing else: Zoho
//! reports errors under HTTP 200 too.

use std::time::Duration;

use serde_json::{Map, Value};

use super::answer::{TokenAnswer, error_of};
use super::failure::TokenFailure;
use crate::data_centre::{ApiDomain, ZohoHosts};
use crate::secret::{AccessToken, RefreshToken};

/// How long an access token lives where the answer does not say (Zoho Accounts, "Access token").
const USUAL_LIFE: Duration = Duration::from_hours(1);
/// The longest life that is believed to be in seconds; older answers gave `expires_in` in milliseconds.
const LONGEST_LIFE_S: u64 = 86_400;

/// What the accounts server was asked with. It has the same word for a bad code and a bad refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantKind {
    /// A one-time code.
    Code,
    /// A refresh token.
    Refresh,
}

/// Tokens as granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The access token.
    pub access_token: AccessToken,
    /// The refresh token. Only a code brings one; after a refresh the old one stays.
    pub refresh_token: Option<RefreshToken>,
    /// Where the API is; a known host.
    pub api_domain: ApiDomain,
    /// The scopes granted, where the answer says so.
    pub scope: Option<Vec<String>>,
    /// How long the access token lives.
    pub lives: Duration,
}

/// Judges an answer to a question for tokens.
///
/// # Errors
/// Everything that is not a grant.
pub fn judge_grant(asked: GrantKind, hosts: &ZohoHosts, answer: &TokenAnswer) -> Result<Grant, TokenFailure> {
    read_grant(asked, hosts, answer).map_err(|(failure, _)| failure)
}

/// The same, and with a failure the refresh token that the answer held all the same, so that it can be revoked.
pub(super) fn read_grant(
    asked: GrantKind,
    hosts: &ZohoHosts,
    answer: &TokenAnswer,
) -> Result<Grant, (TokenFailure, Option<RefreshToken>)> {
    let at = hosts.accounts_host();
    let object = answer.object(&at).map_err(|failure| (failure, None))?;
    if let Some(error) = error_of(&object) {
        return Err((classify(asked, at, answer.status, error), None));
    }
    let unreadable = |problem| TokenFailure::Unreadable {
        at: at.clone(),
        status: answer.status,
        problem,
    };
    let token = |name| text(&object, name).filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
    let refresh_token = token("refresh_token").and_then(RefreshToken::new);
    let Some(access_token) = token("access_token").and_then(AccessToken::new) else {
        return Err((
            unreadable("it names neither an access token nor an error"),
            refresh_token,
        ));
    };
    if answer.status != 200 {
        return Err((
            unreadable("a token under a status other than 200 is not believed"),
            refresh_token,
        ));
    }
    let api_domain = match text(&object, "api_domain") {
        Some(named) => hosts.check_api_domain(named),
        None => Ok(hosts.usual_api_domain()),
    };
    match api_domain {
        Ok(api_domain) => {
            let (scope, lives) = (scope_of(&object), life_of(&object));
            Ok(Grant {
                access_token,
                refresh_token,
                api_domain,
                scope,
                lives,
            })
        }
        Err(refused) => Err((
            TokenFailure::ApiDomainRefused {
                refused,
                given_back: None,
            },
            refresh_token,
        )),
    }
}

fn classify(asked: GrantKind, at: String, status: u16, error: String) -> TokenFailure {
    match (error.as_str(), asked) {
        ("invalid_code", GrantKind::Code) => TokenFailure::CodeRefused { at },
        ("invalid_code", GrantKind::Refresh) => TokenFailure::RefreshTokenRefused { at },
        ("invalid_client", _) => TokenFailure::ClientUnknown { at },
        ("invalid_client_secret", _) => TokenFailure::ClientSecretWrong { at },
        ("access_denied", _) => TokenFailure::AccessDenied { at },
        _ => TokenFailure::Other { at, error, status },
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object
        .get(name)?
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// Scopes come as one text with blanks between them; the console's file has an array, so both are read.
fn scope_of(object: &Map<String, Value>) -> Option<Vec<String>> {
    let scopes: Vec<String> = match object.get("scope")? {
        Value::String(line) => line
            .split([' ', ','])
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect(),
        Value::Array(scopes) => scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    (!scopes.is_empty()).then_some(scopes)
}

/// `expires_in_sec` came with older answers, whose `expires_in` was in milliseconds.
fn life_of(object: &Map<String, Value>) -> Duration {
    let number = |name| match object.get(name)? {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) => digits.trim().parse().ok(),
        _ => None,
    };
    let stated = number("expires_in_sec")
        .or_else(|| number("expires_in"))
        .filter(|life| *life > 0);
    match stated {
        None => USUAL_LIFE,
        Some(seconds) if seconds <= LONGEST_LIFE_S => Duration::from_secs(seconds),
        Some(milliseconds) => Duration::from_millis(milliseconds).min(Duration::from_secs(LONGEST_LIFE_S)),
    }
}

#[cfg(test)]
#[path = "grant_tests.rs"]
mod tests;
