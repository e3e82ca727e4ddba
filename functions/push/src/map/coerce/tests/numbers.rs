//! Numbers.

use serde_json::{Value, json};

use super::{refuses, write};
use crate::map::codes;
use crate::map::coerce::*;

pub(super) fn number(kind: NumberKind, style: Option<&str>) -> Coercion {
    let style = style.map(|example| NumberStyle::parse(example).unwrap());
    Coercion::Number(NumberRule {
        kind,
        decimals: Some(2),
        style,
        decimal_comma: false,
    })
}

/// Asserts that cells become numbers of exactly these digits.
pub(super) fn digits(coercion: &Coercion, cells: &[(&str, &str)]) {
    for (cell, wanted) in cells {
        assert_eq!(write(coercion, Given::Cell(cell)).as_deref(), Ok(*wanted), "{cell}");
    }
}

#[test]
fn amounts_are_read_while_there_is_one_way_to_read_them() {
    let amount = number(NumberKind::Decimal, None);
    digits(
        &amount,
        &[
            ("19.99", "19.99"),
            ("19,9", "19.9"),
            ("1,234.56", "1234.56"),
            ("1.234,56", "1234.56"),
            ("€ 1.234,50", "1234.5"),
            ("1'234.50 CHF", "1234.5"),
            ("1 234,56 €", "1234.56"),
            ("1\u{202F}234\u{202F}567,8", "1234567.8"),
            ("Rs. 12,34,567.50", "1234567.5"),
            ("1,234,567", "1234567"),
            ("(1,234.00)", "-1234"),
            ("-$5", "-5"),
            ("$-5", "-5"),
            ("1234-", "-1234"),
            ("\u{2212}5", "-5"),
            ("+5", "5"),
            ("007", "7"),
            ("0.10", "0.1"),
            (".5", "0.5"),
            ("-0", "0"),
            ("١٢٣٤٫٥", "1234.5"),
            ("١٬٢٣٤٫٥", "1234.5"),
            ("１２３", "123"),
            ("९९.९९", "99.99"),
            ("CHF 1'000.--", "1000"),
            ("1'000.- CHF", "1000"),
            ("19,- €", "19"),
            ("19,–", "19"),
            ("-19.--", "-19"),
        ],
    );
    refuses(
        &amount,
        &[
            ("1.234", codes::NUMBER_AMBIGUOUS),
            ("1,234", codes::NUMBER_AMBIGUOUS),
            ("12.345 €", codes::NUMBER_AMBIGUOUS),
            ("0.123", codes::TOO_MANY_DECIMALS),
            ("1234.567", codes::TOO_MANY_DECIMALS),
            ("12345678901234567", codes::NUMBER_TOO_LARGE),
            ("five", codes::INVALID_NUMBER),
            ("5 kg", codes::INVALID_NUMBER),
            ("1,23,4", codes::INVALID_NUMBER),
            ("1.2.3", codes::INVALID_NUMBER),
            ("--5", codes::INVALID_NUMBER),
            ("5.", codes::INVALID_NUMBER),
            ("€", codes::INVALID_NUMBER),
            ("12%", codes::INVALID_NUMBER),
            ("4.93E+11", codes::SPREADSHEET_DAMAGE),
            ("####", codes::SPREADSHEET_DAMAGE),
        ],
    );
}

#[test]
fn a_style_settles_what_is_ambiguous() {
    let (english, german) = (
        number(NumberKind::Decimal, Some("1,234.56")),
        number(NumberKind::Decimal, Some("1.234,56")),
    );
    digits(
        &english,
        &[("1,234", "1234"), ("1,234.5", "1234.5"), ("1234.5", "1234.5")],
    );
    digits(&german, &[("1.234", "1234"), ("1.234,5", "1234.5"), ("1,5", "1.5")]);
    refuses(
        &english,
        &[
            ("1.234,56", codes::INVALID_NUMBER),
            ("1,5", codes::INVALID_NUMBER),
            ("1.234", codes::TOO_MANY_DECIMALS),
        ],
    );
    refuses(&german, &[("1,234.56", codes::INVALID_NUMBER)]);
    digits(
        &number(NumberKind::Decimal, Some("1 234,56")),
        &[("1\u{A0}234", "1234"), ("1 234 567,8", "1234567.8")],
    );
}

#[test]
fn whole_numbers_stay_whole() {
    let integer = number(NumberKind::Integer, None);
    digits(
        &integer,
        &[
            ("5", "5"),
            ("-999999999", "-999999999"),
            ("5.0", "5"),
            ("1,234,567", "1234567"),
        ],
    );
    refuses(
        &integer,
        &[
            ("1234567890", codes::NUMBER_TOO_LARGE),
            ("5.5", codes::TOO_MANY_DECIMALS),
            ("5 €", codes::INVALID_NUMBER),
        ],
    );
    digits(
        &number(NumberKind::Percent, None),
        &[("12.5 %", "12.5"), ("%50", "50"), ("100", "100")],
    );
}

#[test]
fn long_numbers_keep_every_digit() {
    let bigint = number(NumberKind::BigInt, None);
    digits(
        &bigint,
        &[
            ("123456789012345678", "\"123456789012345678\""),
            ("-5", "\"-5\""),
            ("9223372036854775807", "\"9223372036854775807\""),
        ],
    );
    refuses(
        &bigint,
        &[
            ("9223372036854775808", codes::NUMBER_TOO_LARGE),
            ("4.93E+17", codes::SPREADSHEET_DAMAGE),
            ("4876876000000620000", codes::SPREADSHEET_DAMAGE),
            ("12a", codes::INVALID_NUMBER),
        ],
    );
    let from_json = |value: Value| write(&bigint, Given::Json(&value));
    assert_eq!(
        from_json(json!(4_876_876_000_000_624_001_u64)).unwrap(),
        "\"4876876000000624001\""
    );
    assert_eq!(
        from_json(json!("4876876000000620000")).unwrap(),
        "\"4876876000000620000\""
    );
    assert_eq!(from_json(json!(4.876e18)).unwrap_err().code, codes::WRONG_TYPE);
}

#[test]
fn json_numbers_are_taken_as_programs_write_them() {
    let amount = number(NumberKind::Decimal, Some("1.234,56"));
    let from_json = |value: Value| write(&amount, Given::Json(&value)).unwrap();
    assert_eq!(from_json(json!(1234.56)), "1234.56");
    assert_eq!(from_json(json!(0.1 + 0.2)), "0.3");
    assert_eq!(from_json(json!(-7)), "-7");
    assert_eq!(
        write(&number(NumberKind::Decimal, None), Given::Json(&json!("12.345")))
            .unwrap_err()
            .code,
        codes::TOO_MANY_DECIMALS
    );
    assert_eq!(
        write(&amount, Given::Json(&json!(1e20))).unwrap_err().code,
        codes::NUMBER_TOO_LARGE
    );
    assert_eq!(
        write(&amount, Given::Json(&json!(0.123))).unwrap_err().code,
        codes::TOO_MANY_DECIMALS
    );
}

#[test]
fn scientific_notation_is_a_number_where_a_number_is_wanted() {
    let (integer, decimal) = (number(NumberKind::Integer, None), number(NumberKind::Decimal, None));
    for kind in [&integer, &decimal] {
        digits(
            kind,
            &[
                ("1.5E+05", "150000"),
                ("2.5e3", "2500"),
                ("1E3", "1000"),
                ("-1.5E+05", "-150000"),
            ],
        );
        refuses(
            kind,
            &[
                ("1e-05", codes::TOO_MANY_DECIMALS),
                ("4.93E+11", codes::SPREADSHEET_DAMAGE),
            ],
        );
    }
    digits(&decimal, &[("1,5E+05", "150000"), ("1.25E+01", "12.5")]);
    refuses(
        &number(NumberKind::BigInt, None),
        &[("4.93E+17", codes::SPREADSHEET_DAMAGE)],
    );
    let json = write(&decimal, Given::Json(&json!("1.5E+05")));
    assert_eq!(json.as_deref(), Ok("150000"));
}

#[test]
fn a_comma_in_a_field_without_decimals_stands_between_thousands_unless_the_file_says_otherwise() {
    let rule = |kind, decimals, decimal_comma| NumberRule {
        kind,
        decimals,
        style: None,
        decimal_comma,
    };
    for (kind, decimals) in [
        (NumberKind::Integer, None),
        (NumberKind::BigInt, None),
        (NumberKind::Decimal, Some(0)),
    ] {
        let mut json = String::new();
        let comma = rule(kind, decimals, false).write(Given::Cell("1,234"), &mut json);
        assert_eq!(
            (comma, json.trim_matches('"')),
            (Ok(Note::CommaBetweenThousands), "1234"),
            "{kind:?}"
        );
        let refused = rule(kind, decimals, true).write(Given::Cell("1,234"), &mut String::new());
        assert_eq!(
            refused.map_err(|flaw| flaw.code),
            Err(codes::NUMBER_AMBIGUOUS),
            "{kind:?}"
        );
        let points = rule(kind, decimals, false).write(Given::Cell("1.234"), &mut String::new());
        assert_eq!(
            points.map_err(|flaw| flaw.code),
            Err(codes::NUMBER_AMBIGUOUS),
            "{kind:?}"
        );
    }
    let decimal = rule(NumberKind::Decimal, Some(2), false);
    for (cell, says) in [
        ("12,5", Note::DecimalComma),
        ("1.234,56", Note::DecimalComma),
        ("1,234.56", Note::Nothing),
        ("12.5", Note::Nothing),
    ] {
        assert_eq!(decimal.write(Given::Cell(cell), &mut String::new()), Ok(says), "{cell}");
    }
}
