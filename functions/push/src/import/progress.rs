//! How far an import has come: what a crash must not lose, saved in the ledger at each checkpoint.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shared::bigin::CallShape;

use crate::decode::Checkpoint;
use crate::report::Report;

/// How far an import has come. Holds no record content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    /// What all its calls have in common.
    pub shape: CallShape,
    /// The report so far.
    pub report: Report,
    /// Where decoding goes on: before the first row that has not ended. `None` at the start of the file.
    pub checkpoint: Option<Checkpoint>,
    /// The number of the row that decoding goes on with, from 0.
    pub next_row: u64,
    /// Rows behind that one which have ended already.
    pub ended_ahead: BTreeSet<u64>,
    /// How many parts of the outcomes file have been written.
    pub outcome_parts: u32,
    /// How many parts of the rejects file have been written.
    pub reject_parts: u32,
}
