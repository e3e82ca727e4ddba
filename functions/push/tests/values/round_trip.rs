//! The round trip: files that a well-kept writer (Python's csv) has written, in many languages, dialects and encodings. What
//! the mapping names arrives value by value. Without the name a file arrives as it was, or is refused whole.

use std::collections::BTreeMap;
use std::process::Command;

use push::decode::{Decoder, Encoding, FileRules, form_by};
use push::record::Content;
use push::report::RunStatus;
use serde::Deserialize;

use crate::import_with;
use crate::support::World;

/// A file, and what it was written from.
#[derive(Deserialize)]
struct WrittenFile {
    encoding: String,
    language: String,
    rows: Vec<Vec<String>>,
    bytes: String,
}

impl WrittenFile {
    fn bytes(&self) -> Vec<u8> {
        let digits = self.bytes.as_bytes().chunks(2);
        digits
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }

    /// Where the file stands in what is printed: by how many of its letters are outside ASCII.
    fn size(&self) -> &'static str {
        let letters = self.rows.iter().flatten().flat_map(|cell| cell.chars());
        match letters.filter(|c| !c.is_ascii()).count() {
            0..10 => "up to 9 letters outside ASCII",
            10..30 => "10 to 29",
            30..100 => "30 to 99",
            _ => "100 and more",
        }
    }
}

fn written(seed: &str) -> Vec<WrittenFile> {
    let root = env!("CARGO_MANIFEST_DIR");
    let done = Command::new("python3")
        .arg(format!("{root}/tests/values/write_csv.py"))
        .arg(format!("{root}/src/decode/tests/names.txt"))
        .arg(seed)
        .output()
        .expect("python3 is needed, as it is for make");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let lines = done.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// The cells of each row, or the code that it is rejected with; or the code that the whole file is refused with.
type Read = Result<Vec<Result<Vec<String>, String>>, String>;

fn read(bytes: &[u8], encoding: Option<&str>) -> Read {
    let rules = FileRules {
        encoding: encoding.map(|name| Encoding::named(name).unwrap()),
        ..FileRules::default()
    };
    let form = form_by("people.csv", bytes, true, &rules).map_err(|fault| fault.code.clone())?;
    let mut decoder = Decoder::new(&form);
    decoder.feed(bytes);
    decoder.end_of_file();
    let mut rows = Vec::new();
    while let Some(row) = decoder.next().map_err(|fault| fault.code.clone())? {
        rows.push(match row.content() {
            Content::Cells(cells) => Ok(cells.iter().map(str::to_owned).collect()),
            Content::Broken(reject) => Err(reject.code.clone()),
            Content::Object(_) => panic!("an object in a table"),
        });
    }
    match decoder.second_thoughts() {
        Ok(None) => Ok(rows),
        Ok(Some(_)) => panic!("the first stretch is the whole file"),
        Err(fault) => Err(fault.code.clone()),
    }
}

#[test]
fn a_file_arrives_value_by_value_by_name_and_without_a_name_as_it_was_or_not_at_all() {
    let (mut wrong, mut files) = (Vec::new(), 0);
    let (mut rejected, mut of_utf8) = (0, 0);
    let (mut by_encoding, mut by_size) = (BTreeMap::new(), BTreeMap::new());
    for file in written("16") {
        files += 1;
        let bytes = file.bytes();
        let is_unicode = file.encoding.starts_with("utf");
        for name in [Some(file.encoding.as_str()), None] {
            let place = format!(
                "{} in {}, {} rows, name {name:?}",
                file.language,
                file.encoding,
                file.rows.len()
            );
            let read = read(&bytes, name);
            if is_unicode {
                of_utf8 += file.rows.len();
            } else if name.is_none() {
                for (refused, all) in [
                    by_encoding.entry(file.encoding.clone()).or_insert((0, 0)),
                    by_size.entry(file.size()).or_insert((0, 0)),
                ] {
                    *refused += usize::from(read.is_err());
                    *all += 1;
                }
            }
            match read {
                Err(code) if name.is_some() => wrong.push(format!("{place}: refused with {code}")),
                Err(code) => {
                    let is_question = matches!(code.as_str(), "ENCODING_UNKNOWN" | "ENCODING_MIXED");
                    if !is_question || is_unicode {
                        wrong.push(format!("{place}: refused with {code}"));
                    }
                }
                Ok(rows) => {
                    if rows.len() != file.rows.len() {
                        wrong.push(format!("{place}: {} rows are read", rows.len()));
                    }
                    for (row, meant) in rows.iter().zip(&file.rows) {
                        match row {
                            Ok(cells) if cells == meant => {}
                            Ok(cells) => wrong.push(format!("{place}: {meant:?} as {cells:?}")),
                            Err(_) if is_unicode => rejected += 1,
                            Err(code) if name.is_some() => {
                                wrong.push(format!("{place}: {meant:?} is rejected with {code}"));
                            }
                            Err(_) => {}
                        }
                    }
                }
            }
        }
    }
    for (name, (refused, all)) in by_encoding {
        println!("round trip: {name}: {refused} of {all} files refused without the name");
    }
    for (size, (refused, all)) in &by_size {
        let line = format!("round trip: {size}: {refused} of {all} files in other encodings refused without the name");
        println!("{line}");
        shared::testing::leave_figure(env!("CARGO_TARGET_TMPDIR"), &line);
    }
    let line = format!(
        "round trip: {files} files, {} wrong; {rejected} of {of_utf8} sound rows in UTF-8 and UTF-16 rejected",
        wrong.len()
    );
    println!("{line}");
    shared::testing::leave_figure(env!("CARGO_TARGET_TMPDIR"), &line);
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(100)].join("\n")
    );
    assert!(
        rejected * 1_000 < of_utf8,
        "{rejected} of {of_utf8} sound rows are rejected"
    );
}

#[tokio::test]
async fn what_the_mapping_names_arrives_in_bigin_value_by_value() {
    let world = World::new().await;
    let mut seen = Vec::new();
    let mut values = 0;
    for file in written("17").iter().filter(|file| file.rows.len() == 20) {
        // One language of each encoding; the test above reads all.
        if seen.contains(&file.encoding) {
            continue;
        }
        seen.push(file.encoding.clone());
        let mapping = format!("operation = 'insert'\nencoding = '{}'\n", file.encoding);
        let report = import_with(&world, &mapping, file.bytes()).await;
        assert_eq!(report.status, RunStatus::Complete, "{}: {report:?}", file.encoding);
        let records = world.records("Contacts");
        let latest = &records[records.len() - file.rows.len()..];
        for (row, record) in file.rows.iter().zip(latest) {
            for (field, value) in ["Last_Name", "First_Name", "Mailing_City", "Title", "Description"]
                .into_iter()
                .zip(row)
            {
                assert_eq!(
                    record[field].as_str().unwrap_or_default(),
                    value,
                    "{} {field}",
                    file.encoding
                );
                values += 1;
            }
        }
    }
    assert!(
        seen.len() > 30 && values > 3_000,
        "{} encodings, {values} values",
        seen.len()
    );
}
