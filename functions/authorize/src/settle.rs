//! The second half of a run, from the stored refresh token on. It verifies the token, puts it in force,
//! publishes the access token, lets delivery go on, and revokes what the token replaces.

use jiff::{SignedDuration, Timestamp};
use shared::clock::Clock;
use shared::intake::Intake;
use shared::state::standing::{self, Recorded};
use shared::state::{AuthorizationEvent, Cause, Standing, Table, held, mints, pause};
use shared::tokens::{AccessDocument, Publish, Secrets, SelfClient, VaultError};

use crate::answer::{Answer, Previous, Scopes};
use crate::error::{AuthorizeError, Kept};
use crate::handler::{Authorize, Before, Candidate, is_being_revoked, is_revoked};
use crate::scopes::missing;
use crate::verify::{Belonging, Verified, belonging, verify};
use crate::zoho::Zoho;

/// A token that ends sooner is not what was granted.
const LEAST_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How often the access token is published, or the authorization recorded, again when a refresh was faster.
const MOST_PUBLISHES: u32 = 5;

impl<T: Table, S: Secrets, Z: Zoho, I: Intake, C: Clock> Authorize<T, S, Z, I, C> {
    /// Settles an authorization whose refresh token is stored.
    pub(crate) async fn settle(&self, before: Before, mut candidate: Candidate) -> Result<Answer, AuthorizeError> {
        let verified = verify(&self.zoho, &self.clock, &candidate.access())
            .await
            .map_err(|failure| AuthorizeError::VerificationFailed {
                failure,
                kept: candidate.kept,
            })?;
        let known = before.client.as_ref().and_then(|client| client.org_id.clone());
        let found = verified
            .organisation
            .as_ref()
            .map(|organisation| organisation.id.clone());
        match (
            belonging(known.as_deref(), found.as_deref(), candidate.change_org),
            known.clone(),
        ) {
            (Belonging::Other, Some(known)) => return Err(self.refuse(&before, &candidate, known, &verified).await),
            (Belonging::Unknown, Some(known)) if candidate.is_new => {
                let taken_back = self.withdraw(&before, &candidate).await;
                return Err(AuthorizeError::OrganisationUnknown { known, taken_back });
            }
            _ => {}
        }
        complete(&mut candidate, &verified, known.as_deref(), self.clock.now());
        self.put_in_force(&mut candidate).await?;
        let has_moved = known.is_some() && known != candidate.client.org_id;
        let mut warnings = verified.warnings;
        self.let_go_on(&before, &candidate, has_moved, &mut warnings).await?;
        let previous = self.revoke_replaced(&mut candidate, &mut warnings).await;
        Ok(answer(candidate, previous, warnings))
    }

    /// The tokens are for another organisation: they are taken back, what was in force stays so.
    async fn refuse(
        &self,
        before: &Before,
        candidate: &Candidate,
        known: String,
        verified: &Verified,
    ) -> AuthorizeError {
        let organisation = verified.organisation.clone();
        let (found, found_name) = organisation.map(|found| (found.id, found.name)).unwrap_or_default();
        let taken_back = self.withdraw(before, candidate).await;
        AuthorizeError::OtherOrganisation {
            known,
            found,
            found_name,
            taken_back,
        }
    }

    /// Revokes tokens that were not put in force and forgets them. True when Zoho does not accept them any more.
    async fn withdraw(&self, before: &Before, candidate: &Candidate) -> bool {
        if !candidate.is_new {
            return false;
        }
        let taken_back = self.take_back(&candidate.client).await;
        // Kept beside what is in force while Zoho still accepts it, so that a revoke or the next run takes it back.
        if taken_back && let Some(old) = &before.client {
            let without = SelfClient {
                pending: None,
                ..old.clone()
            };
            match self.self_client.publish(Some(&candidate.version), &without).await {
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the refused refresh token is revoked but still stored"),
            }
        }
        taken_back
    }

    /// The token that it replaces stays in the document until Zoho has revoked it. If this run ends before
    /// that, a revoke or the next run revokes it.
    async fn put_in_force(&self, candidate: &mut Candidate) -> Result<(), AuthorizeError> {
        candidate.client.replaced.clone_from(&candidate.replaced);
        match self
            .self_client
            .publish(Some(&candidate.version), &candidate.client)
            .await
        {
            Ok(Publish::Done(version)) => {
                (candidate.version, candidate.kept) = (version, Kept::InForce);
                Ok(())
            }
            Ok(Publish::Lost) => Err(self.overtaken(candidate).await),
            Err(error) => Err(AuthorizeError::Unfinished {
                problem: error.to_string(),
            }),
        }
    }

    /// A token that was there before is its owner's business; a new one must not stay behind a revoke.
    async fn overtaken(&self, candidate: &Candidate) -> AuthorizeError {
        let taken_back = candidate.is_new && self.take_back(&candidate.client).await;
        AuthorizeError::Overtaken { taken_back }
    }

    /// Publishes the access token, ends the pauses that the authorization ends, opens the intake, and has push
    /// bring back what was moved away meanwhile.
    async fn let_go_on(
        &self,
        before: &Before,
        candidate: &Candidate,
        has_moved: bool,
        warnings: &mut Vec<String>,
    ) -> Result<(), AuthorizeError> {
        let unfinished = |problem: String| AuthorizeError::Unfinished { problem };
        self.publish_access(before, candidate).await?;
        let now = self.clock.now();
        self.record(before, candidate).await?;
        // Credits are an organisation's own. An operator's pause is the operator's to end.
        let causes: &[Cause] = if has_moved {
            &[Cause::TokenRejected, Cause::Credits]
        } else {
            &[Cause::TokenRejected]
        };
        let standing = pause::clear(&self.table, causes)
            .await
            .map_err(|error| unfinished(error.to_string()))?;
        mints::close_circuit(&self.table, now)
            .await
            .map_err(|error| unfinished(error.to_string()))?;
        // Other scopes or another user may well be let in: each held module is tried again at once.
        for module in held::all(&self.table)
            .await
            .map_err(|error| unfinished(error.to_string()))?
        {
            let released = held::release(&self.table, &module.module).await;
            released.map_err(|error| unfinished(error.to_string()))?;
        }
        match standing.pause(now) {
            Some(pause) => warnings.push(format!("delivery stays paused: {}; {}", pause.message, pause.action)),
            None => {
                for done in [
                    self.intake.set_open(true).await.map(|_| ()),
                    self.intake.ask_for_upkeep().await,
                ] {
                    warnings.extend(done.err().map(|error| error.to_string()));
                }
            }
        }
        Ok(())
    }

    /// Records the authorization, unless a revoke has begun since this run began. Looking and recording are
    /// one swap, so that no revoke can begin unseen in between.
    async fn record(&self, before: &Before, candidate: &Candidate) -> Result<(), AuthorizeError> {
        let unfinished = |problem: String| AuthorizeError::Unfinished { problem };
        let authorized = AuthorizationEvent::Authorized {
            expires_at: candidate.record.expires_at,
        };
        for _ in 0..MOST_PUBLISHES {
            let standing = Standing::read(&self.table).await;
            let standing = standing.map_err(|error| unfinished(error.to_string()))?;
            if has_been_revoked(before, &standing) {
                return Err(self.overtaken(candidate).await);
            }
            let seen = Some(&standing.authorization);
            let recorded = standing::conclude(&self.table, seen, &authorized, self.clock.now()).await;
            if let Recorded::Done(_) = recorded.map_err(|error| unfinished(error.to_string()))? {
                return Ok(());
            }
        }
        Err(unfinished("the authorization's item keeps changing".to_owned()))
    }

    /// A refresh that publishes at the same time has an older token or one as good: ours goes over it. A revoke wins.
    async fn publish_access(&self, before: &Before, candidate: &Candidate) -> Result<(), AuthorizeError> {
        let unfinished = |problem: String| AuthorizeError::Unfinished { problem };
        for _ in 0..MOST_PUBLISHES {
            let version = match self.access.read().await {
                Ok(Some(stored)) if is_revoked(&stored.document) && !before.was_revoked => {
                    return Err(self.overtaken(candidate).await);
                }
                Ok(stored) => stored.map(|stored| stored.version),
                Err(VaultError::Unreadable { .. }) => self
                    .access
                    .version()
                    .await
                    .map_err(|error| unfinished(error.to_string()))?,
                Err(error) => return Err(unfinished(error.to_string())),
            };
            // Looked at after the version: a revoke that begins later finds our token, or changes the version.
            let standing = Standing::read(&self.table).await;
            let standing = standing.map_err(|error| unfinished(error.to_string()))?;
            if has_been_revoked(before, &standing) {
                return Err(self.overtaken(candidate).await);
            }
            let document = AccessDocument::Token(candidate.record.clone());
            match self.access.publish(version.as_ref(), &document).await {
                Ok(Publish::Done(_)) => return Ok(()),
                Ok(Publish::Lost) => {}
                Err(error) => return Err(unfinished(error.to_string())),
            }
        }
        Err(unfinished("the access token's secret keeps changing".to_owned()))
    }

    /// Zoho keeps only 20 refresh tokens, and an old one is a door left open.
    async fn revoke_replaced(&self, candidate: &mut Candidate, warnings: &mut Vec<String>) -> Previous {
        if candidate.replaced.is_empty() {
            return if candidate.is_new {
                Previous::None
            } else {
                Previous::Kept
            };
        }
        let mut left = Vec::new();
        for old in &candidate.replaced {
            if let Err(failure) = self.zoho.revoke(old.data_center, &old.refresh_token).await {
                left.push(old.clone());
                warnings.push(format!(
                    "the refresh token before this one may still be good; the next authorize or a revoke tries again, or \
                     remove it in Zoho Accounts under Connected Apps: {failure}"
                ));
            }
        }
        let previous = if left.is_empty() {
            Previous::Revoked
        } else {
            Previous::Failed
        };
        candidate.client.replaced = left;
        // A revoke or another authorize that was faster has them in its own hands.
        let published = self.self_client.publish(Some(&candidate.version), &candidate.client);
        if let Err(error) = published.await {
            tracing::warn!(%error, "refresh tokens that are revoked are still stored");
        }
        previous
    }
}

/// Whether a revoke has begun, or gone on, since the run began.
fn has_been_revoked(before: &Before, now: &Standing) -> bool {
    is_being_revoked(now) && now.authorization != before.standing.authorization
}

/// Writes down whose the tokens are.
fn complete(candidate: &mut Candidate, verified: &Verified, known: Option<&str>, now: Timestamp) {
    let client = &mut candidate.client;
    if let Some(organisation) = &verified.organisation {
        // Bigin knows better than the answer with the token when that one ends. But it has just let it in: an end that is
        // as good as there is a matter of clocks.
        let told = organisation.token_expires_at.filter(|told| *told > now + LEAST_LIFE);
        let expires_at = &mut candidate.record.expires_at;
        *expires_at = told.map_or(*expires_at, |told| told.min(*expires_at));
        client.org_id = Some(organisation.id.clone());
        client.org_name = Some(organisation.name.clone()).filter(|name| !name.is_empty());
    } else if !candidate.is_new {
        client.org_id = known.map(str::to_owned);
    }
    if let Some(user) = &verified.user {
        client.user_email.clone_from(&user.email);
    }
    candidate.record.org_id.clone_from(&client.org_id);
}

fn answer(candidate: Candidate, previous: Previous, warnings: Vec<String>) -> Answer {
    let client = candidate.client;
    tracing::info!(org_id = client.org_id, data_center = %client.data_center, ?previous, "authorized");
    Answer {
        scopes: Scopes {
            missing: missing(&client.scope),
            granted: client.scope,
        },
        org_id: client.org_id,
        org_name: client.org_name,
        user_email: client.user_email,
        data_center: client.data_center,
        previous,
        warnings,
    }
}
