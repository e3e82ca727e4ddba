//! The ledger of files in the state table: one item for each version of a key (claimed, checkpoint, ended), and the
//! line of imports that run or wait. No record content is in it.

use std::collections::HashMap;
use std::fmt::Display;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::import::Progress;

type Item = HashMap<String, AttributeValue>;

/// How long the ledger remembers a version: longer than an object may wait in the inbox.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What went wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// DynamoDB refused or failed.
    #[error("could not {action} {what} in the state table ({problem}): the step is tried again; if it persists, check the table and the function's role")]
    Failed {
        /// What was tried.
        action: &'static str,
        /// The item.
        what: String,
        /// DynamoDB's words.
        problem: String,
    },
    /// Another invocation has taken this import over.
    #[error("another invocation has taken the import of {key} over: this one stops")]
    TakenOver {
        /// The object's key.
        key: String,
    },
    /// An item that this version cannot read.
    #[error("the ledger's item for {key} cannot be read ({problem}): it was written by another version; put the object again")]
    Unreadable {
        /// The object's key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Where a version of a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// An import has it.
    Claimed,
    /// It came to an end that stands: complete, partial, refused.
    Ended,
    /// The import broke off; the version may be imported again.
    Broken,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Ended => "ended",
            Self::Broken => "broken",
        }
    }
}

/// One version of a key, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub standing: Standing,
    /// The execution that has it.
    pub execution: String,
    /// The run.
    pub run_id: String,
    /// The order of the object's versions, where an event told it.
    pub sequencer: Option<String>,
    /// The version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The object's entity tag.
    pub etag: String,
}

/// Names an item: the object's key and which of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryName {
    /// The object's key.
    pub key: String,
    /// The sequencer of its event; for an import that was asked for by hand, the execution.
    pub version: String,
}

/// An import in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place in the line: imports go oldest first.
    pub place: String,
    /// When it will have looked again; later than this it is taken for dead.
    pub looks_by: Timestamp,
    /// Whether it has stepped aside because its module is held.
    pub aside: bool,
}

/// The ledger.
#[derive(Debug, Clone)]
pub struct Ledger {
    db: Client,
    table: String,
}

impl Ledger {
    /// The ledger in that table.
    pub fn new(db: Client, table: impl Into<String>) -> Self {
        Self { db, table: table.into() }
    }

    /// All versions of a key that the ledger remembers.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn versions(&self, key: &str) -> Result<Vec<Entry>, LedgerError> {
        let pk = format!("file#{key}");
        let answer = self
            .db
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s(&pk))
            .projection_expression("standing, execution, run_id, sequencer, version_id, etag")
            .send()
            .await
            .map_err(|error| failed("read", &pk, &error))?;
        Ok(answer.items().iter().filter_map(entry).collect())
    }

    /// Claims a version for an execution. False when another execution has it.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn claim(&self, name: &EntryName, entry: &Entry, now: Timestamp) -> Result<bool, LedgerError> {
        let pk = format!("file#{}", name.key);
        let put = self
            .db
            .put_item()
            .table_name(&self.table)
            .item("pk", s(&pk))
            .item("sk", s(&name.version))
            .item("standing", s(Standing::Claimed.word()))
            .item("execution", s(&entry.execution))
            .item("run_id", s(&entry.run_id))
            .item("etag", s(&entry.etag))
            .item("epoch", n(0))
            .item("updated_at", s(now))
            .item("expires_at", n((now + REMEMBERED).as_second()))
            .condition_expression("attribute_not_exists(pk) OR standing = :broken")
            .expression_attribute_values(":broken", s(Standing::Broken.word()));
        let put = match &entry.sequencer {
            Some(sequencer) => put.item("sequencer", s(sequencer)),
            None => put,
        };
        let put = match &entry.version_id {
            Some(version_id) => put.item("version_id", s(version_id)),
            None => put,
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                // A claim whose answer was lost meets itself.
                let item = self.get(&pk, &name.version).await?;
                Ok(item.as_ref().and_then(entry_of_execution) == Some(entry.execution.as_str()))
            }
            Err(error) => Err(failed("claim", &pk, &error)),
        }
    }

    /// Takes a version over for one invocation: what an older one still writes is refused from now on. Answers with
    /// the epoch and the progress so far.
    ///
    /// # Errors
    /// DynamoDB failed, or the progress cannot be read.
    pub async fn take_over(&self, name: &EntryName) -> Result<(u64, Option<Progress>), LedgerError> {
        let pk = format!("file#{}", name.key);
        let answer = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(&pk))
            .key("sk", s(&name.version))
            .update_expression("ADD epoch :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(|error| failed("take over", &pk, &error))?;
        let item = answer.attributes().cloned().unwrap_or_default();
        let epoch = number(&item, "epoch").unwrap_or(0);
        let progress = text(&item, "progress").map(serde_json::from_str).transpose().map_err(|error| {
            LedgerError::Unreadable { key: name.key.clone(), problem: error.to_string() }
        })?;
        Ok((epoch, progress))
    }

    /// Saves progress, unless a later invocation has taken over.
    ///
    /// # Errors
    /// [`LedgerError::TakenOver`], or DynamoDB failed.
    pub async fn save(&self, name: &EntryName, epoch: u64, progress: &Progress, now: Timestamp) -> Result<(), LedgerError> {
        let pk = format!("file#{}", name.key);
        let json = serde_json::to_string(progress)
            .map_err(|error| LedgerError::Unreadable { key: name.key.clone(), problem: error.to_string() })?;
        let outcome = self
            .db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(&pk))
            .key("sk", s(&name.version))
            .update_expression("SET progress = :progress, updated_at = :now")
            .condition_expression("epoch = :epoch")
            .expression_attribute_values(":progress", s(json))
            .expression_attribute_values(":now", s(now))
            .expression_attribute_values(":epoch", n(epoch))
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                Err(LedgerError::TakenOver { key: name.key.clone() })
            }
            Err(error) => Err(failed("save the progress of", &pk, &error)),
        }
    }

    /// Notes how a version ended.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn end(&self, name: &EntryName, standing: Standing, now: Timestamp) -> Result<(), LedgerError> {
        let pk = format!("file#{}", name.key);
        self.db
            .update_item()
            .table_name(&self.table)
            .key("pk", s(&pk))
            .key("sk", s(&name.version))
            .update_expression("SET standing = :standing, updated_at = :now, expires_at = :until")
            .expression_attribute_values(":standing", s(standing.word()))
            .expression_attribute_values(":now", s(now))
            .expression_attribute_values(":until", n((now + REMEMBERED).as_second()))
            .send()
            .await
            .map_err(|error| failed("end", &pk, &error))?;
        Ok(())
    }

    /// Puts an import into the line, or says when it will look again.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn stand_in_line(&self, waiting: &Waiting) -> Result<(), LedgerError> {
        self.db
            .put_item()
            .table_name(&self.table)
            .item("pk", s("imports"))
            .item("sk", s(&waiting.place))
            .item("looks_by", n(waiting.looks_by.as_second()))
            .item("aside", AttributeValue::Bool(waiting.aside))
            .item("expires_at", n((waiting.looks_by + SignedDuration::from_hours(24)).as_second()))
            .send()
            .await
            .map_err(|error| failed("put into the line", &waiting.place, &error))?;
        Ok(())
    }

    /// The line of imports, oldest first.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn line(&self) -> Result<Vec<Waiting>, LedgerError> {
        let answer = self
            .db
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s("imports"))
            .send()
            .await
            .map_err(|error| failed("read", &"the line of imports", &error))?;
        Ok(answer.items().iter().filter_map(waiting).collect())
    }

    /// Takes an import out of the line.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn leave_line(&self, place: &str) -> Result<(), LedgerError> {
        self.db
            .delete_item()
            .table_name(&self.table)
            .key("pk", s("imports"))
            .key("sk", s(place))
            .send()
            .await
            .map_err(|error| failed("take out of the line", &place, &error))?;
        Ok(())
    }

    /// Notes where an execution's report lies, for whoever started it and waits.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn note_report(&self, execution: &str, report_key: &str, now: Timestamp) -> Result<(), LedgerError> {
        let pk = format!("run#{execution}");
        self.db
            .put_item()
            .table_name(&self.table)
            .item("pk", s(&pk))
            .item("sk", s("report"))
            .item("report_key", s(report_key))
            .item("expires_at", n((now + SignedDuration::from_hours(48)).as_second()))
            .send()
            .await
            .map_err(|error| failed("note the report of", &pk, &error))?;
        Ok(())
    }

    /// Where an execution's report lies, once there is one.
    ///
    /// # Errors
    /// DynamoDB failed.
    pub async fn report_of(&self, execution: &str) -> Result<Option<String>, LedgerError> {
        let item = self.get(&format!("run#{execution}"), "report").await?;
        Ok(item.as_ref().and_then(|item| text(item, "report_key")).map(str::to_owned))
    }

    async fn get(&self, pk: &str, sk: &str) -> Result<Option<Item>, LedgerError> {
        let answer = self
            .db
            .get_item()
            .table_name(&self.table)
            .consistent_read(true)
            .key("pk", s(pk))
            .key("sk", s(sk))
            .send()
            .await
            .map_err(|error| failed("read", &pk, &error))?;
        Ok(answer.item)
    }
}

fn entry(item: &Item) -> Option<Entry> {
    let standing = match text(item, "standing")? {
        "claimed" => Standing::Claimed,
        "ended" => Standing::Ended,
        _ => Standing::Broken,
    };
    let owned = |name| text(item, name).map(str::to_owned);
    Some(Entry {
        standing,
        execution: owned("execution")?,
        run_id: owned("run_id")?,
        sequencer: owned("sequencer"),
        version_id: owned("version_id"),
        etag: owned("etag").unwrap_or_default(),
    })
}

fn entry_of_execution(item: &Item) -> Option<&str> {
    text(item, "execution")
}

fn waiting(item: &Item) -> Option<Waiting> {
    Some(Waiting {
        place: text(item, "sk")?.to_owned(),
        looks_by: Timestamp::from_second(number(item, "looks_by")?).ok()?,
        aside: item.get("aside").and_then(|value| value.as_bool().ok()).copied().unwrap_or(false),
    })
}

fn s(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn number<T: std::str::FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn failed<E: std::error::Error>(action: &'static str, what: &dyn Display, error: E) -> LedgerError {
    LedgerError::Failed { action, what: what.to_string(), problem: DisplayErrorContext(error).to_string() }
}
