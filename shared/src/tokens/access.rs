//! The access token of the hour, or the reason why there is none: the document in the second secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use bigin::data_centre::ApiDomain;
use bigin::secret::AccessToken;

/// An access token and where it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTokenRecord {
    /// The token.
    pub access_token: AccessToken,
    /// Where the API is.
    pub api_domain: ApiDomain,
    /// The organisation, where it is known already.
    pub org_id: Option<String>,
    /// When it was asked for.
    pub issued_at: Timestamp,
    /// When it runs out.
    pub expires_at: Timestamp,
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlankState {
    /// Nobody has authorized yet.
    NotAuthorized,
    /// An operator revoked: no refresh may fill this in.
    Revoked,
}

/// A record without a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blank {
    /// Why.
    pub state: BlankState,
    /// The organisation, where it is known.
    pub org_id: Option<String>,
}

/// What the secret holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub enum AccessDocument {
    /// A token.
    Token(AccessTokenRecord),
    /// No token.
    Blank(Blank),
}

impl AccessDocument {
    /// A record without a token.
    pub fn blank(state: BlankState, org_id: Option<String>) -> Self {
        Self::Blank(Blank { state, org_id })
    }

    /// The token, if there is one.
    pub fn token(&self) -> Option<&AccessTokenRecord> {
        match self {
            Self::Token(record) => Some(record),
            Self::Blank(_) => None,
        }
    }

    /// The organisation, where it is known.
    pub fn org_id(&self) -> Option<&str> {
        match self {
            Self::Token(record) => record.org_id.as_deref(),
            Self::Blank(blank) => blank.org_id.as_deref(),
        }
    }
}

/// The document's JSON. One flat object for both, since an enum without a tag would copy the token while guessing.
#[derive(Clone, Serialize, Deserialize)]
struct Wire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<BlankState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token: Option<AccessToken>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_domain: Option<ApiDomain>,
    #[serde(default)]
    org_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issued_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// A document that is neither.
#[derive(Debug, thiserror::Error)]
#[error("neither a token with its times and API domain nor a record without a token")]
struct NoDocument;

impl TryFrom<Wire> for AccessDocument {
    type Error = NoDocument;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        match wire {
            Wire {
                access_token: None,
                state,
                org_id,
                ..
            } => Ok(Self::blank(state.unwrap_or(BlankState::NotAuthorized), org_id)),
            Wire {
                access_token: Some(access_token),
                api_domain: Some(api_domain),
                org_id,
                issued_at: Some(issued_at),
                expires_at: Some(expires_at),
                state: None,
            } => Ok(Self::Token(AccessTokenRecord {
                access_token,
                api_domain,
                org_id,
                issued_at,
                expires_at,
            })),
            _ => Err(NoDocument),
        }
    }
}

impl From<AccessDocument> for Wire {
    fn from(document: AccessDocument) -> Self {
        match document {
            AccessDocument::Token(record) => Self {
                state: None,
                access_token: Some(record.access_token),
                api_domain: Some(record.api_domain),
                org_id: record.org_id,
                issued_at: Some(record.issued_at),
                expires_at: Some(record.expires_at),
            },
            AccessDocument::Blank(blank) => Self {
                state: Some(blank.state),
                access_token: None,
                api_domain: None,
                org_id: blank.org_id,
                issued_at: None,
                expires_at: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_and_a_blank_survive_the_secret() {
        let token = json!({"access_token": "1000.a.b", "api_domain": "https://www.zohoapis.eu", "org_id": "1",
            "issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-01T01:00:00Z"});
        let blank = json!({"state": "revoked", "org_id": "1"});
        for json in [token, blank] {
            let document: AccessDocument = serde_json::from_value(json.clone()).unwrap();
            assert_eq!(serde_json::to_value(&document).unwrap(), json);
        }
    }

    #[test]
    fn a_token_without_its_times_is_no_document_and_is_not_shown() {
        let error = serde_json::from_value::<AccessDocument>(json!({"access_token": "1000.canary"})).unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[test]
    fn an_empty_object_is_not_authorized() {
        let document: AccessDocument = serde_json::from_value(json!({})).unwrap();
        assert_eq!(document, AccessDocument::blank(BlankState::NotAuthorized, None));
    }
}
