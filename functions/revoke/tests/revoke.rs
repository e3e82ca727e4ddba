//! Revoke, pause, resume and status against a table, secrets and an issuer in memory.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::pin::Pin;

use bigin::oauth::TokenFailure;
use jiff::{SignedDuration, Timestamp};
use refresh::Refresher;
use revoke::{Function, LastReport, QueueDepth, Queues, Reports, RevokeError, Revoker, Watch};
use serde_json::{Value, json};
use shared::clock::{Clock, ManualClock};
use shared::intake::{Intake, MemoryIntake};
use shared::state::pause::SetCause;
use shared::state::standing::record;
use shared::state::{
    AuthorizationEvent, AuthorizationState, Cause, Held, MemoryTable, Standing, credits, held, pause, refusals,
};
use shared::testing::{ORG_ID, USER, access_token, eventually, interleave, self_client};
use shared::tokens::{DocumentStore, MemoryIssuer, MemorySecret, Publish, RefreshCause, SecretText, Secrets};

const REFRESH_TOKEN: &str = "canary-refresh-token";

#[derive(Clone)]
struct Nothing;

impl Queues for Nothing {
    async fn depths(&self) -> Vec<(&'static str, Result<QueueDepth, String>)> {
        let waiting = QueueDepth {
            waiting: 3,
            oldest_message_s: Some(90_000),
            ..QueueDepth::default()
        };
        vec![
            ("records", Ok(waiting)),
            ("events_dead_letter", Err("AccessDenied".to_owned())),
        ]
    }
}

impl Reports for Nothing {
    async fn last(&self, _: Timestamp) -> Result<Vec<LastReport>, String> {
        Ok(vec![LastReport {
            key: "reports/Contacts/2026-11-24/a.r1.json".to_owned(),
            said: None,
        }])
    }
}

#[derive(Clone)]
struct World {
    function: Function<MemoryTable, MemorySecret, MemoryIssuer, MemoryIntake, ManualClock, Nothing, Nothing>,
    access: MemorySecret,
    self_client: MemorySecret,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::at("2026-11-24T09:00:00Z");
        let (access, self_client) = (MemorySecret::default(), MemorySecret::default());
        let revoker = Revoker {
            table: MemoryTable::with_clock(clock.clone()),
            access: DocumentStore::new(access.clone()),
            self_client: DocumentStore::new(self_client.clone()),
            issuer: MemoryIssuer::with_refresh_tokens(&[REFRESH_TOKEN]),
            intake: MemoryIntake::default(),
            clock,
        };
        let watch = Watch {
            queues: Nothing,
            reports: Nothing,
        };
        Self {
            function: Function {
                revoker,
                watch,
                stack: "test".to_owned(),
            },
            access,
            self_client,
        }
    }

    /// Bigin does not let contacts be written.
    async fn hold_contacts(&self) {
        let hold = Held {
            module: "Contacts".to_owned(),
            code: "NO_PERMISSION".to_owned(),
            message: "m".to_owned(),
            action: "a".to_owned(),
            since: self.now(),
            look_again_at: self.now(),
        };
        held::hold(self.table(), &hold).await.unwrap();
    }

    async fn authorized() -> Self {
        let world = Self::new();
        let revoker = &world.function.revoker;
        let token = access_token("canary-access-token", world.now());
        let client = self_client(REFRESH_TOKEN);
        assert!(matches!(
            revoker.self_client.publish(None, &client).await,
            Ok(Publish::Done(_))
        ));
        assert!(matches!(
            revoker.access.publish(None, &token).await,
            Ok(Publish::Done(_))
        ));
        let expires_at = world.now() + SignedDuration::from_hours(1);
        record(
            world.table(),
            &AuthorizationEvent::Authorized { expires_at },
            world.now(),
        )
        .await
        .unwrap();
        world
    }

    fn refresher(&self) -> Refresher<MemoryTable, MemorySecret, MemoryIssuer, ManualClock> {
        let revoker = self.function.revoker.clone();
        Refresher {
            table: revoker.table,
            access: revoker.access,
            self_client: revoker.self_client,
            issuer: revoker.issuer,
            clock: revoker.clock,
        }
    }

    fn table(&self) -> &MemoryTable {
        &self.function.revoker.table
    }

    fn issuer(&self) -> &MemoryIssuer {
        &self.function.revoker.issuer
    }

    fn now(&self) -> Timestamp {
        self.function.revoker.clock.now()
    }

    async fn ask(&self, payload: Value) -> Result<Value, RevokeError> {
        self.function.handle(&payload).await
    }

    async fn revoke(&self) -> Value {
        self.ask(json!({"confirm": ORG_ID, "reason": "audit"})).await.unwrap()
    }

    async fn state(&self) -> AuthorizationState {
        Standing::read(self.table()).await.unwrap().authorization.state
    }

    async fn is_intake_open(&self) -> bool {
        self.function.revoker.intake.is_open().await.unwrap().unwrap()
    }

    /// Everything that can be had from the secrets by a label.
    fn in_secrets(&self) -> String {
        format!("{:?} {:?}", self.access.labelled(), self.self_client.labelled())
    }
}

fn no_answer() -> TokenFailure {
    TokenFailure::NoAnswer {
        at: "zoho".to_owned(),
        problem: "cut",
        may_have_arrived: false,
    }
}

#[tokio::test]
async fn a_revoke_leaves_no_token_within_reach_and_can_be_repeated() {
    let world = World::authorized().await;
    let answer = world.revoke().await;
    assert_eq!(
        (answer["status"].as_str(), answer["at_zoho"].as_str()),
        (Some("revoked"), Some("revoked"))
    );
    assert!(!world.issuer().is_good(REFRESH_TOKEN));
    assert!(!world.in_secrets().contains("canary"), "{}", world.in_secrets());
    assert!(
        world.in_secrets().contains(ORG_ID),
        "the organisation stays, so that the revoke can be repeated"
    );
    assert_eq!(world.state().await, AuthorizationState::Revoked);
    assert!(!world.is_intake_open().await);
    let again = world.revoke().await;
    assert_eq!(
        (again["status"].as_str(), again["at_zoho"].as_str()),
        (Some("revoked"), Some("nothing_to_revoke"))
    );
    assert_eq!(world.state().await, AuthorizationState::Revoked);
}

#[tokio::test]
async fn with_zoho_out_of_reach_nothing_is_sent_any_more_and_the_refresh_token_is_kept_to_finish_with() {
    let world = World::authorized().await;
    world.issuer().fail_next(no_answer());
    let answer = world.revoke().await;
    assert_eq!(
        (answer["status"].as_str(), answer["at_zoho"].as_str()),
        (Some("revoking"), Some("out_of_reach"))
    );
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.contains("60 minutes") && message.contains("repeat"),
        "{message}"
    );
    assert!(!format!("{:?}", world.access.labelled()).contains("canary"));
    assert!(world.in_secrets().contains(REFRESH_TOKEN));
    assert!(!world.is_intake_open().await);
    let pause = pause::current(world.table(), world.now()).await.unwrap().unwrap();
    assert_eq!(pause.code.as_str(), "revoked");
    let refreshed = world.refresher().refresh(&RefreshCause::BySchedule, "r").await.unwrap();
    assert_eq!(refreshed.status, refresh::RefreshStatus::Revoking);
    assert_eq!(world.revoke().await["status"], "revoked");
    assert!(!world.in_secrets().contains("canary"));
    assert_eq!(world.issuer().asked(), 0);
}

#[tokio::test]
async fn a_token_that_zoho_does_not_know_any_more_counts_as_revoked() {
    let world = World::authorized().await;
    let mut client = self_client("canary-unknown-token");
    client.pending = Some(Box::new(self_client("canary-other")));
    let version = world.function.revoker.self_client.version().await.unwrap();
    let published = world
        .function
        .revoker
        .self_client
        .publish(version.as_ref(), &client)
        .await
        .unwrap();
    assert!(matches!(published, Publish::Done(_)));
    let answer = world.revoke().await;
    assert_eq!(
        (answer["status"].as_str(), answer["at_zoho"].as_str()),
        (Some("revoked"), Some("not_known"))
    );
    assert_eq!(
        world.issuer().revocations(),
        2,
        "a pending authorization is revoked too"
    );
    assert!(!world.in_secrets().contains("canary"));
}

#[tokio::test]
async fn a_revoke_needs_the_organisations_id() {
    let world = World::authorized().await;
    for payload in [
        json!({}),
        json!({"confirm": "other"}),
        json!({"confirm": "1000.CLIENT"}),
        json!({"confirm": "other", "dry_run": true}),
    ] {
        let error = world.ask(payload.clone()).await.unwrap_err();
        assert_eq!(error.kind(), "NotConfirmed", "{payload}");
        assert!(!error.to_string().contains(ORG_ID));
    }
    assert_eq!(world.state().await, AuthorizationState::Active);
    assert!(world.issuer().is_good(REFRESH_TOKEN) && world.is_intake_open().await);
}

#[tokio::test]
async fn where_no_organisation_is_known_the_client_id_confirms() {
    let world = World::new();
    let mut client = self_client(REFRESH_TOKEN);
    client.org_id = None;
    assert!(matches!(
        world.function.revoker.self_client.publish(None, &client).await,
        Ok(Publish::Done(_))
    ));
    assert_eq!(
        world.ask(json!({"confirm": ORG_ID})).await.unwrap_err().kind(),
        "NotConfirmed"
    );
    assert_eq!(
        world.ask(json!({"confirm": "1000.CLIENT"})).await.unwrap()["status"],
        "revoked"
    );
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let world = World::authorized().await;
    for payload in [json!({"dry_run": true}), json!({"dry_run": true, "confirm": ORG_ID})] {
        assert_eq!(world.ask(payload).await.unwrap()["status"], "planned");
    }
    assert_eq!(world.state().await, AuthorizationState::Active);
    assert_eq!((world.issuer().revocations(), world.is_intake_open().await), (0, true));
    assert!(world.in_secrets().contains(REFRESH_TOKEN));
}

#[tokio::test]
async fn a_revoke_of_nothing_says_so_and_closes_the_door_all_the_same() {
    let world = World::new();
    assert_eq!(world.ask(json!({})).await.unwrap()["status"], "not_authorized");
    assert!(!world.is_intake_open().await);
}

#[tokio::test]
async fn secrets_that_cannot_be_read_keep_nobody_from_stopping_delivery() {
    let world = World::authorized().await;
    for secret in [&world.access, &world.self_client] {
        let version = secret.read().await.unwrap().map(|current| current.version);
        let garbage = SecretText::new("{canary");
        assert!(matches!(
            secret.publish(version.as_ref(), &garbage).await,
            Ok(Publish::Done(_))
        ));
    }
    let error = world.ask(json!({"confirm": ORG_ID})).await.unwrap_err();
    assert_eq!(error.kind(), "Secret");
    assert!(!error.to_string().contains("canary"), "{error}");
    assert_eq!(
        (world.state().await, world.is_intake_open().await),
        (AuthorizationState::Revoking, false)
    );
    assert!(!format!("{:?}", world.access.labelled()).contains("canary"));
}

#[tokio::test]
async fn a_refresh_under_way_loses_against_a_revoke() {
    let world = World::authorized().await;
    world.issuer().close_gate();
    let (version, _) = {
        let stored = world.function.revoker.access.read().await.unwrap().unwrap();
        (stored.version, stored.document)
    };
    let refresher = world.refresher();
    let racing = tokio::spawn(async move { refresher.refresh(&RefreshCause::Rejected(version), "racer").await });
    eventually("the mint", || world.issuer().asked() == 1).await;
    let revoking = tokio::spawn({
        let world = world.clone();
        async move { world.revoke().await }
    });
    eventually("the revocation", || world.issuer().revocations() == 1).await;
    world.issuer().open_gate();
    assert_eq!(revoking.await.unwrap()["status"], "revoked");
    let lost = racing.await.unwrap().unwrap().status;
    assert!(
        matches!(lost, refresh::RefreshStatus::Revoked | refresh::RefreshStatus::Revoking),
        "{lost:?}"
    );
    assert!(!world.in_secrets().contains("minted"), "{}", world.in_secrets());
    assert_eq!(world.state().await, AuthorizationState::Revoked);
}

#[tokio::test]
async fn in_whatever_order_the_steps_of_refreshes_and_a_revoke_come_no_token_is_left() {
    for seed in 0..2_000 {
        let world = World::authorized().await;
        let refresher = world.refresher();
        let version = world.function.revoker.access.version().await.unwrap().unwrap();
        let asked = [RefreshCause::Rejected(version), RefreshCause::BySchedule];
        let mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
        for (asked, name) in asked.iter().cycle().zip(["a", "b", "c"]) {
            let refresher = &refresher;
            tasks.push(Box::pin(async move {
                refresher.refresh(asked, name).await.map(drop).unwrap();
            }));
        }
        tasks.push(Box::pin(async {
            assert_eq!(world.revoke().await["status"], "revoked");
        }));
        interleave(seed, tasks);
        let left = world.in_secrets();
        assert!(
            !left.contains("canary") && !left.contains("minted"),
            "seed {seed}: {left}"
        );
        assert_eq!(world.state().await, AuthorizationState::Revoked, "seed {seed}");
    }
}

#[tokio::test]
async fn a_pause_stops_and_a_resume_starts_delivery() {
    let world = World::authorized().await;
    let paused = world
        .ask(json!({"action": "pause", "reason": "month end"}))
        .await
        .unwrap();
    assert_eq!(
        (paused["status"].as_str(), paused["paused"]["code"].as_str()),
        (Some("paused"), Some("operator"))
    );
    assert!(paused["paused"]["message"].as_str().unwrap().contains("month end"));
    assert!(!world.is_intake_open().await);
    let credits = SetCause {
        cause: Cause::Credits,
        message: "gone".to_owned(),
        since: world.now(),
        by: "push".to_owned(),
        resumes_at: None,
    };
    pause::set(world.table(), &credits).await.unwrap();
    assert_eq!(world.function.revoker.intake.upkeeps(), 0);
    let running = world.ask(json!({"action": "resume"})).await.unwrap();
    assert_eq!(
        world.function.revoker.intake.upkeeps(),
        1,
        "what waited is looked after"
    );
    assert_eq!(
        (running["status"].as_str(), &running["paused"]),
        (Some("running"), &Value::Null)
    );
    assert!(world.is_intake_open().await);
}

#[tokio::test]
async fn nothing_is_resumed_while_nothing_is_authorized() {
    let world = World::new();
    let error = world.ask(json!({"action": "resume"})).await.unwrap_err();
    assert_eq!(error.kind(), "CannotResume");
    assert!(error.to_string().contains("authorize"), "{error}");
    let world = World::authorized().await;
    world.revoke().await;
    assert_eq!(
        world.ask(json!({"action": "resume"})).await.unwrap_err().kind(),
        "CannotResume"
    );
    assert!(!world.is_intake_open().await);
}

#[tokio::test]
async fn a_hold_that_an_operator_decides_ends_and_push_is_asked_to_bring_back_what_waited() {
    let world = World::authorized().await;
    let upkeeps = || world.function.revoker.intake.upkeeps();
    let before = upkeeps();
    for (asked, (action, status, rejects)) in [("reject_held", "rejecting", true), ("retry_held", "retrying", false)]
        .into_iter()
        .enumerate()
    {
        world.hold_contacts().await;
        let answer = world
            .ask(json!({"action": action, "module": "Contacts"}))
            .await
            .unwrap();
        assert_eq!((&answer["status"], &answer["problems"]), (&json!(status), &json!([])));
        assert_eq!(answer["held"]["code"], "NO_PERMISSION");
        assert_eq!(held::of_module(world.table(), "Contacts").await.unwrap(), None);
        let known = refusals::of_module(world.table(), "Contacts").await.unwrap();
        assert_eq!(known.rejected_by_hand.is_some(), rejects);
        assert_eq!(upkeeps() - before, 1 + u32::try_from(asked).unwrap());
    }
    let answer = world
        .ask(json!({"action": "reject_held", "module": "Contacts"}))
        .await
        .unwrap();
    assert_eq!((&answer["status"], upkeeps() - before), (&json!("not_held"), 2));
}

#[tokio::test]
async fn the_status_tells_everything_but_secrets_and_what_it_cannot_see() {
    let world = World::authorized().await;
    credits::spend(world.table(), world.now(), 42).await.unwrap();
    credits::note_left(world.table(), world.now(), 4958).await.unwrap();
    world.hold_contacts().await;
    world.ask(json!({"action": "pause"})).await.unwrap();
    let status = world.ask(json!({"action": "status"})).await.unwrap();
    assert_eq!(status["authorization"]["state"], "active");
    assert_eq!(status["authorization"]["user_email"], USER);
    assert_eq!(status["authorization"]["scopes"], json!(["ZohoBigin.modules.ALL"]));
    assert_eq!(status["token"]["expires_at"], "2026-11-24T10:00:00Z");
    assert_eq!(status["paused"]["since"], "2026-11-24T09:00:00Z");
    assert_eq!(status["held_modules"][0]["module"], "Contacts");
    assert_eq!(status["credits"]["spent_24h"], 42);
    assert_eq!(status["credits"]["left"]["left"], 4958);
    assert_eq!(status["queues"]["records"]["waiting"], 3);
    assert_eq!(status["queues"]["records"]["oldest_message_s"], 90_000);
    assert_eq!(status["reports"][0]["key"], "reports/Contacts/2026-11-24/a.r1.json");
    assert_eq!(
        status["problems"],
        json!(["the queue events_dead_letter: AccessDenied"])
    );
    assert!(!status.to_string().contains("canary"));
}
