//! Mapping files, right and wrong, and that the published schema has the same keys and words.

use std::collections::BTreeSet;

use bigin::Operation;
use serde_json::Value;

use super::mapping_file::{
    COLUMN_KEYS, EMPTY, HTML, KEYS, LOOKUP_KEYS, ON_AMBIGUOUS, ON_MISSING, OPERATIONS, QUOTES, ROUTE, SHORT_ROWS, TAGS,
    UNKNOWN_PICKLIST, VALIDATE, VANISHED_FIELD, VERSIONS, WITHOUT_KEY,
};
use super::toml_reader::{Choices, MOST_MISTAKES};
use super::*;
use crate::queue::Message;

#[test]
fn of_many_mistakes_the_first_ones_are_told_and_the_rest_is_counted() {
    let mistakes = |count: usize| {
        let text: Vec<_> = (0..count).map(|number| format!("key{number} = 1\n")).collect();
        let text = text.concat();
        Mapping::parse(&text).unwrap_err()
    };
    let fault = mistakes(MOST_MISTAKES);
    assert!(
        fault.message.contains("line 20: ") && !fault.message.contains("more"),
        "{fault}"
    );
    let fault = mistakes(MOST_MISTAKES + 3);
    assert!(
        !fault.message.contains("line 21: ") && fault.message.ends_with("; and 3 more"),
        "{fault}"
    );
    assert_eq!(fault.line, 1);
}

const EVERY_KEY: &str = r##"
operation = "upsert"
match_on = ["Email"]
trigger = ["workflow"]
without_key = "insert"
empty = "clear"
clear_marker = "#CLEAR"
tags = "replace"
unknown_picklist = "add"
validate = "strict"
time_zone = "Europe/Berlin"
phone_country = "DE"
cascade = true
stop_after = "10% of 100"
versions = "newest"
vanished_field = "warn"
route = "records"
ignore = ["intern"]

[columns]
Nachname = "Last_Name"
"geb." = { field = "Birthday", date = "dd.MM.yyyy" }
Umsatz = { number = "1.234,56" }
Gruppen = { field = "Groups", split = "|" }

[constants]
Source = "shop"
Count = 5
Ratio = 0.5
Flag = true
Day = 2026-12-31
Names = ["a", "b"]
Shape = { a = 1 }

[lookup.Account_Name]
by = "Account_Name"
on_missing = "create"
on_ambiguous = "oldest"
"##;

#[test]
fn every_key_is_understood() {
    let mapping = Mapping::parse(EVERY_KEY).unwrap();
    assert_eq!(mapping.operation, Some(Operation::Upsert));
    assert!(mapping.cascade && !Mapping::default().cascade);
    assert_eq!(mapping.vanished_field, VanishedField::Warn);
    assert_eq!(
        (mapping.versions, Mapping::default().versions),
        (Versions::Newest, Versions::Each)
    );
    assert_eq!(mapping.match_on.as_deref(), Some(&["Email".to_owned()][..]));
    assert_eq!(
        mapping.stop_after,
        StopAfter::Share {
            percent: 10,
            of_at_least: 100
        }
    );
    assert_eq!(
        (mapping.route, mapping.validate, mapping.tags),
        (Route::Records, Validate::Strict, Tags::Replace)
    );
    assert_eq!(
        (mapping.empty, mapping.unknown_picklist),
        (EmptyCells::Clear, UnknownPickList::Add)
    );
    assert_eq!(mapping.clear_marker.as_deref(), Some("#CLEAR"));
    assert!(mapping.time_zone.is_some() && mapping.phone_country.is_some());
    assert_eq!(mapping.columns.len(), 4);
    assert_eq!(mapping.constants["Day"], "2026-12-31");
    assert_eq!(mapping.lookups["Account_Name"].on_ambiguous, OnAmbiguous::Oldest);
    assert_eq!(Mapping::parse("").unwrap(), Mapping::default());
}

#[test]
fn a_mistake_is_told_with_its_line_and_the_nearest_right_word() {
    for (text, line, hint) in [
        ("\noperaton = 'upsert'", 2, "did you mean operation?"),
        ("operation = 'upsrt'", 1, "did you mean upsert?"),
        ("operation = 5", 1, "a whole number"),
        ("match_on = ['Email', 5]", 1, "a text in quotes"),
        ("empty = true", 1, "\"keep\", \"clear\""),
        ("\n\ntime_zone = 'Berlin'", 3, "Europe/Berlin"),
        ("phone_country = 'Germany'", 1, "\"DE\""),
        ("stop_after = '200%'", 1, "\"20% of 500\""),
        ("cascade = 'yes'", 1, "true or false"),
        ("stop_after = 0", 1, "\"20% of 500\""),
        ("clear_marker = ''", 1, "empty"),
        ("columns = 'x'", 1, "[columns]"),
        ("[columns]\nA = 5", 2, "the name of a field"),
        ("[columns]\nA = { feild = 'x' }", 2, "did you mean field?"),
        ("[columns]\nA = { date = 'dd.QQ' }", 2, "QQ"),
        ("[columns]\nA = { number = '9' }", 2, "1,234.56"),
        ("[columns]\nA = { split = '' }", 2, "\";\""),
        ("[constants]\nA = ''", 2, "leave it out"),
        ("[constants]\nA = nan", 2, "JSON does not have"),
        ("[lookup.Owner]\non_mising = 'create'", 2, "did you mean on_missing?"),
        ("[lookup]\nOwner = 'x'", 2, "[lookup.Owner]"),
        ("operation = ", 1, "not TOML"),
        ("a = 1\na = 2", 1, "a mapping has no key"),
    ] {
        let fault = Mapping::parse(text).expect_err(text);
        assert_eq!(fault.line, line, "{text:?}: {fault}");
        assert!(fault.message.contains(hint), "{hint:?} is missing in: {fault}");
    }
}

#[test]
fn several_mistakes_are_told_at_once() {
    let fault = Mapping::parse("tags = 'x'\nempty = 'y'\n[columns]\nA = 1").unwrap_err();
    for line in ["line 1:", "line 2:", "line 4:"] {
        assert!(fault.message.contains(line), "{fault}");
    }
}

#[test]
fn what_stops_an_import_can_be_said_in_three_ways() {
    for (text, wanted) in [
        (
            "stop_after = '5%'",
            StopAfter::Share {
                percent: 5,
                of_at_least: 500,
            },
        ),
        ("stop_after = 1_000", StopAfter::Rejects(1000)),
        ("stop_after = 'never'", StopAfter::Never),
        (
            "",
            StopAfter::Share {
                percent: 20,
                of_at_least: 500,
            },
        ),
    ] {
        assert_eq!(Mapping::parse(text).unwrap().stop_after, wanted, "{text}");
    }
}

fn schema(name: &str) -> Value {
    let path = format!("{}/../../infra/schemas/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

fn keys(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let object = schema
        .pointer(pointer)
        .and_then(Value::as_object)
        .unwrap_or_else(|| panic!("{pointer} is no object"));
    object.keys().cloned().collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn words_of<T>(words: &Choices<T>) -> BTreeSet<String> {
    words.iter().map(|(word, _)| (*word).to_owned()).collect()
}

fn listed(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let words = schema
        .pointer(pointer)
        .and_then(Value::as_array)
        .unwrap_or_else(|| panic!("{pointer} is no list"));
    words.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn the_schema_of_mappings_has_the_same_keys_and_words() {
    let schema = schema("mapping.schema.json");
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(keys(&schema, "/properties"), set(&KEYS));
    assert_eq!(keys(&schema, "/$defs/column/properties"), set(&COLUMN_KEYS));
    assert_eq!(keys(&schema, "/$defs/lookup/properties"), set(&LOOKUP_KEYS));
    for (pointer, words) in [
        ("/properties/operation/enum", words_of(OPERATIONS)),
        ("/properties/without_key/enum", words_of(WITHOUT_KEY)),
        ("/properties/empty/enum", words_of(EMPTY)),
        ("/properties/html/enum", words_of(HTML)),
        ("/$defs/column/properties/html/enum", words_of(HTML)),
        ("/properties/tags/enum", words_of(TAGS)),
        ("/properties/unknown_picklist/enum", words_of(UNKNOWN_PICKLIST)),
        ("/properties/validate/enum", words_of(VALIDATE)),
        ("/properties/versions/enum", words_of(VERSIONS)),
        ("/properties/vanished_field/enum", words_of(VANISHED_FIELD)),
        ("/properties/route/enum", words_of(ROUTE)),
        ("/properties/quotes/enum", words_of(QUOTES)),
        ("/properties/short_rows/enum", words_of(SHORT_ROWS)),
        ("/$defs/lookup/properties/on_missing/enum", words_of(ON_MISSING)),
        ("/$defs/lookup/properties/on_ambiguous/enum", words_of(ON_AMBIGUOUS)),
    ] {
        assert_eq!(listed(&schema, pointer), words, "{pointer}");
    }
}

#[test]
fn the_schema_of_messages_has_the_same_keys_and_words() {
    let schema = schema("message.schema.json");
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(listed(&schema, "/properties/operation/enum"), words_of(OPERATIONS));
    for key in keys(&schema, "/properties") {
        let mut message = serde_json::json!({"module": "Contacts", "record": {}});
        message[&key] = Value::Null;
        let code = Message::read(message).err().map(|fault| fault.code);
        assert_ne!(code, Some("UNKNOWN_KEY"), "{key}");
    }
    let mut message = serde_json::json!({"module": "Contacts", "record": {}});
    message["nonsense"] = Value::Null;
    let told = Message::read(message).unwrap_err().message;
    let all = told.rsplit("may have ").next().unwrap_or_default();
    assert_eq!(
        all.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(),
        keys(&schema, "/properties")
    );
    for example in schema["examples"].as_array().unwrap() {
        assert!(Message::read(example.clone()).is_ok(), "{example}");
    }
}
