use serde_json::{Map, Value, json};

use super::*;
use crate::decode::Format;

/// The objects, or the codes of what is wrong.
fn objects(name: &str, text: &str) -> Vec<Value> {
    rows(name, text).iter().map(object_of).collect()
}

fn object_of(row: &Row) -> Value {
    match row.content() {
        Content::Object(object) => Value::Object(Map::clone(object)),
        Content::Broken(reject) => Value::from(reject.code.as_str()),
        Content::Cells(_) => panic!("cells in JSON"),
    }
}

#[test]
fn one_object_a_line_with_bad_lines_among_them() {
    let text = "{\"Last_Name\":\"Rao\"}\n\n  {\"Last_Name\":\"山田\",\"Age\":null}\r\n{\"Last_Name\":\n[1]\nnull\n{\"a\":1},\n{\"Last_Name\":\"Li\"}";
    let rows = rows("x.ndjson", text);
    assert_eq!(lines(&rows), [1, 3, 4, 5, 6, 7, 8]);
    let expected = [
        json!({"Last_Name": "Rao"}),
        json!({"Last_Name": "山田", "Age": null}),
        json!("BAD_JSON"),
        json!("NOT_AN_OBJECT"),
        json!("NOT_AN_OBJECT"),
        json!("BAD_JSON"),
        json!({"Last_Name": "Li"}),
    ];
    assert_eq!(rows.iter().map(object_of).collect::<Vec<_>>(), expected);
    assert_eq!(
        (rows[1].raw(), rows[2].raw()),
        ("{\"Last_Name\":\"山田\",\"Age\":null}", "{\"Last_Name\":")
    );
}

#[test]
fn an_array_is_read_record_by_record() {
    let text =
        "\u{feff} [\n  {\"a\": \"]},{\\\"\"},\n {\n \"b\": [1, {\"c\": {}}]\n },{}, 5, {\"a\" 1}, {\"z\":1}\n]\n";
    let rows = rows("x.json", text);
    let expected = [
        json!({"a": "]},{\""}),
        json!({"b": [1, {"c": {}}]}),
        json!({}),
        json!("NOT_AN_OBJECT"),
        json!("BAD_JSON"),
        json!({"z": 1}),
    ];
    assert_eq!(rows.iter().map(object_of).collect::<Vec<_>>(), expected);
    assert_eq!(lines(&rows), [2, 3, 5, 5, 5, 5]);
    assert_eq!(objects("x.json", "[]"), [json!(null); 0]);
    assert_eq!(objects("x.json", "[{\"a\":1},]").len(), 1);
}

#[test]
fn the_content_says_how_objects_stand_whatever_the_ending() {
    let one = "{\"a\":1}";
    let pretty = "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n";
    for (name, text, format, count) in [
        ("x.json", "[{\"a\":1},{\"a\":2}]", Format::JsonArray, 2),
        ("x.jsonl", "[{\"a\":1},{\"a\":2}]", Format::JsonArray, 2),
        ("x.json", "{\"a\":1}\n{\"a\":2}\n", Format::Ndjson, 2),
        ("x.json", one, Format::JsonObjects, 1),
        ("x.ndjson", one, Format::JsonObjects, 1),
        ("x.json", pretty, Format::JsonObjects, 2),
        ("x.ndjson", pretty, Format::JsonObjects, 2),
        (
            "x.json",
            "{\"data\":[{\"a\":1},{\"a\":2}],\"info\":{\"more_records\":false}}",
            Format::JsonArray,
            2,
        ),
        (
            "x.json",
            "{\n \"records\": [\n{\"a\":1},\n{\"a\":2}\n]\n}\n",
            Format::JsonArray,
            2,
        ),
        ("x.json", "{\"data\":[]}", Format::JsonArray, 0),
        ("x.json", "{\"data\":[1,2],\"Name\":\"x\"}", Format::JsonObjects, 1),
    ] {
        assert_eq!(form(name, text.as_bytes()).unwrap().format, format, "{text}");
        assert_eq!(rows(name, text).len(), count, "{text}");
    }
}

#[test]
fn a_list_within_an_object_may_be_longer_than_the_first_stretch() {
    let records = "{\"a\":1},".repeat(FIRST_STRETCH / 8);
    let text = format!("{{\"info\":{{\"count\":1}},\"data\":[{records}{{\"a\":2}}]}}");
    let form = form("x.json", text.as_bytes()).unwrap();
    assert!(form.wrapped);
    let reading = read_on(&form, None, Limits::default(), text.as_bytes(), 10_000);
    assert_eq!((reading.rows.len(), reading.fault), (FIRST_STRETCH / 8 + 1, None));
}

#[test]
fn numbers_keep_their_digits_or_are_refused() {
    let text = r#"[{"id": 4711000000000000001, "n": -9223372036854775808, "u": 18446744073709551615, "x": 0.1, "e": 1e3},
        {"id": 18446744073709551616}, {"amount": 12345678901234567.89}, {"deep": [{"n": 1e300}]}, {"n": 1e999}]"#;
    let objects = objects("x.json", text);
    assert_eq!(objects[0].to_string().matches("4711000000000000001").count(), 1);
    assert_eq!(objects[0]["u"], json!(u64::MAX));
    assert_eq!(objects[0]["n"], json!(i64::MIN));
    assert_eq!(
        objects[1..],
        [
            json!("NUMBER_TOO_LARGE"),
            json!("NUMBER_TOO_LARGE"),
            json!("NUMBER_TOO_LARGE"),
            json!("BAD_JSON")
        ]
    );
}

#[test]
fn a_key_that_comes_twice_is_refused() {
    let rows = rows(
        "x.ndjson",
        "{\"Email\":\"a@example.com\",\"Email\":\"b@example.com\"}\n{\"Email\":\"c\"}\n",
    );
    assert_eq!(object_of(&rows[0]), json!("DUPLICATE_KEY"));
    let Content::Broken(reject) = rows[0].content() else {
        panic!()
    };
    assert!(!reject.message.contains("example.com"));
}

#[test]
fn a_bad_record_says_where_without_showing_what() {
    let rows = rows(
        "x.ndjson",
        "{\"Name\": \"Rao\", \"Ort\": München}\n{\"a\":1}\n{\"b\":2}\n",
    );
    let Content::Broken(reject) = rows[0].content() else {
        panic!()
    };
    assert_eq!(
        (reject.code.as_str(), reject.message.contains("character 24")),
        ("BAD_JSON", true),
        "{}",
        reject.message
    );
    assert!(!reject.message.contains("nchen"));
}

#[test]
fn deep_nesting_breaks_the_record_and_not_the_stack() {
    let deep = format!(
        "{{\"a\":{}1{}}}\n{{\"b\":1}}\n{{\"b\":2}}\n",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(
        read_on(
            &form("x.ndjson", deep.as_bytes()).unwrap(),
            None,
            Limits::default(),
            deep.as_bytes(),
            4096
        )
        .rows
        .len(),
        3
    );
}

#[test]
fn json_that_is_cut_off_or_out_of_joint_is_a_fault_with_its_line() {
    for (name, text, code, line) in [
        ("x.json", "[{\"a\":1},\n{\"a\":2}\n", "JSON_CUT_OFF", 3),
        ("x.json", "[{\"a\":1},\n{\"a\":", "JSON_CUT_OFF", 2),
        ("x.json", "[{\"a\":1}\n{\"a\":2}]", "BAD_JSON", 2),
        ("x.json", "[{\"a\":1},\n,{\"a\":2}]", "BAD_JSON", 2),
        ("x.json", "[{\"a\":1}}\n]", "BAD_JSON", 1),
        ("x.json", "[{\"a\":1}]\n{\"a\":2}", "BAD_JSON", 2),
        ("x.json", "{\n\"a\":1}\n\n}", "BAD_JSON", 4),
        ("x.json", "{\"data\":[{\"a\":1}],\n\"info\":{", "JSON_CUT_OFF", 2),
    ] {
        let fault = fault(name, text);
        assert_eq!((fault.code.as_str(), fault.line), (code, Some(line)), "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_break_their_record_alone() {
    let rows = rows("x.ndjson", b"{\"a\":\"\xe2\x82\"}\n{\"a\":\"\xc3\xbc\"}\n{\"a\":1}\n");
    assert_eq!(
        rows.iter().map(object_of).collect::<Vec<_>>(),
        [json!("INVALID_ENCODING"), json!({"a": "ü"}), json!({"a": 1})]
    );
}

#[test]
fn json_lies_within_json_only_so_deep() {
    let nested = |deep: usize| format!("{{\"a\":{}{}}}\n", "[".repeat(deep - 1), "]".repeat(deep - 1));
    let read = |deep: usize| object_of(&rows("x.ndjson", nested(deep))[0]);
    assert!(read(127).is_object());
    assert_eq!(read(128), json!("BAD_JSON"));
    let message = |deep: usize| {
        let text = format!("{{\"module\":\"Contacts\",\"records\":[{}]}}", nested(deep - 2));
        crate::queue::Message::parse(&text)
            .map_err(|fault| fault.code)
            .map(|_| ())
    };
    assert_eq!((message(127), message(128)), (Ok(()), Err("NOT_JSON")));
}

#[test]
fn a_record_beyond_the_limit_is_a_fault() {
    let limits = Limits {
        row: 20,
        ..Limits::default()
    };
    for name in ["x.ndjson", "x.json"] {
        let fault = |bytes: usize| {
            let record = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
            let text = match name {
                "x.json" => format!("[{{\"a\":1}},\n{record}]"),
                _ => format!("{{\"a\":1}}\n{record}\n"),
            };
            read(&form(name, text.as_bytes()).unwrap(), limits, text.as_bytes()).fault
        };
        assert_eq!(fault(20), None, "{name}");
        let fault = fault(21).unwrap();
        assert_eq!((fault.code.as_str(), fault.line), ("ROW_TOO_LONG", Some(2)));
        assert!(fault.message.contains("more than 20 bytes"), "{fault}");
    }
}
