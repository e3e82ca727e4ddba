//! Pick lists, yes and no, and values that are sent as they stand.

use bigin::PickListValue;
use serde_json::{Value, json};

use super::{accepts, refuses, write};
use crate::map::codes;
use crate::map::coerce::*;

pub(super) fn list(add: bool) -> PickRule {
    let values = [
        ("New", "Neu"),
        ("Lost", "Verloren"),
        ("Großkunde", "Großkunde"),
        ("A+", "A+"),
    ];
    let values = values.map(|(actual, display)| PickListValue {
        actual_value: actual.into(),
        display_value: display.into(),
    });
    PickRule::new(&values, add, Some(20))
}

#[test]
fn pick_lists_match_either_name_in_any_case() {
    accepts(
        &Coercion::Pick(list(false)),
        &[
            ("New", json!("New")),
            (" neu ", json!("New")),
            ("VERLOREN", json!("Lost")),
            ("GROẞKUNDE", json!("Großkunde")),
            ("a+", json!("A+")),
        ],
    );
    refuses(
        &Coercion::Pick(list(false)),
        &[
            ("Hot", codes::UNKNOWN_PICKLIST_VALUE),
            ("A", codes::UNKNOWN_PICKLIST_VALUE),
        ],
    );
    let message = write(&Coercion::Pick(list(false)), Given::Cell("Secret"))
        .unwrap_err()
        .message;
    assert!(message.contains("Neu, Verloren") && !message.contains("Secret"));
    accepts(&Coercion::Pick(list(true)), &[("Hot", json!("Hot"))]);
    accepts(
        &Coercion::Pick(PickRule::new(&[], false, None)),
        &[("Anything", json!("Anything"))],
    );
}

#[test]
fn several_values_come_apart() {
    let picks = Coercion::Picks {
        rule: list(false),
        split: ";".into(),
    };
    accepts(
        &picks,
        &[("Neu; lost;", json!(["New", "Lost"])), ("New", json!(["New"]))],
    );
    refuses(&picks, &[("New;Hot", codes::UNKNOWN_PICKLIST_VALUE)]);
    let from_json = |value: Value| write(&picks, Given::Json(&value));
    assert_eq!(from_json(json!(["neu", "A+"])).unwrap(), r#"["New","A+"]"#);
    assert_eq!(from_json(json!([])).unwrap(), "[]");
    assert_eq!(from_json(json!([1])).unwrap_err().code, codes::WRONG_TYPE);
    assert_eq!(from_json(json!({"a": 1})).unwrap_err().code, codes::WRONG_TYPE);
}

#[test]
fn yes_and_no_are_told_apart() {
    accepts(
        &Coercion::Boolean,
        &[
            ("ja", json!(true)),
            (" NEIN ", json!(false)),
            ("1", json!(true)),
            ("0", json!(false)),
        ],
    );
    refuses(
        &Coercion::Boolean,
        &[("maybe", codes::INVALID_BOOLEAN), ("2", codes::INVALID_BOOLEAN)],
    );
    for (value, wanted) in [(json!(true), "true"), (json!(0), "false"), (json!("Oui"), "true")] {
        assert_eq!(write(&Coercion::Boolean, Given::Json(&value)).unwrap(), wanted);
    }
    assert!(write(&Coercion::Boolean, Given::Json(&json!([]))).is_err());
}

#[test]
fn json_is_taken_as_it_stands() {
    accepts(
        &Coercion::Json,
        &[(
            r#"[{"type":"user","participant":"1"}]"#,
            json!([{"type": "user", "participant": "1"}]),
        )],
    );
    refuses(
        &Coercion::Json,
        &[
            ("ann@example.com", codes::INVALID_JSON),
            ("[1", codes::INVALID_JSON),
            ("5", codes::INVALID_JSON),
        ],
    );
}
