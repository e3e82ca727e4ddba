//! The refresh itself. Whatever happens, one lease publishes at most one token, and no token is published
//! after a revoke. The stored refresh token is never touched: this function does not write that secret.
//!
//! The order of the looks makes it so. The refresher reads the state of the authorization first, then the
//! access token's version, then the self client. It records a conclusion from the secrets only if the
//! authorization is still as it was read. It publishes a new token only over the version that it read. A
//! revoke or an authorize in between changes one of the two, and the refresh loses.

use bigin::oauth::{Grant, TokenFailure, refresh_token_dead};
use jiff::{SignedDuration, Timestamp};
use shared::clock::Clock;
use shared::state::lease::{self, Taken};
use shared::state::standing::{Recorded, conclude};
use shared::state::{Authorization, AuthorizationEvent, AuthorizationState, Key, Standing, Table, mints};
use shared::tokens::{
    AccessDocument, AccessDocumentStore, AccessTokenRecord, Issuer, Publish, RefreshCause, Secrets, SelfClient,
    SelfClientStore, TokenVerdict, VersionId, judge_access,
};

use crate::answer::{Answer, RefreshStatus};
use crate::error::RefreshError;

/// Longer than the function may run (60 s): a lease that has run out belongs to an invocation that is dead.
const LEASE: SignedDuration = SignedDuration::from_secs(90);

/// Refreshes the access token.
#[derive(Debug, Clone)]
pub struct Refresher<T, S, Z, C> {
    /// The state table.
    pub table: T,
    /// The secret with the access token.
    pub access: AccessDocumentStore<S>,
    /// The secret with the self client; only read.
    pub self_client: SelfClientStore<S>,
    /// Zoho.
    pub issuer: Z,
    /// The time.
    pub clock: C,
}

impl<T: Table, S: Secrets, Z: Issuer, C: Clock> Refresher<T, S, Z, C> {
    /// Sees to it that there is a good token. `holder` names the invocation.
    ///
    /// # Errors
    /// Zoho, a secret or the table failed; the token there is stays as it is.
    pub async fn refresh(&self, asked: &RefreshCause, holder: &str) -> Result<Answer, RefreshError> {
        let seen = Standing::read(&self.table).await?.authorization;
        if let Some(answer) = closed(&seen) {
            return Ok(answer);
        }
        let valid_until = match self.judge(asked).await? {
            TokenVerdict::Revoked => return self.blanked(&seen).await,
            TokenVerdict::Fresh { version, expires_at } => return self.fresh(&seen, &version, expires_at).await,
            TokenVerdict::Mint { valid_until, .. } => valid_until,
        };
        let key = Key::new("lease", "refresh");
        if let Taken::No { until } = lease::take(&self.table, &key, holder, self.clock.now(), LEASE).await? {
            let answer = Answer::of(RefreshStatus::InProgress);
            return Ok(Answer {
                expires_at: valid_until,
                retry_at: Some(until),
                ..answer
            });
        }
        let answer = self.refresh_under_lease(asked, &seen).await;
        if let Err(error) = lease::give_back(&self.table, &key, holder).await {
            tracing::warn!(%error, "the lease was not given back; it runs out by itself");
        }
        answer
    }

    async fn judge(&self, asked: &RefreshCause) -> Result<TokenVerdict, RefreshError> {
        let stored = self.access.read().await?;
        Ok(judge_access(stored.as_ref(), asked, self.clock.now()))
    }

    /// The token there is will do. A record of the authorization that says otherwise is put right.
    async fn fresh(
        &self,
        seen: &Authorization,
        version: &VersionId,
        expires_at: Timestamp,
    ) -> Result<Answer, RefreshError> {
        self.conclude(seen, AuthorizationEvent::Refreshed { expires_at })
            .await?;
        Ok(Answer::token(RefreshStatus::Fresh, version, expires_at))
    }

    /// A revoke has blanked the token. A table that was restored from before it says otherwise, and delivery would go on in
    /// vain: messages would use up their receives.
    async fn blanked(&self, seen: &Authorization) -> Result<Answer, RefreshError> {
        self.conclude(seen, AuthorizationEvent::NoAuthorizationFound).await?;
        Ok(Answer::of(RefreshStatus::Revoked))
    }

    async fn refresh_under_lease(&self, asked: &RefreshCause, seen: &Authorization) -> Result<Answer, RefreshError> {
        // Whoever held the lease before may have published meanwhile.
        let (over, valid_until) = match self.judge(asked).await? {
            TokenVerdict::Revoked => return self.blanked(seen).await,
            TokenVerdict::Fresh { version, expires_at } => return self.fresh(seen, &version, expires_at).await,
            TokenVerdict::Mint { over, valid_until } => (over, valid_until),
        };
        let client = self.self_client.read().await?.map(|stored| stored.document);
        let Some((client, grant)) = client
            .as_ref()
            .and_then(|client| Some((client, client.standing_grant()?)))
        else {
            if let Some(message) = client.as_ref().and_then(lost_part) {
                let event = AuthorizationEvent::RefreshTokenDead {
                    message: message.clone(),
                };
                self.conclude(seen, event).await?;
                return Ok(Answer::of(RefreshStatus::NeedsAuthorization).saying(Some(message)));
            }
            let recorded = self.conclude(seen, AuthorizationEvent::NoAuthorizationFound).await?;
            return Ok(closed(&recorded.standing().authorization).unwrap_or(Answer::of(RefreshStatus::NotAuthorized)));
        };
        let asked_at = self.clock.now();
        let counted = match mints::count(&self.table, asked_at).await? {
            Ok(counted) => counted,
            Err(refusal) => return Ok(Answer::refused(refusal, valid_until)),
        };
        match self.issuer.refresh(grant).await {
            Ok(grant) => {
                if counted.denied > 0 {
                    mints::close_circuit(&self.table, self.clock.now()).await?;
                }
                self.publish(seen, over.as_ref(), token_record(grant, client, asked_at))
                    .await
            }
            Err(failure) => self.failed(seen, client, failure, valid_until).await,
        }
    }

    async fn publish(
        &self,
        seen: &Authorization,
        over: Option<&VersionId>,
        record: AccessTokenRecord,
    ) -> Result<Answer, RefreshError> {
        let expires_at = record.expires_at;
        match self.access.publish(over, &AccessDocument::Token(record)).await? {
            Publish::Done(version) => {
                self.conclude(seen, AuthorizationEvent::Refreshed { expires_at })
                    .await?;
                Ok(Answer::token(RefreshStatus::Refreshed, &version, expires_at))
            }
            // A revoke, an authorize, or a refresher that was taken for dead: theirs stands, ours is dropped.
            Publish::Lost => match self.judge(&RefreshCause::BySchedule).await? {
                TokenVerdict::Revoked => Ok(Answer::of(RefreshStatus::Revoked)),
                TokenVerdict::Fresh { version, expires_at } => {
                    Ok(Answer::token(RefreshStatus::Fresh, &version, expires_at))
                }
                TokenVerdict::Mint { valid_until, .. } => Ok(Answer {
                    expires_at: valid_until,
                    ..Answer::of(RefreshStatus::InProgress)
                }),
            },
        }
    }

    async fn failed(
        &self,
        seen: &Authorization,
        client: &SelfClient,
        failure: TokenFailure,
        valid_until: Option<Timestamp>,
    ) -> Result<Answer, RefreshError> {
        if let Some(message) = needs_a_human(&failure, client) {
            let event = AuthorizationEvent::RefreshTokenDead {
                message: message.clone(),
            };
            return Ok(match self.conclude(seen, event).await? {
                Recorded::Done(_) => Answer::of(RefreshStatus::NeedsAuthorization).saying(Some(message)),
                // authorize or revoke have acted meanwhile: what was found belongs to the past.
                Recorded::Ignored(now) => closed(&now.authorization).unwrap_or(Answer::of(RefreshStatus::InProgress)),
            });
        }
        if matches!(failure, TokenFailure::AccessDenied { .. }) {
            mints::open_circuit(&self.table, self.clock.now()).await?;
        }
        self.conclude(
            seen,
            AuthorizationEvent::RefreshFailed {
                message: failure.to_string(),
            },
        )
        .await?;
        Err(RefreshError::Zoho { failure, valid_until })
    }

    async fn conclude(&self, seen: &Authorization, event: AuthorizationEvent) -> Result<Recorded, RefreshError> {
        Ok(conclude(&self.table, Some(seen), &event, self.clock.now()).await?)
    }
}

/// What a secret has lost that was whole once: somebody has edited it by hand.
fn lost_part(client: &SelfClient) -> Option<String> {
    let part = match (&client.client_secret, &client.refresh_token) {
        (None, Some(_)) => "client_secret",
        (Some(_), None) if client.authorized_at.is_some() && client.pending.is_none() => "refresh_token",
        _ => return None,
    };
    Some(format!(
        "the self client's secret has no {part} any more, though it has the rest of an authorization: somebody has edited it. Authorize with a new code"
    ))
}

/// The answer where the authorization itself says that Zoho is not to be asked.
fn closed(authorization: &Authorization) -> Option<Answer> {
    let status = match authorization.state {
        AuthorizationState::Revoking => RefreshStatus::Revoking,
        AuthorizationState::Revoked => RefreshStatus::Revoked,
        AuthorizationState::NeedsAuthorization => RefreshStatus::NeedsAuthorization,
        // Without a record there may be tokens all the same: the secrets tell.
        AuthorizationState::NotAuthorized | AuthorizationState::Active | AuthorizationState::RefreshFailing => {
            return None;
        }
    };
    Some(Answer::of(status).saying(authorization.message.clone()))
}

fn token_record(grant: Grant, client: &SelfClient, asked_at: Timestamp) -> AccessTokenRecord {
    // Counted from before the question: rather a second too early than too late.
    let lives = SignedDuration::try_from(grant.lives).unwrap_or(SignedDuration::from_hours(1));
    AccessTokenRecord {
        access_token: grant.access_token,
        api_domain: grant.api_domain,
        org_id: client.org_id.clone(),
        issued_at: asked_at,
        expires_at: asked_at + lives,
    }
}

/// What to tell a human, where Zoho's answer means that only one can help.
fn needs_a_human(failure: &TokenFailure, client: &SelfClient) -> Option<String> {
    let user = client.user_email.as_deref();
    match failure {
        TokenFailure::RefreshTokenRefused { at } => Some(refresh_token_dead(at, user)),
        TokenFailure::ClientUnknown { .. } | TokenFailure::ClientSecretWrong { .. } => Some(format!(
            "the authorization of {} cannot be used any more: {failure}",
            user.unwrap_or("the authorizing user")
        )),
        _ => None,
    }
}
