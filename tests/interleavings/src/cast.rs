//! Who takes part, and what each of them does: the functions themselves, over the world of the scene.

use std::pin::Pin;

use authorize::{Authorize, AuthorizeError, Previous, SCOPES_LINE};
use bigin::Access;
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::secret::AccessToken;
use jiff::Timestamp;
use refresh::{RefreshError, RefreshStatus, Refresher};
use revoke::{RevokeStatus, Revoker};
use serde_json::json;
use shared::stop::Stop;
use shared::testing::ORG_ID;
use shared::tokens::{AccessTokenStore, DocumentStore, RefreshCause, VersionId};
use shared::tokens::{Pass, Tokens};
use shared::tokens::{Refreshed, TokenProvider};

use crate::desk::{Desk, SceneClock, SceneIntake};
use crate::imports;
use crate::refusals;
use crate::role::Role;
use crate::table::SceneTable;
use crate::vault::{SceneSecret, SceneVersions, Which};
use crate::world::End;
use crate::zoho::SceneZoho;

/// A participant at work.
pub type Work = Pin<Box<dyn Future<Output = End>>>;

/// What a role does.
pub(crate) fn work(role: Role, desk: Desk, rejected: VersionId) -> Work {
    match role {
        Role::Scheduled => Box::pin(async move { refreshed(refresh(&desk, &RefreshCause::BySchedule).await) }),
        Role::Rejected => Box::pin(async move { refreshed(refresh(&desk, &RefreshCause::Rejected(rejected)).await) }),
        Role::Push => Box::pin(push(desk, rejected)),
        Role::Revoke => Box::pin(revoke(desk)),
        Role::Authorize => Box::pin(authorize(desk)),
        Role::Import(number) => Box::pin(imports::execute(desk, number)),
        Role::StandBy(number) => Box::pin(imports::stand_by(desk, number)),
        Role::Tell(number) => Box::pin(imports::tell(desk, number)),
        Role::Refused(record) => Box::pin(refusals::refused(desk, record)),
        Role::Taken => Box::pin(refusals::taken(desk)),
        Role::Decided => Box::pin(refusals::decided(desk)),
    }
}

fn secret(desk: &Desk, which: Which) -> SceneSecret {
    SceneSecret::of(SceneVersions {
        desk: desk.clone(),
        which,
    })
}

fn clock(desk: &Desk, wakes_by_change: bool) -> SceneClock {
    SceneClock {
        desk: desk.clone(),
        wakes_by_change,
    }
}

async fn refresh(desk: &Desk, asked: &RefreshCause) -> Result<RefreshStatus, RefreshError> {
    let refresher = Refresher {
        table: SceneTable(desk.clone()),
        access: DocumentStore::new(secret(desk, Which::Access)),
        self_client: DocumentStore::new(secret(desk, Which::SelfClient)),
        issuer: SceneZoho(desk.clone()),
        clock: clock(desk, false),
    };
    let answer = refresher.refresh(asked, &format!("invocation-{}", desk.who())).await?;
    Ok(answer.status)
}

fn refreshed(outcome: Result<RefreshStatus, RefreshError>) -> End {
    End::Refresh(match outcome {
        Ok(status) => format!("{status:?}"),
        Err(error) => error.kind().to_owned(),
    })
}

/// Invokes refresh as a part of itself: the two share a fate.
struct Invoked(Desk);

impl shared::tokens::TokenMinter for Invoked {
    async fn refresh(&self, rejected_version: &str) -> Result<Refreshed, Stop> {
        let asked = RefreshCause::Rejected(VersionId::new(rejected_version));
        match refresh(&self.0, &asked).await {
            Ok(RefreshStatus::InProgress) => Ok(Refreshed::InProgress),
            Ok(RefreshStatus::Refreshed | RefreshStatus::Fresh) => Ok(Refreshed::Read),
            Ok(RefreshStatus::Budget | RefreshStatus::CircuitOpen) => Err(Stop::NoFreshToken {
                message: "not now".to_owned(),
            }),
            Ok(_) => Ok(Refreshed::NotAuthorized),
            Err(error) => Err(Stop::NoFreshToken {
                message: error.to_string(),
            }),
        }
    }
}

async fn push(desk: Desk, rejected: VersionId) -> End {
    let store = AccessTokenStore::new(secret(&desk, Which::Access));
    let tokens = TokenProvider::new(store, Invoked(desk.clone()), clock(&desk, true));
    let refused = Pass {
        access: Access {
            api_domain: ZohoHosts::of(DataCentre::Eu).usual_api_domain(),
            token: AccessToken::new("refused").unwrap(),
        },
        version: rejected.to_string(),
        is_fresh: false,
    };
    End::Push(tokens.newer_than(&refused).await.is_ok())
}

async fn revoke(desk: Desk) -> End {
    let revoker = Revoker {
        table: SceneTable(desk.clone()),
        access: DocumentStore::new(secret(&desk, Which::Access)),
        self_client: DocumentStore::new(secret(&desk, Which::SelfClient)),
        issuer: SceneZoho(desk.clone()),
        intake: SceneIntake(desk.clone()),
        clock: clock(&desk, false),
    };
    End::Revoke(match revoker.revoke(Some(ORG_ID), false, None).await {
        Ok(answer) => match answer.status {
            RevokeStatus::Revoked => "revoked".to_owned(),
            other => format!("{other:?}"),
        },
        Err(error) => error.kind().to_owned(),
    })
}

async fn authorize(desk: Desk) -> End {
    let authorize = Authorize {
        table: SceneTable(desk.clone()),
        self_client: DocumentStore::new(secret(&desk, Which::SelfClient)),
        access: DocumentStore::new(secret(&desk, Which::Access)),
        zoho: SceneZoho(desk.clone()),
        intake: SceneIntake(desk.clone()),
        clock: clock(&desk, false),
        data_center: DataCentre::Eu,
    };
    let expiry_time = (Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(600_000)).as_millisecond();
    let file = json!({
        "client_id": "1000.CLIENT",
        "client_secret": "canary-client-secret",
        "code": format!("code-{}", desk.who()),
        "grant_type": "authorization_code",
        "scope": SCOPES_LINE.split(',').collect::<Vec<_>>(),
        "expiry_time": expiry_time,
    });
    match authorize.handle(file).await {
        Ok(answer) => End::Authorize {
            said: "authorized".to_owned(),
            owns_up: answer.previous == Previous::Failed,
        },
        Err(error) => End::Authorize {
            owns_up: owns_up(&error),
            said: error.kind().to_owned(),
        },
    }
}

/// Whether the operator is told of a refresh token that may be good at Zoho and is stored nowhere.
fn owns_up(error: &AuthorizeError) -> bool {
    match error {
        AuthorizeError::NotStored { taken_back, .. } | AuthorizeError::Overtaken { taken_back } => !taken_back,
        // The answer with it was lost: the code may be spent, which is told.
        AuthorizeError::Zoho { failure } => failure.may_have_been_carried_out(),
        _ => false,
    }
}
