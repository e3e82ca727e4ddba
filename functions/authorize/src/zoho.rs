//! Zoho as authorize sees it, and Zoho itself.

use std::future::Future;

use bigin::data_centre::DataCentre;
use bigin::oauth::{Grant, Revoked, TokenFailure};
use bigin::secret::RefreshToken;
use bigin::{Access, Bigin, CallFailure, CurrentUser, Organisation};
use shared::tokens::{Issuer, StandingGrant, ZohoIssuer};

use crate::order::SelfClientFile;

/// What authorize asks of Zoho, beside what refresh and revoke ask.
pub trait Zoho: Issuer {
    /// The accounts server of a data centre.
    fn accounts_url(&self, data_center: DataCentre) -> String;

    /// Spends a one-time code.
    fn exchange(
        &self,
        data_center: DataCentre,
        file: &SelfClientFile,
    ) -> impl Future<Output = Result<Grant, TokenFailure>> + Send;

    /// The organisation that a token is for.
    fn organisation(&self, access: &Access) -> impl Future<Output = Result<Organisation, CallFailure>> + Send;

    /// The user that a token speaks for.
    fn current_user(&self, access: &Access) -> impl Future<Output = Result<CurrentUser, CallFailure>> + Send;
}

/// Zoho itself.
#[derive(Debug, Clone)]
pub struct ZohoClient {
    /// The accounts servers.
    pub issuer: ZohoIssuer,
    /// The API.
    pub bigin: Bigin,
}

impl Issuer for ZohoClient {
    async fn refresh(&self, grant: StandingGrant<'_>) -> Result<Grant, TokenFailure> {
        self.issuer.refresh(grant).await
    }

    async fn revoke(&self, data_center: DataCentre, refresh_token: &RefreshToken) -> Result<Revoked, TokenFailure> {
        self.issuer.revoke(data_center, refresh_token).await
    }
}

impl Zoho for ZohoClient {
    fn accounts_url(&self, data_center: DataCentre) -> String {
        self.issuer.server(data_center).hosts().accounts_url()
    }

    async fn exchange(&self, data_center: DataCentre, file: &SelfClientFile) -> Result<Grant, TokenFailure> {
        self.issuer
            .server(data_center)
            .exchange(&file.client_id, &file.client_secret, &file.code)
            .await
    }

    async fn organisation(&self, access: &Access) -> Result<Organisation, CallFailure> {
        self.bigin.organisation(access).await
    }

    async fn current_user(&self, access: &Access) -> Result<CurrentUser, CallFailure> {
        self.bigin.current_user(access).await
    }
}
