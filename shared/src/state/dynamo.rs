//! The table on DynamoDB. An item is `pk, sk, revision, document (JSON), count, expires_at`.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::table::{Key, StateError, Stored, Swap, Table, read, write};
use crate::aws::{has_code, problem};

type Attributes = HashMap<String, AttributeValue>;

/// DynamoDB gives at most this many items at once.
const MOST_AT_ONCE: usize = 100;
/// How often what a batch left unanswered is asked for again.
const BATCH_TRIES: u32 = 6;
/// True of an item that is not there, or that has outlived its time and has not been cleared away yet.
const ABSENT: &str = "attribute_not_exists(pk) OR expires_at <= :now";

/// The state table on DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoTable {
    client: Client,
    name: String,
}

impl DynamoTable {
    /// The table of that name.
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        Self {
            client: Client::new(config),
            name: name.into(),
        }
    }

    async fn query(&self, pk: &str, from: Option<&str>) -> Result<Vec<Attributes>, StateError> {
        let (mut items, mut start) = (Vec::new(), None);
        loop {
            let query = self.client.query().table_name(&self.name).consistent_read(true);
            let query = query
                .expression_attribute_values(":pk", text(pk))
                .set_exclusive_start_key(start);
            let query = match from {
                None => query.key_condition_expression("pk = :pk"),
                Some(from) => query
                    .key_condition_expression("pk = :pk AND sk >= :from")
                    .expression_attribute_values(":from", text(from)),
            };
            let page = query.send().await.map_err(|error| failed("list", &pk, &error))?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                let now = Timestamp::now();
                items.retain(|item| is_alive(item, now));
                return Ok(items);
            }
        }
    }

    async fn item(&self, key: &Key) -> Result<Option<Attributes>, StateError> {
        let get = self
            .client
            .get_item()
            .table_name(&self.name)
            .consistent_read(true)
            .set_key(Some(name(key)));
        let answer = get.send().await.map_err(|error| failed("read", key, &error))?;
        Ok(answer.item.filter(|item| is_alive(item, Timestamp::now())))
    }
}

impl Table for DynamoTable {
    async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Stored<T>>, StateError> {
        let item = self.item(key).await?;
        item.as_ref().map(|item| stored(key, item)).transpose()
    }

    async fn swap<T: Serialize + Sync>(
        &self,
        key: &Key,
        expected: Option<u64>,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<Swap, StateError> {
        let next = expected.map_or_else(first_revision, |revision| revision + 1);
        let put = self.client.put_item().table_name(&self.name);
        let put = put.set_item(Some(whole(key, next, &write(key, value)?, keep_until)));
        let put = match expected {
            None => put.condition_expression(ABSENT),
            Some(revision) => put
                .condition_expression(
                    "revision = :revision AND (attribute_not_exists(expires_at) OR expires_at > :now)",
                )
                .expression_attribute_values(":revision", number(revision)),
        };
        match put
            .expression_attribute_values(":now", number(Timestamp::now().as_second()))
            .send()
            .await
        {
            Ok(_) => Ok(Swap::Done(next)),
            Err(error) if is_refused(&error) => Ok(Swap::Lost),
            Err(error) => Err(failed("write", key, &error)),
        }
    }

    async fn put<T: Serialize + Sync>(
        &self,
        key: &Key,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> Result<(), StateError> {
        let put = self.client.put_item().table_name(&self.name);
        // A revision nobody has seen: whoever read the item before loses his swap.
        let item = whole(key, first_revision(), &write(key, value)?, keep_until);
        put.set_item(Some(item))
            .send()
            .await
            .map_err(|error| failed("write", key, &error))?;
        Ok(())
    }

    async fn remove(&self, key: &Key, expected: Option<u64>) -> Result<bool, StateError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(name(key)));
        let delete = match expected {
            None => delete,
            Some(revision) => delete
                .condition_expression("attribute_not_exists(pk) OR revision = :revision")
                .expression_attribute_values(":revision", number(revision)),
        };
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_refused(&error) => Ok(false),
            Err(error) => Err(failed("remove", key, &error)),
        }
    }

    async fn add(&self, key: &Key, amount: i64, keep_until: Option<Timestamp>) -> Result<i64, StateError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(name(key)));
        let update = update
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":amount", number(amount))
            .return_values(ReturnValue::UpdatedNew);
        let update = match keep_until {
            None => update.update_expression("ADD #count :amount"),
            Some(until) => update
                .update_expression("ADD #count :amount SET expires_at = :until")
                .expression_attribute_values(":until", number(until.as_second())),
        };
        let answer = update.send().await.map_err(|error| failed("add to", key, &error))?;
        Ok(answer
            .attributes
            .as_ref()
            .and_then(|item| read_number(item, "count"))
            .unwrap_or(amount))
    }

    async fn count(&self, key: &Key) -> Result<i64, StateError> {
        Ok(self
            .item(key)
            .await?
            .and_then(|item| read_number(&item, "count"))
            .unwrap_or(0))
    }

    async fn list<T: DeserializeOwned + Send>(&self, pk: &str) -> Result<Vec<(String, Stored<T>)>, StateError> {
        let items = self.query(pk, None).await?;
        items
            .iter()
            .map(|item| Ok((sk(item), stored(&key(item), item)?)))
            .collect()
    }

    async fn counts(&self, pk: &str, from: &str) -> Result<Vec<(String, i64)>, StateError> {
        let items = self.query(pk, Some(from)).await?;
        Ok(items
            .iter()
            .filter_map(|item| Some((sk(item), read_number(item, "count")?)))
            .collect())
    }

    async fn get_many<T: DeserializeOwned + Send>(&self, keys: &[Key]) -> Result<Vec<(Key, Stored<T>)>, StateError> {
        let mut found = Vec::new();
        for some in keys.chunks(MOST_AT_ONCE) {
            let mut wanted: Vec<Attributes> = some.iter().map(name).collect();
            let mut tries = 0;
            while !wanted.is_empty() {
                if tries == BATCH_TRIES {
                    let problem = format!("{} items were left unanswered", wanted.len());
                    return Err(StateError::Failed {
                        action: "read",
                        what: some[0].pk.clone(),
                        problem,
                    });
                }
                // DynamoDB leaves items out when it is busy; asking at once for the same makes it no less busy.
                tokio::time::sleep(Duration::from_millis(if tries == 0 { 0 } else { 25 << tries })).await;
                tries += 1;
                let ask = KeysAndAttributes::builder()
                    .consistent_read(true)
                    .set_keys(Some(wanted))
                    .build();
                let ask = ask.map_err(|error| StateError::Failed {
                    action: "read",
                    what: some[0].pk.clone(),
                    problem: error.to_string(),
                })?;
                let answer = self.client.batch_get_item().request_items(&self.name, ask).send().await;
                let answer = answer.map_err(|error| failed("read", &some[0].pk, &error))?;
                let now = Timestamp::now();
                for item in answer.responses.unwrap_or_default().into_values().flatten() {
                    if is_alive(&item, now) {
                        let key = key(&item);
                        let value = stored(&key, &item)?;
                        found.push((key, value));
                    }
                }
                wanted = answer
                    .unprocessed_keys
                    .unwrap_or_default()
                    .into_values()
                    .flat_map(|left| left.keys)
                    .collect();
            }
        }
        Ok(found)
    }
}

/// The first revision of an item is drawn at random, so that a removed and rewritten item is not taken for the old one.
fn first_revision() -> u64 {
    fastrand::u64(1 << 32..1 << 52)
}

fn whole(key: &Key, revision: u64, document: &str, keep_until: Option<Timestamp>) -> Attributes {
    let mut item = name(key);
    item.insert("revision".to_owned(), number(revision));
    item.insert("document".to_owned(), text(document));
    if let Some(until) = keep_until {
        item.insert("expires_at".to_owned(), number(until.as_second()));
    }
    item
}

fn stored<T: DeserializeOwned>(key: &Key, item: &Attributes) -> Result<Stored<T>, StateError> {
    let document = item
        .get("document")
        .and_then(|value| value.as_s().ok())
        .map_or("", String::as_str);
    Ok(Stored {
        value: read(key, document)?,
        revision: read_number(item, "revision").unwrap_or(0),
    })
}

fn is_alive(item: &Attributes, now: Timestamp) -> bool {
    read_number::<i64>(item, "expires_at").is_none_or(|until| until > now.as_second())
}

fn is_refused<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    has_code(error, "ConditionalCheckFailedException")
}

fn name(key: &Key) -> Attributes {
    HashMap::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

fn key(item: &Attributes) -> Key {
    let part = |name| {
        item.get(name)
            .and_then(|value| value.as_s().ok())
            .cloned()
            .unwrap_or_default()
    };
    Key {
        pk: part("pk"),
        sk: part("sk"),
    }
}

fn sk(item: &Attributes) -> String {
    key(item).sk
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: impl Display) -> AttributeValue {
    AttributeValue::N(format!("{number}"))
}

fn read_number<T: std::str::FromStr>(item: &Attributes, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn failed<E: ProvideErrorMetadata + std::error::Error>(
    action: &'static str,
    what: &dyn Display,
    error: &SdkError<E, HttpResponse>,
) -> StateError {
    StateError::Failed {
        action,
        what: what.to_string(),
        problem: problem(error),
    }
}
