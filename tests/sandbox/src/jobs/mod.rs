//! Bulk jobs, what they are asked for, and their states over time. Pure data; `bulk` answers the calls and does the work.

mod criteria;
mod read_request;
mod table;
mod write_request;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::clock::later;

pub(crate) use read_request::{Column, ReadRequest};
pub(crate) use table::{Table, row};
pub(crate) use write_request::{Mapping, Operation, Target, WriteRequest, invalid_file};

/// Downloads of results of bulk reads, in a minute.
const MOST_DOWNLOADS: usize = 10;

/// The jobs of an organisation, and the files that were uploaded for them.
#[derive(Debug, Default)]
pub(crate) struct Bulk {
    pub(crate) files: HashMap<u64, Arc<Uploaded>>,
    pub(crate) writes: BTreeMap<u64, Job<Write>>,
    pub(crate) reads: BTreeMap<u64, Job<Read>>,
    downloads: VecDeque<Timestamp>,
}

/// A file that was uploaded.
#[derive(Debug)]
pub(crate) struct Uploaded {
    pub(crate) name: String,
    pub(crate) table: Table,
}

/// A job.
#[derive(Debug)]
pub(crate) struct Job<W> {
    pub(crate) created: Timestamp,
    pub(crate) created_by: u64,
    lasts_s: u64,
    pub(crate) fault: JobFault,
    pub(crate) work: W,
    /// The archive that it leaves behind; `None` until it has ended, and where it failed.
    pub(crate) result: Option<Arc<[u8]>>,
    pub(crate) has_ended: bool,
}

/// What a fault rule does to a job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JobFault {
    /// It takes so long instead of what the switch says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lasts_s: Option<u64>,
    /// It ends in `FAILED` (a bulk read in `FAILURE`), and does nothing.
    pub(crate) fails: bool,
    /// A bulk write completes and skips every row.
    pub(crate) skips_all: bool,
    /// A bulk write leaves every nth row unprocessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unprocessed_every: Option<usize>,
    /// The result lacks every nth row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing_every: Option<usize>,
    /// The code of what it skips or why it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Added,
    Queued,
    InProgress,
    Completed,
    Failed,
}

/// What a bulk write does, and has done.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) request: WriteRequest,
    pub(crate) file: Arc<Uploaded>,
    /// How many rows are done.
    pub(crate) done: usize,
    pub(crate) added: usize,
    pub(crate) updated: usize,
    pub(crate) skipped: usize,
    pub(crate) csv: Vec<u8>,
}

/// What a bulk read does, and has done.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) request: ReadRequest,
    /// The records of its page, as they were chosen when it was made.
    pub(crate) ids: Vec<u64>,
    pub(crate) more: bool,
    pub(crate) done: usize,
    pub(crate) count: usize,
    pub(crate) csv: Vec<u8>,
}

impl<W> Job<W> {
    pub(crate) fn new(created: Timestamp, created_by: u64, lasts_s: u64, fault: JobFault, work: W) -> Self {
        Self {
            created,
            created_by,
            lasts_s: fault.lasts_s.unwrap_or(lasts_s),
            fault,
            work,
            result: None,
            has_ended: false,
        }
    }

    /// When it ends.
    pub(crate) fn due(&self) -> Timestamp {
        later(self.created, self.lasts_s)
    }

    /// When it begins to do something: after a third of its time.
    pub(crate) fn starts(&self) -> Timestamp {
        later(self.created, self.lasts_s / 3)
    }

    /// How far it has come: a sixth of its time it is just added, another it is queued.
    pub(crate) fn stage(&self, now: Timestamp) -> Stage {
        if self.has_ended {
            return if self.fault.fails {
                Stage::Failed
            } else {
                Stage::Completed
            };
        }
        let age = now.duration_since(self.created).as_secs();
        let age = u64::try_from(age).unwrap_or(0);
        match age * 6 / self.lasts_s.max(1) {
            0 => Stage::Added,
            1 => Stage::Queued,
            _ => Stage::InProgress,
        }
    }

    /// Whether its result is still kept, for so many days.
    pub(crate) fn is_kept(&self, now: Timestamp, days: i64) -> bool {
        now.duration_since(self.due()) < SignedDuration::from_hours(24 * days)
    }
}

impl Bulk {
    /// Counts a download; tells whether there may be another one in this minute.
    pub(crate) fn may_download(&mut self, now: Timestamp) -> bool {
        while let Some(first) = self.downloads.front() {
            if now.duration_since(*first) < SignedDuration::from_mins(1) {
                break;
            }
            self.downloads.pop_front();
        }
        let may = self.downloads.len() < MOST_DOWNLOADS;
        if may {
            self.downloads.push_back(now);
        }
        may
    }

    /// When a job that has not ended has something to do next.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let writes = self.writes.values().filter(|job| !job.has_ended).map(Job::next);
        let reads = self.reads.values().filter(|job| !job.has_ended).map(Job::next);
        writes.chain(reads).min()
    }

    /// How many jobs there are, and how many of them have not ended: writes, then reads.
    pub(crate) fn counts(&self) -> [(usize, usize); 2] {
        let open = |ended: &mut dyn Iterator<Item = bool>| ended.filter(|ended| !ended).count();
        [
            (
                self.writes.len(),
                open(&mut self.writes.values().map(|job| job.has_ended)),
            ),
            (
                self.reads.len(),
                open(&mut self.reads.values().map(|job| job.has_ended)),
            ),
        ]
    }
}

/// Work of which some is left.
pub(crate) trait Progress {
    fn is_done(&self) -> bool;
}

impl Progress for Write {
    fn is_done(&self) -> bool {
        self.done >= self.file.table.rows.len()
    }
}

impl Progress for Read {
    fn is_done(&self) -> bool {
        self.done >= self.ids.len()
    }
}

impl<W: Progress> Job<W> {
    /// Whether there are rows left that it will do.
    pub(crate) fn is_at_work(&self) -> bool {
        !self.fault.fails && !self.work.is_done()
    }

    /// When it has something to do next: go on, or end.
    fn next(&self) -> Timestamp {
        if self.is_at_work() { self.starts() } else { self.due() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_goes_through_its_stages_as_time_passes() {
        let start = Timestamp::UNIX_EPOCH;
        let mut job = Job::new(start, 1, 60, JobFault::default(), ());
        let stages = [0, 9, 10, 19, 20, 59, 60, 600].map(|age| job.stage(later(start, age)));
        assert_eq!(
            stages,
            [
                Stage::Added,
                Stage::Added,
                Stage::Queued,
                Stage::Queued,
                Stage::InProgress,
                Stage::InProgress,
                Stage::InProgress,
                Stage::InProgress
            ],
            "it ends when its work has ended"
        );
        job.has_ended = true;
        assert_eq!(job.stage(later(start, 60)), Stage::Completed);
        job.fault.fails = true;
        assert_eq!(job.stage(later(start, 60)), Stage::Failed);
    }

    #[test]
    fn ten_downloads_a_minute_are_allowed() {
        let (mut bulk, start) = (Bulk::default(), Timestamp::UNIX_EPOCH);
        let may: Vec<_> = (0..12).map(|at| bulk.may_download(later(start, at))).collect();
        assert_eq!(may.iter().filter(|may| **may).count(), 10);
        assert!(!bulk.may_download(later(start, 59)));
        assert!(bulk.may_download(later(start, 60)));
        assert!(!bulk.may_download(later(start, 60)));
    }
}
