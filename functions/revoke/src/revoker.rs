//! The revoke. Revoke first does what it can do without Zoho: it sets the pause, blanks the access token and
//! closes the intake. So nothing is sent any more, whatever happens after. Then Zoho, and only when Zoho has
//! agreed the refresh token is given up: without it the access could not be revoked any more. Each step may
//! be repeated.

use bigin::oauth::{Revoked, TokenFailure};
use serde::Serialize;
use shared::clock::Clock;
use shared::intake::Intake;
use shared::state::standing::{Recorded, record};
use shared::state::{AuthorizationEvent, AuthorizationState, Standing, Table};
use shared::tokens::{
    AccessDocument, AccessDocumentStore, BlankState, Issuer, Publish, Secrets, SelfClient, SelfClientStore, VaultError,
};

use crate::error::RevokeError;

/// How often to go on against refreshes and authorizes that publish at the same time.
const ROUNDS: u32 = 8;

/// Cuts the access off.
#[derive(Debug, Clone)]
pub struct Revoker<T, S, Z, I, C> {
    /// The state table.
    pub table: T,
    /// The secret with the access token.
    pub access: AccessDocumentStore<S>,
    /// The secret with the self client.
    pub self_client: SelfClientStore<S>,
    /// Zoho.
    pub issuer: Z,
    /// Push's intake.
    pub intake: I,
    /// The time.
    pub clock: C,
}

/// Where the access stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeStatus {
    /// A dry run: nothing was done.
    Planned,
    /// Nothing is sent any more, but Zoho has not agreed yet.
    Revoking,
    /// The access is cut off.
    Revoked,
    /// There was nothing to cut off.
    NotAuthorized,
}

/// What Zoho said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AtZoho {
    /// It revoked the refresh token now.
    Revoked,
    /// It knows no such token: it was revoked before.
    NotKnown,
    /// There was no refresh token to revoke.
    NothingToRevoke,
    /// It gave no usable answer.
    OutOfReach,
    /// It was not asked.
    NotAsked,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RevokeAnswer {
    /// Where the access stands.
    pub status: RevokeStatus,
    /// The organisation.
    pub org_id: Option<String>,
    /// Its name.
    pub org_name: Option<String>,
    /// What Zoho said.
    pub at_zoho: AtZoho,
    /// What was done, what that means and what is left to do.
    pub message: String,
    /// What went wrong on the way without stopping the revoke.
    pub problems: Vec<String>,
}

impl<T: Table, S: Secrets, Z: Issuer, I: Intake, C: Clock> Revoker<T, S, Z, I, C> {
    /// Cuts the access off, or says what it would do.
    ///
    /// # Errors
    /// It was not confirmed, or a secret or the table failed. What was done until then stands, and may be repeated.
    pub async fn revoke(
        &self,
        confirm: Option<&str>,
        dry_run: bool,
        reason: Option<&str>,
    ) -> Result<RevokeAnswer, RevokeError> {
        // A document that cannot be read keeps nobody from pausing and blanking; only Zoho's part must wait.
        let (client, is_readable) = match self.self_client.read().await {
            Ok(stored) => (stored.map(|stored| stored.document), true),
            Err(VaultError::Unreadable { .. }) => (None, false),
            Err(error) => return Err(error.into()),
        };
        let org_id = self.confirmed(client.as_ref(), confirm, dry_run).await?;
        let answer = |status, at_zoho, message: String, problems| RevokeAnswer {
            status,
            org_id: org_id.clone(),
            org_name: client.as_ref().and_then(|client| client.org_name.clone()),
            at_zoho,
            message,
            problems,
        };
        if dry_run {
            return Ok(answer(
                RevokeStatus::Planned,
                AtZoho::NotAsked,
                plan(client.as_ref()),
                Vec::new(),
            ));
        }
        let reason = reason.map_or_else(
            || "an operator revoked the access".to_owned(),
            |reason| format!("an operator revoked the access: {reason}"),
        );
        let begun = AuthorizationEvent::RevokeBegun { reason };
        let mut problems = Vec::new();
        // An authorize that stored or recorded something since this began is revoked with the rest: then all is gone
        // through anew.
        for _ in 0..ROUNDS {
            self.record(&begun).await?;
            self.blank_access_token(org_id.as_deref()).await?;
            if let Err(error) = self.intake.set_open(false).await {
                tracing::warn!(%error, "the intake is still open");
                problems = vec![error.to_string()];
            }
            let at_zoho = match self.revoke_and_scrub().await? {
                Ok(at_zoho) => at_zoho,
                Err(failure) => {
                    tracing::error!(%failure, kind = failure.kind(), "Zoho has not revoked yet");
                    return Ok(answer(
                        RevokeStatus::Revoking,
                        AtZoho::OutOfReach,
                        unfinished(&failure),
                        problems,
                    ));
                }
            };
            self.record(&AuthorizationEvent::RevokeDone).await?;
            if self.stays_revoked(org_id.as_deref()).await? {
                let (status, message) = if is_readable && client.is_none() && org_id.is_none() {
                    let message = "nothing was authorized, and nothing can be until authorize is invoked".to_owned();
                    (RevokeStatus::NotAuthorized, message)
                } else {
                    (RevokeStatus::Revoked, finished(at_zoho))
                };
                return Ok(answer(status, at_zoho, message, problems));
            }
        }
        Err(RevokeError::RacedByAuthorize)
    }

    /// The organisation, if what was typed is its id (or the client's, where no organisation is known). A dry run
    /// changes nothing and needs no confirmation.
    async fn confirmed(
        &self,
        client: Option<&SelfClient>,
        confirm: Option<&str>,
        dry_run: bool,
    ) -> Result<Option<String>, RevokeError> {
        let access = match self.access.read().await {
            Ok(stored) => stored.map(|stored| stored.document),
            Err(VaultError::Unreadable { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let of_token = access.as_ref().and_then(AccessDocument::org_id);
        let org_id = client.and_then(|client| client.org_id.as_deref()).or(of_token);
        let (what, wanted) = match (org_id, client) {
            (Some(org_id), _) => ("org_id", org_id),
            (None, Some(client)) => ("client_id", client.client_id.as_str()),
            // Nothing is there that a slip could destroy.
            (None, None) => return Ok(None),
        };
        if confirm != Some(wanted) && !(dry_run && confirm.is_none()) {
            return Err(RevokeError::NotConfirmed {
                what,
                is_given: confirm.is_some(),
            });
        }
        Ok(org_id.map(str::to_owned))
    }

    /// Puts a record without a token in the place of the access token, whatever refresh publishes meanwhile, and leaves
    /// no older version within reach.
    async fn blank_access_token(&self, org_id: Option<&str>) -> Result<(), RevokeError> {
        let blank = AccessDocument::blank(BlankState::Revoked, org_id.map(str::to_owned));
        let mut is_scrubbed = false;
        for _ in 0..ROUNDS {
            let version = match self.access.read().await {
                // Still blank after the scrub, which made the version known to others an old one.
                Ok(Some(stored)) if is_revoked(&stored.document) && is_scrubbed => return Ok(()),
                Ok(stored) if stored.as_ref().is_some_and(|stored| is_revoked(&stored.document)) => None,
                Ok(stored) => Some(stored.map(|stored| stored.version)),
                Err(VaultError::Unreadable { .. }) => Some(self.access.version().await?),
                Err(error) => return Err(error.into()),
            };
            let is_blank = match version {
                None => true,
                Some(version) => matches!(self.access.publish(version.as_ref(), &blank).await?, Publish::Done(_)),
            };
            is_scrubbed = is_blank && self.access.scrub().await?;
        }
        Err(RevokeError::RacedByAuthorize)
    }

    /// Revokes every refresh token at Zoho and takes them out of the secret, in this order. Read anew each round: what
    /// an authorize has published meanwhile goes too.
    async fn revoke_and_scrub(&self) -> Result<Result<AtZoho, TokenFailure>, RevokeError> {
        let mut at_zoho = AtZoho::NothingToRevoke;
        for _ in 0..ROUNDS {
            let Some(stored) = self.self_client.read().await? else {
                return Ok(Ok(at_zoho));
            };
            for (data_center, refresh_token) in stored.document.refresh_tokens() {
                match self.issuer.revoke(data_center, refresh_token).await {
                    Ok(Revoked::Now) => at_zoho = AtZoho::Revoked,
                    Ok(Revoked::NotKnown) if at_zoho != AtZoho::Revoked => at_zoho = AtZoho::NotKnown,
                    Ok(Revoked::NotKnown) => {}
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            let is_empty = if stored.document.holds_secrets() {
                let published = self
                    .self_client
                    .publish(Some(&stored.version), &stored.document.scrubbed())
                    .await?;
                matches!(published, Publish::Done(_))
            } else {
                true
            };
            if is_empty && self.self_client.scrub().await? {
                return Ok(Ok(at_zoho));
            }
        }
        Err(RevokeError::RacedByAuthorize)
    }

    /// Whether nothing was stored or recorded since the secrets were emptied. Nothing will be by those that looked at
    /// them before the end was recorded: the scrubs make the versions they know old ones.
    async fn stays_revoked(&self, org_id: Option<&str>) -> Result<bool, RevokeError> {
        self.blank_access_token(org_id).await?;
        if !self.self_client.scrub().await? {
            return Ok(false);
        }
        let stored = self.self_client.read().await?;
        let is_empty = !stored.is_some_and(|stored| stored.document.holds_secrets());
        let standing = Standing::read(&self.table).await?;
        Ok(is_empty && standing.authorization.state == AuthorizationState::Revoked)
    }

    async fn record(&self, event: &AuthorizationEvent) -> Result<Recorded, RevokeError> {
        Ok(record(&self.table, event, self.clock.now()).await?)
    }
}

fn is_revoked(document: &AccessDocument) -> bool {
    matches!(document, AccessDocument::Blank(blank) if blank.state == BlankState::Revoked)
}

fn plan(client: Option<&SelfClient>) -> String {
    let at_zoho = match client.map_or(0, |client| client.refresh_tokens().len()) {
        0 => "there is no refresh token to revoke at Zoho".to_owned(),
        1 => "the refresh token would be revoked at Zoho".to_owned(),
        several => format!("{several} refresh tokens would be revoked at Zoho"),
    };
    format!(
        "nothing was done. Delivery would be paused, the access token blanked and the intake closed; {at_zoho}; then no \
         secret would hold a token. Waiting files and messages would be kept"
    )
}

fn finished(at_zoho: AtZoho) -> String {
    let at_zoho = match at_zoho {
        AtZoho::Revoked => "Zoho has revoked the refresh token and every access token made from it",
        AtZoho::NotKnown => "Zoho does not know the refresh token any more: it was revoked before",
        _ => "there was no refresh token left to revoke at Zoho",
    };
    format!(
        "{at_zoho}; no secret holds a token any more. Waiting files and messages are kept; to bring the access back, \
         generate a code in Zoho's API console and invoke authorize"
    )
}

fn unfinished(failure: &TokenFailure) -> String {
    format!(
        "delivery is paused and the access token is blanked, so this relay sends nothing any more. But Zoho has not \
         revoked yet ({failure}): an access token that somebody copied before may live up to 60 minutes, and the refresh \
         token is still good. To finish, repeat this revoke until it answers \"revoked\", or remove the self client in \
         Zoho's API console"
    )
}
