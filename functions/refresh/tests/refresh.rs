//! The refresh against a table, secrets and an issuer in memory.
#![allow(clippy::unwrap_used, reason = "tests")]

mod world;

use bigin::oauth::{TokenFailure, refresh_token_dead};
use jiff::SignedDuration;
use refresh::RefreshStatus;
use serde_json::json;
use shared::intake::Intake;
use shared::state::pause::SetCause;
use shared::state::standing::record;
use shared::state::upkeep::{self, Upkeep};
use shared::state::{AuthorizationEvent, AuthorizationState, Cause, PauseCode, Standing, pause};
use shared::testing::{USER, eventually, interleave, self_client};
use shared::tokens::{AccessDocument, BlankState, RefreshCause, SelfClient};
use world::{REFRESH_TOKEN, World};

fn no_answer() -> TokenFailure {
    TokenFailure::NoAnswer {
        at: "zoho".to_owned(),
        problem: "cut",
        may_have_arrived: true,
    }
}

#[tokio::test]
async fn the_schedule_mints_when_the_token_has_less_than_45_minutes_and_not_before() {
    let world = World::authorized().await;
    world.pass(10);
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Fresh);
    world.pass(10);
    let answer = world.scheduled().await.unwrap();
    assert_eq!(answer.status, RefreshStatus::Refreshed);
    assert_eq!(answer.expires_at, Some(world.now() + SignedDuration::from_hours(1)));
    assert_eq!(answer.version, Some(world.current().await.0.to_string()));
    assert_eq!(world.issuer().minted(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_requests_for_one_rejected_version_cost_one_mint() {
    let world = World::authorized().await;
    let (rejected, _) = world.current().await;
    let asking: Vec<_> = (0..50)
        .map(|number| {
            let (world, rejected) = (world.clone(), rejected.clone());
            tokio::spawn(async move {
                world
                    .rejected(&rejected, &format!("request-{number}"))
                    .await
                    .unwrap()
                    .status
            })
        })
        .collect();
    let mut refreshed = 0;
    for request in asking {
        match request.await.unwrap() {
            RefreshStatus::Refreshed => refreshed += 1,
            RefreshStatus::Fresh | RefreshStatus::InProgress => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((refreshed, world.issuer().asked(), world.access.stored()), (1, 1, 2));
}

#[tokio::test]
async fn in_whatever_order_the_steps_of_several_requests_come_one_token_is_minted() {
    for seed in 0..2_000 {
        let world = World::authorized().await;
        let (rejected, _) = world.current().await;
        let names: Vec<_> = (0..4).map(|number| format!("request-{number}")).collect();
        let refresher = &world.function.refresher;
        let asked = RefreshCause::Rejected(rejected);
        let answers = interleave(seed, names.iter().map(|name| refresher.refresh(&asked, name)).collect());
        let minted = answers
            .iter()
            .filter(|answer| answer.as_ref().unwrap().status == RefreshStatus::Refreshed);
        assert_eq!(
            (minted.count(), world.issuer().asked()),
            (1, 1),
            "seed {seed}: {answers:?}"
        );
    }
}

#[tokio::test]
async fn a_request_about_a_token_that_was_replaced_meanwhile_costs_nothing() {
    let world = World::authorized().await;
    let (rejected, _) = world.current().await;
    assert_eq!(
        world.rejected(&rejected, "a").await.unwrap().status,
        RefreshStatus::Refreshed
    );
    assert_eq!(
        world.rejected(&rejected, "b").await.unwrap().status,
        RefreshStatus::Fresh
    );
    assert_eq!(world.issuer().asked(), 1);
}

#[tokio::test]
async fn a_refresh_that_races_a_revoke_loses() {
    let world = World::authorized().await;
    let (rejected, _) = world.current().await;
    world.issuer().close_gate();
    let racing = tokio::spawn({
        let world = world.clone();
        async move { world.rejected(&rejected, "racer").await }
    });
    eventually("the mint", || world.issuer().asked() == 1).await;
    world.begin_revoke().await;
    world.issuer().open_gate();
    assert_eq!(racing.await.unwrap().unwrap().status, RefreshStatus::Revoked);
    assert_eq!(world.current().await.1.token(), None);
    assert_eq!(world.state().await, AuthorizationState::Revoking);
}

#[tokio::test]
async fn after_a_revoke_zoho_is_not_asked() {
    let world = World::authorized().await;
    world.pass(50);
    world.begin_revoke().await;
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Revoking);
    let (version, _) = world.current().await;
    assert_eq!(
        world.rejected(&version, "push").await.unwrap().status,
        RefreshStatus::Revoking
    );
    record(world.table(), &AuthorizationEvent::RevokeDone, world.now())
        .await
        .unwrap();
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Revoked);
    assert_eq!(world.issuer().asked(), 0);
    assert_eq!(world.function.intake.is_open().await.unwrap(), Some(false));
}

#[tokio::test]
async fn a_blanked_token_stays_blank_even_if_the_state_table_forgot_the_revoke() {
    let world = World::authorized().await;
    world.blank().await;
    assert_eq!(world.state().await, AuthorizationState::Active);
    for _ in 0..2 {
        assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Revoked);
        assert_eq!(world.issuer().asked(), 0);
        assert_eq!(world.state().await, AuthorizationState::NotAuthorized);
        assert_eq!(world.function.intake.is_open().await.unwrap(), Some(false));
    }
}

#[tokio::test]
async fn the_lease_of_a_dead_refresher_runs_out() {
    let world = World::authorized().await;
    let (rejected, _) = world.current().await;
    world.issuer().close_gate();
    let dead = tokio::spawn({
        let (world, rejected) = (world.clone(), rejected.clone());
        async move { world.rejected(&rejected, "dead").await }
    });
    eventually("the mint", || world.issuer().asked() == 1).await;
    dead.abort();
    world.issuer().open_gate();
    assert_eq!(
        world.rejected(&rejected, "next").await.unwrap().status,
        RefreshStatus::InProgress
    );
    world.pass(2);
    assert_eq!(
        world.rejected(&rejected, "next").await.unwrap().status,
        RefreshStatus::Refreshed
    );
}

#[tokio::test]
async fn a_refresher_that_was_taken_for_dead_publishes_nothing() {
    let world = World::authorized().await;
    let (rejected, _) = world.current().await;
    world.issuer().close_gate();
    let slow = tokio::spawn({
        let (world, rejected) = (world.clone(), rejected.clone());
        async move { world.rejected(&rejected, "slow").await }
    });
    eventually("the mint", || world.issuer().asked() == 1).await;
    world.pass(2);
    let next = tokio::spawn({
        let (world, rejected) = (world.clone(), rejected.clone());
        async move { world.rejected(&rejected, "next").await }
    });
    eventually("the second mint", || world.issuer().asked() == 2).await;
    world.issuer().open_gate();
    let statuses = [slow.await.unwrap().unwrap().status, next.await.unwrap().unwrap().status];
    let refreshed = statuses
        .iter()
        .filter(|status| **status == RefreshStatus::Refreshed)
        .count();
    assert_eq!(refreshed, 1, "{statuses:?}");
    assert_eq!(world.access.stored(), 2);
}

#[tokio::test]
async fn a_dead_refresh_token_pauses_names_the_user_and_is_not_asked_about_again() {
    let world = World::authorized().await;
    world
        .issuer()
        .fail_next(TokenFailure::RefreshTokenRefused { at: "zoho".to_owned() });
    world.pass(20);
    let before = world.current().await;
    let answer = world.scheduled().await.unwrap();
    assert_eq!(answer.status, RefreshStatus::NeedsAuthorization);
    let message = answer.message.unwrap();
    assert_eq!(message, refresh_token_dead("zoho", Some(USER)));
    assert_eq!(
        world.scheduled().await.unwrap().status,
        RefreshStatus::NeedsAuthorization
    );
    assert_eq!(world.issuer().asked(), 1);
    assert_eq!(world.current().await, before);
    let pause = pause::current(world.table(), world.now()).await.unwrap().unwrap();
    assert_eq!((pause.code, pause.message), (PauseCode::NeedsAuthorization, message));
    assert_eq!(world.function.intake.is_open().await.unwrap(), Some(false));
}

#[tokio::test]
async fn a_dead_token_that_authorize_replaced_meanwhile_pauses_nothing() {
    let world = World::authorized().await;
    world.pass(20);
    world
        .issuer()
        .fail_next(TokenFailure::RefreshTokenRefused { at: "zoho".to_owned() });
    world.issuer().close_gate();
    let late = tokio::spawn({
        let world = world.clone();
        async move { world.scheduled().await }
    });
    eventually("the mint", || world.issuer().asked() == 1).await;
    let expires_at = world.now() + SignedDuration::from_hours(1);
    record(
        world.table(),
        &AuthorizationEvent::Authorized { expires_at },
        world.now(),
    )
    .await
    .unwrap();
    world.issuer().open_gate();
    assert_ne!(late.await.unwrap().unwrap().status, RefreshStatus::NeedsAuthorization);
    assert_eq!(world.state().await, AuthorizationState::Active);
}

#[tokio::test]
async fn a_failure_that_may_pass_keeps_the_token_and_says_how_long_it_is_good() {
    let world = World::authorized().await;
    world.pass(20);
    let before = world.current().await;
    world.issuer().fail_next(no_answer());
    let error = world.scheduled().await.unwrap_err();
    assert_eq!(error.kind(), "RefreshFailing");
    assert!(error.to_string().contains("good until 2026-11-24T10:00:00Z"), "{error}");
    assert_eq!(world.current().await, before);
    assert_eq!(world.state().await, AuthorizationState::RefreshFailing);
    assert_eq!(
        pause::current(world.table(), world.now()).await.unwrap(),
        None,
        "a good token is used up"
    );
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Refreshed);
    assert_eq!(world.state().await, AuthorizationState::Active);
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_leaves_the_stored_one_as_it_is() {
    let world = World::authorized().await;
    world.pass(20);
    let before = world.function.refresher.self_client.read().await.unwrap();
    assert!(before.as_ref().unwrap().document.refresh_token.is_some());
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Refreshed);
    // Not even a version of its own: this function does not write that secret.
    assert_eq!(world.function.refresher.self_client.read().await.unwrap(), before);
}

#[tokio::test]
async fn access_denied_opens_a_circuit() {
    let world = World::authorized().await;
    world.pass(20);
    world
        .issuer()
        .fail_next(TokenFailure::AccessDenied { at: "zoho".to_owned() });
    assert_eq!(world.scheduled().await.unwrap_err().kind(), "RefreshThrottled");
    for _ in 0..5 {
        assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::CircuitOpen);
    }
    assert_eq!(world.issuer().asked(), 1);
    world.pass(11);
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Refreshed);
}

#[tokio::test]
async fn whatever_happens_no_more_than_six_mints_are_asked_for_in_ten_minutes() {
    let world = World::authorized().await;
    let mut statuses = Vec::new();
    for round in 0..20 {
        let (version, _) = world.current().await;
        statuses.push(world.rejected(&version, &format!("r{round}")).await.unwrap().status);
    }
    assert_eq!(world.issuer().asked(), 6);
    assert_eq!(statuses[6..], [RefreshStatus::Budget; 14]);
    world.pass(10);
    let (version, _) = world.current().await;
    assert_eq!(
        world.rejected(&version, "later").await.unwrap().status,
        RefreshStatus::Refreshed
    );
}

#[tokio::test]
async fn without_an_authorization_nothing_is_asked_and_the_intake_closes() {
    let world = World::new();
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::NotAuthorized);
    assert_eq!(world.issuer().asked(), 0);
    assert_eq!(world.function.intake.is_open().await.unwrap(), Some(false));
    let pause = pause::current(world.table(), world.now()).await.unwrap().unwrap();
    assert_eq!(pause.code, PauseCode::NotAuthorized);
}

#[tokio::test]
async fn what_a_secret_has_lost_is_named_and_is_not_taken_for_nobody_having_authorized() {
    for (lost, client) in [
        (
            "client_secret",
            SelfClient {
                client_secret: None,
                ..self_client(REFRESH_TOKEN)
            },
        ),
        (
            "refresh_token",
            SelfClient {
                refresh_token: None,
                ..self_client(REFRESH_TOKEN)
            },
        ),
    ] {
        let world = World::new();
        world.authorize(client).await;
        world.pass(20);
        let answer = world.scheduled().await.unwrap();
        assert_eq!(answer.status, RefreshStatus::NeedsAuthorization, "{lost}");
        assert_eq!(world.issuer().asked(), 0);
        let standing = Standing::read(world.table()).await.unwrap().authorization;
        assert_eq!(standing.state, AuthorizationState::NeedsAuthorization);
        assert!(standing.message.unwrap().contains(lost), "{lost}");
    }
}

#[tokio::test]
async fn an_authorize_that_died_before_its_end_is_finished_by_the_next_refresh() {
    let world = World::new();
    world.publish_self_client(&self_client(REFRESH_TOKEN)).await;
    world
        .function
        .refresher
        .access
        .probe(&AccessDocument::blank(BlankState::NotAuthorized, None))
        .await
        .unwrap();
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Refreshed);
    assert_eq!(world.state().await, AuthorizationState::Active);
    assert_eq!(world.function.intake.is_open().await.unwrap(), Some(true));
}

#[tokio::test]
async fn the_scheduled_refresh_ends_a_credits_pause_and_opens_the_intake() {
    let world = World::authorized().await;
    let cause = SetCause {
        cause: Cause::Credits,
        message: "gone".to_owned(),
        since: world.now(),
        by: "push".to_owned(),
        resumes_at: Some(world.now() + SignedDuration::from_mins(30)),
    };
    pause::set(world.table(), &cause).await.unwrap();
    world.pass(20);
    world.scheduled().await.unwrap();
    assert_eq!(world.function.intake.is_open().await.unwrap(), Some(false));
    world.pass(20);
    world.scheduled().await.unwrap();
    assert_eq!(world.function.intake.is_open().await.unwrap(), Some(true));
    assert_eq!(Standing::read(world.table()).await.unwrap().causes, []);
}

#[tokio::test]
async fn the_scheduled_refresh_has_push_look_after_what_waits_until_nothing_is_left() {
    let world = World::authorized().await;
    let cause = SetCause {
        cause: Cause::Operator,
        message: "audit".to_owned(),
        since: world.now(),
        by: "operator".to_owned(),
        resumes_at: None,
    };
    let upkeeps = || world.function.intake.upkeeps();
    world.scheduled().await.unwrap();
    assert_eq!(upkeeps(), 0, "nothing is paused and nothing left");
    pause::set(world.table(), &cause).await.unwrap();
    world.scheduled().await.unwrap();
    assert_eq!(upkeeps(), 1);
    let left = Upkeep::of_pause(world.now(), SignedDuration::from_hours(24));
    upkeep::write(world.table(), &left).await.unwrap();
    pause::clear(world.table(), &[Cause::Operator]).await.unwrap();
    world.scheduled().await.unwrap();
    assert_eq!(upkeeps(), 2, "the pause is over and has left something");
    let noted = upkeep::stored(world.table()).await.unwrap().unwrap();
    assert!(upkeep::clear(world.table(), noted.revision).await.unwrap());
    world.scheduled().await.unwrap();
    assert_eq!(upkeeps(), 2);
}

#[tokio::test]
async fn an_operators_pause_is_kept_and_the_token_fresh_all_the_same() {
    let world = World::authorized().await;
    let cause = SetCause {
        cause: Cause::Operator,
        message: "audit".to_owned(),
        since: world.now(),
        by: "operator".to_owned(),
        resumes_at: None,
    };
    pause::set(world.table(), &cause).await.unwrap();
    world.pass(20);
    assert_eq!(world.scheduled().await.unwrap().status, RefreshStatus::Refreshed);
    assert_eq!(world.function.intake.is_open().await.unwrap(), Some(false));
}

#[tokio::test]
async fn a_payload_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let world = World::authorized().await;
    world.pass(30);
    for payload in [json!({"rejected": "v1"}), json!([]), json!({"rejected_version": 1})] {
        let error = world.function.invoke(&payload, "r").await.unwrap_err();
        assert_eq!(error.kind(), "WrongRequest", "{payload}");
    }
    assert_eq!(world.issuer().asked(), 0);
    assert_eq!(
        world.function.invoke(&json!({}), "r").await.unwrap().status,
        RefreshStatus::Refreshed
    );
}

#[tokio::test]
async fn neither_answers_nor_errors_nor_the_table_hold_a_token() {
    let world = World::authorized().await;
    world.pass(20);
    world.issuer().fail_next(no_answer());
    let outcomes = [world.scheduled().await, world.scheduled().await];
    let json = serde_json::to_string(outcomes[1].as_ref().unwrap()).unwrap();
    let printed = format!("{outcomes:?} {json} {:?}", world.function);
    assert_eq!(world.issuer().minted(), 1);
    for secret in ["canary", "minted-1"] {
        assert!(!printed.contains(secret), "{secret} is in: {printed}");
    }
}
