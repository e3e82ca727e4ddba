//! Whole runs with a Zoho, secrets and a state table in memory.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "helpers of tests count as tests"
)]

mod doubles;

use authorize::{AuthorizeError, Kept, Previous};
use bigin::CallFailure;
use bigin::oauth::{TokenFailure, refresh_token_dead};
use doubles::{Relay, ZohoDouble, file, organisation};
use jiff::SignedDuration;
use serde_json::json;
use shared::intake::Intake;
use shared::state::pause::{self, SetCause};
use shared::state::{AuthorizationEvent, AuthorizationState, Cause, Held, Standing, held, mints, standing};
use shared::tokens::{AccessDocument, BlankState, SelfClient};

fn unavailable() -> CallFailure {
    CallFailure::Unavailable {
        call: "GET /org".to_owned(),
        status: 503,
        html: true,
    }
}

#[tokio::test]
async fn the_first_authorization_leaves_everything_in_place() {
    let relay = Relay::new(ZohoDouble::default());
    let answer = relay.authorize(file()).await.unwrap();
    assert_eq!(answer.org_id.as_deref(), Some("7001"));
    assert_eq!(answer.org_name.as_deref(), Some("Acme"));
    assert_eq!(answer.user_email.as_deref(), Some("ann@acme.example"));
    assert_eq!((answer.previous, answer.scopes.missing.len()), (Previous::None, 0));
    let client = relay.client().await;
    assert_eq!(client.refresh_token.unwrap().expose(), "refresh-1");
    assert_eq!((client.org_id.as_deref(), client.pending), (Some("7001"), None));
    let token = relay.access_token().await.unwrap();
    assert_eq!(token.org_id.as_deref(), Some("7001"));
    assert_eq!(token.expires_at.duration_since(token.issued_at).as_secs(), 3600);
    assert_eq!(relay.state().await, AuthorizationState::Active);
    assert_eq!(relay.intake.is_open().await.unwrap(), Some(true));
    assert_eq!(relay.intake.upkeeps(), 1, "what waited is looked after");
    let shown = serde_json::to_string(&answer).unwrap();
    assert!(!shown.contains("refresh-") && !shown.contains("access-"), "{shown}");
}

#[tokio::test]
async fn the_refresh_token_is_stored_before_it_is_tried_out() {
    let relay = Relay::new(ZohoDouble::default().bigin_fails(unavailable()));
    let error = relay.authorize(file()).await.unwrap_err();
    assert!(
        matches!(
            error,
            AuthorizeError::VerificationFailed {
                kept: Kept::InForce,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("nothing is lost"), "{error}");
    assert_eq!(relay.client().await.refresh_token.unwrap().expose(), "refresh-1");
    assert_eq!(relay.zoho.revoked(), [""; 0]);
    // refresh takes it up by itself: the access token is blank, but not by a revoke.
    let access = relay.access.read().await.unwrap().unwrap().document;
    assert_eq!(access, AccessDocument::blank(BlankState::NotAuthorized, None));
}

#[tokio::test]
async fn a_bigin_that_answers_again_within_seconds_is_waited_for() {
    let relay = Relay::new(ZohoDouble::default().bigin_fails_times(3, unavailable()));
    assert!(relay.authorize(file()).await.is_ok());
}

#[tokio::test]
async fn the_replaced_refresh_token_is_revoked_last() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    let answer = relay.authorize(file()).await.unwrap();
    assert_eq!(answer.previous, Previous::Revoked);
    assert_eq!(relay.zoho.revoked(), ["refresh-1"]);
    assert_eq!(relay.client().await.refresh_token.unwrap().expose(), "refresh-2");
    assert_eq!(relay.zoho.last_call(), "revoke refresh-1");
}

#[tokio::test]
async fn a_replaced_token_that_cannot_be_revoked_is_told_and_kept_within_reach() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay.zoho.refuse_revokes();
    let answer = relay.authorize(file()).await.unwrap();
    assert_eq!(answer.previous, Previous::Failed);
    assert!(answer.warnings[0].contains("Connected Apps"), "{:?}", answer.warnings);
    let in_reach = |client: SelfClient| {
        let tokens = client.refresh_tokens().into_iter();
        tokens.map(|(_, token)| token.expose().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(in_reach(relay.client().await), ["refresh-2", "refresh-1"]);
    relay.zoho.accept_revokes();
    let answer = relay.authorize(json!({"verify": true})).await.unwrap();
    assert_eq!(answer.previous, Previous::Revoked);
    assert_eq!(in_reach(relay.client().await), ["refresh-2"]);
}

#[tokio::test]
async fn another_organisation_is_refused_and_the_old_authorization_stays() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay.zoho.is_now(organisation("8002", "Other Ltd"));
    let error = relay.authorize(file()).await.unwrap_err();
    assert_eq!(error.kind(), "OtherOrganisation");
    for expected in ["8002", "Other Ltd", "7001", "change_org", "revoked again"] {
        assert!(
            error.to_string().contains(expected),
            "{expected} is missing in: {error}"
        );
    }
    assert_eq!(relay.zoho.revoked(), ["refresh-2"]);
    let client = relay.client().await;
    assert_eq!(
        (client.refresh_token.unwrap().expose(), client.pending),
        ("refresh-1", None)
    );
    assert_eq!(relay.access_token().await.unwrap().access_token.expose(), "access-1");
    assert_eq!(relay.state().await, AuthorizationState::Active);
}

#[tokio::test]
async fn another_organisation_that_is_wished_for_replaces_the_old() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay.zoho.is_now(organisation("8002", "Other Ltd"));
    let mut wished = file();
    wished["change_org"] = json!(true);
    let answer = relay.authorize(wished).await.unwrap();
    assert_eq!(
        (answer.org_id.as_deref(), answer.previous),
        (Some("8002"), Previous::Revoked)
    );
    assert_eq!(relay.access_token().await.unwrap().org_id.as_deref(), Some("8002"));
}

#[tokio::test]
async fn while_nobody_can_tell_the_organisation_the_old_authorization_goes_on() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay.zoho.fail_from_now(unavailable());
    let error = relay.authorize(file()).await.unwrap_err();
    assert!(
        matches!(
            error,
            AuthorizeError::VerificationFailed {
                kept: Kept::Pending,
                ..
            }
        ),
        "{error}"
    );
    let client = relay.client().await;
    assert_eq!(client.refresh_token.as_ref().unwrap().expose(), "refresh-1");
    assert_eq!(client.pending.unwrap().refresh_token.unwrap().expose(), "refresh-2");
    assert_eq!(relay.access_token().await.unwrap().access_token.expose(), "access-1");
    relay.zoho.works_again();
    let answer = relay.authorize(json!({"verify": true})).await.unwrap();
    assert_eq!(answer.previous, Previous::Revoked);
    assert_eq!(relay.zoho.revoked(), ["refresh-1"]);
    let client = relay.client().await;
    assert_eq!(
        (client.refresh_token.unwrap().expose(), client.pending),
        ("refresh-2", None)
    );
}

#[tokio::test]
async fn a_code_that_was_not_verified_gives_way_to_the_next_one() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay.zoho.fail_from_now(unavailable());
    relay.authorize(file()).await.unwrap_err();
    relay.zoho.works_again();
    let answer = relay.authorize(file()).await.unwrap();
    assert_eq!(answer.previous, Previous::Revoked);
    assert_eq!(relay.zoho.revoked(), ["refresh-1", "refresh-2"]);
    assert_eq!(relay.client().await.refresh_token.unwrap().expose(), "refresh-3");
}

#[tokio::test]
async fn verifying_again_what_is_in_force_keeps_it() {
    let relay = Relay::new(ZohoDouble::default());
    assert_eq!(
        relay.authorize(json!({"verify": true})).await.unwrap_err().kind(),
        "NothingToVerify"
    );
    relay.authorize(file()).await.unwrap();
    let answer = relay.authorize(json!({"verify": true})).await.unwrap();
    assert_eq!(
        (answer.previous, answer.org_id.as_deref()),
        (Previous::Kept, Some("7001"))
    );
    assert_eq!(relay.zoho.revoked(), [""; 0]);
    // What Zoho answers to a refresh names no refresh token.
    assert_eq!(relay.client().await.refresh_token.unwrap().expose(), "refresh-1");
}

#[tokio::test]
async fn bigin_is_believed_about_when_the_token_ends_unless_that_were_now() {
    for (told_s, ends_s) in [
        (1200, 1200),
        (3599, 3599),
        (7200, 3600),
        (0, 3600),
        (-60, 3600),
        (301, 301),
        (300, 3600),
    ] {
        let relay = Relay::new(ZohoDouble::default());
        relay.zoho.is_now(bigin::Organisation {
            token_expires_at: Some(relay.now() + SignedDuration::from_secs(told_s)),
            ..organisation("7001", "Acme")
        });
        relay.authorize(file()).await.unwrap();
        let token = relay.access_token().await.unwrap();
        assert_eq!(
            token.expires_at.duration_since(token.issued_at).as_secs(),
            ends_s,
            "told {told_s}"
        );
    }
}

#[tokio::test]
async fn a_stored_refresh_token_that_is_dead_is_told_with_its_user_and_every_cause() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay
        .zoho
        .refuse_refreshes(TokenFailure::RefreshTokenRefused { at: "zoho".to_owned() });
    let error = relay.authorize(json!({"verify": true})).await.unwrap_err();
    assert_eq!(error.kind(), "RefreshTokenRefused");
    let said = error.to_string();
    assert!(
        said.contains(&refresh_token_dead("zoho", Some("ann@acme.example"))),
        "{said}"
    );
}

#[tokio::test]
async fn access_denied_to_a_code_opens_the_circuit_for_refreshes_too() {
    let relay = Relay::new(ZohoDouble::default());
    relay
        .zoho
        .refuse_codes(TokenFailure::AccessDenied { at: "zoho".to_owned() });
    assert_eq!(relay.authorize(file()).await.unwrap_err().kind(), "AccessDenied");
    let refusal = mints::count(&relay.table, relay.now()).await.unwrap().unwrap_err();
    assert!(matches!(refusal, mints::MintRefusal::CircuitOpen { .. }), "{refusal:?}");
}

#[tokio::test]
async fn an_organisation_that_cannot_be_read_is_no_obstacle_the_first_time_alone() {
    let scope_missing = || CallFailure::ScopeMissing {
        call: "GET /org".to_owned(),
    };
    let relay = Relay::new(ZohoDouble::default().bigin_fails(scope_missing()));
    let answer = relay.authorize(file()).await.unwrap();
    assert_eq!((answer.org_id, answer.warnings.len()), (None, 2));
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay.zoho.fail_from_now(scope_missing());
    let error = relay.authorize(file()).await.unwrap_err();
    assert_eq!(error.kind(), "OrganisationUnknown");
    assert_eq!(relay.zoho.revoked(), ["refresh-2"]);
}

#[tokio::test]
async fn a_token_that_bigin_refuses_is_not_put_in_force_over_the_old_one() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay.zoho.fail_from_now(CallFailure::TokenRejected {
        code: "INVALID_TOKEN".to_owned(),
    });
    assert_eq!(relay.authorize(file()).await.unwrap_err().kind(), "VerificationFailed");
    assert_eq!(relay.client().await.refresh_token.unwrap().expose(), "refresh-1");
}

#[tokio::test]
async fn after_a_revoke_the_same_organisation_comes_back_and_another_does_not() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    relay.revoke().await;
    relay.zoho.is_now(organisation("8002", "Other Ltd"));
    assert_eq!(relay.authorize(file()).await.unwrap_err().kind(), "OtherOrganisation");
    assert_eq!(relay.state().await, AuthorizationState::Revoked);
    assert!(!relay.client().await.holds_secrets());
    relay.zoho.is_now(organisation("7001", "Acme"));
    let answer = relay.authorize(file()).await.unwrap();
    assert_eq!(answer.previous, Previous::None);
    assert_eq!(relay.state().await, AuthorizationState::Active);
    assert!(relay.access_token().await.is_some());
    assert_eq!(relay.intake.is_open().await.unwrap(), Some(true));
}

#[tokio::test]
async fn verifying_does_not_undo_a_revoke_that_zoho_did_not_answer() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    let begun = AuthorizationEvent::RevokeBegun {
        reason: "test".to_owned(),
    };
    standing::record(&relay.table, &begun, relay.now()).await.unwrap();
    assert_eq!(
        relay.authorize(json!({"verify": true})).await.unwrap_err().kind(),
        "IsRevoked"
    );
    assert_eq!(relay.state().await, AuthorizationState::Revoking);
    let answer = relay.authorize(file()).await.unwrap();
    assert_eq!(
        (answer.previous, relay.state().await),
        (Previous::Revoked, AuthorizationState::Active)
    );
}

#[tokio::test]
async fn a_revoke_that_comes_in_between_wins() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    let revoking = relay.clone();
    relay.zoho.when_asked_for_the_organisation(move || {
        let revoking = revoking.clone();
        Box::pin(async move { revoking.revoke().await })
    });
    let error = relay.authorize(file()).await.unwrap_err();
    assert_eq!(error.kind(), "Overtaken");
    assert!(relay.zoho.revoked().contains(&"refresh-2".to_owned()));
    assert!(!relay.client().await.holds_secrets());
    assert_eq!(relay.access_token().await, None);
    assert_eq!(relay.state().await, AuthorizationState::Revoked);
}

#[tokio::test]
async fn a_refresh_that_comes_in_between_does_not_get_in_the_way() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    let refreshing = relay.clone();
    relay.zoho.when_asked_for_the_organisation(move || {
        let refreshing = refreshing.clone();
        Box::pin(async move { refreshing.publish_access("access-of-refresh").await })
    });
    relay.authorize(file()).await.unwrap();
    assert_eq!(relay.access_token().await.unwrap().access_token.expose(), "access-2");
}

#[tokio::test]
async fn the_pauses_that_authorizing_ends_are_ended_and_an_operators_is_not() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    for cause in [Cause::TokenRejected, Cause::Operator] {
        let (message, by, since) = ("m".to_owned(), "test".to_owned(), relay.now());
        pause::set(
            &relay.table,
            &SetCause {
                cause,
                message,
                since,
                by,
                resumes_at: None,
            },
        )
        .await
        .unwrap();
    }
    relay.intake.set_open(false).await.unwrap();
    let now = relay.now();
    let (module, code) = ("Contacts".to_owned(), "NO_PERMISSION".to_owned());
    let (message, action) = (String::new(), String::new());
    held::hold(
        &relay.table,
        &Held {
            module,
            code,
            message,
            action,
            since: now,
            look_again_at: now,
        },
    )
    .await
    .unwrap();
    let answer = relay.authorize(file()).await.unwrap();
    let causes = Standing::read(&relay.table).await.unwrap().causes;
    assert_eq!(
        causes.iter().map(|set| set.cause).collect::<Vec<_>>(),
        [Cause::Operator]
    );
    assert!(answer.warnings[0].contains("stays paused"), "{:?}", answer.warnings);
    assert_eq!(relay.intake.is_open().await.unwrap(), Some(false));
    assert_eq!(held::all(&relay.table).await.unwrap(), []);
}

#[tokio::test]
async fn probing_changes_nothing_when_zoho_then_refuses() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    let before = (relay.client().await, relay.access_token().await);
    relay.zoho.refuse_codes(TokenFailure::CodeRefused {
        at: "accounts.zoho.eu".to_owned(),
    });
    let error = relay.authorize(file()).await.unwrap_err();
    assert_eq!(error.kind(), "CodeRefused");
    assert_eq!((relay.client().await, relay.access_token().await), before);
    assert_eq!(relay.state().await, AuthorizationState::Active);
}

#[tokio::test]
async fn a_secret_that_cannot_be_written_is_found_out_before_the_code_is_spent() {
    for which in ["self client", "access token"] {
        let relay = Relay::new(ZohoDouble::default());
        relay.refuse_writes(which);
        let error = relay.authorize(file()).await.unwrap_err();
        assert_eq!(error.kind(), "SecretNotReady", "{which}");
        assert!(error.to_string().contains("not spent"), "{error}");
        assert_eq!(relay.zoho.calls(), [""; 0], "{which}");
    }
}

#[tokio::test]
async fn a_secret_that_fails_after_the_exchange_loses_no_door_left_open() {
    let relay = Relay::new(ZohoDouble::default());
    relay.refuse_writes("self client, after the probe");
    let error = relay.authorize(file()).await.unwrap_err();
    assert_eq!(error.kind(), "NotStored");
    assert_eq!(relay.zoho.revoked(), ["refresh-1"]);
}

#[tokio::test]
async fn a_grant_without_a_refresh_token_changes_nothing() {
    let relay = Relay::new(ZohoDouble::default().without_refresh_token());
    assert_eq!(relay.authorize(file()).await.unwrap_err().kind(), "NoRefreshToken");
    assert_eq!(relay.access_token().await, None);
}

#[tokio::test]
async fn secrets_that_hold_something_else_are_written_anew() {
    let relay = Relay::new(ZohoDouble::default());
    relay.spoil_secrets().await;
    assert!(relay.authorize(file()).await.is_ok());
    assert_eq!(relay.client().await.org_id.as_deref(), Some("7001"));
}

#[tokio::test]
async fn nothing_is_asked_of_zoho_for_a_bad_file() {
    let relay = Relay::new(ZohoDouble::default());
    for payload in [json!("x"), json!({}), json!({"client_id": "1000.A"})] {
        relay.authorize(payload).await.unwrap_err();
    }
    let mut expired = file();
    expired["expiry_time"] = json!(relay.now().as_millisecond() - 61_000);
    assert_eq!(relay.authorize(expired).await.unwrap_err().kind(), "CodeExpired");
    assert_eq!(relay.zoho.calls(), [""; 0]);
    assert!(relay.table.dump().is_empty());
}

#[tokio::test]
async fn a_dead_refresh_token_is_replaced_and_the_need_is_over() {
    let relay = Relay::new(ZohoDouble::default());
    relay.authorize(file()).await.unwrap();
    let dead = AuthorizationEvent::RefreshTokenDead {
        message: "dead".to_owned(),
    };
    standing::record(&relay.table, &dead, relay.now()).await.unwrap();
    relay.authorize(file()).await.unwrap();
    assert_eq!(relay.state().await, AuthorizationState::Active);
}
