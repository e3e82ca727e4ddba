use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use authorize::{SelfClientFile, Zoho};
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::oauth::{Grant, Revoked, TokenFailure};
use bigin::secret::{AccessToken, RefreshToken};
use bigin::{Access, CallFailure, CurrentUser, Organisation};
use shared::tokens::{Issuer, StandingGrant};

type Deed = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A Zoho that gives `refresh-1`, `access-1`, `refresh-2` ... and remembers what it was asked. Clones share it.
#[derive(Clone, Default)]
pub struct ZohoDouble(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    calls: Vec<String>,
    given: u32,
    organisation: Option<Organisation>,
    failure: Option<(u32, CallFailure)>,
    code_failure: Option<TokenFailure>,
    refresh_failure: Option<TokenFailure>,
    refuses_revokes: bool,
    gives_no_refresh_token: bool,
    deed: Option<Deed>,
}

pub fn organisation(id: &str, name: &str) -> Organisation {
    Organisation {
        id: id.to_owned(),
        name: name.to_owned(),
        time_zone: None,
        paid: Some(true),
        users: Some(3),
        token_expires_at: None,
    }
}

impl ZohoDouble {
    pub fn bigin_fails(self, failure: CallFailure) -> Self {
        self.bigin_fails_times(u32::MAX, failure)
    }

    pub fn bigin_fails_times(self, times: u32, failure: CallFailure) -> Self {
        self.inner().failure = Some((times, failure));
        self
    }

    pub fn without_refresh_token(self) -> Self {
        self.inner().gives_no_refresh_token = true;
        self
    }

    pub fn fail_from_now(&self, failure: CallFailure) {
        self.inner().failure = Some((u32::MAX, failure));
    }

    pub fn works_again(&self) {
        self.inner().failure = None;
    }

    pub fn is_now(&self, organisation: Organisation) {
        self.inner().organisation = Some(organisation);
    }

    pub fn refuse_codes(&self, failure: TokenFailure) {
        self.inner().code_failure = Some(failure);
    }

    pub fn refuse_refreshes(&self, failure: TokenFailure) {
        self.inner().refresh_failure = Some(failure);
    }

    pub fn refuse_revokes(&self) {
        self.inner().refuses_revokes = true;
    }

    pub fn accept_revokes(&self) {
        self.inner().refuses_revokes = false;
    }

    /// Something that happens, once, while Bigin is asked.
    pub fn when_asked_for_the_organisation<F>(&self, deed: F)
    where
        F: Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + 'static,
    {
        self.inner().deed = Some(Box::new(deed));
    }

    pub fn calls(&self) -> Vec<String> {
        self.inner().calls.clone()
    }

    pub fn last_call(&self) -> String {
        self.inner().calls.last().cloned().unwrap_or_default()
    }

    pub fn revoked(&self) -> Vec<String> {
        self.calls()
            .iter()
            .filter_map(|call| call.strip_prefix("revoke "))
            .map(str::to_owned)
            .collect()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    fn grant(&self, with_refresh_token: bool) -> Grant {
        let mut inner = self.inner();
        inner.given += 1;
        Grant {
            access_token: AccessToken::new(format!("access-{}", inner.given)).unwrap(),
            refresh_token: with_refresh_token
                .then(|| RefreshToken::new(format!("refresh-{}", inner.given)))
                .flatten(),
            api_domain: ZohoHosts::of(DataCentre::Eu).usual_api_domain(),
            scope: None,
            lives: Duration::from_hours(1),
        }
    }

    fn bigin(&self, call: &str) -> Result<(), CallFailure> {
        let mut inner = self.inner();
        inner.calls.push(call.to_owned());
        match &mut inner.failure {
            Some((times, failure)) if *times > 0 => {
                *times -= 1;
                Err(failure.clone())
            }
            _ => Ok(()),
        }
    }
}

impl Issuer for ZohoDouble {
    async fn refresh(&self, grant: StandingGrant<'_>) -> Result<Grant, TokenFailure> {
        self.inner()
            .calls
            .push(format!("refresh {}", grant.refresh_token.expose()));
        if let Some(failure) = self.inner().refresh_failure.clone() {
            return Err(failure);
        }
        Ok(self.grant(false))
    }

    async fn revoke(&self, _: DataCentre, refresh_token: &RefreshToken) -> Result<Revoked, TokenFailure> {
        let mut inner = self.inner();
        inner.calls.push(format!("revoke {}", refresh_token.expose()));
        if inner.refuses_revokes {
            return Err(TokenFailure::WebPage {
                at: "accounts.zoho.eu".to_owned(),
                status: 503,
            });
        }
        Ok(Revoked::Now)
    }
}

impl Zoho for ZohoDouble {
    fn accounts_url(&self, data_center: DataCentre) -> String {
        ZohoHosts::of(data_center).accounts_url()
    }

    async fn exchange(&self, _: DataCentre, _: &SelfClientFile) -> Result<Grant, TokenFailure> {
        let (failure, without) = {
            let mut inner = self.inner();
            inner.calls.push("exchange".to_owned());
            (inner.code_failure.clone(), inner.gives_no_refresh_token)
        };
        match failure {
            Some(failure) => Err(failure),
            None => Ok(self.grant(!without)),
        }
    }

    async fn organisation(&self, _: &Access) -> Result<Organisation, CallFailure> {
        let deed = self.inner().deed.take();
        if let Some(deed) = deed {
            deed().await;
        }
        self.bigin("organisation")?;
        Ok(self
            .inner()
            .organisation
            .clone()
            .unwrap_or_else(|| organisation("7001", "Acme")))
    }

    async fn current_user(&self, _: &Access) -> Result<CurrentUser, CallFailure> {
        self.bigin("user")?;
        Ok(CurrentUser {
            id: "1".to_owned(),
            email: Some("ann@acme.example".to_owned()),
            time_zone: None,
        })
    }
}
