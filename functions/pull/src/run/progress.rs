//! How far a module was read: the item in the state table that a death leaves behind. One swap moves it on, so that the cursor
//! and the end of a run are one step.

use std::collections::BTreeSet;

use bigin::ModuleName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::state::{Key, StateError, Swap, Table};

use super::census::Census;
use crate::change::Kind;
use crate::deleted::Told;
use crate::file::{Counts, Manifest, Part, PartEntry, RunFiles, Warning};
use crate::hydrate::ByIds;
use crate::known::Known;
use crate::schema::Schema;
use crate::window::Window;

/// More parts than that have no number of four digits.
pub const MOST_PARTS: u32 = 9_999;

/// How far a module was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// All that was written before this is in files that a manifest names.
    pub cursor: Option<Timestamp>,
    /// The deletes that the next run may meet again.
    #[serde(default)]
    pub told: Told,
    /// What its records looked like last.
    #[serde(default)]
    pub schema: Option<Schema>,
    /// What consumers know by manifests, since the first full copy that it was noted of.
    #[serde(default)]
    pub known: Option<Known>,
    /// Whether a run could not tell of all deletes, so that the next one is a census.
    #[serde(default)]
    pub needs_census: bool,
    /// The run that goes on.
    #[serde(default)]
    pub run: Option<Run>,
}

impl Progress {
    /// A run has ended: what its parts tell is known. It begins with a full copy. `verified_to`: up to when a census has
    /// found everything known.
    pub fn note_known(&mut self, lists: Vec<String>, is_copy: bool, verified_to: Option<Timestamp>) {
        if is_copy && self.known.is_none() {
            self.known = Some(Known::default());
        }
        let Some(known) = &mut self.known else { return };
        known.verified_to = known.verified_to.max(verified_to.map(Timestamp::as_second));
        if !known.add(lists) {
            self.known = None;
        }
    }
}

/// What a run is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It reads deleted records.
    Deleted,
    /// It reads records that were written.
    Written,
    /// It compares everything with what is known.
    Census,
    /// Everything is read; the manifest is to be written.
    Manifest,
    /// The cursor has moved; somebody is to hear of it.
    Announce,
}

/// A run that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its name.
    pub run_id: String,
    /// Why it reads.
    pub kind: Kind,
    /// When it began.
    pub started_at: Timestamp,
    /// How many executions were started for it; one that died is followed by another.
    pub execution: u32,
    /// What it is at.
    pub stage: Stage,
    /// Which time it reads, once Bigin was asked.
    pub window: Option<Window>,
    /// The page of deleted records that is read next.
    pub deleted_page: u64,
    /// The ids on the page before.
    #[serde(default)]
    pub page_before: BTreeSet<String>,
    /// The deletes that it told.
    #[serde(default)]
    pub told: Told,
    /// The greatest id that was read.
    pub after: u64,
    /// The number of the part that is written next.
    pub next_part: u32,
    /// Whether a slice is at it, or died over it: then a part of that number may lie in the bucket, and keeps it.
    #[serde(default)]
    pub is_open: bool,
    /// Its parts.
    pub parts: Vec<PartEntry>,
    /// Its changes.
    pub counts: Counts,
    /// What it cost.
    pub credits: u64,
    /// What its records look like.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// What to look at.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// Whether `ids` works.
    #[serde(default)]
    pub by_ids: ByIds,
    /// What is known by its parts.
    #[serde(default)]
    pub lists: Vec<String>,
    /// What it has found as a census, if it is one.
    #[serde(default)]
    pub census: Option<Census>,
}

impl Run {
    /// A run that begins.
    pub fn begin(run_id: String, kind: Kind, now: Timestamp) -> Self {
        Self {
            run_id,
            kind,
            started_at: now,
            execution: 1,
            stage: Stage::Deleted,
            window: None,
            deleted_page: 1,
            page_before: BTreeSet::new(),
            told: Told::default(),
            after: 0,
            next_part: 1,
            is_open: false,
            parts: Vec::new(),
            counts: Counts::default(),
            credits: 0,
            schemas: Vec::new(),
            warnings: Vec::new(),
            by_ids: ByIds::default(),
            lists: Vec::new(),
            census: (kind == Kind::Census).then(Census::default),
        }
    }

    /// A slice begins. One that died, or hangs, may still write a part under its number: this one takes another.
    pub fn open(&mut self) {
        self.next_part += u32::from(self.is_open);
        self.is_open = true;
    }

    /// Where its files lie.
    pub fn files<'a>(&'a self, module: &'a ModuleName) -> RunFiles<'a> {
        RunFiles {
            module: module.as_str(),
            run_id: &self.run_id,
            started_at: self.started_at,
        }
    }

    /// What it leaves behind once everything is read.
    pub fn manifest(&self, module: &ModuleName, window: Window, now: Timestamp) -> Manifest {
        Manifest {
            v: 1,
            run_id: self.run_id.clone(),
            module: module.as_str().to_owned(),
            kind: self.kind,
            window,
            files: self.parts.clone(),
            counts: self.counts,
            missed: self.census.as_ref().map(|census| census.counts.missed),
            census: self.census.as_ref().map(|census| census.counts),
            credits: self.credits,
            schemas: self.schemas.clone(),
            warnings: self.warnings.clone(),
            started_at: self.started_at,
            finished_at: now,
        }
    }

    /// Notes a part that lies in the bucket.
    pub fn note_part(&mut self, key: String, part: &Part) {
        self.counts = self.counts.and(part.counts);
        self.parts.push(part.entry(key));
        self.next_part += 1;
    }

    /// What comes once all that was written is read.
    pub fn after_written(&self) -> Stage {
        if self.census.is_some() {
            Stage::Census
        } else {
            Stage::Manifest
        }
    }

    /// How what it finds now is found: a census begins like any other run.
    pub fn finds_by(&self) -> Kind {
        match (self.kind, self.stage) {
            (Kind::Census, Stage::Deleted | Stage::Written) => Kind::Poll,
            (kind, _) => kind,
        }
    }

    /// Whether it warned of that.
    pub fn has_warned(&self, code: &str) -> bool {
        self.warnings.iter().any(|known| known.code == code)
    }

    /// Warns of something, once.
    pub fn warn(&mut self, code: &str, message: impl Into<String>) {
        if self.warnings.iter().all(|known| known.code != code) {
            self.warnings.push(Warning {
                code: code.to_owned(),
                message: message.into(),
            });
        }
    }
}

/// A module's progress as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProgress {
    /// The progress.
    pub progress: Progress,
    revision: Option<u64>,
}

fn key(module: &ModuleName) -> Key {
    Key::new("pull", module.as_str())
}

impl StoredProgress {
    /// Reads a module's progress.
    ///
    /// # Errors
    /// The table failed.
    pub async fn read(table: &impl Table, module: &ModuleName) -> Result<Self, StateError> {
        let stored = table.get::<Progress>(&key(module)).await?;
        Ok(match stored {
            Some(stored) => Self {
                progress: stored.value,
                revision: Some(stored.revision),
            },
            None => Self {
                progress: Progress::default(),
                revision: None,
            },
        })
    }

    /// Writes it. False when somebody else did so since it was read: then nothing that was read meanwhile counts.
    ///
    /// # Errors
    /// The table failed.
    pub async fn write(&mut self, table: &impl Table, module: &ModuleName) -> Result<bool, StateError> {
        match table.swap(&key(module), self.revision, &self.progress, None).await? {
            Swap::Done(revision) => {
                self.revision = Some(revision);
                Ok(true)
            }
            Swap::Lost => Ok(false),
        }
    }

    /// The run of that name, if it is the one that goes on.
    pub fn run(&mut self, run_id: &str) -> Option<&mut Run> {
        self.progress.run.as_mut().filter(|run| run.run_id == run_id)
    }
}
