//! A consumer: it keeps a copy of a module by the rule that the documents give, from files that a manifest names.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::Value;

use super::stores::TestBucket;

/// Which of two lines about a record counts: the later one, a delete behind what was written, then what was seen later.
type Rank = (Timestamp, bool, Timestamp);

/// A copy of one module.
#[derive(Default)]
pub struct Copy {
    held: BTreeMap<String, (Rank, Value)>,
    read: BTreeSet<String>,
    /// How many lines were read of each change.
    pub lines: BTreeMap<String, usize>,
}

fn at(line: &Value, name: &str) -> Timestamp {
    line[name].as_str().unwrap().parse().unwrap()
}

impl Copy {
    /// Reads the files of manifests that are new.
    pub fn catch_up(&mut self, bucket: &TestBucket, module: &str) {
        for key in bucket.keys(&format!("changes/{module}/_manifests/")) {
            if !self.read.insert(key.clone()) {
                continue;
            }
            let manifest: Value = serde_json::from_slice(&bucket.bytes(&key).unwrap()).unwrap();
            for file in manifest["files"].as_array().unwrap() {
                let lines = lines_of(bucket, file["key"].as_str().unwrap());
                assert_eq!(file["lines"], lines.len(), "the manifest says how many lines there are");
                for line in &lines {
                    self.take(line);
                }
            }
        }
    }

    fn take(&mut self, line: &Value) {
        let is_delete = line["op"] == "delete";
        let rank = (at(line, "changed_at"), is_delete, at(line, "seen_at"));
        *self.lines.entry(line["id"].as_str().unwrap().to_owned()).or_default() += 1;
        let id = line["record_id"].as_str().unwrap().to_owned();
        if self.held.get(&id).is_none_or(|(known, _)| *known <= rank) {
            self.held.insert(id, (rank, line["record"].clone()));
        }
    }

    /// The records of the copy by id.
    pub fn records(&self) -> BTreeMap<String, Value> {
        let there = self.held.iter().filter(|(_, (_, record))| !record.is_null());
        there.map(|(id, (_, record))| (id.clone(), record.clone())).collect()
    }
}

/// The lines of a part.
pub fn lines_of(bucket: &TestBucket, key: &str) -> Vec<Value> {
    let mut text = String::new();
    let packed = bucket.bytes(key).unwrap_or_else(|| panic!("{key} is not there"));
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
