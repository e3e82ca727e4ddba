//! Fifty pushers over real HTTP against the stand-in for Zoho, when their access token is revoked.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::https;
use bigin::secret::{ClientSecret, GrantCode};
use bigin::{Bigin, CallShape, ModuleName, Operation, Record, RecordOutcome};
use jiff::Timestamp;
use push::deliver::call::{Trip, carry};
use push::record::Parcel;
use refresh::{RefreshStatus, Refresher};
use sandbox::{Config, Sandbox};
use serde_json::json;
use shared::clock::SystemClock;
use shared::state::standing::record;
use shared::state::{AuthorizationEvent, MemoryTable};
use shared::stop::Stop;
use shared::testing::self_client;
use shared::tokens::{
    AccessDocument, AccessTokenRecord, AccessTokenStore, DocumentStore, MemorySecret, Publish, RefreshCause,
    SelfClient, VersionId, ZohoIssuer,
};
use shared::tokens::{Refreshed, TokenProvider};

const PUSHERS: u64 = 50;

type TestRefresher = Refresher<MemoryTable, MemorySecret, ZohoIssuer, SystemClock>;

/// The refresh function, invoked by a pusher.
struct Invoked {
    refresher: TestRefresher,
    holder: String,
}

impl shared::tokens::TokenMinter for Invoked {
    async fn refresh(&self, rejected_version: &str) -> Result<Refreshed, Stop> {
        let asked = RefreshCause::Rejected(VersionId::new(rejected_version));
        let answer = self.refresher.refresh(&asked, &self.holder).await;
        match answer.expect("refresh answers").status {
            RefreshStatus::Refreshed | RefreshStatus::Fresh => Ok(Refreshed::Read),
            RefreshStatus::InProgress => Ok(Refreshed::InProgress),
            other => panic!("{other:?}"),
        }
    }
}

/// A relay that was authorized at the sandbox.
async fn authorized(sandbox: &Sandbox) -> (TestRefresher, MemorySecret, String) {
    let hosts = ZohoHosts::with_accounts_url(DataCentre::Us, sandbox.url()).unwrap();
    let issuer = ZohoIssuer::new(https::client(Duration::from_secs(20)).unwrap(), hosts);
    let keys = sandbox.self_client();
    let file = sandbox.code(&keys.client_id, "ZohoBigin.modules.ALL");
    let code = GrantCode::new(file["code"].as_str().unwrap()).unwrap();
    let client_secret = ClientSecret::new(keys.client_secret).unwrap();
    let server = issuer.server(DataCentre::Us);
    let grant = server.exchange(&keys.client_id, &client_secret, &code).await.unwrap();
    let (access, table, now) = (MemorySecret::default(), MemoryTable::default(), Timestamp::now());
    let refresher = Refresher {
        table: table.clone(),
        access: DocumentStore::new(access.clone()),
        self_client: DocumentStore::new(MemorySecret::default()),
        issuer,
        clock: SystemClock,
    };
    let client = SelfClient {
        client_id: keys.client_id.clone(),
        client_secret: Some(client_secret),
        refresh_token: grant.refresh_token,
        data_center: DataCentre::Us,
        ..self_client("replaced")
    };
    let expires_at = now + grant.lives;
    let token = AccessDocument::Token(AccessTokenRecord {
        access_token: grant.access_token,
        api_domain: grant.api_domain,
        org_id: None,
        issued_at: now,
        expires_at,
    });
    let published = refresher.self_client.publish(None, &client).await.unwrap();
    assert!(matches!(published, Publish::Done(_)));
    assert!(matches!(
        refresher.access.publish(None, &token).await.unwrap(),
        Publish::Done(_)
    ));
    record(&table, &AuthorizationEvent::Authorized { expires_at }, now)
        .await
        .unwrap();
    (refresher, access, keys.client_id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_pushers_that_all_meet_a_revoked_access_token_cost_two_mints_at_most_and_lose_nothing() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let (refresher, access, client_id) = authorized(&sandbox).await;
    let bigin = Bigin::new(https::client(Duration::from_secs(20)).unwrap());
    let shape = Arc::new(CallShape {
        module: ModuleName::parse("Contacts").unwrap(),
        operation: Operation::Insert,
        match_on: Vec::new(),
        trigger: Vec::new(),
    });
    let minted = |sandbox: &Sandbox| sandbox.state()["tokens"]["minted"].as_u64().unwrap();
    let before = minted(&sandbox);
    // All of them hold the same token when it is revoked.
    let desks: Vec<_> = (0..PUSHERS)
        .map(|number| {
            let invoked = Invoked {
                refresher: refresher.clone(),
                holder: format!("invocation-{number}"),
            };
            TokenProvider::new(AccessTokenStore::new(access.clone()), invoked, SystemClock)
        })
        .collect();
    for desk in &desks {
        shared::tokens::Tokens::pass(desk.as_ref()).await.unwrap();
    }
    sandbox.console(
        "POST",
        "/console/revoke",
        &json!({"client_id": client_id, "access_only": true}),
    );
    let pushing: Vec<_> = desks
        .into_iter()
        .zip(0..)
        .map(|(desk, place)| {
            let (bigin, shape) = (bigin.clone(), Arc::clone(&shape));
            tokio::spawn(async move {
                let object = json!({"Last_Name": format!("Rao {place}")});
                let record = Record::from_object(object.as_object().unwrap());
                let parcels = Arc::new(vec![Parcel::new(place, record, Vec::new(), Arc::clone(&shape))]);
                // Bigin lets five calls in at once; that is another matter.
                loop {
                    match carry(&bigin, desk.as_ref(), &shape, &parcels, false).await.trip {
                        Trip::Answered(answer, _) => return answer.outcomes,
                        Trip::Failed(bigin::CallFailure::Throttled { .. }) => {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        other => panic!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    for pusher in pushing {
        let outcomes = pusher.await.unwrap();
        assert!(matches!(outcomes[..], [RecordOutcome::Accepted { .. }]), "{outcomes:?}");
    }
    let cost = minted(&sandbox) - before;
    assert!((1..=2).contains(&cost), "{cost} mints");
    shared::testing::leave_figure(
        env!("CARGO_TARGET_TMPDIR"),
        &format!("mints: {cost} for {PUSHERS} pushers that all met a revoked access token"),
    );
}
