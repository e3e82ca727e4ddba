//! What pull has brought out of Bigin: change records in the bucket, found by their manifests. A part that no manifest names
//! does not count (docs/pull.md).

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use crate::error::OperatorError;
use crate::stack::{Found, Stack};

const CHANGES: &str = "changes/";

/// The changes of a stack, of one module or of all.
#[derive(Debug)]
pub struct Changes<'a> {
    stack: &'a Stack,
    module: Option<&'a str>,
    /// The manifests that were read.
    seen: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Manifest {
    files: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    key: String,
    lines: usize,
}

impl<'a> Changes<'a> {
    /// Those of that stack; `module` is an API name.
    pub fn of(stack: &'a Stack, module: Option<&'a str>) -> Self {
        Self {
            stack,
            module,
            seen: BTreeSet::new(),
        }
    }

    /// The newest changes, the oldest of them first. No part is read that has none of them.
    ///
    /// # Errors
    /// What lies there cannot be read, or AWS refused or failed.
    pub async fn newest(&mut self, most: usize) -> Result<Vec<Value>, OperatorError> {
        let mut found: Vec<Value> = Vec::new();
        for manifest in self.unseen().await?.into_iter().rev() {
            if found.len() >= most {
                break;
            }
            for part in self.parts(&manifest).await?.into_iter().rev() {
                if part.lines > 0 && found.len() < most {
                    let lines = self.lines(&part.key).await?;
                    found.extend(lines.into_iter().rev().take(most - found.len()));
                }
            }
        }
        found.reverse();
        Ok(found)
    }

    /// The keys of the parts that came since it was asked before, in their order.
    ///
    /// # Errors
    /// What lies there cannot be read, or AWS refused or failed.
    pub async fn new_parts(&mut self) -> Result<Vec<String>, OperatorError> {
        let mut keys = Vec::new();
        for manifest in self.unseen().await? {
            keys.extend(self.parts(&manifest).await?.into_iter().map(|part| part.key));
        }
        Ok(keys)
    }

    /// The change records of a part.
    ///
    /// # Errors
    /// It cannot be read, or AWS refused or failed.
    pub async fn lines(&self, part: &str) -> Result<Vec<Value>, OperatorError> {
        lines(part, &self.stack.get(part).await?)
    }

    /// The manifests that were not there when it was asked before, oldest first; they count as seen from now on.
    async fn unseen(&mut self) -> Result<Vec<String>, OperatorError> {
        let folders = match self.module {
            Some(module) => vec![format!("{CHANGES}{module}/")],
            None => self.stack.folders(CHANGES).await?,
        };
        let mut manifests: Vec<Found> = Vec::new();
        for folder in folders {
            manifests.extend(self.stack.list(&format!("{folder}_manifests/")).await?);
        }
        manifests.sort_by(|one, other| {
            one.written_s
                .cmp(&other.written_s)
                .then_with(|| one.key.cmp(&other.key))
        });
        let keys = manifests.into_iter().map(|manifest| manifest.key);
        Ok(keys.filter(|key| self.seen.insert(key.clone())).collect())
    }

    async fn parts(&self, manifest: &str) -> Result<Vec<Part>, OperatorError> {
        let bytes = self.stack.get(manifest).await?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| unreadable(manifest, &error))?;
        Ok(manifest.files)
    }
}

fn lines(part: &str, bytes: &[u8]) -> Result<Vec<Value>, OperatorError> {
    let lines = BufReader::new(MultiGzDecoder::new(bytes)).lines();
    lines
        .map(|line| {
            let line = line.map_err(|error| unreadable(part, &error))?;
            serde_json::from_str(&line).map_err(|error| unreadable(part, &error))
        })
        .collect()
}

fn unreadable(key: &str, error: &dyn std::error::Error) -> OperatorError {
    OperatorError::Unreadable {
        what: key.to_owned(),
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_part_is_read_line_by_line_and_one_that_is_cut_off_is_named() {
        let mut part = GzEncoder::new(Vec::new(), Compression::fast());
        part.write_all(b"{\"op\":\"upsert\"}\n{\"op\":\"delete\"}\n").unwrap();
        let bytes = part.finish().unwrap();
        let ops: Vec<Value> = lines("p.ndjson.gz", &bytes).unwrap();
        assert_eq!((ops.len(), &ops[1]["op"]), (2, &Value::from("delete")));
        let error = lines("p.ndjson.gz", &bytes[..bytes.len() - 9]).unwrap_err().to_string();
        assert!(error.contains("p.ndjson.gz"), "{error}");
    }
}
