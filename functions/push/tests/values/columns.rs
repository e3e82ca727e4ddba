//! Structure: columns without a name or with one that another has, keys written twice, and other files than they seem.

use push::report::RunStatus;
use serde_json::{Value, json};

use crate::post::Post;
use crate::support::World;
use crate::{contact_named, import_with, send_with};

/// What stands in a column that nobody wants.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spare {
    Empty,
    Filled,
    Ignored,
}

#[tokio::test]
async fn a_column_twice_or_nameless_refuses_a_file_only_if_it_has_values_and_is_not_ignored() {
    let mut number = 0;
    let mut random = fastrand::Rng::with_seed(11);
    for delimiter in [",", "\t"] {
        let world = World::new().await;
        for name in ["", "Title", "TITLE", "Title ", "\"\""] {
            for place in 0..4 {
                for spare in [Spare::Empty, Spare::Filled, Spare::Ignored] {
                    number += 1;
                    let nameless = name.trim_matches('"').is_empty();
                    let mut header = vec!["Last Name", "Title", "Mailing City"];
                    let mut rows: Vec<Vec<String>> = (0..4)
                        .map(|n| vec![format!("P{number}-{n}"), format!("Title {n}"), "Leeds".to_owned()])
                        .collect();
                    header.insert(place, name);
                    let filled = random.usize(..rows.len());
                    for (n, row) in rows.iter_mut().enumerate() {
                        let value = if spare != Spare::Empty && n == filled {
                            "spare"
                        } else {
                            ["", " "][n % 2]
                        };
                        row.insert(place, value.to_owned());
                    }
                    let mut text = header.join(delimiter) + "\n";
                    text.extend(rows.iter().map(|row| row.join(delimiter) + "\n"));
                    let ignore = match (spare, nameless) {
                        (Spare::Ignored, true) => "ignore = ['']\n",
                        (Spare::Ignored, false) => "ignore = ['Title', 'TITLE']\n",
                        _ => "",
                    };
                    let report = import_with(&world, &format!("operation = 'insert'\n{ignore}"), text.clone()).await;
                    let shown = format!("{spare:?} {text}");
                    if nameless && place == 3 && spare != Spare::Empty {
                        // Behind the last name there is no column: the row has a cell too many.
                        assert_eq!(
                            report.counts.rejects_by_code["TOO_MANY_CELLS"], 1,
                            "{shown}: {report:?}"
                        );
                        continue;
                    }
                    if spare == Spare::Filled {
                        let code = report.reason.unwrap_or_else(|| panic!("taken: {shown}")).code;
                        let wanted = if nameless {
                            ["HEADER_UNNAMED"; 2]
                        } else {
                            ["HEADER_DUPLICATE", "COLUMN_TWICE"]
                        };
                        assert!(wanted.contains(&code.as_str()), "{code}: {shown}");
                        assert!(contact_named(&world, &format!("P{number}-0")).is_none(), "{shown}");
                        continue;
                    }
                    assert_eq!(report.status, RunStatus::Complete, "{shown}: {report:?}");
                    let records = world.records("Contacts");
                    for n in 0..4 {
                        let last_name = format!("P{number}-{n}");
                        let record = records.iter().find(|record| record["Last_Name"] == last_name).unwrap();
                        let title = if !nameless && spare == Spare::Ignored {
                            Value::Null
                        } else {
                            json!(format!("Title {n}"))
                        };
                        assert_eq!(
                            (&record["Title"], &record["Mailing_City"]),
                            (&title, &json!("Leeds")),
                            "{shown}"
                        );
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_is_written_twice_is_never_taken_once() {
    let world = World::new().await;
    let pairs = [
        (r#""Title":"a","Title":"b""#, true),
        (r#""Title":"a","Title":"a""#, true),
        (r#""Title":"a","Ti\u0074le":"b""#, true),
        (r#""Title":"a","title":"b""#, true),
        (r#""Title":"a","TITLE":null"#, true),
        (r#""Title":null,"Title":"b""#, true),
        (r#""Title":"Title","Mailing_City":"Title""#, false),
        (r#""Title":"\"Title\":","Mailing_City":"x""#, false),
    ];
    for ending in ["ndjson", "json"] {
        for (place, (pair, is_twice)) in pairs.iter().enumerate() {
            for before in [true, false] {
                let name = format!("{ending}-{place}-{before}");
                let last = format!(r#""Last_Name":"{name}""#);
                let record = if before {
                    format!("{{{last},{pair}}}")
                } else {
                    format!("{{{pair},{last}}}")
                };
                let text = if ending == "json" {
                    format!("[{record}]")
                } else {
                    record.clone() + "\n"
                };
                world
                    .bucket
                    .set("mappings/Contacts.toml", "operation = 'insert'\nstop_after = 'never'\n");
                let report = world
                    .import(&world.put(&format!("inbox/Contacts/{name}.{ending}"), text))
                    .await;
                assert_eq!(report.counts.rejected, u64::from(*is_twice), "{record}: {report:?}");
                assert_eq!(contact_named(&world, &name).is_some(), !is_twice, "{record}");
            }
        }
    }
}

#[tokio::test]
async fn keys_of_one_field_in_a_message_are_never_taken_once() {
    let post = Post::open().await;
    let names = ["Last_Name", "Last Name", "last_name", "LAST NAME", "last-name"];
    let mut sent = 0;
    for (at, one) in names.iter().enumerate() {
        for other in &names[at + 1..] {
            sent += 1;
            let mut record = serde_json::Map::new();
            record.insert("Email".into(), json!(format!("t{sent}@example.com")));
            record.insert((*one).into(), json!("One"));
            record.insert((*other).into(), json!("Two"));
            let answer = send_with(&post, "operation = 'insert'\n", &[Value::Object(record)]).await;
            let codes = &answer["rejects_by_code"];
            assert!(
                codes["FIELD_TWICE"] == 1 || codes["AMBIGUOUS_FIELD"] == 1,
                "{one} {other}: {answer}"
            );
        }
    }
    assert!(post.world.records("Contacts").is_empty());
}
