use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::decode::Encoding;
use crate::decode::Quotes;

/// Texts that are likely to confuse.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 @.+-]{0,12}",
        2 => vec(select(vec![",", ";", "\t", "|", "\"", "\r", "\n", "\r\n", "ü", "山", "é", "🎉", "=", "x", " ", "\u{feff}"]), 0..8)
            .prop_map(|parts| parts.concat()),
        1 => any::<String>().prop_map(|text| text.replace(|c: char| c.is_control() && !"\t\r\n".contains(c), "~")),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1_usize..6)
        .prop_flat_map(|columns| vec(vec(cell(), columns), 0..12))
        .prop_map(|mut table| {
            // What looks like a ruler or a footer is a matter of its own.
            for row in table.iter_mut().filter(|row| !is_blank(row)) {
                row[0].insert(0, 'k');
            }
            table
        })
}

fn quoted(cell: &str, delimiter: char, always: bool) -> String {
    let needs = cell.contains([delimiter, '"', '\r', '\n']) || cell.trim() != cell;
    if needs || always {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn write(table: &[Vec<String>], columns: usize, delimiter: char, line_end: &str, always: bool) -> String {
    let header: Vec<_> = (0..columns)
        .map(|column| format!("Column {}", char::from(b'A' + u8::try_from(column).unwrap())))
        .collect();
    std::iter::once(&header)
        .chain(table)
        .map(|row| {
            row.iter()
                .map(|cell| quoted(cell, delimiter, always))
                .collect::<Vec<_>>()
                .join(&delimiter.to_string())
                + line_end
        })
        .collect()
}

fn is_blank(row: &[String]) -> bool {
    row.iter()
        .all(|cell| cell.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')))
}

const SIZES: Range<usize> = 1..40;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_was_written_is_read_in_any_dialect_encoding_and_packing(
        table in table(),
        delimiter in select(vec![',', ';', '\t', '|']),
        line_end in select(vec!["\n", "\r\n"]),
        always: bool,
        encoding in select(vec![Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be]),
        packed: bool,
        piece in SIZES,
        at: prop::sample::Index,
    ) {
        let columns = table.first().map_or(2, Vec::len);
        let text = write(&table, columns, delimiter, line_end, always);
        let mut bytes = match encoding {
            Encoding::Utf8 | Encoding::CodePage(_) => text.clone().into_bytes(),
            Encoding::Utf16Le => utf16(&format!("\u{feff}{text}"), true),
            Encoding::Utf16Be => utf16(&format!("\u{feff}{text}"), false),
        };
        // Text with zero characters in it is a matter of its own.
        prop_assume!(encoding != Encoding::Utf8 || !text.contains('\0'));
        // A single column does not show its delimiter.
        prop_assume!(columns > 1 || !text.contains([',', ';', '\t', '|']));
        if packed {
            bytes = gzip(&bytes);
        }
        // So are quoted lines that look like rows.
        let rules = FileRules { quotes: Quotes::Trust, ..FileRules::default() };
        let form = form_by(if packed { "x.csv.gz" } else { "x.csv" }, &bytes, true, &rules).unwrap();
        prop_assert!(columns == 1 || form.delimiter == delimiter);
        let reading = read_on(&form, None, Limits::default(), &bytes, piece);
        prop_assert_eq!(&reading.fault, &None);
        let expected: Vec<_> = table.iter().filter(|row| !is_blank(row)).cloned().collect();
        prop_assert_eq!(reading.rows.iter().map(|(_, row)| cells_of(row)).collect::<Vec<_>>(), expected);

        // Lines are where the text has them.
        let text_lines: Vec<&str> = text.split('\n').collect();
        for (_, row) in &reading.rows {
            let line = usize::try_from(row.line).unwrap() - 1;
            prop_assert!(text_lines[line..].join("\n").starts_with(row.raw()));
        }
        if !reading.rows.is_empty() {
            let at = at.index(reading.rows.len());
            let rest = read_on(&form, Some(reading.rows[at].0), Limits::default(), &bytes, piece);
            prop_assert_eq!(&rest.rows, &reading.rows[at..]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_pieces_and_resuming_change_nothing(
        bytes in vec(prop_oneof![
            3 => select(b"\",;\t|\r\n{}[]: \\ab1".to_vec()),
            1 => any::<u8>(),
        ], 0..300),
        name in select(vec!["x.csv", "x.tsv", "x.txt", "x.ndjson", "x.json", "x.csv.gz"]),
        start in select(vec!["", "a,b\n", "a;b\r\n", "a\tb\r", "[", "{\"a\":1}\n", "sep=;\n", "\u{feff}"]),
        packed: bool,
        piece in SIZES,
    ) {
        let mut bytes = [start.as_bytes(), &bytes].concat();
        if packed {
            bytes = gzip(&bytes);
        }
        let limits = Limits { cell: 20, row: 60, ..Limits::default() };
        if let Ok(form) = form_within(name, &bytes, true, &FileRules::default(), &limits) {
            let reading = read(&form, limits, &bytes);
            prop_assert_eq!(read_on(&form, None, limits, &bytes, piece), reading);
        }
    }

    #[test]
    fn json_is_read_whichever_way_it_is_written(
        records in vec(prop::collection::hash_map("[a-z_]{1,6}", cell(), 0..4), 1..8),
        pretty: bool,
        array: bool,
        piece in SIZES,
    ) {
        let write = if pretty { serde_json::to_string_pretty } else { serde_json::to_string };
        let texts: Vec<String> = records.iter().map(|record| write(record).unwrap()).collect();
        let text = if array { format!("[{}]", texts.join(", \n")) } else { texts.join("\n") };
        let form = form("x.json", text.as_bytes()).unwrap();
        prop_assume!(!form.wrapped);
        let reading = read(&form, Limits::default(), text.as_bytes());
        prop_assert_eq!(&read_on(&form, None, Limits::default(), text.as_bytes(), piece), &reading);
        prop_assert_eq!(reading.rows.len(), records.len());
        for ((_, row), record) in reading.rows.iter().zip(&records) {
            let Content::Object(object) = row.content() else { panic!("no object") };
            prop_assert_eq!(serde_json::to_value(record).unwrap(), serde_json::Value::Object(object.clone()));
        }
    }
}
