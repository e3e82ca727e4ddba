use std::collections::BTreeMap;
use std::sync::Arc;

use bigin::Record;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::map::SameKey;
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
        assert!(all.rows.len() < 100_000, "{}", all.rows.len());
        all.count(&files, &mut same);
    }
    let (rows, _) = same.most().unwrap();
    assert!((450_000..550_000).contains(&rows), "{rows}");
    assert!(
        same.sentences()
            .all(|sentence| sentence.starts_with("same_key: about "))
    );
    assert!(serde_json::to_string(&files).unwrap().len() < 2_000);
}

/// The bytes that a log and one of its parts take.
fn bytes_of(log: &KeyLog, part: &PartOfLog) -> usize {
    let of_rows = |rows: &Vec<KeyEntry>| rows.capacity() * size_of::<KeyEntry>();
    // A node of the map is about half full at worst, and has pointers beside its entries.
    let of_many = part.many.len() * 2 * (size_of::<(u64, RowsOfKey)>() + size_of::<usize>());
    log.parts.iter().map(of_rows).sum::<usize>() + of_rows(&part.rows) + of_many
}

#[test]
fn a_million_rows_take_a_few_mebibytes_whatever_their_keys_are() {
    let record = |line: u64| match line % 2 {
        0 => row("", "One").record,
        _ => row("", "Two").record,
    };
    let (one, two) = (record(0), record(1));
    // One key for all, two rows of each, all distinct; and one key of more rows than are all looked at.
    for (keys, rows) in [
        (1, 1_000_000),
        (500_000, 1_000_000),
        (1_000_000, 1_000_000),
        (1, 2_000_000),
    ] {
        let (mut files, mut log) = (KeyFiles::default(), KeyLog::new(0));
        let mut bucket = std::collections::HashMap::new();
        let template = row("x@x.de", "x");
        let folded: Vec<Vec<MatchKey>> = (0..keys.min(3))
            .map(|key| {
                MatchKey::of(&Arc::from("Email"), &format!("k{key}@x.de"))
                    .into_iter()
                    .collect()
            })
            .collect();
        let mut most = 0;
        for line in 0..rows {
            let key = line % keys;
            let mapped = Mapped {
                keys: match folded.get(usize::try_from(key).unwrap()) {
                    Some(folded) => folded.clone(),
                    None => MatchKey::of(&Arc::from("Email"), &key.to_string())
                        .into_iter()
                        .collect(),
                },
                record: if (line / keys) % 2 == 0 {
                    one.clone()
                } else {
                    two.clone()
                },
                ..template.clone()
            };
            if let Some(full) = log.note(line, &mapped, &mut files) {
                most = most.max(bytes_of(&log, &PartOfLog::default()));
                bucket.extend(log.take(full, "r", &mut files));
            }
        }
        let mut same = SameKeys::default();
        for part in 0..PARTS {
            let mut all = log.held(part);
            for key in files.of_part("r", part) {
                all.add(&bucket[&key], &files);
                most = most.max(bytes_of(&log, &all));
            }
            all.count(&files, &mut same);
        }
        println!("same_key: {rows} rows of {keys} keys take {most} bytes at most");
        assert!(most < 10 << 20, "{rows} rows of {keys} keys take {most} bytes");
        let sharing = same.most().map_or(0, |(rows, _)| rows);
        match (keys, rows) {
            (1_000_000, _) => assert_eq!(sharing, 0),
            (_, 1_000_000) => assert_eq!((sharing, same.most().map(|(_, first)| first)), (rows, Some(0))),
            // Of one key the sample has all rows or none.
            _ => assert!(sharing == 0 || sharing >= rows, "{sharing}"),
        }
    }
}
