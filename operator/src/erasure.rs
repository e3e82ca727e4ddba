//! Erases one person's data from the bucket, old versions included (docs/RUNBOOK.md, "Erase one person's data").

use std::io::{BufRead, BufReader, Write};

use aws_lc_rs::digest::{SHA256, digest};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::error::OperatorError;
use crate::search::{Search, Seen, Wanted};
use crate::stack::{ObjectVersion, Stack};

/// Every folder of the bucket that can hold what is in records.
const PLACES: [&str; 7] = [
    "inbox/",
    "check/",
    "rejects/",
    "outcomes/",
    "changes/",
    "work/",
    "deferred/",
];
/// What lies there is on its way, other people's records with it.
const UNDER_WAY: [&str; 2] = ["work/", "deferred/"];

/// What is to be done about a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is deleted.
    Delete,
    /// It is written again without the person's lines, then deleted.
    Rewrite,
    /// Nothing, until it has been delivered.
    Wait,
    /// Somebody has to look into it: it cannot be looked through here.
    Look,
}

impl Step {
    /// As the tool shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Rewrite => "rewrite",
            Self::Wait => "wait",
            Self::Look => "look",
        }
    }
}

/// A version that has something about the person, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Which one.
    pub version: ObjectVersion,
    /// What is to be done about it.
    pub step: Step,
}

/// One person's data in the bucket of a stack.
#[derive(Debug)]
pub struct Erasure<'s> {
    stack: &'s Stack,
    wanted: Wanted,
}

impl<'s> Erasure<'s> {
    /// Of the person who is found by that text.
    pub fn of(stack: &'s Stack, text: &str) -> Self {
        Self {
            stack,
            wanted: Wanted::of(text),
        }
    }

    /// Everything that is found. Reads every version of every object that can hold record content.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn sightings(&self) -> Result<Vec<Sighting>, OperatorError> {
        let mut sightings = Vec::new();
        for place in PLACES {
            for version in self.stack.versions(place).await? {
                let step = match self.look_through(&version).await? {
                    Seen::Nothing => continue,
                    Seen::NotReadable => Step::Look,
                    Seen::Found => step_of(&version),
                };
                sightings.push(Sighting { version, step });
            }
        }
        Ok(sightings)
    }

    /// Erases one. A rewritten part counts in its manifest before the version with the person in it is deleted: whoever dies
    /// in between finds it again.
    ///
    /// # Errors
    /// AWS refused or failed.
    pub async fn erase(&self, sighting: &Sighting) -> Result<(), OperatorError> {
        match sighting.step {
            Step::Wait | Step::Look => return Ok(()),
            Step::Delete => {}
            Step::Rewrite => self.rewrite(&sighting.version).await?,
        }
        self.stack.delete_version(&sighting.version).await
    }

    async fn look_through(&self, version: &ObjectVersion) -> Result<Seen, OperatorError> {
        let mut search = Search::of(&self.wanted);
        let read = self.stack.read_version(version, |piece| {
            search.take(piece);
            Ok(())
        });
        match read.await {
            Ok(()) => Ok(search.finish()),
            // Archived, or under a key that is not there any more: others can be looked through.
            Err(OperatorError::NotAllowed { .. }) => Ok(Seen::NotReadable),
            Err(error) => Err(error),
        }
    }

    /// Writes what is left of a part of changes, where its present version has the person; then its manifest says how the
    /// part looks now.
    async fn rewrite(&self, version: &ObjectVersion) -> Result<(), OperatorError> {
        let key = &version.key;
        let is_there = self.stack.list(key).await?.iter().any(|found| found.key == *key);
        if !is_there {
            return Ok(());
        }
        let mut bytes = self.stack.get(key).await?;
        let unreadable = |error: std::io::Error| OperatorError::Unreadable {
            what: key.clone(),
            problem: error.to_string(),
        };
        let (kept, dropped) = self.without(&bytes).map_err(unreadable)?;
        if dropped > 0 {
            self.stack.put_bytes(key, kept.clone()).await?;
            bytes = kept;
        } else if version.is_latest {
            // Never so, as long as both look alike; what is not written again must not be deleted.
            return Err(OperatorError::Unreadable {
                what: key.clone(),
                problem: "the person was found in it, and in none of its lines".to_owned(),
            });
        }
        let lines = BufReader::new(MultiGzDecoder::new(bytes.as_slice())).lines().count();
        self.tell_manifest(key, &bytes, lines).await
    }

    /// A part without the person's lines, and how many there were.
    fn without(&self, part: &[u8]) -> std::io::Result<(Vec<u8>, usize)> {
        let (mut kept, mut dropped) = (GzEncoder::new(Vec::new(), Compression::new(4)), 0);
        for line in BufReader::new(MultiGzDecoder::new(part)).split(b'\n') {
            let line = line?;
            if self.wanted.is_in(&line) {
                dropped += 1;
            } else {
                kept.write_all(&line)?;
                kept.write_all(b"\n")?;
            }
        }
        Ok((kept.finish()?, dropped))
    }

    async fn tell_manifest(&self, part: &str, bytes: &[u8], lines: usize) -> Result<(), OperatorError> {
        let Some(manifest) = manifest_of(part) else {
            return Ok(());
        };
        // A run that died left parts without one.
        if self.stack.list(&manifest).await?.is_empty() {
            return Ok(());
        }
        let told: Result<Value, _> = serde_json::from_slice(&self.stack.get(&manifest).await?);
        let mut told = told.map_err(|error| OperatorError::Unreadable {
            what: manifest.clone(),
            problem: error.to_string(),
        })?;
        if count_part(&mut told, part, bytes, lines) {
            self.stack.put_bytes(&manifest, told.to_string().into_bytes()).await?;
        }
        Ok(())
    }
}

fn step_of(version: &ObjectVersion) -> Step {
    // What has been delivered is deleted there, and lives on as an old version.
    if version.is_latest && UNDER_WAY.iter().any(|place| version.key.starts_with(place)) {
        Step::Wait
    } else if manifest_of(&version.key).is_some() {
        Step::Rewrite
    } else {
        Step::Delete
    }
}

/// The manifest of a part's run: `changes/Contacts/dt=2026-11-30/093000-<run_id>-0001.ndjson.gz` is of
/// `changes/Contacts/_manifests/<run_id>.json`.
fn manifest_of(part: &str) -> Option<String> {
    let (folder, name) = part.strip_prefix("changes/")?.split_once("/dt=")?;
    let name = name.split_once('/')?.1.strip_suffix(".ndjson.gz")?;
    let run_id = name.split_once('-')?.1.rsplit_once('-')?.0;
    Some(format!("changes/{folder}/_manifests/{run_id}.json"))
}

/// Whether the manifest said anything else of the part than what it is now.
fn count_part(manifest: &mut Value, part: &str, bytes: &[u8], lines: usize) -> bool {
    let mut files = manifest["files"].as_array_mut().into_iter().flatten();
    let Some(file) = files.find(|file| file["key"] == part) else {
        return false;
    };
    let sha256 = hex(digest(&SHA256, bytes).as_ref());
    if file["sha256"] == sha256.as_str() {
        return false;
    }
    let erased = file["lines"].as_u64().unwrap_or(0).saturating_sub(lines as u64);
    (file["bytes"], file["lines"], file["sha256"]) = (json!(bytes.len()), json!(lines), json!(sha256));
    manifest["erased"] = json!(manifest["erased"].as_u64().unwrap_or(0) + erased);
    true
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str = "changes/Contacts/dt=2026-11-30/093000-20261130T093000-1a2b3c4d-0001.ndjson.gz";

    #[test]
    fn what_is_under_way_waits_changes_are_rewritten_and_all_else_is_deleted() {
        let steps = [
            ("inbox/Contacts/a.csv", Step::Delete),
            ("rejects/_queue/2026-11-30/09/x.ndjson", Step::Delete),
            ("changes/Contacts/_schema/1f.json", Step::Delete),
            (PART, Step::Rewrite),
            ("work/x/rejects-0001", Step::Wait),
            ("deferred/held/Contacts/x.ndjson", Step::Wait),
        ];
        let version = |key: &str, is_latest| ObjectVersion {
            key: key.to_owned(),
            id: "1".to_owned(),
            is_latest,
        };
        for (key, step) in steps {
            assert_eq!(step_of(&version(key, true)), step, "{key}");
        }
        for delivered in ["work/x/rejects-0001", "deferred/held/Contacts/x.ndjson"] {
            assert_eq!(step_of(&version(delivered, false)), Step::Delete);
        }
        let manifest = manifest_of(PART);
        assert_eq!(
            manifest.as_deref(),
            Some("changes/Contacts/_manifests/20261130T093000-1a2b3c4d.json")
        );
    }

    #[test]
    fn a_manifest_tells_of_a_part_as_it_is_and_how_many_lines_were_erased() {
        let mut manifest = json!({"files": [{"key": "other", "lines": 7}, {"key": PART, "bytes": 90, "lines": 5, "sha256": "00"}],
            "erased": 1});
        assert!(count_part(&mut manifest, PART, b"left", 3));
        assert_eq!(manifest["erased"], 3);
        assert_eq!(
            (&manifest["files"][1]["bytes"], &manifest["files"][1]["lines"]),
            (&json!(4), &json!(3))
        );
        assert_eq!(manifest["files"][0], json!({"key": "other", "lines": 7}));
        assert!(!count_part(&mut manifest, PART, b"left", 3), "nothing is counted twice");
        assert!(!count_part(&mut manifest, "unknown", b"left", 3));
    }
}
