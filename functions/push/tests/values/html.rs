//! Character references of HTML in values: none reaches Bigin without a word, and the mapping says what they are.

use push::record::RepairKind;
use push::report::{Report, RunStatus};
use serde_json::{Value, json};

use crate::post::Post;
use crate::support::World;
use crate::{import_with, send_with};

/// References, each with what it stands for.
const REFERENCES: [(&str, &str); 16] = [
    ("&amp;", "&"),
    ("&AMP;", "&"),
    ("&#38;", "&"),
    ("&#x26;", "&"),
    ("&#039;", "'"),
    ("&#x27;", "'"),
    ("&apos;", "'"),
    ("&uuml;", "ü"),
    ("&Eacute;", "É"),
    ("&szlig;", "ß"),
    ("&#252;", "ü"),
    ("&#XFC;", "ü"),
    ("&scaron;", "š"),
    ("&lstrok;", "ł"),
    ("&#8211;", "–"),
    ("&#150;", "–"),
];
/// What looks like one and is none.
const NONE: [&str; 8] = ["&", "&x", "&;", "&T;", "& amp;", "&amp", "&Sons;", "?a=1&b=2;"];

/// What stands around it: at the front, in the middle, at the end.
const AROUND: [(&str, &str); 4] = [("", "abc"), ("Ab", "cd"), ("Abc ", " Def"), ("Abc", "")];

fn variants<'a>(marks: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let marks = marks.into_iter();
    marks
        .flat_map(|mark| AROUND.map(|(before, behind)| format!("{before}{mark}{behind}")))
        .collect()
}

/// The same with the characters in the references' place.
fn meant() -> Vec<String> {
    variants(REFERENCES.map(|(_, meant)| meant))
}

fn written() -> Vec<String> {
    variants(REFERENCES.map(|(reference, _)| reference))
}

const MAPPING: &str = "operation = 'insert'\nstop_after = 'never'\n";

/// A file in which one column has these values, and the last names count them.
async fn file_of(world: &World, mapping: &str, column: &str, values: &[String]) -> Report {
    let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
    let rows = values.iter().enumerate();
    let rows: String = rows.map(|(n, value)| format!("P{n},{}\n", quoted(value))).collect();
    import_with(world, mapping, format!("Last Name,{column}\n{rows}")).await
}

/// What a field has in Bigin, by those numbers.
fn arrived(world: &World, field: &str, count: usize) -> Vec<Value> {
    let records = world.records("Contacts");
    let of = |n: usize| records.iter().find(|record| record["Last_Name"] == format!("P{n}"));
    (0..count).filter_map(of).map(|record| record[field].clone()).collect()
}

#[tokio::test]
async fn a_reference_in_a_text_is_sent_as_it_stands_and_warned_of_by_line_and_field() {
    for (column, field) in [
        ("Title", "Title"),
        ("Description", "Description"),
        ("Mailing City", "Mailing_City"),
    ] {
        let world = World::new().await;
        let values = written();
        let report = file_of(&world, MAPPING, column, &values).await;
        assert_eq!(report.status, RunStatus::Complete, "{report:?}");
        assert_eq!(arrived(&world, field, values.len()), values, "{field}");
        let met = report.repairs.of(RepairKind::HtmlReference).unwrap();
        assert_eq!(
            (met.rows, met.first_line, met.first_field.as_deref()),
            (values.len() as u64, 2, Some(field))
        );
        let warning = format!(
            "html_reference: {} rows, the first on line 2, in {field}.",
            values.len()
        );
        assert!(
            report.warnings.iter().any(|told| told.starts_with(&warning)),
            "{report:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_reference_says_nothing() {
    let world = World::new().await;
    let values = variants(NONE);
    for (column, field) in [("Title", "Title"), ("External_ID", "External_ID")] {
        let report = file_of(&world, MAPPING, column, &values).await;
        assert_eq!(report.status, RunStatus::Complete, "{report:?}");
        assert!(report.repairs.is_empty(), "{report:?}");
        let trimmed: Vec<&str> = values.iter().map(|value| value.trim()).collect();
        let records = world.records("Contacts");
        assert!(
            trimmed
                .iter()
                .all(|value| records.iter().any(|record| record[field] == *value)),
            "{field}"
        );
    }
}

#[tokio::test]
async fn a_reference_in_what_a_record_is_found_or_made_by_is_rejected() {
    let world = World::new().await;
    let lookup = format!("{MAPPING}unknown_picklist = 'add'\n[lookup.Account_Name]\non_missing = 'create'\n");
    let values = written();
    for column in [
        "Company Name",
        "External_ID",
        "Email",
        "Tag",
        "Level",
        "Phone",
        "Birthday",
        "Score",
    ] {
        let values: Vec<String> = match column {
            "Email" => values.iter().map(|value| format!("{value}@example.com")).collect(),
            "Phone" => values.iter().map(|value| format!("030{value}123456")).collect(),
            _ => values.clone(),
        };
        let report = file_of(&world, &lookup, column, &values).await;
        let codes = &report.counts.rejects_by_code;
        assert_eq!(
            codes.get("HTML_REFERENCE"),
            Some(&(values.len() as u64)),
            "{column}: {report:?}"
        );
    }
    assert_eq!(
        (world.records("Contacts").len(), world.records("Accounts").len()),
        (0, 0)
    );
}

#[tokio::test]
async fn what_the_mapping_decodes_arrives_as_it_was_meant() {
    let (written, meant) = (written(), meant());
    for mapping in [
        format!("{MAPPING}html = 'decode'\n"),
        format!("{MAPPING}[columns]\nCol = {{ field = 'Title', html = 'decode' }}\n"),
    ] {
        let world = World::new().await;
        let column = if mapping.contains("Col") { "Col" } else { "Title" };
        let report = file_of(&world, &mapping, column, &written).await;
        assert_eq!(report.status, RunStatus::Complete, "{report:?}");
        let expected: Vec<&str> = meant.iter().map(|value| value.trim()).collect();
        assert_eq!(arrived(&world, "Title", written.len()), expected);
        assert_eq!(
            report.repairs.of(RepairKind::HtmlDecoded).unwrap().rows,
            written.len() as u64
        );
        assert_eq!(report.repairs.of(RepairKind::HtmlReference), None);
    }
    let world = World::new().await;
    let mapping = format!("{MAPPING}html = 'decode'\n[lookup.Account_Name]\non_missing = 'create'\n");
    let names = [
        "M&uuml;ller &amp; Sons",
        "Müller & Sons",
        "M&#252;ller&nbsp;&#38;&nbsp;Sons",
    ]
    .map(str::to_owned);
    let report = file_of(&world, &mapping, "Company Name", &names).await;
    assert_eq!(report.counts.inserted, 3, "{report:?}");
    let companies = world.records("Accounts");
    assert_eq!(companies.len(), 1, "{companies:?}");
    assert_eq!(companies[0]["Account_Name"], "Müller & Sons");
}

#[tokio::test]
async fn what_the_mapping_keeps_arrives_as_it_stands_without_a_word_and_unknown_names_stay_with_one() {
    let world = World::new().await;
    let mut values = written();
    // Bigin compares keys without letter case.
    values.retain(|value| !value.contains("&AMP;"));
    let report = file_of(&world, &format!("{MAPPING}html = 'keep'\n"), "External_ID", &values).await;
    assert_eq!(report.status, RunStatus::Complete, "{report:?}");
    assert_eq!(arrived(&world, "External_ID", values.len()), values);
    assert!(report.repairs.is_empty(), "{report:?}");
    let world = World::new().await;
    let values = ["Rock&rolll; x &amp; y", "Lee&Sons; Co", "A & B"].map(str::to_owned);
    let report = file_of(&world, &format!("{MAPPING}html = 'decode'\n"), "Title", &values).await;
    assert_eq!(
        arrived(&world, "Title", 3),
        ["Rock&rolll; x & y", "Lee&Sons; Co", "A & B"]
    );
    let met = report.repairs.of(RepairKind::HtmlReference).unwrap();
    assert_eq!((met.rows, met.first_line), (2, 2));
}

#[tokio::test]
async fn messages_are_read_as_files_are() {
    let post = Post::open().await;
    let record = |n: usize, field: &str, value: Value| json!({"Last_Name": format!("M{n}"), field: value});
    let texts: Vec<Value> = written()
        .into_iter()
        .enumerate()
        .map(|(n, value)| record(n, "Title", json!(value)))
        .collect();
    let answer = send_with(&post, MAPPING, &texts).await;
    assert_eq!(
        answer["repairs"]["html_reference"],
        json!({"rows": texts.len(), "first_line": 1, "first_field": "Title"}),
        "{answer}"
    );
    let exact: Vec<Value> = written()
        .into_iter()
        .flat_map(|value| {
            [
                record(1_000, "External_ID", json!(value)),
                record(1_000, "Account_Name", json!({"name": value})),
                record(1_000, "Account_Name", json!(value)),
                record(1_000, "Tag", json!(["VIP", value])),
                record(1_000, "Tag", json!([{"name": value}])),
            ]
        })
        .collect();
    for chunk in exact.chunks(100) {
        let answer = send_with(&post, MAPPING, chunk).await;
        assert_eq!(
            answer["rejects_by_code"],
            json!({"HTML_REFERENCE": chunk.len()}),
            "{answer}"
        );
    }
    let post = Post::open().await;
    let decoded = [
        record(2_000, "Tag", json!(["R&amp;D\u{200B}", "VIP"])),
        record(2_001, "Title", json!("R&amp;D")),
    ];
    let answer = send_with(&post, &format!("{MAPPING}html = 'decode'\n"), &decoded).await;
    assert_eq!(answer["status"], "complete", "{answer}");
    let records = post.world.records("Contacts");
    let named = |name: &str| records.iter().find(|record| record["Last_Name"] == name).unwrap();
    assert_eq!(named("M2001")["Title"], "R&D");
    let tags: Vec<&Value> = named("M2000")["Tag"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    assert_eq!(tags, ["R&D", "VIP"]);
}
