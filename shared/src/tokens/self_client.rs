//! The self client and what came with its authorization: the document in the first secret.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use bigin::data_centre::DataCentre;
use bigin::secret::{ClientSecret, RefreshToken};

/// The self client. Without a refresh token the document is a valid 'not authorized' record. After a revoke
/// it keeps its identity, so that the revoke can be repeated and confirmed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfClient {
    /// The client's id in Zoho's API console.
    pub client_id: String,
    /// Its secret; gone after a revoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<ClientSecret>,
    /// The refresh token; gone after a revoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
    /// The accounts server that issued it.
    pub accounts_url: String,
    /// The data centre that issued it.
    pub data_center: DataCentre,
    /// The scopes granted.
    #[serde(default)]
    pub scope: Vec<String>,
    /// The organisation in Bigin.
    #[serde(default)]
    pub org_id: Option<String>,
    /// Its name.
    #[serde(default)]
    pub org_name: Option<String>,
    /// The user who authorized.
    #[serde(default)]
    pub user_email: Option<String>,
    /// When.
    #[serde(default)]
    pub authorized_at: Option<Timestamp>,
    /// A newer authorization that is not in force yet, since nobody could tell so far which organisation it is for.
    /// authorize puts it in force or takes it back; a revoke takes it back too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Box<SelfClient>>,
    /// Refresh tokens that this authorization replaces and Zoho has not revoked yet: they stay within a revoke's reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<Replaced>,
}

/// A refresh token that is to be revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// The data centre that issued it.
    pub data_center: DataCentre,
    /// The token.
    pub refresh_token: RefreshToken,
}

/// What a refresh token is used with.
#[derive(Clone, Copy)]
pub struct StandingGrant<'a> {
    /// The data centre that issued it.
    pub data_center: DataCentre,
    /// The client's id.
    pub client_id: &'a str,
    /// The client's secret.
    pub client_secret: &'a ClientSecret,
    /// The refresh token.
    pub refresh_token: &'a RefreshToken,
}

impl SelfClient {
    /// What a refresh needs; `None` when nothing is authorized.
    pub fn standing_grant(&self) -> Option<StandingGrant<'_>> {
        Some(StandingGrant {
            data_center: self.data_center,
            client_id: &self.client_id,
            client_secret: self.client_secret.as_ref()?,
            refresh_token: self.refresh_token.as_ref()?,
        })
    }

    /// The same without anything secret.
    #[must_use]
    pub fn scrubbed(&self) -> Self {
        Self {
            client_secret: None,
            refresh_token: None,
            pending: None,
            replaced: Vec::new(),
            ..self.clone()
        }
    }

    /// Whether it holds anything secret.
    pub fn holds_secrets(&self) -> bool {
        let has_own = self.client_secret.is_some() || self.refresh_token.is_some();
        has_own || self.pending.is_some() || !self.replaced.is_empty()
    }

    /// Every refresh token it holds and where it is good: its own, that of a newer authorization not in force yet, and
    /// those it replaces.
    pub fn refresh_tokens(&self) -> Vec<(DataCentre, &RefreshToken)> {
        let pending = self.pending.as_deref();
        let all = [Some(self), pending].into_iter().flatten();
        let in_force = all.filter_map(|client| Some((client.data_center, client.refresh_token.as_ref()?)));
        let replaced = self.replaced.iter().map(|old| (old.data_center, &old.refresh_token));
        in_force.chain(replaced).collect()
    }

    /// What an operator types to confirm a revoke: the organisation, or the client where no organisation is known.
    pub fn confirmation(&self) -> &str {
        self.org_id.as_deref().unwrap_or(&self.client_id)
    }
}

impl fmt::Debug for SelfClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfClient")
            .field("client_id", &self.client_id)
            .field("data_center", &self.data_center)
            .field("org_id", &self.org_id)
            .field("is_authorized", &self.refresh_token.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(token: &str, pending: Option<SelfClient>) -> SelfClient {
        SelfClient {
            client_id: "1000.ABC".to_owned(),
            client_secret: ClientSecret::new("canary-secret"),
            refresh_token: RefreshToken::new(token),
            accounts_url: "https://accounts.zoho.eu".to_owned(),
            data_center: DataCentre::Eu,
            scope: Vec::new(),
            org_id: Some("7".to_owned()),
            org_name: None,
            user_email: None,
            authorized_at: None,
            pending: pending.map(Box::new),
            replaced: Vec::new(),
        }
    }

    #[test]
    fn what_is_replaced_is_within_reach_until_it_is_scrubbed() {
        let replaced = Replaced {
            data_center: DataCentre::Us,
            refresh_token: RefreshToken::new("canary-replaced").unwrap(),
        };
        let client = SelfClient {
            refresh_token: None,
            client_secret: None,
            replaced: vec![replaced],
            ..client("canary-old", None)
        };
        assert!(client.holds_secrets());
        let tokens = client.refresh_tokens();
        assert_eq!(
            (tokens.len(), tokens[0].0, tokens[0].1.expose()),
            (1, DataCentre::Us, "canary-replaced")
        );
        assert!(!client.scrubbed().holds_secrets());
        assert!(!format!("{client:?}").contains("canary"));
    }

    #[test]
    fn scrubbing_takes_a_pending_authorization_along() {
        let both = client("canary-old", Some(client("canary-new", None)));
        let tokens: Vec<_> = both
            .refresh_tokens()
            .into_iter()
            .map(|(_, token)| token.expose().to_owned())
            .collect();
        assert_eq!(tokens, ["canary-old", "canary-new"]);
        let scrubbed = both.scrubbed();
        assert!(!scrubbed.holds_secrets());
        assert!(!serde_json::to_string(&scrubbed).unwrap().contains("canary"));
        assert_eq!(scrubbed.confirmation(), "7");
        assert!(!format!("{both:?}").contains("canary"));
    }

    #[test]
    fn a_document_written_before_anything_was_pending_is_read() {
        let json = r#"{"client_id":"1000.ABC","accounts_url":"https://accounts.zoho.eu","data_center":"eu"}"#;
        let read: SelfClient = serde_json::from_str(json).unwrap();
        assert!(read.standing_grant().is_none());
        assert_eq!(read.confirmation(), "1000.ABC");
    }
}
