//! Rows of one file that differ and share a key: counted while the file is planned, exactly up to a million rows and by a
//! sample beyond. What is remembered of a row is two hashes and its line, 16 bytes, sorted by hash into parts that are
//! put into the bucket as they fill; so memory is bounded, and the next invocation of the plan finds what this one saw.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::map::{Mapped, SameKey};
use crate::report::Reason;

/// Into how many parts rows are sorted by the hash of their key.
pub(super) const PARTS: usize = 16;
/// How many rows of a part are kept in memory: with all parts full, 4 MiB.
const MOST_OF_A_PART: usize = 16_384;
/// Up to how many rows every key is looked at.
const EXACTLY_UP_TO: u64 = 1_000_000;
/// How many keys are shown by their lines, and how many lines of each.
const MOST_EXAMPLES: usize = 5;
/// Match fields that are told apart.
const MOST_FIELDS: usize = 8;

/// What is remembered of a row: the key's hash with its field in the last three bits, the record's hash (24 bits), its line
/// (40 bits).
type Entry = u128;

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
    parts: [Vec<Entry>; PARTS],
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
            let entry =
                (Entry::from(key) << 64) | (Entry::from(record & 0xFF_FFFF) << 40) | Entry::from(line & 0xFF_FFFF_FFFF);
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
        PartOfLog(std::mem::take(&mut self.parts[part]))
    }
}

/// All that is remembered of one part's rows.
pub(super) struct PartOfLog(Vec<Entry>);

impl PartOfLog {
    /// Adds what a file of the part has, as far as its keys are still looked at.
    pub fn add(&mut self, bytes: &[u8], files: &KeyFiles) {
        let (entries, _) = bytes.as_chunks::<16>();
        let entries = entries.iter().map(|entry| Entry::from_le_bytes(*entry));
        self.0
            .extend(entries.filter(|entry| is_sampled(key_of(*entry), files.thinned)));
    }

    /// Counts the rows that share a key and differ.
    pub fn count(mut self, files: &KeyFiles, same: &mut SameKeys) {
        self.0.retain(|entry| is_sampled(key_of(*entry), files.thinned));
        self.0.sort_unstable();
        for rows in self.0.chunk_by(|one, other| key_of(*one) == key_of(*other)) {
            let record = |entry: &Entry| (*entry >> 40) & 0xFF_FFFF;
            let differ = rows.windows(2).any(|pair| record(&pair[0]) != record(&pair[1]));
            let field = rows
                .first()
                .and_then(|entry| files.fields.get((key_of(*entry) & 0b111) as usize));
            if let Some(field) = field.filter(|_| differ) {
                let mut lines: Vec<u64> = rows
                    .iter()
                    .map(|entry| u64::try_from(*entry & 0xFF_FFFF_FFFF).unwrap_or(0))
                    .collect();
                lines.sort_unstable();
                same.add(field, &lines, files.thinned);
            }
        }
    }
}

fn key_of(entry: Entry) -> u64 {
    u64::try_from(entry >> 64).unwrap_or_default()
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

/// Rows that differ and share a key, by match field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameKeys(BTreeMap<String, OfField>);

/// The same for one match field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct OfField {
    keys: u64,
    rows: u64,
    is_exact: bool,
    /// Lines of rows that share one.
    examples: Vec<Vec<u64>>,
}

impl SameKeys {
    fn add(&mut self, field: &str, lines: &[u64], thinned: u32) {
        let of_field = self.0.entry(field.to_owned()).or_default();
        of_field.keys += 1 << thinned;
        of_field.rows += (lines.len() as u64) << thinned;
        of_field.is_exact = thinned == 0;
        of_field
            .examples
            .push(lines.iter().copied().take(MOST_EXAMPLES).collect());
        of_field.examples.sort_unstable();
        of_field.examples.truncate(MOST_EXAMPLES);
    }

    /// Whether no rows share a key and differ.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows do, and the line of the first of them; of several match fields the one with most.
    pub fn most(&self) -> Option<(u64, u64)> {
        let most = self.0.values().max_by_key(|of_field| of_field.rows)?;
        let first = most.examples.first().and_then(|lines| lines.first()).copied();
        Some((most.rows, first.unwrap_or(0)))
    }

    /// As the plan shows it.
    pub fn as_plan(&self) -> Value {
        let each = self.0.iter().map(|(field, of_field)| {
            json!({"field": field, "keys": of_field.keys, "rows": of_field.rows, "exact": of_field.is_exact, "lines": of_field.examples})
        });
        each.collect()
    }

    /// A sentence for each match field.
    pub fn sentences(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|(field, of_field)| {
            format!(
                "{}, for example {}: the last row of each key wins",
                of_field.said(field),
                of_field.shown()
            )
        })
    }

    /// Why the file is refused, if the mapping wants it to be.
    pub fn refusal(&self, rule: SameKey, rows: u64) -> Option<Reason> {
        let (field, of_field) = self.0.iter().find(|(_, of_field)| rule.refuses(of_field.rows, rows))?;
        Some(Reason::new(
            crate::map::codes::SAME_KEY,
            format!(
                "{} of {rows}, for example {}: one record would be made of many",
                of_field.said(field),
                of_field.shown()
            ),
            "correct the keys or match_on, or set same_key = \"warn\" in the mapping if the last row of each key is meant to win",
        ))
    }
}

impl OfField {
    fn said(&self, field: &str) -> String {
        let about = if self.is_exact { "" } else { "about " };
        format!(
            "{about}{} rows share {about}{} values of {field} and differ",
            self.rows, self.keys
        )
    }

    fn shown(&self) -> String {
        let lines = self.examples.iter().map(|lines| {
            let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
            format!("lines {}", lines.join(", "))
        });
        lines.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bigin::Record;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::record::{MatchKey, RowRepairs};

    fn row(email: &str, name: &str) -> Mapped {
        let object = json!({"Email": email, "Last_Name": name});
        Mapped {
            record: Record::from_object(object.as_object().unwrap()),
            keys: MatchKey::of(&Arc::from("Email"), email).into_iter().collect(),
            references: Vec::new(),
            second: None,
            tags: Vec::new(),
            note_of: None,
            repairs: RowRepairs::default(),
            decimal_comma: false,
        }
    }

    /// Counts rows as a plan does that is cut off every so many rows.
    fn counted(rows: impl Iterator<Item = (u64, Mapped)>, cut_every: usize) -> (SameKeys, KeyFiles) {
        let mut bucket = std::collections::HashMap::new();
        let (mut files, mut log, mut epoch) = (KeyFiles::default(), KeyLog::new(0), 0);
        for (place, (line, mapped)) in rows.enumerate() {
            if let Some(full) = log.note(line, &mapped, &mut files) {
                bucket.extend(log.take(full, "r", &mut files));
            }
            if place % cut_every == cut_every - 1 {
                (0..PARTS).for_each(|part| bucket.extend(log.take(part, "r", &mut files)));
                // What the next invocation knows has been through the state table.
                files = serde_json::from_str(&serde_json::to_string(&files).unwrap()).unwrap();
                epoch += 1;
                log = KeyLog::new(epoch);
            }
        }
        let mut same = SameKeys::default();
        for part in 0..PARTS {
            let mut all = log.held(part);
            for key in files.of_part("r", part) {
                all.add(&bucket[&key], &files);
            }
            all.count(&files, &mut same);
        }
        assert_eq!(files.all("r").len(), bucket.len());
        (same, files)
    }

    #[test]
    fn rows_that_differ_and_share_a_key_are_counted_and_shown_by_their_lines() {
        let rows = [
            ("a@x.de", "One"),
            ("b@x.de", "Two"),
            ("A@x.de ", "Three"),
            ("b@x.de", "Two"),
            ("c@x.de", "Four"),
        ];
        let rows = rows
            .iter()
            .zip(2..)
            .map(|((email, name), line)| (line, row(email, name)));
        let (same, _) = counted(rows, 2);
        assert_eq!(
            same.as_plan(),
            json!([{"field": "Email", "keys": 1, "rows": 2, "exact": true, "lines": [[2, 4]]}])
        );
        assert_eq!(same.most(), Some((2, 2)));
        let sentence = same.sentences().next().unwrap();
        assert!(
            sentence.contains("2 rows share 1 values of Email and differ, for example lines 2, 4"),
            "{sentence}"
        );
        assert!(!sentence.contains('@'));
        assert_eq!(same.refusal(SameKey::Warn, 5), None);
        assert_eq!(
            same.refusal(
                SameKey::Share {
                    percent: 50,
                    of_at_least: 0
                },
                5
            ),
            None
        );
        let refused = same
            .refusal(
                SameKey::Share {
                    percent: 0,
                    of_at_least: 0,
                },
                5,
            )
            .unwrap();
        assert!(refused.action.contains("same_key = \"warn\""), "{refused:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_count_is_that_of_a_plain_map_however_often_the_plan_is_cut_off(
            rows in prop::collection::vec((0_u8..40, 0_u8..3), 1..300),
            cut_every in 1_usize..100,
        ) {
            let mapped = rows.iter().zip(1..).map(|((key, name), line)| (line, row(&format!("k{key}@x.de"), &format!("n{name}"))));
            let (same, _) = counted(mapped, cut_every);
            let mut by_key: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
            for (key, name) in &rows {
                by_key.entry(*key).or_default().push(*name);
            }
            let shared = by_key.values().filter(|names| names.iter().any(|name| *name != names[0]));
            let wanted: u64 = shared.map(|names| names.len() as u64).sum();
            prop_assert_eq!(same.most().map_or(0, |(rows, _)| rows), wanted);
        }
    }

    #[test]
    fn beyond_a_million_rows_the_estimate_is_near_and_memory_is_bounded() {
        let (mut files, mut log) = (KeyFiles::default(), KeyLog::new(0));
        let mut bucket = std::collections::HashMap::new();
        let template = row("x@x.de", "x");
        for line in 0..2_500_000_u64 {
            // Every tenth key is there twice, with another line as its record.
            let number = if line % 10 == 9 { line - 1 } else { line };
            let email = format!("{number}@x.de");
            let mapped = Mapped {
                keys: MatchKey::of(&Arc::from("Email"), &email).into_iter().collect(),
                record: if line % 2 == 0 {
                    template.record.clone()
                } else {
                    Record::from_object(&serde_json::Map::new())
                },
                ..template.clone()
            };
            if let Some(full) = log.note(line, &mapped, &mut files) {
                bucket.extend(log.take(full, "r", &mut files));
            }
        }
        assert_eq!(files.thinned, 2);
        let mut same = SameKeys::default();
        for part in 0..PARTS {
            let mut all = log.held(part);
            for key in files.of_part("r", part) {
                all.add(&bucket[&key], &files);
            }
            assert!(all.0.len() < 100_000, "{}", all.0.len());
            all.count(&files, &mut same);
        }
        let (rows, _) = same.most().unwrap();
        assert!((450_000..550_000).contains(&rows), "{rows}");
        assert!(same.sentences().all(|sentence| sentence.starts_with("about ")));
        assert!(serde_json::to_string(&files).unwrap().len() < 2_000);
    }
}
