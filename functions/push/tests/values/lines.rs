//! Quotes that swallow rows, and lines that are no records: made files of many forms, read by a mapping and without.

use push::decode::{Decoder, FileRules, form_by};
use push::record::Content;
use push::report::RunStatus;

use crate::import_with;
use crate::support::World;

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
const WORDS: [&str; 12] = [
    "Leeds", "York", "Hull", "Ripon", "Selby", "Whitby", "Malton", "Thirsk", "Goole", "Otley", "Ilkley", "Skipton",
];
/// Texts with line breaks that people write into such fields.
const TEXTS: [&str; 12] = [
    "Called twice,\nno answer.\nTry again in May, please.",
    "Dear Ann,\n\nthank you for the offer.\n\nKind regards,\nTom",
    "- two chairs\n- one table\n- lamps, if there are any",
    "Hill Road 5\n10115 Berlin\nGermany",
    "He said \"yes\", then \"no\",\nthen nothing.",
    "Met at the fair; wants a quote; pays late\nsecond talk in June; no news",
    "Line one\r\nLine two\r\n\r\nLine four",
    "Agenda:\n1. prices, terms\n2. dates, places\n3. anything else",
    "a | b | c\nare the three plans | he takes the second",
    "Size: 5\" x 7\"\nColour: blue, white",
    "Monday, Tuesday\nWednesday",
    "see https://example.com/a?b=c,d;e\nand call",
];

/// Lists that nobody can tell from rows where the file has as many columns.
const LISTS: [&str; 3] = [
    "Leeds,York\nHull,Ripon\nSelby,Goole\nOtley,Malton",
    "red;green;blue\none;two;three\nten;six;four",
    "x|y\nz|w\nv|u",
];

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// What came of a file: of each row its cells, or nothing where it is rejected; and whether any is warned of.
struct Reading {
    rows: Vec<Option<Vec<String>>>,
    warned: bool,
}

/// `None` where the file is refused.
fn read(text: &str, rules: &FileRules) -> Option<Reading> {
    let form = form_by("people.csv", text.as_bytes(), true, rules).ok()?;
    let mut decoder = Decoder::new(&form);
    // In pieces, so that rows lie across them.
    for piece in text.as_bytes().chunks(97) {
        decoder.feed(piece);
    }
    decoder.end_of_file();
    let (mut rows, mut warned) = (Vec::new(), false);
    while let Some(row) = decoder.next().ok()? {
        warned |= !row.repairs.is_empty();
        rows.push(match row.content() {
            Content::Cells(cells) => Some(cells.iter().map(str::to_owned).collect()),
            _ => None,
        });
    }
    Some(Reading { rows, warned })
}

/// Rows of plain cells under a header of so many columns.
fn table(columns: usize, rows: usize, random: &mut fastrand::Rng) -> Vec<Vec<String>> {
    let header = (0..columns).map(|column| format!("Column {column}")).collect();
    let mut table: Vec<Vec<String>> = vec![header];
    for row in 0..rows {
        let cell = |column: usize, random: &mut fastrand::Rng| match column {
            0 => format!("K{row}"),
            1 => format!("{} {}", random.u32(1..90), WORDS[random.usize(..WORDS.len())]),
            2 if random.bool() => String::new(),
            _ => WORDS[random.usize(..WORDS.len())].to_owned(),
        };
        table.push((0..columns).map(|column| cell(column, random)).collect());
    }
    table
}

fn joined(table: &[Vec<String>], delimiter: char, line_end: &str) -> String {
    let lines = table.iter().map(|row| row.join(&delimiter.to_string()));
    lines.map(|line| line + line_end).collect()
}

#[test]
fn a_quote_that_swallows_rows_is_hardly_ever_believed_and_a_long_text_hardly_ever_doubted() {
    let mut random = fastrand::Rng::with_seed(3);
    let (mut broken, mut warned, mut believed) = (0, 0, Vec::new());
    let (mut sound, mut doubted) = (0, Vec::new());
    let (mut lists, mut doubted_lists) = (0, 0);
    for _ in 0..3_000 {
        let (columns, rows) = (random.usize(2..9), random.usize(3..50));
        let (delimiter, line_end) = (DELIMITERS[random.usize(..4)], ["\n", "\r\n"][random.usize(..2)]);
        let clean = table(columns, rows, &mut random);
        // A quote that nobody meant stands at the front of a cell, and another at the end of one in the same column below: only
        // then does the number of cells say nothing.
        let column = random.usize(..columns);
        let first = random.usize(1..rows);
        let last = random.usize(first + 1..=rows.min(first + 12));
        let mut damaged = clean.clone();
        damaged[first][column].insert(0, '"');
        damaged[last][column].push('"');
        broken += 1;
        if let Some(reading) = read(&joined(&damaged, delimiter, line_end), &FileRules::default()) {
            let swallowed = |row: &Option<Vec<String>>| {
                row.as_ref()
                    .is_some_and(|row| row.iter().any(|cell| cell.contains('\n')))
            };
            if reading.rows.iter().any(swallowed) {
                if reading.warned {
                    warned += 1;
                } else {
                    believed.push(format!(
                        "{columns} columns, {delimiter:?}, column {column}, rows {first} to {last}"
                    ));
                }
            }
        }
        // The same table with texts in its last column, written as they should be.
        let mut meant = clean;
        for row in &mut meant[1..] {
            if random.usize(..3) == 0 {
                let text = TEXTS[random.usize(..TEXTS.len())];
                row[columns - 1] = quoted(text);
                sound += 1;
            }
        }
        let listed = random.usize(1..=rows);
        meant[listed][columns - 1] = quoted(LISTS[random.usize(..LISTS.len())]);
        lists += 1;
        let reading = read(&joined(&meant, delimiter, line_end), &FileRules::default()).expect("it is sound");
        for (number, _) in reading.rows.iter().enumerate().filter(|(_, row)| row.is_none()) {
            if number + 1 == listed {
                doubted_lists += 1;
            } else {
                doubted.push(format!("{delimiter:?}: {:?}", meant[number + 1][columns - 1]));
            }
        }
        assert_eq!(reading.rows.len(), rows);
    }
    let line = format!(
        "quotes: of {broken} files with a quote that swallows rows {} are believed, {warned} more with a warning; of {sound} long \
         texts {} are rejected, of {lists} lists that look like rows {doubted_lists}",
        believed.len(),
        doubted.len()
    );
    println!(
        "{line}\n{}\n{}",
        believed[..believed.len().min(10)].join("\n"),
        doubted[..doubted.len().min(10)].join("\n")
    );
    shared::testing::leave_figure(env!("CARGO_TARGET_TMPDIR"), &line);
    assert!(believed.is_empty(), "{}", believed.join("\n"));
    assert!(doubted.len() * 100 < sound, "{}", doubted.join("\n"));
}

#[test]
fn what_the_mapping_leaves_out_at_both_ends_is_left_out_and_nothing_else() {
    let titles = [
        "Customers",
        "Report of 1 May 2026",
        "\"Leeds, York\"",
        "",
        "Run by: Ann; for: Tom",
    ];
    let totals = [
        "Total",
        "3 records",
        "Copyright Example Ltd",
        "\"End, of list\"",
        "Sum,,12",
    ];
    let mut random = fastrand::Rng::with_seed(6);
    for round in 0..1_500 {
        let (columns, rows) = (random.usize(2..7), random.usize(1..30));
        let (delimiter, line_end) = (DELIMITERS[random.usize(..4)], ["\n", "\r\n"][random.usize(..2)]);
        let table = table(columns, rows, &mut random);
        let (before, behind) = (random.usize(..4), random.usize(..4));
        let front: String = (0..before)
            .map(|_| titles[random.usize(..titles.len())].to_owned() + line_end)
            .collect();
        let back: String = (0..behind)
            .map(|_| totals[random.usize(..totals.len())].replace(',', &delimiter.to_string()) + line_end)
            .collect();
        let text = format!("{front}{}{back}", joined(&table, delimiter, line_end));
        let by_end = behind > 0 && random.bool();
        let end_at = back
            .lines()
            .next()
            .map(|line| line.trim_start_matches('"').chars().take(5).collect::<String>());
        let rules = FileRules {
            skip_first: u32::try_from(before).unwrap(),
            skip_last: if by_end { 0 } else { u32::try_from(behind).unwrap() },
            end_at: end_at.filter(|_| by_end),
            ..FileRules::default()
        };
        let reading = read(&text, &rules).unwrap_or_else(|| panic!("round {round}: {rules:?}\n{text}"));
        let read: Vec<Vec<String>> = reading.rows.into_iter().flatten().collect();
        assert_eq!(read, table[1..], "round {round}: {rules:?}\n{text}");
    }
}

#[tokio::test]
async fn files_put_one_behind_the_other_are_read_if_their_columns_stand_alike_and_else_refused() {
    let world = World::new().await;
    let columns = ["Last Name", "Mailing City", "Title"];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let spelt = [
        |name: &str| name.to_owned(),
        |name: &str| name.to_uppercase(),
        |name: &str| name.replace(' ', "_"),
        |name: &str| format!("\"{name}\""),
    ];
    let mut number = 0;
    for delimiter in DELIMITERS {
        for order in orders {
            for spell in spelt {
                number += 1;
                let line = |cells: Vec<String>| cells.join(&delimiter.to_string()) + "\n";
                let first = line(columns.map(str::to_owned).to_vec())
                    + &line(vec![format!("A{number}"), "Leeds".into(), "Boss".into()]);
                let second: String = line(order.map(|place| spell(columns[place])).to_vec())
                    + &line(
                        order
                            .map(|place| [format!("B{number}"), "York".into(), "Cook".into()][place].clone())
                            .to_vec(),
                    );
                let report = import_with(&world, "operation = 'insert'\nstop_after = 'never'\n", first + &second).await;
                let named = |name: String| {
                    world
                        .records("Contacts")
                        .iter()
                        .any(|record| record["Last_Name"] == name)
                };
                let (one, two) = (named(format!("A{number}")), named(format!("B{number}")));
                if order == [0, 1, 2] {
                    assert_eq!(report.counts.rejects_by_code["NOT_A_RECORD"], 1, "{report:?}");
                    assert!(one && two, "{delimiter:?}");
                } else {
                    let reason = report.reason.unwrap();
                    assert_eq!(
                        (report.status, reason.code.as_str()),
                        (RunStatus::Refused, "OTHER_HEADER"),
                        "{delimiter:?} {order:?}"
                    );
                    assert!(reason.message.contains("line 3"), "{reason:?}");
                    assert!(!one && !two, "nothing is sent of it");
                }
            }
        }
    }
}
