//! Rows of files.

use serde_json::json;

use super::*;
use crate::record::MatchKey;
use crate::record::Tag;

#[test]
fn empty_cells_keep_or_clear() {
    let names = ["Last Name", "Email", "Phone", "Tags", "Quelle"];
    let row = ["Rao", "a@example.com", " ", "", "-"];
    assert_eq!(
        record(&mapper(&names, "clear_marker = '-'"), &row)["Source"],
        Value::Null
    );
    assert_eq!(
        record(&mapper(&names, "clear_marker = '-'"), &row),
        json!({"Last_Name": "Rao", "Email": "a@example.com", "Source": null})
    );
    assert_eq!(
        record(&mapper(&names, "empty = 'clear'\nclear_marker = '-'"), &row),
        json!({"Last_Name": "Rao", "Email": "a@example.com", "Phone": null, "Tag": [], "Source": null})
    );
    // A new record has nothing to clear, and a short row has empty cells at its end.
    assert_eq!(
        record(&mapper(&names, "operation = 'insert'\nempty = 'clear'"), &["Rao"]),
        json!({"Last_Name": "Rao"})
    );
    let marked = reject(&mapper(&names, "clear_marker = '-'"), &["-", "a@example.com"]);
    assert_eq!(
        (marked.code.as_str(), marked.field.as_deref()),
        (codes::MANDATORY_EMPTY, Some("Last_Name"))
    );
}

#[test]
fn a_row_that_lacks_what_it_must_have_is_rejected() {
    let upsert = mapper(&["Last Name", "Email"], "");
    let empty = reject(&upsert, &["", "a@example.com"]);
    assert_eq!(
        (empty.code.as_str(), empty.field.as_deref()),
        (codes::MANDATORY_EMPTY, Some("Last_Name"))
    );
    let keyless = reject(&upsert, &["Rao", " "]);
    assert_eq!(
        (keyless.code.as_str(), keyless.field.as_deref()),
        (codes::MATCH_KEY_MISSING, Some("Email"))
    );
    let either = mapper(
        &["Last Name", "Email", "Kundennummer"],
        "match_on = ['Customer_No', 'Email']",
    );
    let keys = either.map_cells(["Rao", "A@example.com", "K-1"], 0).unwrap().keys;
    assert_eq!(
        keys.iter().map(MatchKey::field).collect::<Vec<_>>(),
        ["Customer_No", "Email"]
    );
    assert_eq!(either.map_cells(["Rao", "A@example.com", ""], 0).unwrap().keys.len(), 1);
    let insert = mapper(&["Last Name", "Email"], "without_key = 'insert'");
    assert!(insert.map_cells(["Rao", ""], 0).unwrap().keys.is_empty());
}

#[test]
fn several_flaws_of_a_row_are_told_at_once_without_its_content() {
    let mapper = mapper(&["Last Name", "Email", "Geburtstag", "Umsatz", "Quelle"], "");
    let row = [
        "Kovačević-Canary",
        "canary-at-example",
        "03/04/2026",
        "canary-number",
        "Canary TV",
    ];
    let reject = reject(&mapper, &row);
    assert_eq!(
        (reject.code.as_str(), reject.field.as_deref()),
        (codes::INVALID_EMAIL, Some("Email"))
    );
    for field in ["Email:", "Birthday:", "Revenue:", "Source:"] {
        assert!(reject.message.contains(field), "{}", reject.message);
    }
    assert!(
        !reject.message.to_lowercase().contains("canary") && !reject.message.contains("03/04"),
        "{}",
        reject.message
    );
    assert_eq!(serde_json::to_value(&reject).unwrap()["origin"], "relay");
}

#[test]
fn updates_and_deletes_go_by_id() {
    let update = mapper(
        &["Record Id", "Phone", "Created By Import"],
        "operation = 'update'\nignore = 'Created By Import'",
    );
    let made = update.map_cells(["zcrm_4876876000000624001", "030 1"], 0).unwrap();
    assert_eq!(made.record.json(), r#"{"id":"4876876000000624001","Phone":"030 1"}"#);
    assert_eq!(made.record.id(), Some("4876876000000624001"));
    assert_eq!(made.keys[0].value(), "4876876000000624001");
    assert_eq!(reject(&update, &["", "030 1"]).code, codes::MATCH_KEY_MISSING);
    assert_eq!(reject(&update, &["4711", "030 1"]).code, codes::INVALID_ID);
    assert_eq!(
        reject(&update, &["4876876000000624001", ""]).code,
        codes::NOTHING_TO_WRITE
    );
    let delete = mapper(&["id", "Last Name", "Email"], "operation = 'delete'");
    assert_eq!(
        record(&delete, &["4876876000000624001", "Rao", "not an address"]),
        json!({"id": "4876876000000624001"})
    );
    assert!(delete.shape().match_on.is_empty());
}

#[test]
fn updates_and_deletes_go_by_key_where_a_stage_looks_it_up() {
    let stages = Stages {
        keys: true,
        ..Stages::default()
    };
    let update = mapper_with(&["Email", "Phone"], "operation = 'update'", stages).unwrap();
    let made = update.map_cells(["a@example.com", "030 1"], 0).unwrap();
    assert_eq!((made.record.id(), made.keys[0].field()), (None, "Email"));
    assert_eq!(update.shape().match_on, ["Email"]);
    let delete = mapper_with(&["Email"], "operation = 'delete'", stages).unwrap();
    assert_eq!(delete.map_cells(["a@example.com"], 0).unwrap().keys.len(), 1);
    // What several records have is told record by record.
    let shared = mapper_with(
        &["Last Name", "Phone"],
        "operation = 'update'\nmatch_on = 'Last Name'",
        stages,
    )
    .unwrap();
    assert_eq!(shared.shape().match_on, ["Last_Name"]);
}

#[test]
fn an_update_may_change_and_clear_a_match_field_of_a_record_that_is_found_otherwise() {
    let stages = Stages {
        keys: true,
        ..Stages::default()
    };
    let update = mapper_with(&["id", "Email"], "operation = 'update'\nempty = 'clear'", stages).unwrap();
    let made = |cells: [&str; 2]| update.map_cells(cells, 0).map(|made| made.record.json().to_owned());
    let id = "4876876000000624001";
    assert_eq!(
        made([id, "new@example.com"]).unwrap(),
        r#"{"id":"4876876000000624001","Email":"new@example.com"}"#
    );
    assert_eq!(made([id, ""]).unwrap(), r#"{"id":"4876876000000624001","Email":null}"#);
    assert_eq!(made(["", "a@example.com"]).unwrap_err().code, codes::NOTHING_TO_WRITE);
    assert_eq!(made(["", ""]).unwrap_err().code, codes::MATCH_KEY_MISSING);
}

#[test]
fn a_bare_name_is_never_sent() {
    let names = ["Last Name", "Email", "Company", "Owner"];
    let row = ["Rao", "a@example.com", "O'Reilly GmbH", "boss@example.com"];
    let reject = reject(&mapper(&names, ""), &row);
    assert_eq!(
        (reject.code.as_str(), reject.field.as_deref()),
        (codes::LOOKUP_NEEDS_ID, Some("Account_Name"))
    );
    assert!(!reject.message.contains("Reilly"));

    let text = "[lookup.Account_Name]\non_missing = 'create'";
    let resolving = mapper_with(
        &names,
        text,
        Stages {
            lookups: true,
            ..Stages::default()
        },
    )
    .unwrap();
    let made = resolving.map_cells(row, 0).unwrap();
    assert_eq!(made.record.json(), r#"{"Last_Name":"Rao","Email":"a@example.com"}"#);
    let told: Vec<_> = made
        .references
        .iter()
        .map(|r| (r.rule.module.as_str(), r.rule.by.as_str(), r.value.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("Accounts", "Account_Name", "O'Reilly GmbH"),
            ("users", "email", "boss@example.com")
        ]
    );
    assert_eq!(made.references[0].rule.on_missing, OnMissing::Create);
    assert_eq!(
        fill_in(made.record, &made.references, [Some("4876876000000624001"), None]).json(),
        r#"{"Last_Name":"Rao","Email":"a@example.com","Account_Name":{"id":"4876876000000624001"}}"#
    );
}

#[test]
fn tags_are_added_afterwards_unless_they_replace_or_the_record_is_new() {
    let names = ["Last Name", "Email", "Tags"];
    let stages = Stages {
        keys: true,
        ..Stages::default()
    };
    for text in ["", "tags = 'add'", "operation = 'update'\nmatch_on = ['Email']"] {
        let mapper = mapper_with(&names, text, stages).unwrap();
        let made = mapper.map_cells(["Rao", "a@example.com", "VIP;neu"], 0).unwrap();
        assert_eq!(made.tags, [Tag("VIP".into()), Tag("neu".into())], "{text}");
        assert!(!made.record.json().contains("Tag"));
    }
    for text in ["tags = 'replace'", "operation = 'insert'"] {
        let made = mapper(&names, text).map_cells(["Rao", "a@example.com", "VIP"], 0);
        let made = made.unwrap();
        assert!(made.tags.is_empty(), "{text}");
        assert!(made.record.json().contains(r#""Tag":[{"name":"VIP"}]"#), "{text}");
    }
    // To clear all tags is no adding.
    let clears = mapper(&names, "empty = 'clear'").map_cells(["Rao", "a@example.com", ""], 0);
    let cleared = clears.unwrap();
    assert!(cleared.tags.is_empty() && cleared.record.json().contains(r#""Tag":[]"#));
}

#[test]
fn rows_are_read_from_files_as_they_come() {
    use crate::decode::{Decoder, form_of};
    let file = "Last Name;E-Mail;Umsatz\n\"O\"\"Neil\";o@example.com;\"1.234,50 €\"\nRao;nobody;\n".as_bytes();
    let form = form_of("x.csv", file, true).unwrap();
    let mut decoder = Decoder::new(&form);
    decoder.feed(file);
    decoder.end_of_file();
    let mapper = mapper(&["Last Name", "E-Mail", "Umsatz"], "");
    let row = decoder.next().unwrap().unwrap();
    assert_eq!(
        mapper.map(&row).unwrap().record.json(),
        r#"{"Last_Name":"O\"Neil","Email":"o@example.com","Revenue":1234.5}"#
    );
    let row = decoder.next().unwrap().unwrap();
    assert_eq!(mapper.map(&row).unwrap_err().code, codes::INVALID_EMAIL);
}
