//! Asks Zoho's accounts server. Secrets travel in form bodies: query strings end up in logs.

use std::time::Duration;

use reqwest::Client;

use super::answer::TokenAnswer;
use super::grant::{GrantKind, read_grant};
use super::{Grant, Revoked, TokenFailure, judge_grant, judge_revoke};
use crate::data_centre::ZohoHosts;
use crate::https;
use crate::secret::{ClientSecret, GrantCode, RefreshToken};

/// How long a question may take in all.
pub const TOKEN_TIMEOUT: Duration = Duration::from_secs(15);

/// The largest answer that is read; a grant has about a thousand bytes.
pub const LARGEST_TOKEN_ANSWER: usize = 256 << 10;
const LARGEST: https::Largest = https::Largest {
    bytes: LARGEST_TOKEN_ANSWER,
    otherwise: "the answer has more than 256 KiB, and none of Zoho's has",
};

/// Zoho's accounts server of one data centre. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenServer {
    http: Client,
    hosts: ZohoHosts,
}

impl TokenServer {
    /// Uses the given HTTP client, which must not follow redirects ([`crate::https::client`]).
    pub fn new(http: Client, hosts: ZohoHosts) -> Self {
        Self { http, hosts }
    }

    /// The hosts it talks to.
    pub fn hosts(&self) -> &ZohoHosts {
        &self.hosts
    }

    /// Turns a one-time code into tokens. Never to be repeated blindly: the code works once.
    ///
    /// # Errors
    /// There is no grant. A refresh token that came with an API domain not to be trusted was revoked.
    pub async fn exchange(
        &self,
        client_id: &str,
        client_secret: &ClientSecret,
        code: &GrantCode,
    ) -> Result<Grant, TokenFailure> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose()),
            ("code", code.expose()),
        ];
        let answer = self.post("token", &form).await?;
        match read_grant(GrantKind::Code, &self.hosts, &answer) {
            Ok(grant) => Ok(grant),
            Err((TokenFailure::ApiDomainRefused { refused, .. }, Some(issued))) => {
                let given_back = Some(self.revoke(&issued).await.is_ok());
                Err(TokenFailure::ApiDomainRefused { refused, given_back })
            }
            Err((failure, _)) => Err(failure),
        }
    }

    /// Mints an access token from a refresh token. Zoho gives 10 in 10 minutes and then locks: count before asking.
    ///
    /// # Errors
    /// There is no grant.
    pub async fn refresh(
        &self,
        client_id: &str,
        client_secret: &ClientSecret,
        refresh_token: &RefreshToken,
    ) -> Result<Grant, TokenFailure> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client_id),
            ("client_secret", client_secret.expose()),
            ("refresh_token", refresh_token.expose()),
        ];
        judge_grant(GrantKind::Refresh, &self.hosts, &self.post("token", &form).await?)
    }

    /// Revokes a refresh token and every access token made from it. May be repeated.
    ///
    /// # Errors
    /// Zoho did not say that the token is no longer good.
    pub async fn revoke(&self, refresh_token: &RefreshToken) -> Result<Revoked, TokenFailure> {
        let answer = self.post("token/revoke", &[("token", refresh_token.expose())]).await?;
        judge_revoke(&self.hosts.accounts_host(), &answer)
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<TokenAnswer, TokenFailure> {
        let url = format!("{}/oauth/v2/{path}", self.hosts.accounts_url());
        let no_answer = |cut: https::Cut| TokenFailure::NoAnswer {
            at: self.hosts.accounts_host(),
            problem: cut.problem,
            may_have_arrived: cut.may_have_arrived,
        };
        let response = self
            .http
            .post(url)
            .form(form)
            .send()
            .await
            .map_err(|error| no_answer(https::Cut::from(&error)))?;
        let status = response.status().as_u16();
        let content_type = https::header(response.headers(), "content-type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let body = https::body(response, LARGEST).await.map_err(no_answer)?;
        Ok(TokenAnswer {
            status,
            content_type,
            body,
        })
    }
}
