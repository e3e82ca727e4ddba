//! Texts that may not say what their owner meant: sent as they stand and warned of, and rejected where a record is found by them.

use push::record::RepairKind;
use push::report::{Report, RunStatus};
use serde_json::{Value, json};

use crate::post::Post;
use crate::support::World;
use crate::{import_with, send_with};

/// Texts, each with what is said of it.
const DOUBTFUL: [(&str, RepairKind); 13] = [
    ("One<br>two", RepairKind::OtherNotation),
    ("<p>Head of sales</p>", RepairKind::OtherNotation),
    ("One_x000D_two", RepairKind::OtherNotation),
    ("M\\u00fcller", RepairKind::OtherNotation),
    ("M%C3%BCller", RepairKind::OtherNotation),
    ("Ann%20Rao", RepairKind::OtherNotation),
    ("Dear {{name}}", RepairKind::OtherNotation),
    ("M?ller", RepairKind::LostLetter),
    ("?sterreich", RepairKind::LostLetter),
    ("STRA?E", RepairKind::LostLetter),
    ("Раypal", RepairKind::MixedScripts),
    ("Αlpha", RepairKind::MixedScripts),
    ("Мoсква", RepairKind::MixedScripts),
];
/// What people write, and nothing is said of.
const SOUND: [&str; 8] = [
    "a < b",
    "Really? Yes",
    "100% cotton",
    "https://example.com/a%20b?c=d",
    "C:\\users\\ann",
    "Иванов Ann",
    "snake_case",
    "{draft}",
];

const MAPPING: &str = "operation = 'insert'\nstop_after = 'never'\n";

fn rows_of(report: &Report, kind: RepairKind) -> u64 {
    report.repairs.of(kind).map_or(0, |met| met.rows)
}

#[tokio::test]
async fn a_doubtful_text_arrives_as_it_stands_and_is_counted_by_kind_line_and_field() {
    for (column, field) in [("Title", "Title"), ("Description", "Description")] {
        let world = World::new().await;
        let texts = SOUND.iter().copied().chain(DOUBTFUL.iter().map(|(text, _)| *text));
        let rows: String = texts
            .clone()
            .enumerate()
            .map(|(n, text)| format!("P{n},{text}\n"))
            .collect();
        let report = import_with(&world, MAPPING, format!("Last Name,{column}\n{rows}")).await;
        assert_eq!(report.status, RunStatus::Complete, "{report:?}");
        for kind in [
            RepairKind::OtherNotation,
            RepairKind::LostLetter,
            RepairKind::MixedScripts,
        ] {
            let expected = DOUBTFUL.iter().filter(|(_, of)| *of == kind).count() as u64;
            assert_eq!(rows_of(&report, kind), expected, "{kind:?}");
        }
        let first = report.repairs.of(RepairKind::OtherNotation).unwrap();
        assert_eq!(
            (first.first_line, first.first_field.as_deref()),
            (SOUND.len() as u64 + 2, Some(field))
        );
        let records = world.records("Contacts");
        for text in texts {
            assert!(records.iter().any(|record| record[field] == text), "{text}");
        }
    }
}

#[tokio::test]
async fn a_doubtful_key_is_rejected_unless_the_mapping_names_it() {
    let mapping = "match_on = ['External_ID']\nstop_after = 'never'\n[columns]\nRef = 'External_ID'\n";
    let rows: String = DOUBTFUL.iter().map(|(text, _)| format!("{text},Rao\n")).collect();
    let world = World::new().await;
    let report = import_with(&world, mapping, format!("Ref,Last Name\n{rows}")).await;
    assert_eq!(
        report.counts.rejects_by_code.get("SUSPECT_TEXT"),
        Some(&(DOUBTFUL.len() as u64)),
        "{report:?}"
    );
    assert!(world.records("Contacts").is_empty());

    let allowed: Vec<&str> = DOUBTFUL.iter().map(|(text, _)| *text).collect();
    let allowed = format!("allow_keys = {}\n{mapping}", json!(allowed));
    let report = import_with(&world, &allowed, format!("Ref,Last Name\n{rows}")).await;
    assert_eq!(report.status, RunStatus::Complete, "{report:?}");
    assert_eq!(world.records("Contacts").len(), DOUBTFUL.len());
}

#[tokio::test]
async fn a_company_is_never_made_of_a_doubtful_name() {
    let world = World::new().await;
    let mapping = format!("{MAPPING}[lookup.Account_Name]\non_missing = 'create'\n");
    let rows: String = DOUBTFUL.iter().map(|(text, _)| format!("Rao,{text}\n")).collect();
    let report = import_with(&world, &mapping, format!("Last Name,Account Name\n{rows}")).await;
    assert_eq!(report.counts.rejected, DOUBTFUL.len() as u64, "{report:?}");
    assert!(world.records("Accounts").is_empty());
}

#[tokio::test]
async fn a_notation_that_the_mapping_keeps_is_not_warned_of() {
    let world = World::new().await;
    let mapping = format!("html = 'keep'\n{MAPPING}");
    let report = import_with(&world, &mapping, "Last Name,Description\nRao,One<br>two\nLi,M?ller\n").await;
    assert_eq!(rows_of(&report, RepairKind::OtherNotation), 0, "{report:?}");
    assert_eq!(rows_of(&report, RepairKind::LostLetter), 1, "{report:?}");
}

#[tokio::test]
async fn a_message_is_judged_the_same() {
    let post = Post::open().await;
    let records: Vec<Value> = DOUBTFUL
        .iter()
        .enumerate()
        .map(|(n, (text, _))| json!({"Last_Name": format!("P{n}"), "Title": text}))
        .collect();
    let answer = send_with(&post, "operation = 'insert'\n", &records).await;
    assert_eq!(answer["repairs"]["other_notation"]["rows"], 7, "{answer}");
    assert_eq!(answer["repairs"]["lost_letter"]["rows"], 3, "{answer}");
    assert_eq!(answer["repairs"]["mixed_scripts"]["rows"], 3, "{answer}");
    let keys: Vec<Value> = DOUBTFUL
        .iter()
        .map(|(text, _)| json!({"External_ID": text, "Last_Name": "Rao"}))
        .collect();
    let answer = send_with(&post, "match_on = ['External_ID']\n", &keys).await;
    assert_eq!(answer["rejected"], DOUBTFUL.len(), "{answer}");
}

#[tokio::test]
async fn a_place_that_a_template_left_unfilled_is_no_value_of_any_field() {
    let world = World::new().await;
    let places = [
        "{{title}}",
        "${title}",
        "*|TITLE|*",
        "<%= title %>",
        "%%title%%",
        "[[title]]",
    ];
    let rows: String = places.iter().map(|text| format!("Rao,{text}\n")).collect();
    let report = import_with(&world, MAPPING, format!("Last Name,Title\n{rows}")).await;
    assert_eq!(
        report.counts.rejects_by_code["SPREADSHEET_DAMAGE"],
        places.len() as u64,
        "{report:?}"
    );
    assert!(world.records("Contacts").is_empty());
}
