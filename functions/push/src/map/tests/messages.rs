//! JSON objects and what messages say themselves.

use bigin::Operation;
use serde_json::{Map, json};

use super::*;

fn objects(text: &str, overrides: &Overrides) -> Result<RecordMapper, HeaderFault> {
    let (contacts, name, mapping) = (contacts(), module("Contacts"), mapping(text));
    let setting = Setting {
        overrides: Some(overrides),
        ..Setting::new(&name, Some(&contacts), &mapping)
    };
    RecordMapper::for_objects(&setting)
}

pub(super) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn json_objects_are_read_key_by_key() {
    let mapper = objects(
        "tags = 'replace'\n[columns]\nrevenue_eur = 'Revenue'",
        &Overrides::default(),
    )
    .unwrap();
    let made = mapper
        .map_object(&object(
            &json!({"Last_Name": "Rao", "email": "a@example.com", "First Name": null, "Phone": "",
            "revenue_eur": 19.99, "Tag": ["VIP"], "Account_Name": {"id": "4876876000000624001", "name": "Acme"},
            "Email Opt Out": false, "_line": 7}),
        ))
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(made.record.json()).unwrap(),
        json!({"Last_Name": "Rao", "Email": "a@example.com", "First_Name": null, "Revenue": 19.99,
            "Tag": [{"name": "VIP"}], "Account_Name": {"id": "4876876000000624001"}, "Email_Opt_Out": false})
    );
    assert_eq!(made.keys[0].value(), "a@example.com");
}

#[test]
fn a_mapping_renames_and_ignores_keys_in_any_spelling() {
    let text = "ignore = ['Internal Note']\n[columns]\nMail = 'Email'\nPhone = 'Mobile'\nnachname = 'Last_Name'";
    let mapper = objects(text, &Overrides::default()).unwrap();
    let value = json!({"MAIL": "a@example.com", "phone": "1", "Nachname": "Rao", "internal_note": "x"});
    let made = mapper.map_object(&object(&value)).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(made.record.json()).unwrap(),
        json!({"Email": "a@example.com", "Mobile": "1", "Last_Name": "Rao"})
    );
    let twice = json!({"Mail": "a@example.com", "Email": "b@example.com", "Last_Name": "Rao"});
    assert_eq!(mapper.map_object(&object(&twice)).unwrap_err().code, codes::FIELD_TWICE);
    assert_eq!(
        objects("[columns]\nMail = 'Emial'", &Overrides::default())
            .unwrap_err()
            .code,
        codes::MAPPING_FIELD_UNKNOWN
    );
}

#[test]
fn json_objects_that_are_wrong_are_rejected() {
    let mapper = objects("[constants]\nSource = 'Web'", &Overrides::default()).unwrap();
    for (value, code, field) in [
        (
            json!({"Last_Name": "Rao", "Email": "a@example.com", "Emial": "x"}),
            codes::UNKNOWN_FIELD,
            Some("Emial"),
        ),
        (
            json!({"Last_Name": "Rao", "Email": "a@example.com", "email": "x"}),
            codes::FIELD_TWICE,
            Some("Email"),
        ),
        (
            json!({"Last_Name": "Rao", "Email": "a@example.com", "Source": "Web"}),
            codes::FIELD_TWICE,
            Some("Source"),
        ),
        (
            json!({"Last_Name": "Rao", "Email": "a@example.com", "Created_Time": "x"}),
            codes::READ_ONLY_FIELD,
            Some("Created_Time"),
        ),
        (
            json!({"Last_Name": "Rao", "Email": "a@example.com", "Phone 2": "1"}),
            codes::AMBIGUOUS_FIELD,
            Some("Phone 2"),
        ),
        (
            json!({"Last_Name": "Rao", "Email": "a@example.com", "Phone": {"a": 1}}),
            codes::WRONG_TYPE,
            Some("Phone"),
        ),
        (
            json!({"Email": "a@example.com"}),
            codes::MANDATORY_EMPTY,
            Some("Last_Name"),
        ),
        (
            json!({"Last_Name": null, "Email": "a@example.com"}),
            codes::MANDATORY_EMPTY,
            Some("Last_Name"),
        ),
        (json!({"Last_Name": "Rao"}), codes::MATCH_KEY_MISSING, Some("Email")),
        (
            json!({"Last_Name": "Rao", "Email": null}),
            codes::MATCH_KEY_MISSING,
            Some("Email"),
        ),
        (json!({}), codes::MANDATORY_EMPTY, Some("Last_Name")),
    ] {
        let reject = mapper.map_object(&object(&value)).expect_err("rejected");
        assert_eq!(
            (reject.code.as_str(), reject.field.as_deref()),
            (code, field),
            "{value}: {}",
            reject.message
        );
    }
}

#[test]
fn a_message_goes_before_the_mapping() {
    let overrides = Overrides {
        cascade: None,
        operation: Some(Operation::Upsert),
        match_on: Some(vec!["customer no".into()]),
        trigger: Some(vec!["workflow".into()]),
    };
    let mapper = objects("operation = 'insert'\nmatch_on = 'Email'\ntrigger = []", &overrides).unwrap();
    assert_eq!(mapper.shape().operation, Operation::Upsert);
    assert_eq!(mapper.shape().match_on, ["Customer_No"]);
    assert_eq!(mapper.shape().trigger, ["workflow"]);
    let insert = Overrides {
        operation: Some(Operation::Insert),
        ..Overrides::default()
    };
    assert!(
        objects("match_on = 'Email'", &insert)
            .unwrap()
            .shape()
            .match_on
            .is_empty()
    );
}
