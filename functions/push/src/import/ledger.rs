//! The ledger of files in the state table: which version of a key has which import, and how far that import has come. No
//! record content is in it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use shared::state::{Key, StateError, Stored, Swap, Table};

use crate::context::{Context, Services};
use crate::import::Plan;
use shared::bucket::ObjectVersion;

/// How long the ledger remembers a version. [`MOST_INBOX_DAYS`] is shorter.
pub(in crate::import) const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 400);
/// For how long after it was put a version may be found again by a look through the inbox: what the ledger has forgotten
/// looks as if it had never been imported, and would overwrite newer data. No more may `InboxRetentionDays` be. The month
/// between the two is for an import that waits before it is claimed, and for S3, which expires objects some days late.
pub const MOST_INBOX_DAYS: i64 = 365;
const _: () = assert!(REMEMBERED.as_hours() >= 24 * (MOST_INBOX_DAYS + 30));
/// How long it remembers where the report of an execution lies.
const ANSWERED_FOR: SignedDuration = SignedDuration::from_hours(48);
/// How often a change is tried again when somebody else was faster.
const TRIES: u32 = 10;

/// What went wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The state table.
    #[error(transparent)]
    State(#[from] StateError),
    /// Another invocation has taken this import over.
    #[error("another invocation has taken run {run_id} over: this one stops, the other goes on")]
    TakenOver {
        /// The run.
        run_id: String,
    },
}

/// Where a version of a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionState {
    /// An import has it.
    Claimed,
    /// It came to an end that stands: complete, partial, stopped, refused.
    Ended,
    /// The import broke off; the version may be imported again.
    Broken,
    /// It could not be read; it is imported once it can be.
    Unread,
}

/// One version of a key, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it stands.
    pub standing: VersionState,
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

impl Entry {
    /// Whether it speaks of this version of its key.
    pub fn is_of(&self, object: &ObjectVersion) -> bool {
        match (&object.version_id, &self.version_id) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.etag.trim_matches('"') == object.tag(),
        }
    }

    /// Whether an import has this version right now.
    pub fn is_under_way(&self, object: &ObjectVersion, is_alive: impl Fn(&Self) -> bool) -> bool {
        self.standing == VersionState::Claimed && self.is_of(object) && is_alive(self)
    }
}

/// Names an entry: the object's key and which of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryName {
    /// The object's key.
    pub key: String,
    /// The sequencer of its event; for an import that was asked for by hand, the execution.
    pub version: String,
}

impl EntryName {
    fn item(&self) -> Key {
        Key {
            pk: format!("file#{}", self.key),
            sk: self.version.clone(),
        }
    }
}

/// Where an execution's report lies.
#[derive(Serialize, Deserialize)]
struct ReportKey {
    report_key: String,
}

/// The ledger.
#[derive(Debug, Clone)]
pub struct Ledger<T> {
    pub(in crate::import) table: T,
}

impl<S: Services> Context<S> {
    /// The ledger of files.
    pub fn ledger(&self) -> Ledger<S::Table> {
        Ledger::new(self.table.clone())
    }
}

impl<T: Table> Ledger<T> {
    /// The ledger in that table.
    pub fn new(table: T) -> Self {
        Self { table }
    }

    /// All versions of a key that the ledger remembers.
    ///
    /// # Errors
    /// The table failed.
    pub async fn versions(&self, key: &str) -> Result<Vec<(EntryName, Entry)>, LedgerError> {
        let entries = self.table.list::<Entry>(&format!("file#{key}")).await?;
        let named = |(version, entry): (String, Stored<Entry>)| {
            (
                EntryName {
                    key: key.to_owned(),
                    version,
                },
                entry.value,
            )
        };
        Ok(entries.into_iter().map(named).collect())
    }

    /// Claims a version for an execution, also again for the same, and over an import that broke off or is dead. False
    /// when another execution has it.
    ///
    /// # Errors
    /// The table failed.
    pub async fn claim(
        &self,
        name: &EntryName,
        entry: &Entry,
        over: Option<&Entry>,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        for _ in 0..TRIES {
            let before = self.table.get::<Entry>(&name.item()).await?;
            match &before {
                Some(before) if before.value.execution == entry.execution => return Ok(true),
                Some(before) if Some(&before.value) != over => return Ok(false),
                _ => {}
            }
            let expected = before.map(|before| before.revision);
            if let Swap::Done(_) = self
                .table
                .swap(&name.item(), expected, entry, Some(now + REMEMBERED))
                .await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes how a version ended, unless the entry has gone to another execution.
    ///
    /// # Errors
    /// The table failed.
    pub async fn end(
        &self,
        name: &EntryName,
        execution: &str,
        standing: VersionState,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        for _ in 0..TRIES {
            let Some(Stored { value: entry, revision }) = self.table.get::<Entry>(&name.item()).await? else {
                break;
            };
            if entry.execution != execution || entry.standing == standing {
                break;
            }
            let ended = Entry { standing, ..entry };
            let keep_until = Some(now + REMEMBERED);
            if let Swap::Done(_) = self
                .table
                .swap(&name.item(), Some(revision), &ended, keep_until)
                .await?
            {
                break;
            }
        }
        Ok(())
    }

    /// The plan of a run.
    ///
    /// # Errors
    /// The table failed.
    pub async fn plan(&self, run_id: &str) -> Result<Option<Plan>, LedgerError> {
        Ok(self.table.get(&run(run_id, "plan")).await?.map(|plan| plan.value))
    }

    /// Keeps the plan of a run.
    ///
    /// # Errors
    /// The table failed.
    pub async fn keep_plan(&self, run_id: &str, plan: &Plan, now: Timestamp) -> Result<(), LedgerError> {
        Ok(self
            .table
            .put(&run(run_id, "plan"), plan, Some(now + REMEMBERED))
            .await?)
    }

    /// Notes where an execution's report lies, for whoever started it and waits.
    ///
    /// # Errors
    /// The table failed.
    pub async fn note_report(&self, execution: &str, report_key: &str, now: Timestamp) -> Result<(), LedgerError> {
        let answer = ReportKey {
            report_key: report_key.to_owned(),
        };
        Ok(self
            .table
            .put(&answer_of(execution), &answer, Some(now + ANSWERED_FOR))
            .await?)
    }

    /// Where an execution's report lies, once it has come to an end.
    ///
    /// # Errors
    /// The table failed.
    pub async fn report_of(&self, execution: &str) -> Result<Option<String>, LedgerError> {
        let answer = self.table.get::<ReportKey>(&answer_of(execution)).await?;
        Ok(answer.map(|answer| answer.value.report_key))
    }
}

pub(in crate::import) fn run(run_id: &str, what: &str) -> Key {
    Key {
        pk: format!("run#{run_id}"),
        sk: what.to_owned(),
    }
}

fn answer_of(execution: &str) -> Key {
    Key {
        pk: format!("execution#{execution}"),
        sk: "report".to_owned(),
    }
}
