//! What a run leaves in the bucket: parts of change records, the schemas they name, and the manifest that makes them count.

use std::io::{self, Write};

use aws_lc_rs::digest::{SHA256, digest};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::{Kind, Op};
use crate::schema::hex;
use crate::window::Window;

/// Where a run's files lie.
#[derive(Debug, Clone, Copy)]
pub struct RunFiles<'a> {
    /// The module's API name.
    pub module: &'a str,
    /// The run.
    pub run_id: &'a str,
    /// When it began, which is in its files' names: so a part keeps its name for the whole run.
    pub started_at: Timestamp,
}

impl RunFiles<'_> {
    /// A part, by its number.
    pub fn part(&self, number: u32) -> String {
        let (day, time) = (self.started_at.strftime("%Y-%m-%d"), self.started_at.strftime("%H%M%S"));
        format!(
            "changes/{}/dt={day}/{time}-{}-{number:04}.ndjson.gz",
            self.module, self.run_id
        )
    }

    /// What is known by a part, by its number.
    pub fn list(&self, number: u32) -> String {
        format!("state/{}/lines/{}-{number:04}.bin.gz", self.module, self.run_id)
    }

    /// The manifest.
    pub fn manifest(&self) -> String {
        format!("changes/{}/_manifests/{}.json", self.module, self.run_id)
    }

    /// The schema of that hash.
    pub fn schema(&self, hash: &str) -> String {
        format!("changes/{}/_schema/{hash}.json", self.module)
    }
}

/// How many changes there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records that were made or changed.
    pub upsert: u64,
    /// Records that are gone.
    pub delete: u64,
    /// Records as they were when the copy was made.
    pub snapshot: u64,
}

impl Counts {
    /// Counts one.
    pub fn add(&mut self, op: Op) {
        *match op {
            Op::Upsert => &mut self.upsert,
            Op::Delete => &mut self.delete,
            Op::Snapshot => &mut self.snapshot,
        } += 1;
    }

    /// How many there are in all.
    pub fn sum(self) -> u64 {
        self.upsert + self.delete + self.snapshot
    }

    /// The sum of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            upsert: self.upsert + other.upsert,
            delete: self.delete + other.delete,
            snapshot: self.snapshot + other.snapshot,
        }
    }
}

/// What a census has found, beside the changes that its run read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CensusCounts {
    /// How many records Bigin has.
    pub records: u64,
    /// Those that were written in a time that was read, and stood in no file.
    pub missed: u64,
    /// Those that are back from the recycle bin.
    pub restored: u64,
    /// Those that Bigin did not show before.
    pub newly_visible: u64,
    /// Those of the consumers' that Bigin did not list, before they were looked into.
    pub absent: u64,
    /// Those of them that are gone without a word.
    pub vanished: u64,
    /// The same, where they are too many to be told of without anybody's word.
    pub held: u64,
}

impl CensusCounts {
    /// The sum of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            missed: self.missed + other.missed,
            restored: self.restored + other.restored,
            newly_visible: self.newly_visible + other.newly_visible,
            absent: self.absent + other.absent,
            vanished: self.vanished + other.vanished,
            held: self.held + other.held,
        }
    }
}

/// A part as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// How many change records it has.
    pub lines: u64,
    /// What its bytes hash to, in hexadecimal digits.
    pub sha256: String,
}

/// What to look at before a copy is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable word.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

/// What a run read. Consumers look for this first: a part that no manifest names does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form's version.
    pub v: u32,
    /// The run.
    pub run_id: String,
    /// The module's API name.
    pub module: String,
    /// Why it read.
    pub kind: Kind,
    /// Which time it read.
    pub window: Window,
    /// Its parts, in their order.
    pub files: Vec<PartEntry>,
    /// How many changes there are of each kind.
    pub counts: Counts,
    /// How many changes a census found that runs had missed; `None` where none was made.
    pub missed: Option<u64>,
    /// What else it has found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub census: Option<CensusCounts>,
    /// The API credits that it cost.
    pub credits: u64,
    /// The hashes of its schemas.
    pub schemas: Vec<String>,
    /// What to look at.
    pub warnings: Vec<Warning>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// A part that is being written, gzipped, in memory.
#[derive(Debug)]
pub struct PartWriter {
    gzip: GzEncoder<Vec<u8>>,
    counts: Counts,
    lines: u64,
}

/// A part that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How many changes of each kind it has.
    pub counts: Counts,
    /// How many lines it has.
    pub lines: u64,
}

impl Default for PartWriter {
    fn default() -> Self {
        Self {
            gzip: GzEncoder::new(Vec::new(), Compression::new(4)),
            counts: Counts::default(),
            lines: 0,
        }
    }
}

impl PartWriter {
    /// Adds a change record.
    ///
    /// # Errors
    /// None that is known of: it writes into memory.
    pub fn add(&mut self, op: Op, line: &str) -> io::Result<()> {
        self.gzip.write_all(line.as_bytes())?;
        self.gzip.write_all(b"\n")?;
        self.counts.add(op);
        self.lines += 1;
        Ok(())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// How large it is so far, about.
    pub fn bytes(&self) -> usize {
        self.gzip.get_ref().len()
    }

    /// The part.
    ///
    /// # Errors
    /// None that is known of: it writes into memory.
    pub fn finish(self) -> io::Result<Part> {
        Ok(Part {
            bytes: self.gzip.finish()?,
            counts: self.counts,
            lines: self.lines,
        })
    }
}

impl Part {
    /// How the manifest names it under that key.
    pub fn entry(&self, key: String) -> PartEntry {
        PartEntry {
            key,
            bytes: self.bytes.len() as u64,
            lines: self.lines,
            sha256: hex(digest(&SHA256, &self.bytes).as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_runs_files_lie_by_module_and_day() {
        let files = RunFiles {
            module: "Contacts",
            run_id: "r1",
            started_at: "2026-11-27T23:30:05Z".parse().unwrap(),
        };
        assert_eq!(files.part(7), "changes/Contacts/dt=2026-11-27/233005-r1-0007.ndjson.gz");
        assert_eq!(files.manifest(), "changes/Contacts/_manifests/r1.json");
        assert_eq!(files.schema("c0ffee12"), "changes/Contacts/_schema/c0ffee12.json");
    }

    #[test]
    fn a_part_is_lines_gzipped_and_its_entry_says_what_is_in_it() {
        let mut writer = PartWriter::default();
        assert!(writer.is_empty());
        writer.add(Op::Upsert, "{\"a\":1}").unwrap();
        writer.add(Op::Delete, "{\"b\":2}").unwrap();
        let part = writer.finish().unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(part.bytes.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "{\"a\":1}\n{\"b\":2}\n");
        assert_eq!((part.counts.upsert, part.counts.delete, part.lines), (1, 1, 2));
        let entry = part.entry("k".to_owned());
        assert_eq!(
            (entry.bytes, entry.lines, entry.sha256.len()),
            (part.bytes.len() as u64, 2, 64)
        );
    }

    #[test]
    fn the_hash_is_that_of_everybody_else() {
        let empty = Part {
            bytes: Vec::new(),
            counts: Counts::default(),
            lines: 0,
        };
        let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(empty.entry(String::new()).sha256, known);
    }
}
