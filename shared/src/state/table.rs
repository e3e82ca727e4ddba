//! The table as everything above it sees it: documents under two-part keys, swapped by revision.

use std::fmt;
use std::future::Future;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Names an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it belongs to.
    pub pk: String,
    /// Which of those.
    pub sk: String,
}

impl Key {
    /// A key of these two parts.
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pk, self.sk)
    }
}

/// A document as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    /// The document.
    pub value: T,
    /// Which writing of it this is: what a swap must name.
    pub revision: u64,
}

/// How a swap ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a lost swap must be decided again"]
pub enum Swap {
    /// The document stands, as this revision.
    Done(u64),
    /// Somebody else was faster: read again and decide again.
    Lost,
}

/// What went wrong with the state table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// DynamoDB refused or failed.
    #[error(
        "could not {action} {what} in the state table ({problem}): it is tried again; if it persists, check the table and the function's role"
    )]
    Failed {
        /// What was tried.
        action: &'static str,
        /// The item.
        what: String,
        /// DynamoDB's words.
        problem: String,
    },
    /// A document that this version cannot read or write.
    #[error(
        "the item {what} in the state table cannot be read ({problem}): another version wrote it; deploy that version again or delete the item"
    )]
    Unreadable {
        /// The item.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A swap kept being lost.
    #[error("the item {what} in the state table keeps changing under this invocation: it is tried again")]
    Contended {
        /// The item.
        what: String,
    },
}

/// One table of documents. Every method is one step: nothing between its start and its end can be seen from outside.
/// What has outlived its `keep_until` counts as absent, whether it has been cleared away yet or not.
pub trait Table: Clone + Send + Sync + 'static {
    /// Reads a document, seeing every write that came before.
    fn get<T: DeserializeOwned>(&self, key: &Key)
    -> impl Future<Output = Result<Option<Stored<T>>, StateError>> + Send;

    /// Writes a document if it still has that revision; `None`: if there is none yet. A revision never comes back,
    /// not even when an item is removed and written anew.
    fn swap<T: Serialize + Sync>(
        &self,
        key: &Key,
        expected: Option<u64>,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> impl Future<Output = Result<Swap, StateError>> + Send;

    /// Writes a document, whatever was there.
    fn put<T: Serialize + Sync>(
        &self,
        key: &Key,
        value: &T,
        keep_until: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), StateError>> + Send;

    /// Removes a document if it still has that revision; `None`: whatever it has. False when it was not removed
    /// because somebody else wrote it.
    fn remove(&self, key: &Key, expected: Option<u64>) -> impl Future<Output = Result<bool, StateError>> + Send;

    /// Adds to a counter and answers with the sum.
    fn add(
        &self,
        key: &Key,
        amount: i64,
        keep_until: Option<Timestamp>,
    ) -> impl Future<Output = Result<i64, StateError>> + Send;

    /// Reads a counter; one that was never added to is 0.
    fn count(&self, key: &Key) -> impl Future<Output = Result<i64, StateError>> + Send;

    /// The documents under a `pk`, by ascending `sk`.
    fn list<T: DeserializeOwned + Send>(
        &self,
        pk: &str,
    ) -> impl Future<Output = Result<Vec<(String, Stored<T>)>, StateError>> + Send;

    /// The counters under a `pk` whose `sk` is not below `from`, by ascending `sk`.
    fn counts(&self, pk: &str, from: &str) -> impl Future<Output = Result<Vec<(String, i64)>, StateError>> + Send;

    /// Several documents at once; those that are not there are left out.
    fn get_many<T: DeserializeOwned + Send>(
        &self,
        keys: &[Key],
    ) -> impl Future<Output = Result<Vec<(Key, Stored<T>)>, StateError>> + Send;
}

/// Reads a document's JSON, telling which item is at fault.
pub(super) fn read<T: DeserializeOwned>(what: &dyn fmt::Display, document: &str) -> Result<T, StateError> {
    serde_json::from_str(document).map_err(|error| unreadable(what, &error))
}

/// Writes a document's JSON.
pub(super) fn write<T: Serialize>(what: &dyn fmt::Display, value: &T) -> Result<String, StateError> {
    serde_json::to_string(value).map_err(|error| unreadable(what, &error))
}

/// The words of serde name a place and an expectation; those of an unexpected value are left out.
fn unreadable(what: &dyn fmt::Display, error: &serde_json::Error) -> StateError {
    let problem = format!(
        "{:?} at line {} column {}",
        error.classify(),
        error.line(),
        error.column()
    );
    StateError::Unreadable {
        what: what.to_string(),
        problem,
    }
}
