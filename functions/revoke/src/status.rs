//! How things stand, for an operator at night: what is wrong, since when, and what to do. A part that cannot be looked
//! at is told as a problem and keeps nothing else back.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use serde::Serialize;
use shared::clock::Clock;
use shared::intake::Intake;
use shared::state::credits::{self, CreditsLeft};
use shared::state::{Held, Pause, Standing, Table, held, mints};
use shared::tokens::{AccessDocument, Secrets, SelfClient};

use crate::queues::{QueueDepth, Queues};
use crate::reports::{LastReport, Reports};
use crate::revoker::Revoker;

/// What is looked at beside what revoke itself needs.
#[derive(Debug, Clone)]
pub struct Watch<Q, R> {
    /// The queues.
    pub queues: Q,
    /// The reports.
    pub reports: R,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The authorization.
    pub authorization: AuthorizationStatus,
    /// The access token.
    pub token: Option<TokenStatus>,
    /// The pause, if one stands.
    pub paused: Option<Pause>,
    /// Whether messages are let in; `None` when that cannot be told.
    pub intake_open: Option<bool>,
    /// Modules that are held.
    pub held_modules: Vec<Held>,
    /// API credits.
    pub credits: CreditsStatus,
    /// Mints of access tokens.
    pub mints: MintsStatus,
    /// What waits on the queues.
    pub queues: BTreeMap<&'static str, QueueDepth>,
    /// The last reports, newest first.
    pub reports: Vec<LastReport>,
    /// What could not be looked at.
    pub problems: Vec<String>,
}

/// The authorization, without anything secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AuthorizationStatus {
    /// Where it stands.
    pub state: &'static str,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What happened, where there is something to say.
    pub message: Option<String>,
    /// The organisation.
    pub org_id: Option<String>,
    /// Its name.
    pub org_name: Option<String>,
    /// The user who authorized.
    pub user_email: Option<String>,
    /// The self client.
    pub client_id: Option<String>,
    /// The data centre.
    pub data_center: Option<&'static str>,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// When it was authorized.
    pub authorized_at: Option<Timestamp>,
}

/// The access token, without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenStatus {
    /// When it was minted.
    pub issued_at: Timestamp,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// Whether it is still good.
    pub is_good: bool,
}

/// API credits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreditsStatus {
    /// Spent by this relay in the last 24 hours, by Zoho's price list.
    pub spent_24h: u64,
    /// What Bigin last said is left.
    pub left: Option<CreditsLeft>,
}

/// Mints of access tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MintsStatus {
    /// Asked for in the last ten minutes.
    pub last_10_minutes: usize,
    /// Until when Zoho is left in peace after an Access Denied.
    pub circuit_open_until: Option<Timestamp>,
}

impl<Q: Queues, R: Reports> Watch<Q, R> {
    /// Looks at everything.
    pub async fn look<T: Table, S: Secrets, Z: Send + Sync, I: Intake, C: Clock>(
        &self,
        revoker: &Revoker<T, S, Z, I, C>,
    ) -> Status {
        let (table, now) = (&revoker.table, revoker.clock.now());
        let (standing, client, access, intake, held, spent, left, mints, depths, reports) = futures_util::join!(
            Standing::read(table),
            revoker.self_client.read(),
            revoker.access.read(),
            revoker.intake.is_open(),
            held::all(table),
            credits::spent(table, now),
            credits::left(table),
            mints::read(table),
            self.queues.depths(),
            self.reports.last(now),
        );
        let mut problems = Problems::default();
        let standing = problems.note(standing);
        let client = problems.note(client).flatten().map(|stored| stored.document);
        let access = problems.note(access).flatten().map(|stored| stored.document);
        let mints = problems.note(mints).unwrap_or_default();
        let mut queues = BTreeMap::new();
        for (name, depth) in depths {
            if let Some(depth) = problems.note(depth.map_err(|problem| format!("the queue {name}: {problem}"))) {
                queues.insert(name, depth);
            }
        }
        Status {
            token: token(access.as_ref(), now),
            authorization: authorization(standing.as_ref(), client),
            paused: standing.as_ref().and_then(|standing| standing.pause(now)),
            intake_open: problems.note(intake).flatten(),
            held_modules: problems.note(held).unwrap_or_default(),
            credits: CreditsStatus {
                spent_24h: problems.note(spent).unwrap_or_default(),
                left: problems.note(left).flatten(),
            },
            mints: MintsStatus {
                last_10_minutes: mints.in_window(now),
                circuit_open_until: mints.open_until(now),
            },
            queues,
            reports: problems
                .note(reports.map_err(|problem| format!("the reports: {problem}")))
                .unwrap_or_default(),
            problems: problems.0,
        }
    }
}

fn authorization(standing: Option<&Standing>, client: Option<SelfClient>) -> AuthorizationStatus {
    let recorded = standing.map(|standing| standing.authorization.clone());
    let status = match recorded {
        Some(recorded) => AuthorizationStatus {
            state: recorded.state.as_str(),
            since: recorded.since,
            message: recorded.message,
            ..AuthorizationStatus::default()
        },
        None => AuthorizationStatus {
            state: "unknown",
            ..AuthorizationStatus::default()
        },
    };
    let Some(client) = client else { return status };
    AuthorizationStatus {
        org_id: client.org_id,
        org_name: client.org_name,
        user_email: client.user_email,
        client_id: Some(client.client_id),
        data_center: Some(client.data_center.code()),
        scopes: client.scope,
        authorized_at: client.authorized_at,
        ..status
    }
}

fn token(access: Option<&AccessDocument>, now: Timestamp) -> Option<TokenStatus> {
    let record = access?.token()?;
    let (issued_at, expires_at) = (record.issued_at, record.expires_at);
    Some(TokenStatus {
        issued_at,
        expires_at,
        is_good: now < expires_at,
    })
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn note<T, E: Display>(&mut self, looked: Result<T, E>) -> Option<T> {
        looked.map_err(|problem| self.0.push(problem.to_string())).ok()
    }
}
