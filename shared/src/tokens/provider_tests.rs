use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock::ManualClock;
use crate::tokens::{AccessDocument, AccessTokenRecord, BlankState, DocumentStore, MemorySecret, Publish};
use bigin::data_centre::{DataCentre, ZohoHosts};
use bigin::secret::AccessToken;

use super::*;

/// Publishes a new token each time it is asked, or does what it is told instead.
#[derive(Clone)]
struct Mint {
    secret: MemorySecret,
    clock: ManualClock,
    asked: Arc<AtomicUsize>,
    answer: Refreshed,
}

async fn publish(secret: &MemorySecret, document: &AccessDocument) {
    let store = DocumentStore::<_, AccessDocument>::new(secret.clone());
    let version = store.read().await.unwrap().map(|stored| stored.version);
    assert!(matches!(
        store.publish(version.as_ref(), document).await.unwrap(),
        Publish::Done(_)
    ));
}

fn token(text: &str, clock: &ManualClock) -> AccessDocument {
    AccessDocument::Token(AccessTokenRecord {
        access_token: AccessToken::new(text).unwrap(),
        api_domain: ZohoHosts::of(DataCentre::Us).usual_api_domain(),
        org_id: None,
        issued_at: clock.now(),
        expires_at: clock.now() + SignedDuration::from_hours(1),
    })
}

impl TokenMinter for Mint {
    async fn refresh(&self, _rejected_version: &str) -> Result<Refreshed, Stop> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        if self.answer == Refreshed::Read {
            publish(&self.secret, &token(&format!("fresh-{number}"), &self.clock)).await;
        }
        Ok(self.answer)
    }
}

struct Scene {
    secret: MemorySecret,
    clock: ManualClock,
    asked: Arc<AtomicUsize>,
    provider: Arc<TokenProvider<MemorySecret, Mint, ManualClock>>,
}

impl Scene {
    async fn new(answer: Refreshed) -> Self {
        let (secret, clock) = (MemorySecret::default(), ManualClock::at("2026-11-24T09:00:00Z"));
        publish(&secret, &token("first", &clock)).await;
        let asked = Arc::default();
        let mint = Mint {
            secret: secret.clone(),
            clock: clock.clone(),
            asked: Arc::clone(&asked),
            answer,
        };
        let provider = TokenProvider::new(AccessTokenStore::new(secret.clone()), mint, clock.clone());
        Self {
            secret,
            clock,
            asked,
            provider,
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn text(pass: &Pass) -> &str {
    pass.access.token.expose()
}

#[tokio::test]
async fn a_good_token_costs_no_question() {
    let scene = Scene::new(Refreshed::Read).await;
    assert_eq!(text(&scene.provider.pass().await.unwrap()), "first");
    assert_eq!(scene.asked(), 0);
}

#[tokio::test]
async fn a_crowd_that_is_refused_together_costs_one_mint() {
    let scene = Scene::new(Refreshed::Read).await;
    let refused = scene.provider.pass().await.unwrap();
    let crowd = (0..5).map(|_| scene.provider.newer_than(&refused));
    for pass in futures_util::future::join_all(crowd).await {
        assert_eq!(text(&pass.unwrap()), "fresh-0");
    }
    assert_eq!(scene.asked(), 1);
}

#[tokio::test]
async fn a_token_that_somebody_else_has_refreshed_is_taken_without_a_question() {
    let scene = Scene::new(Refreshed::Read).await;
    let refused = scene.provider.pass().await.unwrap();
    publish(&scene.secret, &token("by the schedule", &scene.clock)).await;
    assert_eq!(
        text(&scene.provider.newer_than(&refused).await.unwrap()),
        "by the schedule"
    );
    assert_eq!(scene.asked(), 0);
}

#[tokio::test]
async fn a_found_token_that_is_refused_like_the_one_before_it_is_replaced_by_a_made_one() {
    let scene = Scene::new(Refreshed::Read).await;
    let refused = scene.provider.pass().await.unwrap();
    publish(&scene.secret, &token("by the schedule", &scene.clock)).await;
    let found = scene.provider.newer_than(&refused).await.unwrap();
    assert!(found.may_be_replaced(1), "it may have died with the other");
    let made = scene.provider.newer_than(&found).await.unwrap();
    assert_eq!((text(&made), scene.asked()), ("fresh-0", 1));
    assert!(
        !made.may_be_replaced(2),
        "a token made just now will not get better by another"
    );
}

#[tokio::test]
async fn a_token_near_its_end_is_replaced_before_it_is_used() {
    let scene = Scene::new(Refreshed::Read).await;
    scene.provider.pass().await.unwrap();
    scene
        .clock
        .advance(SignedDuration::from_mins(59) + SignedDuration::from_secs(30));
    assert_eq!(text(&scene.provider.pass().await.unwrap()), "fresh-0");
}

#[tokio::test]
async fn a_refresh_that_never_comes_through_is_no_token_and_no_hang() {
    let scene = Scene::new(Refreshed::InProgress).await;
    let refused = scene.provider.pass().await.unwrap();
    assert!(matches!(
        scene.provider.newer_than(&refused).await,
        Err(Stop::NoFreshToken { .. })
    ));
}

#[tokio::test]
async fn without_an_authorization_there_is_no_token() {
    let scene = Scene::new(Refreshed::NotAuthorized).await;
    let refused = scene.provider.pass().await.unwrap();
    assert_eq!(
        scene.provider.newer_than(&refused).await.unwrap_err(),
        Stop::NotAuthorized
    );
    publish(&scene.secret, &AccessDocument::blank(BlankState::Revoked, None)).await;
    assert_eq!(
        scene.provider.pass().await.unwrap_err(),
        Stop::NotAuthorized,
        "nothing is kept from before"
    );
}

#[tokio::test]
async fn an_end_that_bigin_states_to_be_earlier_is_believed_and_costs_one_mint() {
    let scene = Scene::new(Refreshed::Read).await;
    let found = scene.provider.pass().await.unwrap();
    scene
        .provider
        .confirmed(&found, scene.clock.now() + SignedDuration::from_hours(9))
        .await;
    assert_eq!(
        text(&scene.provider.pass().await.unwrap()),
        "first",
        "a later end changes nothing"
    );
    let soon = scene.clock.now() + SignedDuration::from_secs(30);
    scene.provider.confirmed(&found, soon).await;
    let made = scene.provider.pass().await.unwrap();
    assert_eq!((text(&made), scene.asked()), ("fresh-0", 1));
    scene.provider.confirmed(&made, soon).await;
    assert_eq!(text(&scene.provider.pass().await.unwrap()), "fresh-0");
    assert_eq!(scene.asked(), 1, "every new token is told the same");
}

#[tokio::test]
async fn what_bigin_says_of_a_token_that_was_replaced_meanwhile_is_not_taken_for_the_new_one() {
    let scene = Scene::new(Refreshed::Read).await;
    let old = scene.provider.pass().await.unwrap();
    publish(&scene.secret, &token("by the schedule", &scene.clock)).await;
    scene.provider.newer_than(&old).await.unwrap();
    scene.provider.confirmed(&old, scene.clock.now()).await;
    assert_eq!(text(&scene.provider.pass().await.unwrap()), "by the schedule");
    assert_eq!(scene.asked(), 0);
}
