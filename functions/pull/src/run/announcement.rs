//! What the world is told of a run that ended: the detail of the event `Bigin Changes Ready`.

use bigin::ModuleName;
use serde::{Deserialize, Serialize};

use super::progress::Run;
use crate::change::Kind;
use crate::file::Counts;

/// The detail of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The form's version.
    pub v: u32,
    /// The bucket that the files lie in.
    pub bucket: String,
    /// The manifest's key.
    pub manifest_key: String,
    /// The module's API name.
    pub module: String,
    /// The run.
    pub run_id: String,
    /// Why it read.
    pub kind: Kind,
    /// How many changes there are of each kind.
    pub counts: Counts,
}

impl Announcement {
    /// What is told of a run whose files lie in that bucket.
    pub fn of(bucket: &str, module: &ModuleName, run: &Run) -> Self {
        Self {
            v: 1,
            bucket: bucket.to_owned(),
            manifest_key: run.files(module).manifest(),
            module: module.as_str().to_owned(),
            run_id: run.run_id.clone(),
            kind: run.kind,
            counts: run.counts,
        }
    }
}
