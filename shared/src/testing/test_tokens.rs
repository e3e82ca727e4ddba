use std::sync::atomic::{AtomicU64, Ordering};

use bigin::Access;
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::oauth::{Grant, TokenServer};
use bigin::secret::{ClientSecret, GrantCode, RefreshToken};
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::stop::Stop;
use crate::tokens::{Pass, Tokens};

/// Mints tokens at a token server, as the refresh function would.
pub struct TestTokens {
    server: TokenServer,
    client_id: String,
    client_secret: ClientSecret,
    refresh_token: RefreshToken,
    held: Mutex<Pass>,
    version: AtomicU64,
}

fn pass(grant: Grant, version: u64) -> Pass {
    let access = Access {
        api_domain: grant.api_domain,
        token: grant.access_token,
    };
    Pass {
        access,
        version: version.to_string(),
        is_fresh: true,
    }
}

impl TestTokens {
    /// Exchanges a one-time code at the server of that address.
    pub async fn exchange(url: &str, client_id: &str, client_secret: &str, code: &str) -> Self {
        let http = bigin::https::client(bigin::CALL_TIMEOUT).unwrap();
        let server = TokenServer::new(http, ZohoHosts::with_accounts_url(DataCentre::Us, url).unwrap());
        let client_secret = ClientSecret::new(client_secret).unwrap();
        let code = GrantCode::new(code).unwrap();
        let grant = server.exchange(client_id, &client_secret, &code).await.unwrap();
        Self {
            server,
            client_id: client_id.to_owned(),
            client_secret,
            refresh_token: grant.refresh_token.clone().unwrap(),
            held: Mutex::new(pass(grant, 0)),
            version: AtomicU64::new(0),
        }
    }
}

impl Tokens for TestTokens {
    async fn pass(&self) -> Result<Pass, Stop> {
        Ok(self.held.lock().await.clone())
    }

    async fn newer_than(&self, refused: &Pass) -> Result<Pass, Stop> {
        let mut held = self.held.lock().await;
        if held.version == refused.version {
            let minted = self
                .server
                .refresh(&self.client_id, &self.client_secret, &self.refresh_token)
                .await;
            let grant = minted.map_err(|error| Stop::NoFreshToken {
                message: error.to_string(),
            })?;
            *held = pass(grant, self.version.fetch_add(1, Ordering::SeqCst) + 1);
        }
        Ok(held.clone())
    }

    async fn confirmed(&self, _: &Pass, _: Timestamp) {}
}
