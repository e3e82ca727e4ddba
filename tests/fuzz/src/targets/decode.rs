//! Files. The first four bytes choose how a file is read: its name, its packing, the pieces it comes in, and the row that
//! reading is taken up at again.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use push::decode::{Checkpoint, Decoder, FileFault, FileRules, Form, Limits, Quotes, form_within};
use push::record::Reject;
use push::record::{Content, Row};
use push::report::{RejectInfo, RejectsWriter};

use super::{kind, size, wording};
use crate::driver::Target;

const TABLES: [&str; 3] = ["x.csv", "x.tsv", "x.txt"];
const JSON: [&str; 3] = ["x.ndjson", "x.jsonl", "x.json"];

/// Small, so that inputs get beyond them.
const LIMITS: Limits = Limits {
    cell: 64,
    row: 256,
    columns: 12,
    header: 128,
    unpacked: 64 << 10,
    ratio: 20,
    ratio_counts_from: 8 << 10,
};

/// CSV and its kind.
pub struct Tables;

/// NDJSON and JSON.
pub struct Json;

impl Target for Tables {
    fn name(&self) -> &'static str {
        "tables"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let files = [
            "Last Name,Email\r\nRao,rao@example.com\r\n\"Lee, Ann\",\"a\"\"b\"\r\n",
            "a;b;c\n1;2;3\n;;\n4;\"x\ny\";6",
            "sep=\t\na\tb\r1\t2\r",
            "\u{feff}Name|Stadt\nJürgen|Köln\n",
            "_line,_code,_message,Name\n2,X,y,Rao\n",
        ];
        let mut seeds: Vec<Vec<u8>> = files
            .iter()
            .map(|file| [b"\0\0\x03\x01", file.as_bytes()].concat())
            .collect();
        let wide: Vec<u8> = "a,b\n1,ü\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        seeds.push([b"\0\0\x05\x01\xff\xfe".as_slice(), &wide].concat());
        seeds.push([b"\0\x01\x07\x01".as_slice(), files[0].as_bytes()].concat());
        seeds.push([b"\0\0\x07\x01".as_slice(), &gzip(files[1].as_bytes())].concat());
        seeds
    }

    fn run(&self, input: &[u8]) -> u64 {
        read_in_every_way(&TABLES, input)
    }
}

impl Target for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let files = [
            "{\"Last_Name\":\"Rao\",\"n\":1.50}\n{\"Last_Name\":null,\"tags\":[\"a\",{\"b\":true}]}\n",
            "[{\"a\":1},\n {\"a\":\"\\u00fc\"}]",
            "{\"data\":[{\"a\":1}],\"more\":false}",
            "{\"a\":\n1}\n{\"a\":12345678901234567890123}\n{\"a\":1,\"a\":2}",
        ];
        let names = [0_u8, 2, 2, 2];
        let plain = files
            .iter()
            .zip(names)
            .map(|(file, name)| [&[name, 0, 3, 1], file.as_bytes()].concat());
        plain.chain([[&[0, 1, 3, 1], files[0].as_bytes()].concat()]).collect()
    }

    fn run(&self, input: &[u8]) -> u64 {
        read_in_every_way(&JSON, input)
    }
}

fn read_in_every_way(names: &[&str], input: &[u8]) -> u64 {
    let [name, packing, piece, row, file @ ..] = input else {
        return 0;
    };
    let name = names[usize::from(*name) % names.len()];
    let packed;
    let file = if packing % 2 == 1 {
        packed = gzip(file);
        &packed
    } else {
        file
    };
    let form = match form_within(name, file, true, &FileRules::default(), &LIMITS) {
        Ok(form) => form,
        Err(fault) => return kind((fault.code, wording(&fault.message))),
    };
    let straight = read(&form, None, file, file.len());
    let in_pieces = read(&form, None, file, usize::from(*piece) % 64 + 1);
    assert!(straight == in_pieces, "pieces change what is read");
    if !straight.rows.is_empty() {
        let row = usize::from(*row) % straight.rows.len();
        let rest = read(&form, Some(straight.rows[row].0), file, 5);
        assert!(rest.rows == straight.rows[row..], "resuming changes what is read");
        assert_eq!(rest.fault, straight.fault, "resuming changes how it ends");
    }
    let mut codes: Vec<&str> = straight.rows.iter().map(|(_, row)| within_limits(row)).collect();
    codes.sort_unstable();
    codes.dedup();
    rejects_keep_their_cells(&form, &straight.rows);
    let fault = straight
        .fault
        .as_ref()
        .map(|fault| (&fault.code, wording(&fault.message)));
    kind((
        fault,
        codes,
        size(straight.rows.len()),
        format!("{:?}{:?}", form.format, form.encoding),
    ))
}

#[derive(PartialEq)]
struct Reading {
    rows: Vec<(Checkpoint, Row)>,
    fault: Option<FileFault>,
}

fn read(form: &Form, from: Option<Checkpoint>, file: &[u8], piece: usize) -> Reading {
    let (mut decoder, skipped) = match from {
        None => (Decoder::with_limits(form, LIMITS), 0),
        Some(from) => {
            let skipped = usize::try_from(from.read_from()).unwrap();
            (Decoder::resume_with_limits(form, from, LIMITS), skipped)
        }
    };
    let mut pieces = file[skipped..].chunks(piece.max(1));
    let (mut rows, mut has_ended) = (Vec::new(), false);
    loop {
        let before = decoder.checkpoint();
        match decoder.next() {
            Ok(Some(row)) => rows.push((before, row)),
            Ok(None) if has_ended => return Reading { rows, fault: None },
            Ok(None) => {
                if let Some(piece) = pieces.next() {
                    decoder.feed(piece);
                } else {
                    decoder.end_of_file();
                    has_ended = true;
                }
            }
            Err(fault) => {
                let fault = Some(fault);
                return Reading { rows, fault };
            }
        }
    }
}

/// No row is larger than it may be. Answers with what is in it.
fn within_limits(row: &Row) -> &str {
    assert!(
        row.raw_bytes().len() <= LIMITS.row,
        "a row of {} bytes",
        row.raw_bytes().len()
    );
    match row.content() {
        Content::Cells(cells) => {
            assert!(
                cells.iter().all(|cell| cell.len() <= LIMITS.cell),
                "a cell is too large"
            );
            "cells"
        }
        Content::Object(_) => "object",
        Content::Broken(reject) => &reject.code,
    }
}

/// A rejects file is read like the input was and has its cells unaltered; none of our own cells begins a formula.
fn rejects_keep_their_cells(form: &Form, rows: &[(Checkpoint, Row)]) {
    if form.header.is_empty() || form.header.iter().any(|name| name.starts_with('_')) {
        return;
    }
    let writer = RejectsWriter::new(form);
    let reject = Reject::relay("=CODE", Some("@field".to_owned()), "+1\n=2");
    let info = RejectInfo {
        message_id: Some("\t-m"),
        operation: "upsert",
        match_on: &["-Email".to_owned()],
        reject: &reject,
    };
    let whole = |row: &&Row| matches!(row.content(), Content::Cells(cells) if cells.len() == form.header.len());
    let rows: Vec<&Row> = rows.iter().map(|(_, row)| row).filter(whole).collect();
    let mut file = writer.header();
    for row in &rows {
        writer.push(&mut file, row, &info);
    }
    // Whether lines within quotes look like rows depends on the rows around them, and other rows are around them here.
    let trusting = FileRules {
        quotes: Quotes::Trust,
        ..form.rules.clone()
    };
    // Without rows, or with another dialect that fits as well, there is nothing to compare.
    let Ok(read_as) = form_within("x.csv", &file, true, &trusting, &Limits::default()) else {
        return;
    };
    if read_as.delimiter != form.delimiter || read_as.line_end != form.line_end || rows.is_empty() {
        return;
    }
    let mut decoder = Decoder::new(&read_as);
    decoder.feed(&file);
    decoder.end_of_file();
    for row in rows {
        let rejected = decoder.next().unwrap().unwrap();
        let (Content::Cells(before), Content::Cells(after)) = (row.content(), rejected.content()) else {
            panic!("a reject cannot be read");
        };
        let after: Vec<&str> = after.iter().collect();
        let (ours, theirs) = after.split_at(after.len() - before.len());
        // A mark at the start of a row is taken off its first cell. In the rejects file that cell is not at the start any more.
        let without_mark = |cell: &str| cell.trim_start_matches('\u{feff}').to_owned();
        let same = before
            .iter()
            .map(without_mark)
            .eq(theirs.iter().copied().map(without_mark));
        assert!(same, "a reject is altered");
        let begins_formula = |cell: &&str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        assert!(
            !ours.iter().any(begins_formula),
            "a cell of ours begins a formula: {ours:?}"
        );
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
