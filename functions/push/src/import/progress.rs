//! What an import knows: its plan and its progress. The plan does not change once it is made. The progress is
//! saved at each checkpoint, since a crash must not lose it. No record content is in either.

use std::collections::BTreeMap;

use bigin::{CallShape, ModuleName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::decode::{Checkpoint, Form};
use crate::import::counted::Counted;
use crate::import::suspects::Suspects;
use crate::map::Overrides;
use crate::record::Written;
use crate::report::{Reason, Report, RunStatus};
use shared::bucket::Joined;

/// What was learnt before the first row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// How the file is written.
    pub form: Form,
    /// Where its rows go.
    pub module: ModuleName,
    /// What all its calls have in common, once the columns are known.
    pub shape: Option<CallShape>,
    /// What the file's own rows say is to be done with them.
    #[serde(default)]
    pub said: Option<Overrides>,
    /// The mapping file's key.
    pub mapping_key: Option<String>,
    /// The mapping as it was then: a mapping that is changed in the middle changes nothing for this file.
    pub mapping: Option<String>,
    /// The organisation's time zone.
    pub time_zone: Option<String>,
    /// Whether numbers of the file have a comma before their decimals, as reading all of it has shown.
    #[serde(default)]
    pub decimal_comma: bool,
    /// Columns that are left out because their fields vanished under way.
    #[serde(default)]
    pub vanished: Vec<String>,
}

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// How often an invocation has taken the import over. Names its parts, so that none overwrites another's.
    pub epoch: u64,
    /// The report so far.
    pub report: Report,
    /// What counting the rows has shown so far.
    pub counted: Counted,
    /// Where decoding goes on: before the first row that has not ended. `None` at the start of the file.
    pub checkpoint: Option<Checkpoint>,
    /// The number of the row that decoding goes on with, from 0.
    pub next_row: u64,
    /// Rows behind that one which have ended already.
    pub ended_ahead: Rows,
    /// When the first row was sent.
    #[serde(default)]
    pub sent_since: Option<Timestamp>,
    /// How many rows had ended when the fields of all columns were last seen to be there.
    #[serde(default)]
    pub whole_up_to: u64,
    /// Rows that may be in Bigin although their answers were never seen.
    pub lost: Option<Lost>,
    /// Rows whose calls fail without a word about any row.
    #[serde(default, skip_serializing_if = "Suspects::is_empty")]
    pub suspects: Suspects,
    /// Rows that are in Bigin while something is left to be done for them.
    #[serde(default)]
    pub taken: BTreeMap<u64, Written>,
    /// The parts of the outcomes file.
    pub outcomes: PartList,
    /// The parts of the rejects file.
    pub rejects: PartList,
    /// How far the outcomes file has been put together.
    #[serde(default, skip_serializing_if = "Joined::is_untouched")]
    pub outcomes_joined: Joined,
    /// How far the rejects file has been put together.
    #[serde(default, skip_serializing_if = "Joined::is_untouched")]
    pub rejects_joined: Joined,
    /// How it ends, where that is not with the last row.
    pub ending: Option<EarlyEnd>,
}

impl Progress {
    /// Nothing was done yet.
    pub fn begun(report: Report) -> Self {
        Self {
            epoch: 0,
            report,
            counted: Counted::default(),
            checkpoint: None,
            next_row: 0,
            ended_ahead: Rows::default(),
            sent_since: None,
            whole_up_to: 0,
            lost: None,
            suspects: Suspects::default(),
            taken: BTreeMap::new(),
            outcomes: PartList::default(),
            rejects: PartList::default(),
            outcomes_joined: Joined::default(),
            rejects_joined: Joined::default(),
            ending: None,
        }
    }

    /// Whether the last report has been put together.
    pub fn is_over(&self) -> bool {
        self.report.finished_at.is_some()
    }
}

/// An end before the last row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyEnd {
    /// The report's last status.
    pub status: RunStatus,
    /// Why.
    pub reason: Reason,
}

/// Rows whose fate is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The earliest instant at which one of them may have been sent.
    pub since: Timestamp,
    /// Which.
    pub rows: Rows,
}

/// Numbers of rows, as stretches of consecutive ones: first and the one after the last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rows(Vec<(u64, u64)>);

impl Rows {
    /// All rows from the first up to the other, which is not among them.
    pub fn stretch(from: u64, to: u64) -> Self {
        Self(if from < to { vec![(from, to)] } else { Vec::new() })
    }

    /// The numbers one by one.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().flat_map(|(from, to)| *from..*to)
    }

    /// Whether the number is among them.
    pub fn contains(&self, number: u64) -> bool {
        self.0.iter().any(|(from, to)| (*from..*to).contains(&number))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<u64> for Rows {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut numbers: Vec<u64> = numbers.into_iter().collect();
        numbers.sort_unstable();
        let mut stretches: Vec<(u64, u64)> = Vec::new();
        for number in numbers {
            match stretches.last_mut() {
                Some((_, to)) if *to > number => {}
                Some((_, to)) if *to == number => *to += 1,
                _ => stretches.push((number, number + 1)),
            }
        }
        Self(stretches)
    }
}

/// The parts of a file that is put together at the end: how many each epoch has written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartList(Vec<(u64, u32)>);

impl PartList {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that the next part of that epoch gets.
    pub fn next_key(&self, run_id: &str, kind: &str, epoch: u64) -> String {
        let count = self
            .0
            .last()
            .filter(|(last, _)| *last == epoch)
            .map_or(0, |(_, count)| *count);
        part_key(run_id, kind, epoch, count)
    }

    /// Notes that the next part of that epoch has been written.
    pub fn written(&mut self, epoch: u64) {
        match self.0.last_mut() {
            Some((last, count)) if *last == epoch => *count += 1,
            _ => self.0.push((epoch, 1)),
        }
    }

    /// The keys of all parts, in order.
    pub fn keys(&self, run_id: &str, kind: &str) -> Vec<String> {
        let each = |(epoch, count): &(u64, u32)| (0..*count).map(|part| (*epoch, part)).collect::<Vec<_>>();
        self.0
            .iter()
            .flat_map(each)
            .map(|(epoch, part)| part_key(run_id, kind, epoch, part))
            .collect()
    }
}

/// The key of what is left over at the end of a stretch of putting parts together.
pub fn rest_key(run_id: &str, kind: &str, epoch: u64) -> String {
    format!("work/{run_id}/{kind}-rest-{epoch:06}")
}

fn part_key(run_id: &str, kind: &str, epoch: u64, part: u32) -> String {
    format!("work/{run_id}/{kind}-{epoch:06}-{part:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_as_stretches() {
        let rows: Rows = [7, 3, 4, 5, 9, 4].into_iter().collect();
        assert_eq!(serde_json::to_string(&rows).unwrap(), "[[3,6],[7,8],[9,10]]");
        assert_eq!(rows.iter().collect::<Vec<_>>(), [3, 4, 5, 7, 9]);
        assert!(rows.contains(7) && !rows.contains(8));
        assert!(Rows::stretch(4, 4).is_empty());
    }

    #[test]
    fn a_part_that_was_never_noted_is_not_put_together() {
        let mut parts = PartList::default();
        assert_eq!(parts.next_key("r", "rejects", 1), "work/r/rejects-000001-000000");
        parts.written(1);
        // The invocation wrote another part and died before its checkpoint; the next has an epoch of its own.
        assert_eq!(parts.next_key("r", "rejects", 1), "work/r/rejects-000001-000001");
        assert_eq!(parts.next_key("r", "rejects", 2), "work/r/rejects-000002-000000");
        parts.written(2);
        parts.written(2);
        let keys = [
            "work/r/rejects-000001-000000",
            "work/r/rejects-000002-000000",
            "work/r/rejects-000002-000001",
        ];
        assert_eq!(parts.keys("r", "rejects"), keys);
    }
}
