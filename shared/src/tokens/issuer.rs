//! Who issues access tokens and takes refresh tokens back: Zoho, or a double in tests.

use std::future::Future;

use reqwest::Client;

use super::self_client::StandingGrant;
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::oauth::{Grant, Revoked, TokenFailure, TokenServer};
use bigin::secret::RefreshToken;

/// Issues access tokens, revokes refresh tokens.
pub trait Issuer: Send + Sync {
    /// Mints an access token.
    fn refresh(&self, grant: StandingGrant<'_>) -> impl Future<Output = Result<Grant, TokenFailure>> + Send;

    /// Revokes a refresh token and every access token made from it.
    fn revoke(
        &self,
        data_center: DataCentre,
        refresh_token: &RefreshToken,
    ) -> impl Future<Output = Result<Revoked, TokenFailure>> + Send;
}

/// Zoho's accounts servers. A refresh token is good only at the data centre that issued it, so each question goes
/// there, whatever the function's own setting has become since.
#[derive(Debug, Clone)]
pub struct ZohoIssuer {
    http: Client,
    hosts: ZohoHosts,
}

impl ZohoIssuer {
    /// Uses the given HTTP client, which must not follow redirects ([`bigin::https::client`]).
    pub fn new(http: Client, hosts: ZohoHosts) -> Self {
        Self { http, hosts }
    }

    /// The accounts server of a data centre.
    pub fn server(&self, data_center: DataCentre) -> TokenServer {
        TokenServer::new(self.http.clone(), self.hosts.at(data_center))
    }
}

impl Issuer for ZohoIssuer {
    async fn refresh(&self, grant: StandingGrant<'_>) -> Result<Grant, TokenFailure> {
        self.server(grant.data_center)
            .refresh(grant.client_id, grant.client_secret, grant.refresh_token)
            .await
    }

    async fn revoke(&self, data_center: DataCentre, refresh_token: &RefreshToken) -> Result<Revoked, TokenFailure> {
        self.server(data_center).revoke(refresh_token).await
    }
}
