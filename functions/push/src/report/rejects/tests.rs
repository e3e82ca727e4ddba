use proptest::collection::vec;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::decode::{Decoder, form_of};
use crate::record::Content;

fn read(name: &str, bytes: &[u8]) -> (Form, Vec<Row>) {
    let form = form_of(name, bytes, true).unwrap();
    let mut decoder = Decoder::new(&form);
    decoder.feed(bytes);
    decoder.end_of_file();
    let rows = std::iter::from_fn(|| decoder.next().unwrap()).collect();
    (form, rows)
}

/// Rejects every row of a file, those that are broken for what they are; answers with the rejects file.
fn reject_all(name: &str, bytes: &[u8], message: &str) -> Vec<u8> {
    let (form, rows) = read(name, bytes);
    let writer = RejectsWriter::new(&form);
    let mut out = writer.header();
    for row in &rows {
        let reject = match row.content() {
            Content::Broken(reject) => reject.clone(),
            _ => Reject {
                record_id: Some("4711000000000000001".into()),
                ..Reject::relay("DUPLICATE_DATA", Some("Email".into()), message)
            },
        };
        writer.push(&mut out, row, &info(&reject));
    }
    out
}

fn info(reject: &Reject) -> RejectInfo<'_> {
    RejectInfo {
        message_id: None,
        operation: "upsert",
        match_on: &[],
        reject,
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// What a record is to mapping: its content without our columns, or the code of what is wrong.
fn records(name: &str, bytes: &[u8]) -> Vec<String> {
    let (form, rows) = read(name, bytes);
    rows.iter()
        .map(|row| match row.content() {
            Content::Cells(cells) => {
                let own = form
                    .header
                    .iter()
                    .zip(cells.iter())
                    .filter(|(name, _)| !is_relay_column(name));
                format!("{:?}", own.collect::<Vec<_>>())
            }
            Content::Object(object) => {
                let own: Map<_, _> = object
                    .iter()
                    .filter(|(key, _)| !is_relay_column(key))
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect();
                Value::Object(own).to_string()
            }
            Content::Broken(reject) => format!("{} {:?}", reject.code, reject.field),
        })
        .collect()
}

#[test]
fn a_reject_keeps_dialect_and_text_with_our_columns_in_front() {
    let input = "sep=;\r\n\"Last Name\";E-Mail;\r\n\"O\"\"Neil; Ann\" ;a@example.com\r\n1;2;3\r\n".as_bytes();
    let expected = "sep=;\r\n\
        _line;_message_id;_operation;_match_on;_code;_field;_message;_record_id;_origin;\"Last Name\";E-Mail;\r\n\
        3;;upsert;;DUPLICATE_DATA;Email;\"taken; choose\";4711000000000000001;relay;\"O\"\"Neil; Ann\" ;a@example.com\r\n\
        4;;upsert;;TOO_MANY_CELLS;;the row has 3 cells, but the header names 2 columns: put cells that contain the delimiter in quotes;;relay;1;2;3\r\n";
    assert_eq!(text(reject_all("x.csv", input, "taken; choose")), expected);
}

#[test]
fn rejects_of_rejects_have_our_columns_once_wherever_they_stand() {
    let first = reject_all("x.csv", b"Name,Email\nRao,\"r@example.com\"\n", "m");
    let second = reject_all("x.csv", &first, "n");
    assert_eq!(text(first).replace(",m,", ",n,"), text(second));

    let moved = reject_all("x.csv", b"Name,_code,Email,_line\nRao,X,\"r,1\",7\nLi,Y\n", "m");
    assert!(text(moved.clone()).contains(",_origin,Name,Email\n"));
    assert!(text(moved.clone()).contains(",relay,Rao,\"r,1\"\n") && text(moved).ends_with(",relay,Li\n"));
}

#[test]
fn rows_in_quotes_are_found_in_a_rejects_file_too_where_a_blank_stands_before_the_last_row() {
    let input = b"A,B,C\n\",a,\n \",,x\"\"\"";
    let first = reject_all("x.csv", input, "");
    assert_eq!(records("x.csv", input), ["ROWS_IN_QUOTES Some(\"A\")"]);
    assert_eq!(records("x.csv", &first), records("x.csv", input));
}

#[test]
fn what_is_no_record_is_none_in_a_rejects_file_either() {
    let input = "Name,City,Amount\n===,,\nSumme,,300\n(2 rows),,\nName,City,Amount\n".as_bytes();
    let first = reject_all("x.csv", input, "");
    assert_eq!(records("x.csv", input), ["NOT_A_RECORD None"; 4]);
    assert_eq!(records("x.csv", &first), records("x.csv", input));
}

#[test]
fn a_mended_reject_maps_again() {
    let rejects = text(reject_all("x.csv", "Name,City\nMüller,Köln,Bonn\n".as_bytes(), ""));
    let mended = rejects.replace("Köln,Bonn", "\"Köln,Bonn\"");
    assert_eq!(
        records("x.csv", mended.as_bytes()),
        ["[(\"Name\", \"Müller\"), (\"City\", \"Köln,Bonn\")]"]
    );
}

#[test]
fn bytes_that_are_no_text_stay_what_they_are() {
    let input = b"Name,City\nM\xc3\xbcller,K\xc3\xb6ln\nK\xc3\xb6hl\xe2\x82,Bonn\n";
    let rejects = reject_all("x.csv", input, "");
    assert!(rejects.windows(13).any(|bytes| bytes == b"K\xc3\xb6hl\xe2\x82,Bonn\n"));
    assert!(records("x.csv", &rejects)[1].starts_with("INVALID_ENCODING"));
}

#[test]
fn a_file_in_another_encoding_gets_a_mark_so_that_spreadsheets_read_it() {
    let rejects = reject_all("x.csv", b"Name,City\nM\xfcller,K\xf6ln\n", "m");
    assert!(rejects.starts_with(b"\xef\xbb\xbf_line,"));
    assert_eq!(
        records("x.csv", &rejects),
        ["[(\"Name\", \"Müller\"), (\"City\", \"Köln\")]"]
    );
}

#[test]
fn text_of_ours_starts_no_formula_and_input_is_not_touched() {
    let row = read("x.csv", b"Name,Email\n=1+1,@x\n").1.remove(0);
    let reject = Reject {
        record_id: Some("@id".into()),
        ..Reject::relay("=CODE", Some("+x".into()), "-1\r\n\"no\"")
    };
    let writer = RejectsWriter::new(&read("x.csv", b"Name,Email\n").0);
    let mut out = Vec::new();
    let match_on = ["Email".to_owned(), "Phone".to_owned()];
    let info = RejectInfo {
        message_id: Some("=cmd"),
        operation: "upsert",
        match_on: &match_on,
        reject: &reject,
    };
    writer.push(&mut out, &row, &info);
    assert_eq!(
        text(out),
        "2,'=cmd,upsert,\"Email,Phone\",'=CODE,'+x,\"'-1  \"\"no\"\"\",'@id,relay,=1+1,@x\n"
    );
}

#[test]
fn json_rejects_are_one_object_a_line_with_the_records_own_text() {
    let rejects = text(reject_all(
        "x.json",
        "[{\n \"n\": 1.50,\r\n \"_code\": \"OLD\", \"o\": {\"_line\": 1}},\n {\"a\" 1}, {}]".as_bytes(),
        "m",
    ));
    let lines: Vec<_> = rejects.lines().collect();
    assert!(lines[0].starts_with(
        "{\"_line\":1,\"_message_id\":null,\"_operation\":\"upsert\",\"_match_on\":[],\"_code\":\"DUPLICATE_DATA\""
    ));
    assert!(
        lines[0].ends_with("\"_origin\":\"relay\",\"n\": 1.50,\"o\": {\"_line\": 1}}"),
        "{}",
        lines[0]
    );
    assert!(lines[1].ends_with("\"_raw\":\"{\\\"a\\\" 1}\"}"), "{}", lines[1]);
    assert!(lines[2].ends_with("\"_origin\":\"relay\"}"));
    assert_eq!(
        records("x.ndjson", rejects.as_bytes()),
        ["{\"n\":1.5,\"o\":{\"_line\":1}}", "BAD_JSON None", "{}"]
    );
}

#[test]
fn a_bad_line_is_mended_in_its_raw_text() {
    let rejects = text(reject_all(
        "x.ndjson",
        b"{\"a\" 1}\n{\"a\":\"\xe2\x82\"}\n{\"b\":\"\xc3\xbc\"}\n",
        "m",
    ));
    assert_eq!(
        records("x.ndjson", rejects.as_bytes()),
        ["BAD_JSON None", "INVALID_ENCODING None", "{\"b\":\"ü\"}"]
    );
    let mended = rejects.replace("\\\"a\\\" 1", "\\\"a\\\": 1").replace('\u{fffd}', "ü");
    assert_eq!(
        records("x.ndjson", mended.as_bytes()),
        ["{\"a\":1}", "{\"a\":\"ü\"}", "{\"b\":\"ü\"}"]
    );
}

#[test]
fn a_key_named_like_ours_is_data_where_it_is_not_from_a_reject() {
    let line = r#"{"_raw":"{\"a\":1}","host":"x"}"#;
    assert_eq!(records("x.ndjson", line.as_bytes()), [line]);
}

#[test]
fn a_messages_record_is_written_as_one_object() {
    let record = json!({"Last_Name": "O\"Neil\n", "Age": null, "_code": "OLD"});
    let reject = Reject {
        origin: Origin::Zoho,
        ..Reject::relay("INVALID_DATA", Some("Email".into()), "m")
    };
    let match_on = ["Email".to_owned()];
    let info = RejectInfo {
        message_id: Some("order-1"),
        operation: "insert",
        match_on: &match_on,
        reject: &reject,
    };
    let mut out = Vec::new();
    push_message_reject(&mut out, record.as_object().unwrap(), &info);
    let read: Value = serde_json::from_slice(&out).unwrap();
    let expected = json!({"_line": null, "_message_id": "order-1", "_operation": "insert", "_match_on": ["Email"],
        "_code": "INVALID_DATA", "_field": "Email", "_message": "m", "_record_id": null, "_origin": "zoho",
        "Last_Name": "O\"Neil\n", "Age": null});
    assert_eq!(read, expected);
    assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));
}

proptest::proptest! {
    #[test]
    fn rejects_decode_to_the_same_records_again_and_again(
        body in vec(select(vec!["a", "b c", ",", ",", ",", "\"", "\"\"", "\n", "\n", "\r\n", "ü", "=", "\t", ";", " "]), 0..60),
        header in select(vec!["A,B,C", "A;B;C", "\"A\",B,C,", "\u{feff}A\tB\tC"]),
        message in "[ -~]{0,12}",
    ) {
        let input = format!("{header}\n{}", body.concat());
        let readable = form_of("x.csv", input.as_bytes(), true).is_ok_and(|form| {
            let mut decoder = Decoder::new(&form);
            decoder.feed(input.as_bytes());
            decoder.end_of_file();
            std::iter::from_fn(|| decoder.next().transpose()).all(|row| row.is_ok())
        });
        proptest::prop_assume!(readable);
        let first = reject_all("x.csv", input.as_bytes(), &message);
        let before = records("x.csv", input.as_bytes());
        proptest::prop_assert_eq!(&records("x.csv", &first), &before);
        let second = reject_all("x.csv", &first, &message);
        proptest::prop_assert_eq!(&records("x.csv", &second), &before);
    }
}
