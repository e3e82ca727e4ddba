//! Whatever comes in: nothing panics, and what is accepted keeps its kind's rules on the wire.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::dates::date_rule;
use super::lists::list;
use super::numbers::number;
use super::texts::{email, phone, text};
use super::write;
use crate::map::coerce::*;

/// What a kind's values must be like on the wire.
type WireRule = fn(&Value) -> bool;

fn all_kinds() -> Vec<(Coercion, WireRule)> {
    let is_number = |value: &Value| value.is_number();
    vec![
        (text(10), |value| {
            value.as_str().is_some_and(|text| text.chars().count() <= 10)
        }),
        (email(false), |value| {
            value.as_str().is_some_and(|text| {
                text.matches('@').count() == 1 && text.chars().count() <= 100 && !text.contains(' ')
            })
        }),
        (phone(Some("DE"), false), |value| {
            value.as_str().is_some_and(|text| {
                text.len() <= 30
                    && text
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "+-.();#, ".contains(c))
            })
        }),
        (
            Coercion::Website(WebsiteRule {
                length: Some(60),
                strict: false,
            }),
            |value| {
                value
                    .as_str()
                    .is_some_and(|text| text.chars().count() <= 60 && text.contains('.'))
            },
        ),
        (Coercion::Pick(list(false)), |value| {
            value
                .as_str()
                .is_some_and(|text| ["New", "Lost", "Großkunde", "A+"].contains(&text))
        }),
        (
            Coercion::Picks {
                rule: list(false),
                split: ";".into(),
            },
            Value::is_array,
        ),
        (Coercion::Boolean, Value::is_boolean),
        (number(NumberKind::Integer, None), |value| {
            value.as_i64().is_some_and(|number| number.abs() < 1_000_000_000)
        }),
        (number(NumberKind::BigInt, None), |value| {
            value.as_str().is_some_and(|text| text.parse::<i64>().is_ok())
        }),
        (number(NumberKind::Decimal, None), is_number),
        (number(NumberKind::Decimal, Some("1.234,56")), is_number),
        (number(NumberKind::Percent, None), is_number),
        (Coercion::Date(date_rule(None, None, false)), is_date),
        (Coercion::Date(date_rule(Some("dd/MM/yyyy"), None, false)), is_date),
        (
            Coercion::Instant(date_rule(None, Some("America/New_York"), false)),
            |value| {
                value
                    .as_str()
                    .is_some_and(|text| text.len() == 25 && text.parse::<jiff::Timestamp>().is_ok())
            },
        ),
        (Coercion::Id, |value| {
            value.as_str().is_some_and(|text| (15..=20).contains(&text.len()))
        }),
        (Coercion::Json, |value| value.is_array() || value.is_object()),
        (Coercion::Unknown, |_| true),
    ]
}

fn is_date(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok())
}

/// Texts that come near to what the kinds take.
fn cells() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9.,' -]{0,12}",
        "[-+(]?[€$]?[0-9]{1,20}([.,][0-9]{0,4}){0,3}[%)-]?",
        "[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?",
        "[a-z.]{0,5}@?[a-z.]{0,8}@?[a-zé.]{0,5}",
        "(https?://|www\\.)?[a-z.]{0,20}(/\\PC{0,5})?",
        "[+0-9()/ -]{0,40}",
        "[0-9](\\.[0-9]{1,3})?E\\+[0-9]{1,3}",
        "(New|neu|LOST|A\\+|;| ){0,4}",
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_what_is_accepted_keeps_the_rules_of_the_wire(cell in cells()) {
        for (place, (coercion, rule)) in all_kinds().iter().enumerate() {
            let Ok(written) = write(coercion, Given::Cell(&cell)) else { continue };
            let value: Value = serde_json::from_str(&written).unwrap();
            prop_assert!(rule(&value), "kind {place}: {cell:?} became {written}");
            prop_assert_eq!(write(coercion, Given::Cell(&cell)).unwrap(), written);
        }
    }

    #[test]
    fn a_few_digits_are_the_number_that_they_are_behind_a_sign(digits in "[0-9]{1,11}") {
        for kind in [NumberKind::Integer, NumberKind::BigInt, NumberKind::Decimal, NumberKind::Percent] {
            for style in [None, Some("1.234,56")] {
                let rule = number(kind, style);
                let [bare, signed] = ["", "+"].map(|sign| write(&rule, Given::Cell(&format!("{sign}{digits}"))));
                prop_assert_eq!(bare, signed, "{} {:?}", digits, kind);
            }
        }
    }

    #[test]
    fn a_plain_telephone_number_is_what_it_is_with_blanks_of_another_kind(text in "[+]?[0-9][0-9 .()-]{0,20} [0-9]{1,3}") {
        let odd = text.replace(' ', "\u{A0}");
        for (country, length, strict) in [(None, None, false), (None, Some(12), false), (None, Some(30), true)] {
            let rule = Coercion::Phone(PhoneRule { length, country, strict });
            let [plain, other] = [&text, &odd].map(|text| write(&rule, Given::Cell(text)));
            prop_assert_eq!(plain.map_err(|flaw| flaw.code), other.map_err(|flaw| flaw.code), "{}", text);
        }
    }

    #[test]
    fn json_values_are_no_worse(cell in cells(), number: f64, whole: i64) {
        let object = json!({"id": cell});
        let values = [json!(cell), json!(number), json!(whole), json!([cell, whole]), object, json!(null), json!(true)];
        for (place, (coercion, rule)) in all_kinds().iter().enumerate() {
            for value in &values {
                let Ok(written) = write(coercion, Given::Json(value)) else { continue };
                let back: Value = serde_json::from_str(&written).unwrap();
                prop_assert!(rule(&back), "kind {place}: {value} became {written}");
            }
        }
    }

    #[test]
    fn a_refusal_never_shows_the_value(cell in "[A-Z][a-z]{5,9}#[a-z]{5,9}") {
        for (coercion, _) in all_kinds() {
            if let Err(flaw) = write(&coercion, Given::Cell(&cell)) {
                prop_assert!(!flaw.message.contains(&cell));
            }
        }
    }

    #[test]
    fn an_amount_is_the_same_in_every_style(cents in -9_999_999_999_i64..9_999_999_999) {
        let sign = if cents < 0 { "-" } else { "" };
        let (whole, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
        let grouped = |mark: &str| {
            let digits = whole.to_string();
            let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
            groups.join(mark)
        };
        for (example, group, decimal) in [("1,234.56", ",", "."), ("1.234,56", ".", ","), ("1 234,56", " ", ","), ("1234.56", "", ".")] {
            let cell = format!("{sign}{}{decimal}{rest:02}", grouped(group));
            let written = write(&number(NumberKind::Decimal, Some(example)), Given::Cell(&cell)).unwrap();
            let (whole, decimals) = written.split_once('.').unwrap_or((&written, ""));
            let back: i64 = format!("{whole}{decimals:0<2}").parse().unwrap();
            prop_assert_eq!(back.abs(), cents.abs(), "{} became {}", cell, written);
        }
    }

    #[test]
    fn a_day_is_the_same_in_every_pattern(days in -300_000_i32..180_000) {
        let day = jiff::civil::date(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        for pattern in ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d %B %Y", "%Y%m%d"] {
            let cell = day.strftime(pattern).to_string();
            let written = write(&Coercion::Date(date_rule(Some(pattern), None, false)), Given::Cell(&cell)).unwrap();
            prop_assert_eq!(written, format!("\"{day}\""));
        }
    }
}
