//! Every sample is read in one go, in pieces of several sizes, and again from before each row: the rows must be the same.

mod delimited;
mod encodings;
mod gzip;
mod json;
mod properties;
mod refusals;

use std::io::Write;

use super::{Checkpoint, Decoder, FIRST_STRETCH, FileFault, FileRules, Form, Limits, form_by, form_of, form_within};
use crate::record::{Content, Row};

/// What came out of a file: its rows, each with the place before it, and the fault it ended with.
#[derive(Debug, PartialEq)]
struct Reading {
    rows: Vec<(Checkpoint, Row)>,
    end: Checkpoint,
    fault: Option<FileFault>,
    second_thoughts: Result<Option<Form>, FileFault>,
}

/// Reads on from a checkpoint, in pieces.
fn read_on(form: &Form, from: Option<Checkpoint>, limits: Limits, bytes: &[u8], piece: usize) -> Reading {
    let (mut decoder, skipped) = match from {
        None => (Decoder::with_limits(form, limits), 0),
        Some(from) => (
            Decoder::resume_with_limits(form, from, limits),
            usize::try_from(from.read_from()).unwrap(),
        ),
    };
    let (mut rows, mut fault) = (Vec::new(), None);
    let mut pieces = bytes[skipped..].chunks(piece.max(1));
    let mut ended = false;
    loop {
        let before = decoder.checkpoint();
        match decoder.next() {
            Ok(Some(row)) => rows.push((before, row)),
            Ok(None) if ended => break,
            Ok(None) => {
                if let Some(piece) = pieces.next() {
                    decoder.feed(piece);
                } else {
                    decoder.end_of_file();
                    ended = true;
                }
            }
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
    }
    let second_thoughts = decoder.second_thoughts();
    Reading {
        rows,
        end: decoder.checkpoint(),
        fault,
        second_thoughts,
    }
}

/// Reads a file in every way there is, and answers with what always came out.
fn read(form: &Form, limits: Limits, bytes: &[u8]) -> Reading {
    let reading = read_on(form, None, limits, bytes, bytes.len());
    for piece in [1, 2, 3, 7, 64] {
        assert_eq!(
            read_on(form, None, limits, bytes, piece),
            reading,
            "in pieces of {piece}"
        );
    }
    for (number, (before, _)) in reading.rows.iter().enumerate().step_by(reading.rows.len() / 40 + 1) {
        let rest = read_on(form, Some(*before), limits, bytes, 5);
        assert_eq!(rest.rows, reading.rows[number..], "from row {number} on");
        assert_eq!(
            (rest.end, rest.fault.as_ref()),
            (reading.end, reading.fault.as_ref()),
            "from row {number} on"
        );
    }
    let rest = read_on(form, Some(reading.end), limits, bytes, 5);
    assert_eq!((rest.rows.len(), &rest.fault), (0, &reading.fault), "from the end");
    reading
}

fn form(name: &str, bytes: &[u8]) -> Result<Form, FileFault> {
    form_of(
        name,
        &bytes[..bytes.len().min(FIRST_STRETCH)],
        bytes.len() <= FIRST_STRETCH,
    )
}

/// The rows of a file that must be readable to its end.
fn rows(name: &str, bytes: impl AsRef<[u8]>) -> Vec<Row> {
    let bytes = bytes.as_ref();
    let reading = read(&form(name, bytes).unwrap(), Limits::default(), bytes);
    assert_eq!(reading.fault, None);
    reading.rows.into_iter().map(|(_, row)| row).collect()
}

/// The rows of a table by a mapping's rules.
fn rows_by(rules: &FileRules, text: impl AsRef<[u8]>) -> Vec<Row> {
    let text = text.as_ref();
    let form = form_by("x.csv", text, true, rules).unwrap();
    let reading = read(&form, Limits::default(), text);
    assert_eq!(reading.fault, None);
    reading.rows.into_iter().map(|(_, row)| row).collect()
}

/// The cells of each row, or the code of what is wrong with it.
fn cells(name: &str, bytes: impl AsRef<[u8]>) -> Vec<Vec<String>> {
    rows(name, bytes).iter().map(cells_of).collect()
}

fn cells_of(row: &Row) -> Vec<String> {
    match row.content() {
        Content::Cells(cells) => {
            assert!(
                cells
                    .iter()
                    .enumerate()
                    .all(|(column, cell)| cells.get(column) == Some(cell))
            );
            assert_eq!(cells.get(cells.len()), None);
            cells.iter().map(str::to_owned).collect()
        }
        Content::Broken(reject) => vec![format!("!{}", reject.code)],
        Content::Object(_) => panic!("an object in a delimited file"),
    }
}

fn lines(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.line).collect()
}

/// The fault that a file is refused with, from its first bytes or later.
fn fault(name: &str, bytes: impl AsRef<[u8]>) -> FileFault {
    let bytes = bytes.as_ref();
    match form(name, bytes) {
        Err(fault) => fault,
        Ok(form) => read(&form, Limits::default(), bytes).fault.expect("a fault"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn utf16(text: &str, little_endian: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| {
            if little_endian {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}
