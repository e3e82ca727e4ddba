//! What a plan remembers of the keys of a file's rows: exactly up to a million rows, and by a sample beyond. Of each row
//! the log keeps two hashes and the line, 16 bytes. The log sorts them by hash into parts. Full parts go into the bucket.
//! So memory is bounded, and the next invocation of the plan finds what this one saw.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::same_keys::{FirstLines, SameKeys};
use crate::map::Mapped;

/// Into how many parts rows are sorted by the hash of their key.
pub(super) const PARTS: usize = 16;
/// How many rows of a part are kept in memory: with all parts full, 4 MiB.
const MOST_OF_A_PART: usize = 16_384;
/// Up to how many rows every key is looked at.
const EXACTLY_UP_TO: u64 = 1_000_000;
/// Match fields that are told apart.
const MOST_FIELDS: usize = 8;

/// What is remembered of a row: the key's hash with its field in the last three bits, the record's hash (24 bits), its line
/// (40 bits).
type KeyEntry = u128;

/// What of the log is in the bucket, and how densely it samples.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFiles {
    /// Rows with a key.
    rows: u64,
    /// Of how many keys one is looked at, as a power of two.
    thinned: u32,
    /// The match fields, in the order of their numbers.
    fields: Vec<String>,
    /// How many files of each part each epoch has written.
    written: Vec<(u64, [u16; PARTS])>,
}

impl KeyFiles {
    /// The keys of a part's files in the bucket.
    pub(super) fn of_part(&self, run_id: &str, part: usize) -> Vec<String> {
        let each = |(epoch, counts): &(u64, [u16; PARTS])| {
            (0..counts[part]).map(|number| (*epoch, number)).collect::<Vec<_>>()
        };
        let all = self.written.iter().flat_map(each);
        all.map(|(epoch, number)| file_key(run_id, epoch, part, number))
            .collect()
    }

    /// The keys of all files.
    pub(super) fn all(&self, run_id: &str) -> Vec<String> {
        (0..PARTS).flat_map(|part| self.of_part(run_id, part)).collect()
    }
}

fn file_key(run_id: &str, epoch: u64, part: usize, number: u16) -> String {
    format!("work/{run_id}/keys-{epoch:06}-{part:02}-{number:04}")
}

/// Remembers the keys of rows.
pub(super) struct KeyLog {
    epoch: u64,
    parts: [Vec<KeyEntry>; PARTS],
}

impl KeyLog {
    /// For one invocation, whose files are named by its epoch.
    pub fn new(epoch: u64) -> Self {
        Self {
            epoch,
            parts: [const { Vec::new() }; PARTS],
        }
    }

    /// Remembers a row; answers with the part that is full now.
    pub fn note(&mut self, line: u64, mapped: &Mapped, files: &mut KeyFiles) -> Option<usize> {
        if mapped.keys.is_empty() {
            return None;
        }
        files.rows += 1;
        if files.rows > EXACTLY_UP_TO << files.thinned {
            files.thinned += 1;
        }
        let mut record = hash(0, mapped.record.json().as_bytes());
        for reference in &mapped.references {
            record = hash(record, reference.value.as_bytes());
        }
        for tag in &mapped.tags {
            record = hash(record, tag.0.as_bytes());
        }
        let mut full = None;
        for key in &mapped.keys {
            let Some(field) = number_of(key.field(), files) else {
                continue;
            };
            let key = (hash(field as u64 + 1, key.folded().as_bytes()) & !0b111) | field as u64;
            if !is_sampled(key, files.thinned) {
                continue;
            }
            let entry = (KeyEntry::from(key) << 64)
                | (KeyEntry::from(record & 0xFF_FFFF) << 40)
                | KeyEntry::from(line & 0xFF_FFFF_FFFF);
            let part = part_of(key);
            self.parts[part].push(entry);
            if self.parts[part].len() >= MOST_OF_A_PART {
                full = Some(part);
            }
        }
        full
    }

    /// The next file of a part, to be written under that key; `None` where there is nothing to write.
    pub fn take(&mut self, part: usize, run_id: &str, files: &mut KeyFiles) -> Option<(String, Vec<u8>)> {
        let entries = std::mem::take(&mut self.parts[part]);
        if entries.is_empty() {
            return None;
        }
        if files.written.last().is_none_or(|(epoch, _)| *epoch != self.epoch) {
            files.written.push((self.epoch, [0; PARTS]));
        }
        let (_, counts) = files.written.last_mut()?;
        let key = file_key(run_id, self.epoch, part, counts[part]);
        counts[part] += 1;
        Some((key, entries.iter().flat_map(|entry| entry.to_le_bytes()).collect()))
    }

    /// What is in memory of a part.
    pub fn held(&mut self, part: usize) -> PartOfLog {
        PartOfLog {
            rows: std::mem::take(&mut self.parts[part]),
            ..PartOfLog::default()
        }
    }
}

/// From how many rows of a part on those of one key are put together: 2 MiB.
const MOST_LOOSE: usize = 131_072;
/// A key of more rows is kept once.
const MOST_OF_A_KEY: usize = 8;

/// All that is remembered of one part's rows. However many rows a key has, it takes no more room than a few of them.
#[derive(Default)]
pub(super) struct PartOfLog {
    rows: Vec<KeyEntry>,
    /// Keys of many rows, put together.
    many: BTreeMap<u64, RowsOfKey>,
    /// How many rows may come before they are put together again.
    loose: usize,
}

/// The rows of one key.
#[derive(Debug, Clone, Copy)]
struct RowsOfKey {
    rows: u64,
    /// The record's hash of one of them.
    record: u64,
    differ: bool,
    first_lines: FirstLines,
}

impl RowsOfKey {
    /// Puts rows together, of which there is one at least.
    fn of(rows: &[KeyEntry]) -> Option<Self> {
        let mut all = Self {
            rows: 0,
            record: record_of(*rows.first()?),
            differ: false,
            first_lines: FirstLines::default(),
        };
        for row in rows {
            all.rows += 1;
            all.differ |= record_of(*row) != all.record;
            all.first_lines.add(line_of(*row));
        }
        Some(all)
    }

    fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.differ |= other.differ || other.record != self.record;
        other.first_lines.iter().for_each(|line| self.first_lines.add(line));
    }
}

impl PartOfLog {
    /// Adds what a file of the part has, as far as its keys are still looked at.
    pub fn add(&mut self, bytes: &[u8], files: &KeyFiles) {
        let (entries, _) = bytes.as_chunks::<16>();
        let entries = entries.iter().map(|entry| KeyEntry::from_le_bytes(*entry));
        self.rows
            .extend(entries.filter(|entry| is_sampled(key_of(*entry), files.thinned)));
        if self.rows.len() > self.loose.max(MOST_LOOSE) {
            self.put_together();
            self.loose = self.rows.len() * 2;
        }
    }

    /// Puts the rows of keys that have many of them together.
    fn put_together(&mut self) {
        self.rows.sort_unstable();
        let mut loose = Vec::new();
        for rows in self.rows.chunk_by(|one, other| key_of(*one) == key_of(*other)) {
            let key = rows.first().map_or(0, |row| key_of(*row));
            let Some(all) = RowsOfKey::of(rows) else { continue };
            match self.many.get_mut(&key) {
                Some(many) => many.merge(&all),
                None if rows.len() > MOST_OF_A_KEY => drop(self.many.insert(key, all)),
                None => loose.extend_from_slice(rows),
            }
        }
        self.rows = loose;
    }

    /// Counts the rows that share a key and differ.
    pub fn count(mut self, files: &KeyFiles, same: &mut SameKeys) {
        self.rows.retain(|entry| is_sampled(key_of(*entry), files.thinned));
        self.put_together();
        let loose = self.rows.chunk_by(|one, other| key_of(*one) == key_of(*other));
        let loose = loose.filter_map(|rows| Some((key_of(*rows.first()?), RowsOfKey::of(rows)?)));
        let many = self.many.into_iter().filter(|(key, _)| is_sampled(*key, files.thinned));
        for (key, all) in loose.chain(many).filter(|(_, all)| all.differ) {
            if let Some(field) = files.fields.get((key & 0b111) as usize) {
                same.add(field, all.rows, &all.first_lines, files.thinned);
            }
        }
    }
}

fn key_of(entry: KeyEntry) -> u64 {
    u64::try_from(entry >> 64).unwrap_or_default()
}

fn record_of(entry: KeyEntry) -> u64 {
    u64::try_from((entry >> 40) & 0xFF_FFFF).unwrap_or_default()
}

fn line_of(entry: KeyEntry) -> u64 {
    u64::try_from(entry & 0xFF_FFFF_FFFF).unwrap_or_default()
}

fn part_of(key: u64) -> usize {
    usize::try_from(key >> 60).unwrap_or(0)
}

/// All rows of a key are looked at, or none.
fn is_sampled(key: u64, thinned: u32) -> bool {
    (key >> 3) & ((1 << thinned) - 1) == 0
}

fn number_of(field: &str, files: &mut KeyFiles) -> Option<usize> {
    if let Some(place) = files.fields.iter().position(|known| known == field) {
        return Some(place);
    }
    if files.fields.len() < MOST_FIELDS {
        files.fields.push(field.to_owned());
        return Some(files.fields.len() - 1);
    }
    None
}

/// A hash that is the same in every invocation, which the standard library does not promise of its own: eight bytes at a time,
/// each folded in by a wide multiplication, as in wyhash.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    const ODD: [u64; 2] = [0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB];
    let fold = |one: u64, other: u64| {
        let wide = u128::from(one) * u128::from(other);
        u64::try_from(wide & u128::from(u64::MAX)).unwrap_or(0) ^ u64::try_from(wide >> 64).unwrap_or(0)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut state = seed ^ ODD[0];
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), ODD[1]);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    state = fold(state ^ u64::from_le_bytes(last), ODD[0] ^ bytes.len() as u64);
    fold(state, ODD[1])
}

#[cfg(test)]
mod tests;
