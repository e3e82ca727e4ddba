//! The Zoho of a scene: refresh tokens that are good or not, access tokens that die with theirs. A mint takes two steps,
//! the question and the answer, so that others can act while it is under way.

use std::time::Duration;

use authorize::{SelfClientFile, Zoho};
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::oauth::{Grant, Revoked, TokenFailure};
use bigin::secret::{AccessToken, RefreshToken};
use bigin::{Access, CallFailure, CurrentUser, Organisation};
use shared::testing::{ORG_ID, USER};
use shared::tokens::{Issuer, StandingGrant};

use crate::desk::Desk;
use crate::rules;
use crate::world::{Fate, May, UnderWay, World};

const AT: &str = "accounts.scene";

#[derive(Clone)]
pub struct SceneZoho(pub Desk);

fn no_answer<R>(fate: Fate) -> Result<R, TokenFailure> {
    Err(TokenFailure::NoAnswer {
        at: AT.to_owned(),
        problem: "a fault of the scene",
        may_have_arrived: fate != Fate::Fails,
    })
}

fn no_call<R>(fate: Fate) -> Result<R, CallFailure> {
    Err(CallFailure::NoAnswer {
        call: "GET".to_owned(),
        problem: "a fault of the scene".to_owned(),
        may_have_arrived: fate != Fate::Fails,
    })
}

fn grant(access_token: String, refresh_token: Option<String>) -> Grant {
    Grant {
        access_token: AccessToken::new(access_token).unwrap(),
        refresh_token: refresh_token.and_then(RefreshToken::new),
        api_domain: ZohoHosts::of(DataCentre::Eu).usual_api_domain(),
        scope: None,
        lives: Duration::from_hours(1),
    }
}

impl SceneZoho {
    /// A call to Bigin with that token.
    async fn call(&self, name: &'static str, access: &Access) -> Result<(), CallFailure> {
        let look = |world: &mut World| {
            let refresh_token = world.zoho.access.get(access.token.expose());
            refresh_token.is_some_and(|token| world.zoho.good.contains(token))
        };
        let answer = |is_let_in: bool| {
            let refused = || CallFailure::TokenRejected {
                code: "INVALID_TOKEN".to_owned(),
            };
            is_let_in.then_some(()).ok_or_else(refused)
        };
        self.0.deed(name, May::Fail, look, answer, no_call).await
    }
}

impl Issuer for SceneZoho {
    async fn refresh(&self, given: StandingGrant<'_>) -> Result<Grant, TokenFailure> {
        let who = self.0.who();
        let mint = |world: &mut World| {
            rules::asks_for_a_mint(world, who);
            let over = world.access.version().cloned();
            let is_good = world.zoho.good.contains(given.refresh_token.expose());
            let token = format!("minted-{:016x}", self.0.mark(world));
            if is_good {
                world
                    .zoho
                    .access
                    .insert(token.clone(), given.refresh_token.expose().to_owned());
            }
            if let Some(me) = world.people.get_mut(who) {
                me.under_way = Some(UnderWay {
                    over,
                    is_answered: false,
                });
            }
            is_good.then_some(token)
        };
        let answer = |token: Option<String>| match token {
            Some(token) => Ok(grant(token, None)),
            None => Err(TokenFailure::RefreshTokenRefused { at: AT.to_owned() }),
        };
        let minted = self
            .0
            .deed("ask for a mint", May::FailOrLoseAnswer, mint, answer, no_answer)
            .await;
        let arrive = |world: &mut World| {
            if let Some(under_way) = world.people.get_mut(who).and_then(|me| me.under_way.as_mut()) {
                under_way.is_answered = true;
            }
        };
        self.0
            .deed("hear about the mint", May::Nothing, arrive, |()| minted, no_answer)
            .await
    }

    async fn revoke(&self, _: DataCentre, refresh_token: &RefreshToken) -> Result<Revoked, TokenFailure> {
        let revoke = |world: &mut World| world.zoho.good.remove(refresh_token.expose());
        let answer = |was_good| Ok(if was_good { Revoked::Now } else { Revoked::NotKnown });
        self.0
            .deed("revoke at Zoho", May::FailOrLoseAnswer, revoke, answer, no_answer)
            .await
    }
}

impl Zoho for SceneZoho {
    fn accounts_url(&self, data_center: DataCentre) -> String {
        ZohoHosts::of(data_center).accounts_url()
    }

    async fn exchange(&self, _: DataCentre, file: &SelfClientFile) -> Result<Grant, TokenFailure> {
        let code = file.code.expose();
        let spend = |world: &mut World| {
            let is_good = world.zoho.spent.insert(code.to_owned());
            is_good.then(|| {
                let (access, refresh) = (format!("access-by-{code}"), format!("refresh-by-{code}"));
                world.zoho.good.insert(refresh.clone());
                world.zoho.access.insert(access.clone(), refresh.clone());
                (access, refresh)
            })
        };
        let answer = |tokens: Option<(String, String)>| match tokens {
            Some((access, refresh)) => Ok(grant(access, Some(refresh))),
            None => Err(TokenFailure::CodeRefused { at: AT.to_owned() }),
        };
        self.0
            .deed("spend the code", May::FailOrLoseAnswer, spend, answer, no_answer)
            .await
    }

    async fn organisation(&self, access: &Access) -> Result<Organisation, CallFailure> {
        self.call("ask for the organisation", access).await?;
        Ok(Organisation {
            id: ORG_ID.to_owned(),
            name: "Example".to_owned(),
            time_zone: None,
            paid: None,
            users: None,
            token_expires_at: None,
        })
    }

    async fn current_user(&self, access: &Access) -> Result<CurrentUser, CallFailure> {
        self.call("ask for the user", access).await?;
        Ok(CurrentUser {
            id: "1".to_owned(),
            email: Some(USER.to_owned()),
            time_zone: None,
        })
    }
}
