//! The run up to the point where the new refresh token is stored: checks that spend nothing, the exchange, the storing.

use bigin::Access;
use bigin::data_centre::DataCentre;
use bigin::oauth::{Grant, TokenFailure, refresh_token_dead};
use jiff::Timestamp;
use serde_json::Value;
use shared::clock::Clock;
use shared::intake::Intake;
use shared::state::{AuthorizationState, Standing, Table, mints};
use shared::tokens::{
    AccessDocument, AccessDocumentStore, AccessTokenRecord, BlankState, Publish, Replaced, Secrets, SelfClient,
    SelfClientStore, VaultError, VersionId,
};

use crate::answer::Answer;
use crate::error::{AuthorizeError, Kept};
use crate::order::{CodeOrder, Order, SelfClientFile};
use crate::zoho::Zoho;

/// The function, over what it works with.
pub struct Authorize<T, S, Z, I, C> {
    /// The state table.
    pub table: T,
    /// The secret with the self client.
    pub self_client: SelfClientStore<S>,
    /// The secret with the access token.
    pub access: AccessDocumentStore<S>,
    /// Zoho.
    pub zoho: Z,
    /// Push's intake of messages.
    pub intake: I,
    /// The time.
    pub clock: C,
    /// The data centre where the payload names none.
    pub data_center: DataCentre,
}

/// What was there when the run began.
pub(crate) struct Before {
    /// The self client.
    pub(crate) client: Option<SelfClient>,
    /// The version it was read as.
    pub(crate) version: Option<VersionId>,
    /// Whether a revoke had blanked the access token: then nobody is surprised to find it so later.
    pub(crate) was_revoked: bool,
    /// How the relay stood.
    pub(crate) standing: Standing,
}

/// A refresh token that is stored, and what it takes to put it in force.
pub(crate) struct Candidate {
    /// The self client as it will be.
    pub(crate) client: SelfClient,
    /// The token that came with it.
    pub(crate) record: AccessTokenRecord,
    /// Where the refresh token is stored.
    pub(crate) kept: Kept,
    /// The version of the self client's secret that holds it.
    pub(crate) version: VersionId,
    /// Refresh tokens that it replaces, and where they are good.
    pub(crate) replaced: Vec<Replaced>,
    /// Whether it may be for another organisation.
    pub(crate) change_org: bool,
    /// Whether it is a new one: one that was there before is never taken back.
    pub(crate) is_new: bool,
}

impl Candidate {
    pub(crate) fn access(&self) -> Access {
        Access {
            api_domain: self.record.api_domain.clone(),
            token: self.record.access_token.clone(),
        }
    }
}

impl<T: Table, S: Secrets, Z: Zoho, I: Intake, C: Clock> Authorize<T, S, Z, I, C> {
    /// Does what the payload asks for.
    ///
    /// # Errors
    /// There is no new authorization, or not yet; the error says which and what to do.
    pub async fn handle(&self, payload: Value) -> Result<Answer, AuthorizeError> {
        match Order::read(payload, self.clock.now())? {
            // Boxed: the futures of AWS's clients nest deeper than the compiler follows.
            Order::Code(order) => Box::pin(self.with_code(*order)).await,
            Order::Verify { change_org } => Box::pin(self.with_what_is_stored(change_org)).await,
        }
    }

    async fn with_code(&self, order: CodeOrder) -> Result<Answer, AuthorizeError> {
        let CodeOrder {
            file,
            data_center,
            change_org,
        } = order;
        let data_center = data_center.unwrap_or(self.data_center);
        let before = self.before(&file, data_center).await?;
        let asked_at = self.clock.now();
        let grant = self.zoho.exchange(data_center, &file).await;
        let grant = match grant {
            Ok(grant) => grant,
            Err(failure) => return Err(self.refused(failure, None, asked_at).await),
        };
        let refresh_token = grant.refresh_token.clone().ok_or(AuthorizeError::NoRefreshToken)?;
        let scope = grant.scope.clone().or(file.scope).unwrap_or_default();
        let client = SelfClient {
            client_id: file.client_id,
            client_secret: Some(file.client_secret),
            refresh_token: Some(refresh_token),
            accounts_url: self.zoho.accounts_url(data_center),
            data_center,
            scope,
            org_id: None,
            org_name: None,
            user_email: None,
            authorized_at: Some(asked_at),
            pending: None,
            replaced: Vec::new(),
        };
        let (kept, version) = self.store(&before, &client).await?;
        let candidate = Candidate {
            record: record(grant, None, asked_at),
            replaced: replaced(before.client.as_ref(), &client),
            client,
            kept,
            version,
            change_org,
            is_new: true,
        };
        Box::pin(self.settle(before, candidate)).await
    }

    /// Zoho gave no tokens. An Access Denied opens the circuit: every further question would prolong the lock.
    async fn refused(&self, failure: TokenFailure, user: Option<&str>, asked_at: Timestamp) -> AuthorizeError {
        if matches!(failure, TokenFailure::AccessDenied { .. })
            && let Err(error) = mints::open_circuit(&self.table, asked_at).await
        {
            return AuthorizeError::StateNotReady(error);
        }
        match failure {
            TokenFailure::RefreshTokenRefused { at } => AuthorizeError::RefreshTokenDead {
                message: refresh_token_dead(&at, user),
            },
            failure => AuthorizeError::Zoho { failure },
        }
    }

    /// Reads what is there, and proves that both secrets can be written, while the code is unspent.
    async fn before(&self, file: &SelfClientFile, data_center: DataCentre) -> Result<Before, AuthorizeError> {
        let mut before = self.look().await?;
        let not_authorized = || SelfClient {
            client_id: file.client_id.clone(),
            client_secret: None,
            refresh_token: None,
            accounts_url: self.zoho.accounts_url(data_center),
            data_center,
            scope: Vec::new(),
            org_id: None,
            org_name: None,
            user_email: None,
            authorized_at: None,
            pending: None,
            replaced: Vec::new(),
        };
        let probe = before.client.clone().unwrap_or_else(not_authorized);
        self.self_client
            .probe(&probe)
            .await
            .map_err(AuthorizeError::SecretNotReady)?;
        // A probe never holds a token of the hour: it may end up beside the current version for a moment.
        let org_id = before.client.as_ref().and_then(|client| client.org_id.clone());
        let state = if before.was_revoked {
            BlankState::Revoked
        } else {
            BlankState::NotAuthorized
        };
        let blank = AccessDocument::blank(state, org_id);
        self.access
            .probe(&blank)
            .await
            .map_err(AuthorizeError::SecretNotReady)?;
        if before.version.is_none() {
            // A secret that held nothing holds the probe now.
            before.version = self
                .self_client
                .version()
                .await
                .map_err(AuthorizeError::SecretNotReady)?;
        }
        Ok(before)
    }

    /// What is there. A document that cannot be read is as good as none: authorizing writes it anew.
    pub(crate) async fn look(&self) -> Result<Before, AuthorizeError> {
        let (client, version) = match self.self_client.read().await {
            Ok(Some(stored)) => (Some(stored.document), Some(stored.version)),
            Ok(None) => (None, None),
            Err(VaultError::Unreadable { .. }) => (
                None,
                self.self_client
                    .version()
                    .await
                    .map_err(AuthorizeError::SecretNotReady)?,
            ),
            Err(error) => return Err(AuthorizeError::SecretNotReady(error)),
        };
        // After the version: a revoke that begins later takes along what is stored over it, or changes it.
        let standing = Standing::read(&self.table)
            .await
            .map_err(AuthorizeError::StateNotReady)?;
        let was_revoked = match self.access.read().await {
            Ok(stored) => stored.is_some_and(|stored| is_revoked(&stored.document)),
            Err(VaultError::Unreadable { .. }) => false,
            Err(error) => return Err(AuthorizeError::SecretNotReady(error)),
        };
        Ok(Before {
            client,
            version,
            was_revoked,
            standing,
        })
    }

    /// Stores the new refresh token at once. It is in force where there was none before. Otherwise it stands
    /// beside the one in force, until it is known which organisation it is for.
    async fn store(&self, before: &Before, new: &SelfClient) -> Result<(Kept, VersionId), AuthorizeError> {
        let (kept, document) = match &before.client {
            Some(old) if old.refresh_token.is_some() || old.org_id.is_some() => (
                Kept::Pending,
                SelfClient {
                    pending: Some(Box::new(new.clone())),
                    ..old.clone()
                },
            ),
            _ => (Kept::InForce, new.clone()),
        };
        match self.self_client.publish(before.version.as_ref(), &document).await {
            Ok(Publish::Done(version)) => Ok((kept, version)),
            Ok(Publish::Lost) => Err(AuthorizeError::Overtaken {
                taken_back: self.take_back(new).await,
            }),
            Err(error) => {
                let taken_back = self.take_back(new).await;
                Err(AuthorizeError::NotStored {
                    problem: error.to_string(),
                    taken_back,
                })
            }
        }
    }

    /// Revokes a refresh token that must not stay. True when Zoho does not accept it any more.
    pub(crate) async fn take_back(&self, client: &SelfClient) -> bool {
        match &client.refresh_token {
            Some(token) => self.zoho.revoke(client.data_center, token).await.is_ok(),
            None => true,
        }
    }

    /// Verifies what an earlier run stored: the one that waits, or else the one in force.
    async fn with_what_is_stored(&self, change_org: bool) -> Result<Answer, AuthorizeError> {
        let before = self.look().await?;
        if is_being_revoked(&before.standing) {
            return Err(AuthorizeError::IsRevoked);
        }
        let (Some(stored), Some(version)) = (&before.client, &before.version) else {
            return Err(AuthorizeError::NothingToVerify);
        };
        let (kept, client) = match stored.pending.as_deref() {
            Some(pending) => (Kept::Pending, pending),
            None => (Kept::InForce, stored),
        };
        let grant = client.standing_grant().ok_or(AuthorizeError::NothingToVerify)?;
        let asked_at = self.clock.now();
        mints::count(&self.table, asked_at)
            .await
            .map_err(AuthorizeError::StateNotReady)?
            .map_err(AuthorizeError::LeftAlone)?;
        let granted = match self.zoho.refresh(grant).await {
            Ok(granted) => granted,
            Err(failure) => return Err(self.refused(failure, client.user_email.as_deref(), asked_at).await),
        };
        let candidate = Candidate {
            record: record(granted, client.org_id.clone(), asked_at),
            replaced: replaced(Some(stored), client),
            client: SelfClient {
                pending: None,
                ..client.clone()
            },
            kept,
            version: version.clone(),
            change_org,
            is_new: kept == Kept::Pending,
        };
        Box::pin(self.settle(before, candidate)).await
    }
}

/// Whether a revoke has begun or is done.
pub(crate) fn is_being_revoked(standing: &Standing) -> bool {
    matches!(
        standing.authorization.state,
        AuthorizationState::Revoking | AuthorizationState::Revoked
    )
}

/// Whether a revoke has blanked the access token.
pub(crate) fn is_revoked(document: &AccessDocument) -> bool {
    matches!(document, AccessDocument::Blank(blank) if blank.state == BlankState::Revoked)
}

fn record(grant: Grant, org_id: Option<String>, issued_at: Timestamp) -> AccessTokenRecord {
    AccessTokenRecord {
        access_token: grant.access_token,
        api_domain: grant.api_domain,
        org_id,
        issued_at,
        expires_at: issued_at.checked_add(grant.lives).unwrap_or(issued_at),
    }
}

/// The refresh tokens that a new one makes superfluous.
fn replaced(before: Option<&SelfClient>, new: &SelfClient) -> Vec<Replaced> {
    let all = before.map(SelfClient::refresh_tokens).unwrap_or_default();
    all.into_iter()
        .filter(|(_, token)| new.refresh_token.as_ref() != Some(*token))
        .map(|(data_center, token)| Replaced {
            data_center,
            refresh_token: token.clone(),
        })
        .collect()
}
