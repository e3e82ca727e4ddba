//! The adapters against a local AWS, where the doubles in memory could deceive: a publish is a compare-and-swap, a scrub
//! leaves nothing behind a label, a swap is lost by revision, and what has expired is absent.
//!
//! Ignored by `cargo test`, since they need a local AWS: `make test` runs them with its end-to-end tests; by hand they go
//! with the variables of `target/local/env` (after `make up`): `cargo test -p shared --test local_aws -- --ignored`
#![allow(clippy::unwrap_used, reason = "tests")]

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType as Scalar,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use shared::aws;
use shared::state::lease::{self, Taken};
use shared::state::{DynamoTable, Key, MemoryTable, Swap, Table, credits, mints};
use shared::tokens::{MemorySecret, Publish, SecretText, Secrets, SecretsManagerSecret, VersionId};
use uuid::Uuid;

fn text(text: &str) -> SecretText {
    SecretText::new(text)
}

fn published(outcome: Publish) -> VersionId {
    match outcome {
        Publish::Done(version) => version,
        Publish::Lost => panic!("the publish was lost"),
    }
}

async fn current(secret: &impl Secrets) -> Option<String> {
    secret
        .read()
        .await
        .unwrap()
        .map(|current| current.text.expose().to_owned())
}

/// What every secret must do.
async fn a_secret_is_published_by_compare_and_swap(secret: impl Secrets) {
    assert_eq!(secret.read().await.unwrap(), None);
    let first = published(secret.publish(None, &text("first")).await.unwrap());
    assert_eq!(secret.read().await.unwrap().unwrap().version, first);
    assert_eq!(secret.publish(None, &text("too late")).await.unwrap(), Publish::Lost);
    let second = published(secret.publish(Some(&first), &text("second")).await.unwrap());
    assert_eq!(
        secret.publish(Some(&first), &text("loser")).await.unwrap(),
        Publish::Lost
    );
    assert_eq!(current(&secret).await.as_deref(), Some("second"));
    secret.probe(&text("probe")).await.unwrap();
    assert_eq!(secret.read().await.unwrap().unwrap().version, second);
    let racers = ["a", "b", "c", "d", "e"].map(|racer| {
        let (secret, second) = (secret.clone(), second.clone());
        async move { secret.publish(Some(&second), &text(racer)).await.unwrap() }
    });
    let won = join_all(racers)
        .await
        .into_iter()
        .filter(|outcome| *outcome != Publish::Lost)
        .count();
    assert_eq!(won, 1, "one of several racers wins");
}

async fn a_secret_that_holds_nothing_keeps_a_probe(secret: impl Secrets) {
    secret.probe(&text("probe")).await.unwrap();
    let version = secret.read().await.unwrap().map(|current| current.version);
    published(secret.publish(version.as_ref(), &text("real")).await.unwrap());
    assert_eq!(current(&secret).await.as_deref(), Some("real"));
}

/// What every table must do.
async fn a_table_swaps_by_revision(table: impl Table) {
    let key = Key::new(Uuid::new_v4().to_string(), "a");
    assert_eq!(table.get::<String>(&key).await.unwrap(), None);
    let Swap::Done(first) = table.swap(&key, None, &"one", None).await.unwrap() else {
        panic!("lost")
    };
    assert_eq!(table.swap(&key, None, &"again", None).await.unwrap(), Swap::Lost);
    let Swap::Done(second) = table.swap(&key, Some(first), &"two", None).await.unwrap() else {
        panic!("lost")
    };
    assert_eq!(table.swap(&key, Some(first), &"stale", None).await.unwrap(), Swap::Lost);
    let stored = table.get::<String>(&key).await.unwrap().unwrap();
    assert_eq!((stored.value.as_str(), stored.revision), ("two", second));
    assert!(!table.remove(&key, Some(first)).await.unwrap());
    assert!(table.remove(&key, Some(second)).await.unwrap());
    let Swap::Done(anew) = table.swap(&key, None, &"three", None).await.unwrap() else {
        panic!("lost")
    };
    assert!(anew != first && anew != second, "a revision came back");
    table.put(&key, &"four", None).await.unwrap();
    assert_eq!(table.swap(&key, Some(anew), &"five", None).await.unwrap(), Swap::Lost);
}

async fn what_has_expired_is_absent(table: impl Table) {
    let pk = Uuid::new_v4().to_string();
    let (key, other) = (Key::new(&pk, "a"), Key::new(&pk, "b"));
    let past = Timestamp::now() - SignedDuration::from_mins(1);
    let Swap::Done(old) = table.swap(&key, None, &1, Some(past)).await.unwrap() else {
        panic!("lost")
    };
    table
        .put(&other, &2, Some(Timestamp::now() + SignedDuration::from_mins(5)))
        .await
        .unwrap();
    assert_eq!(table.get::<u8>(&key).await.unwrap(), None);
    assert_eq!(table.list::<u8>(&pk).await.unwrap().len(), 1);
    assert_eq!(table.get_many::<u8>(&[key.clone(), other]).await.unwrap().len(), 1);
    assert_eq!(table.swap(&key, Some(old), &3, None).await.unwrap(), Swap::Lost);
    assert!(matches!(table.swap(&key, None, &3, None).await.unwrap(), Swap::Done(_)));
}

async fn counters_add_up_and_lists_are_in_order(table: impl Table) {
    let pk = Uuid::new_v4().to_string();
    let key = Key::new(&pk, "5");
    join_all((0..20).map(|_| table.add(&key, 2, None)))
        .await
        .into_iter()
        .for_each(|sum| assert!(sum.unwrap() <= 40));
    assert_eq!(table.count(&key).await.unwrap(), 40);
    assert_eq!(table.counts(&pk, "4").await.unwrap(), [("5".to_owned(), 40)]);
    assert_eq!(table.counts(&pk, "6").await.unwrap(), []);
    let documents = format!("{pk}-documents");
    let keys: Vec<_> = (0..130)
        .map(|number| Key::new(&documents, format!("{number:03}")))
        .collect();
    let big = "x".repeat(20_000);
    join_all(keys.iter().map(|key| table.put(key, &big, None))).await;
    let listed = table.list::<String>(&documents).await.unwrap();
    assert_eq!(
        listed.iter().map(|(sk, _)| sk.clone()).collect::<Vec<_>>(),
        keys.iter().map(|key| key.sk.clone()).collect::<Vec<_>>()
    );
    assert_eq!(table.get_many::<String>(&keys).await.unwrap().len(), 130);
}

async fn a_lease_and_the_budget_hold_against_a_crowd(table: impl Table) {
    let (key, now) = (Key::new("lease", Uuid::new_v4().to_string()), Timestamp::now());
    let holders: Vec<_> = (0..10).map(|number| format!("holder-{number}")).collect();
    let asked = holders
        .iter()
        .map(|holder| lease::take(&table, &key, holder, now, SignedDuration::from_mins(1)));
    let taken = join_all(asked)
        .await
        .into_iter()
        .filter(|taken| matches!(taken.as_ref().unwrap(), Taken::Yes { .. }));
    assert_eq!(taken.count(), 1);
    let counted = join_all((0..10).map(|_| async { mints::count(&table, now).await })).await;
    assert_eq!(
        counted
            .into_iter()
            .filter(|counted| counted.as_ref().unwrap().is_ok())
            .count(),
        6
    );
    credits::spend(&table, now, 10).await.unwrap();
    credits::spend(&table, now, 5).await.unwrap();
    assert_eq!(credits::spent(&table, now).await.unwrap(), 15);
}

async fn every_table(table: impl Table) {
    a_table_swaps_by_revision(table.clone()).await;
    what_has_expired_is_absent(table.clone()).await;
    counters_add_up_and_lists_are_in_order(table.clone()).await;
    a_lease_and_the_budget_hold_against_a_crowd(table).await;
}

#[tokio::test]
async fn the_doubles_in_memory_keep_what_the_adapters_promise() {
    a_secret_is_published_by_compare_and_swap(MemorySecret::default()).await;
    a_secret_that_holds_nothing_keeps_a_probe(MemorySecret::default()).await;
    every_table(MemoryTable::default()).await;
}

async fn new_secret(config: &SdkConfig) -> SecretsManagerSecret {
    let client = aws_sdk_secretsmanager::Client::new(config);
    let made = client
        .create_secret()
        .name(format!("test-{}", Uuid::new_v4()))
        .send()
        .await
        .unwrap();
    SecretsManagerSecret::new(config, made.arn().unwrap())
}

/// Every text that can be had from a secret by a label.
async fn labelled(config: &SdkConfig, secret: &SecretsManagerSecret) -> Vec<String> {
    let client = aws_sdk_secretsmanager::Client::new(config);
    let versions = client
        .list_secret_version_ids()
        .secret_id(secret.name())
        .send()
        .await
        .unwrap();
    let mut texts = Vec::new();
    for version in versions.versions() {
        for label in version.version_stages() {
            let ask = client.get_secret_value().secret_id(secret.name()).version_stage(label);
            texts.extend(ask.send().await.unwrap().secret_string);
        }
    }
    texts
}

#[tokio::test]
#[ignore = "needs a local AWS; see above"]
async fn secrets_manager_keeps_the_promises() {
    let config = aws::load().unwrap();
    let secret = new_secret(&config).await;
    a_secret_is_published_by_compare_and_swap(secret.clone()).await;
    assert!(
        !labelled(&config, &secret).await.contains(&"loser".to_owned()),
        "a loser can be had by a label"
    );
    let version = secret.read().await.unwrap().unwrap().version;
    published(secret.publish(Some(&version), &text("blank")).await.unwrap());
    assert!(secret.scrub().await.unwrap());
    let left = labelled(&config, &secret).await;
    assert!(!left.is_empty() && left.iter().all(|text| text == "blank"), "{left:?}");
    a_secret_that_holds_nothing_keeps_a_probe(new_secret(&config).await).await;
}

#[tokio::test]
#[ignore = "needs a local AWS; see above"]
async fn dynamodb_keeps_the_promises() {
    let config = aws::load().unwrap();
    let client = aws_sdk_dynamodb::Client::new(&config);
    let name = format!("test-{}", Uuid::new_v4());
    let part = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(Scalar::S)
            .build()
            .unwrap()
    };
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let create = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest);
    let create = create
        .attribute_definitions(part("pk"))
        .attribute_definitions(part("sk"));
    let create = create
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range));
    create.send().await.unwrap();
    every_table(DynamoTable::new(&config, &name)).await;
    client.delete_table().table_name(&name).send().await.unwrap();
}
