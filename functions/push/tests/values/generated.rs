//! Variants that nobody wrote by hand: a value, something that nobody sees or that a program puts around it, a place in it, a
//! field, a file or a message.

use push::report::RunStatus;
use serde_json::{Value, json};

use crate::post::Post;
use crate::support::World;
use crate::{import_with, send_with};

/// Characters that nobody sees.
const INVISIBLE: [&str; 18] = [
    "\u{FE0F}", "\u{180B}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{FEFF}", "\u{AD}", "\u{200E}",
    "\u{200F}", "\u{202A}", "\u{202C}", "\u{2066}", "\u{2069}", "\u{61C}", "\u{180E}", "\u{7F}", "\u{8}",
];
/// What programs put around values, with a place for the value.
const WRAPPED: [(&str, &str); 6] = [
    ("=\"", "\""),
    ("'", "'"),
    ("“", "”"),
    ("„", "“"),
    ("\"", "\""),
    ("«", "»"),
];

/// Fields with a value each.
const FIELDS: [(&str, &str); 6] = [
    ("External_ID", "K-10067"),
    ("Email", "ann@example.com"),
    ("Phone", "+49 30 1234567"),
    ("Birthday", "2001-02-03"),
    ("Score", "12345"),
    ("Website", "https://www.example.com/a"),
];

/// Every variant of a field's value, with the field's place among the fields.
fn variants() -> Vec<(usize, String)> {
    let mut variants = Vec::new();
    for (place, (_, value)) in FIELDS.iter().enumerate() {
        let middle = value
            .char_indices()
            .nth(value.chars().count() / 2)
            .map_or(0, |(at, _)| at);
        for invisible in INVISIBLE {
            for at in [0, middle, value.len()] {
                let mut variant = (*value).to_owned();
                variant.insert_str(at, invisible);
                variants.push((place, variant));
            }
        }
        // A name may have quotes; a number or an address has none.
        let wrapped = if place == 0 { &WRAPPED[..1] } else { &WRAPPED[..] };
        for (open, close) in wrapped {
            variants.push((place, format!("{open}{value}{close}")));
            variants.push((place, format!(" {open}{value}{close}\u{A0}")));
        }
    }
    variants
}

const MAPPING: &str = "operation = 'insert'\nstop_after = 'never'\n[columns]\nWebsite = 'Profile_Page'\n";

fn meant(place: usize) -> (&'static str, Value) {
    let (field, value) = FIELDS[place];
    match field {
        "Website" => ("Profile_Page", json!(value)),
        "Score" => (field, json!(12345)),
        _ => (field, json!(value)),
    }
}

fn check(records: &[Value], name: &str, place: usize, variant: &str) -> bool {
    let Some(record) = records.iter().find(|record| record["Last_Name"] == name) else {
        return false;
    };
    let (field, value) = meant(place);
    assert_eq!(record[field], value, "{variant:?} arrived as something else");
    true
}

#[tokio::test]
async fn hundreds_of_variants_in_files_arrive_as_they_were_meant() {
    let variants = variants();
    assert!(variants.len() > 300, "{}", variants.len());
    for (place, (column, _)) in FIELDS.iter().enumerate() {
        // Unique fields would clash: each variant has an organisation of its own only where it must.
        let world = World::new().await;
        let of_field: Vec<&String> = variants
            .iter()
            .filter(|(of, _)| *of == place)
            .map(|(_, variant)| variant)
            .collect();
        let mut written = 0;
        let chunks: Vec<&[&String]> = if place < 2 {
            of_field.chunks(1).take(60).collect()
        } else {
            vec![&of_field[..]]
        };
        for (chunk_number, chunk) in chunks.into_iter().enumerate() {
            let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
            let rows: String = chunk
                .iter()
                .enumerate()
                .map(|(n, variant)| format!("P{chunk_number}-{n},{}\n", quoted(variant)))
                .collect();
            let mapping = if place < 2 {
                MAPPING.replace("insert", "upsert") + ""
            } else {
                MAPPING.to_owned()
            };
            let mapping = format!(
                "match_on = ['{}']\n{mapping}",
                if place == 0 { "External_ID" } else { "Email" }
            );
            let report = import_with(&world, &mapping, format!("Last Name,{column}\n{rows}")).await;
            assert_eq!(report.status, RunStatus::Complete, "{:?}: {report:?}", chunk[0]);
            let records = world.records("Contacts");
            for (n, variant) in chunk.iter().enumerate() {
                written += usize::from(check(&records, &format!("P{chunk_number}-{n}"), place, variant));
            }
            if place < 2 {
                assert_eq!(records.len(), 1, "one record, however its key is written");
            }
        }
        assert_eq!(
            written,
            if place < 2 {
                of_field.len().min(60)
            } else {
                of_field.len()
            }
        );
    }
}

#[tokio::test]
async fn the_same_variants_in_messages_arrive_as_they_were_meant() {
    let post = Post::open().await;
    let variants: Vec<(usize, String)> = variants().into_iter().filter(|(place, _)| *place >= 2).collect();
    for (chunk_number, chunk) in variants.chunks(80).enumerate() {
        let records: Vec<Value> = chunk
            .iter()
            .enumerate()
            .map(
                |(n, (place, variant))| json!({"Last_Name": format!("M{chunk_number}-{n}"), FIELDS[*place].0: variant}),
            )
            .collect();
        let answer = send_with(&post, MAPPING, &records).await;
        assert_eq!(answer["status"], "complete", "{answer}");
    }
    let records = post.world.records("Contacts");
    for (chunk_number, chunk) in variants.chunks(80).enumerate() {
        for (n, (place, variant)) in chunk.iter().enumerate() {
            assert!(
                check(&records, &format!("M{chunk_number}-{n}"), *place, variant),
                "{variant:?} is missing"
            );
        }
    }
}

#[tokio::test]
async fn what_means_something_within_a_text_stays() {
    let world = World::new().await;
    let texts = [
        "👨\u{200D}👩\u{200D}👧 family",
        "می\u{200C}خواهم",
        "abc \u{202B}שלום\u{202C} def",
        "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
        "ก\u{200B}ข",
        "with love ❤\u{FE0F}",
        "1\u{FE0F}\u{20E3} first",
        "葛\u{E0100}飾区",
        "'t Hooft",
        "O’Reilly “Sons”",
        "=1+1",
        "12E45",
    ];
    let rows: String = texts
        .iter()
        .enumerate()
        .map(|(n, text)| format!("T{n},{text}\n"))
        .collect();
    let report = import_with(&world, "operation = 'insert'\n", format!("Last Name,Title\n{rows}")).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, texts.len() as u64),
        "{report:?}"
    );
    assert!(report.repairs.is_empty(), "{report:?}");
    for (n, text) in texts.iter().enumerate() {
        let record = world
            .records("Contacts")
            .into_iter()
            .find(|record| record["Last_Name"] == format!("T{n}"))
            .unwrap();
        assert_eq!(record["Title"], *text);
    }
}
