//! The rows of a rejects or outcomes file, read one after the other: such a file may have millions.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::error::OperatorError;

/// A row: its cells by their columns.
pub(crate) type Row = BTreeMap<String, String>;

/// A file's bytes, as they lie in the bucket.
pub(crate) struct Rows<'a> {
    key: &'a str,
    bytes: &'a [u8],
}

impl<'a> Rows<'a> {
    /// The rows of the object with that key.
    pub(crate) fn of(key: &'a str, bytes: &'a [u8]) -> Self {
        Self { key, bytes }
    }

    /// The rows that are asked for; no others are kept.
    pub(crate) fn find(&self, is_asked_for: impl Fn(&Row) -> bool) -> Result<Vec<Row>, OperatorError> {
        let reader: Box<dyn Read + '_> = match self.key.strip_suffix(".gz") {
            Some(_) => Box::new(MultiGzDecoder::new(self.bytes)),
            None => Box::new(self.bytes),
        };
        let (mut found, mut reader) = (Vec::new(), BufReader::new(reader));
        let mut take = |row: Row| {
            if is_asked_for(&row) {
                found.push(row);
            }
        };
        if ending(self.key).starts_with(".ndjson") || ending(self.key).starts_with(".json") {
            for line in reader.lines() {
                let line = line.map_err(|error| self.unreadable(&error))?;
                if !line.trim().is_empty() {
                    take(of_object(&line).map_err(|error| self.unreadable(&error))?);
                }
            }
            return Ok(found);
        }
        let delimiter = delimiter(reader.fill_buf().map_err(|error| self.unreadable(&error))?);
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(reader);
        let header = rows.byte_headers().map_err(|error| self.unreadable(&error))?.clone();
        for row in rows.byte_records() {
            let row = row.map_err(|error| self.unreadable(&error))?;
            take(header.iter().map(text).zip(row.iter().map(text)).collect());
        }
        Ok(found)
    }

    fn unreadable(&self, error: &dyn std::error::Error) -> OperatorError {
        OperatorError::Unreadable {
            what: self.key.to_owned(),
            problem: error.to_string(),
        }
    }
}

/// The ending of a file's name, which says how its rows are written.
pub(crate) fn ending(key: &str) -> &str {
    let file = key.rsplit('/').next().unwrap_or(key);
    let whole = file.strip_suffix(".gz").unwrap_or(file);
    whole.rfind('.').map_or("", |dot| &file[dot..])
}

fn of_object(line: &str) -> Result<Row, serde_json::Error> {
    let object: BTreeMap<String, Value> = serde_json::from_str(line)?;
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(object.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// What stands behind the first column, which is the row's line in both kinds of file.
fn delimiter(first: &[u8]) -> u8 {
    let first = first.strip_prefix("\u{feff}".as_bytes()).unwrap_or(first);
    let behind = first.strip_prefix(b"_line").and_then(|rest| rest.first());
    behind.copied().filter(|byte| b";\t|".contains(byte)).unwrap_or(b',')
}

/// A cell to be shown; what is no UTF-8 in it is shown as that.
fn text(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn rows_are_read_in_every_form_that_they_are_written_in() {
        for (key, text) in [
            (
                "rejects/Contacts/d/a.r.csv",
                "_line,_code,Last Name\n17,INVALID_EMAIL,\"Rao, Ann\"\n",
            ),
            (
                "rejects/Contacts/d/a.r.csv",
                "\u{feff}_line;_code;Last Name\n17;INVALID_EMAIL;Rao, Ann\n",
            ),
            (
                "rejects/Contacts/d/a.r.tsv",
                "_line\t_code\tLast Name\n17\tINVALID_EMAIL\tRao, Ann\n",
            ),
            (
                "rejects/_queue/d/r.ndjson",
                "{\"_line\": 17, \"_code\": \"INVALID_EMAIL\", \"Last Name\": \"Rao, Ann\"}\n",
            ),
        ] {
            let rows = Rows::of(key, text.as_bytes()).find(|_| true).unwrap();
            assert_eq!(
                (rows.len(), rows[0]["_code"].as_str(), rows[0]["Last Name"].as_str()),
                (1, "INVALID_EMAIL", "Rao, Ann")
            );
        }
        assert_eq!(ending("rejects/Contacts/d/a.r.csv.gz"), ".csv.gz");
        assert_eq!(ending("rejects/Contacts/d/a.r.ndjson"), ".ndjson");
    }

    #[test]
    fn one_row_is_found_in_several_members_of_gzip_and_beside_cells_that_are_no_utf8() {
        let mut packed = Vec::new();
        for member in [&b"_line,_outcome,id\n2,inserted,1\n"[..], b"3,updated,M\xfcller\n"] {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(member).unwrap();
            packed.extend(gzip.finish().unwrap());
        }
        let rows = Rows::of("outcomes/Contacts/d/a.r.csv.gz", &packed);
        let found = rows
            .find(|row| row.get("_line").is_some_and(|line| line == "3"))
            .unwrap();
        assert_eq!((found.len(), found[0]["_outcome"].as_str()), (1, "updated"));
        let cut = &packed[..packed.len() - 6];
        assert!(
            Rows::of("outcomes/Contacts/d/a.r.csv.gz", cut).find(|_| true).is_err(),
            "cut off"
        );
    }
}
