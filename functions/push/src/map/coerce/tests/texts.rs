//! Texts, e-mail addresses, telephone numbers, web addresses.

use serde_json::{Value, json};

use super::{accepts, refuses, write};
use crate::map::codes;
use crate::map::coerce::*;

pub(super) fn text(length: usize) -> Coercion {
    Coercion::Text(TextRule {
        length: Some(length),
        lines: false,
        strict: false,
    })
}

#[test]
fn texts_are_measured_in_characters() {
    accepts(
        &text(6),
        &[
            (" Ann ", json!("Ann")),
            ("Müller", json!("Müller")),
            ("株式会社東京", json!("株式会社東京")),
            ("O'Neil", json!("O'Neil")),
            ("a\"b\\c", json!("a\"b\\c")),
            ("4.9E+1", json!("4.9E+1")),
            ("👩\u{200D}👩", json!("👩\u{200D}👩")),
        ],
    );
    refuses(
        &text(6),
        &[
            ("Schmidt", codes::TEXT_TOO_LONG),
            ("株式会社東京都", codes::TEXT_TOO_LONG),
        ],
    );
    let json = |value: Value| write(&text(6), Given::Json(&value));
    assert_eq!(json(json!(4711)).unwrap(), "\"4711\"");
    assert_eq!(json(json!(true)).unwrap(), "\"true\"");
    assert_eq!(json(json!(["a"])).unwrap_err().code, codes::WRONG_TYPE);
    let lines = Coercion::Text(TextRule {
        length: Some(2000),
        lines: true,
        strict: true,
    });
    accepts(&lines, &[("  one\r\ntwo\t", json!("  one\r\ntwo\t"))]);
}

#[test]
fn strict_texts_have_no_broken_or_hidden_characters() {
    let strict = Coercion::Text(TextRule {
        length: None,
        lines: false,
        strict: true,
    });
    accepts(&strict, &[("Łódź — Straße 5", json!("Łódź — Straße 5"))]);
    refuses(
        &strict,
        &[
            ("M\u{FFFD}ller", codes::SUSPECT_TEXT),
            ("two\nlines", codes::SUSPECT_TEXT),
            ("bell\u{7}", codes::SUSPECT_TEXT),
            ("4.93E+11", codes::SPREADSHEET_DAMAGE),
            ("#REF!", codes::SPREADSHEET_DAMAGE),
        ],
    );
}

pub(super) fn email(strict: bool) -> Coercion {
    Coercion::Email(EmailRule {
        length: Some(100),
        strict,
    })
}

#[test]
fn email_addresses_look_like_some() {
    accepts(
        &email(false),
        &[
            (" ann@example.com ", json!("ann@example.com")),
            (
                "Ann.O'Neil+shop@mail.example.co.uk",
                json!("Ann.O'Neil+shop@mail.example.co.uk"),
            ),
            ("jörg@müller.example", json!("jörg@müller.example")),
            ("用户@例子.公司", json!("用户@例子.公司")),
            ("mailto:ann@example.com", json!("ann@example.com")),
        ],
    );
    let long = format!("{}@example.com", "a".repeat(100));
    refuses(
        &email(false),
        &[
            ("ann", codes::INVALID_EMAIL),
            ("ann@example", codes::INVALID_EMAIL),
            ("@example.com", codes::INVALID_EMAIL),
            ("ann@@example.com", codes::INVALID_EMAIL),
            ("ann@example..com", codes::INVALID_EMAIL),
            ("ann smith@example.com", codes::INVALID_EMAIL),
            ("ann@example.com; bob@example.com", codes::TWO_VALUES),
            ("ann(at)example.com", codes::INVALID_EMAIL),
            ("#N/A", codes::SPREADSHEET_DAMAGE),
            (&long, codes::TEXT_TOO_LONG),
        ],
    );
    refuses(
        &email(true),
        &[
            (".ann@example.com", codes::INVALID_EMAIL),
            ("ann@example.c", codes::INVALID_EMAIL),
        ],
    );
    accepts(&email(true), &[("ann@example.com", json!("ann@example.com"))]);
}

pub(super) fn phone(country: Option<&str>, strict: bool) -> Coercion {
    let country = country.map(|country| PhoneCountry::parse(country).unwrap());
    Coercion::Phone(PhoneRule {
        length: Some(30),
        country,
        strict,
    })
}

#[test]
fn telephone_numbers_have_the_characters_bigin_takes() {
    accepts(
        &phone(None, false),
        &[
            ("+49 30 1234567", json!("+49 30 1234567")),
            ("(212) 555-0100 x12", json!("(212) 555-0100 x12")),
            ("0171/1234567", json!("0171 1234567")),
            ("030 / 12 34 56", json!("030   12 34 56")),
            ("+49\u{A0}30\u{2011}1234", json!("+49 30-1234")),
            ("٠١٢٣٤٥٦٧٨٩", json!("0123456789")),
            ("＋８１（３）１２３４", json!("+81(3)1234")),
            ("\u{202A}+971 4 123\u{202C}", json!("+971 4 123")),
            ("tel:+49301234567", json!("+49301234567")),
            ("Tel.: 030 1234567", json!("030 1234567")),
            ("PHONE : (212) 555-0100", json!("(212) 555-0100")),
        ],
    );
    refuses(
        &phone(None, false),
        &[
            ("n/a", codes::INVALID_PHONE),
            ("keine Nummer!", codes::INVALID_PHONE),
            ("Tel.:", codes::INVALID_PHONE),
            ("Fax: 030 1234567", codes::INVALID_PHONE),
            ("電話なし", codes::INVALID_PHONE),
            ("4.93E+11", codes::SPREADSHEET_DAMAGE),
            ("4,93E+11", codes::SPREADSHEET_DAMAGE),
            ("+49 30 1234567890123456789012345678", codes::TEXT_TOO_LONG),
        ],
    );
    assert_eq!(
        write(&phone(None, false), Given::Json(&json!(493_012_345))).unwrap(),
        "\"493012345\""
    );
    accepts(
        &phone(Some("DE"), false),
        &[
            ("0171/1234567", json!("+49 171 1234567")),
            ("+1 212 5550100", json!("+1 212 5550100")),
        ],
    );
    refuses(
        &phone(None, true),
        &[("unknown", codes::INVALID_PHONE), ("12", codes::INVALID_PHONE)],
    );
}

#[test]
fn web_addresses_have_a_host_and_get_a_scheme() {
    let website = |strict| {
        Coercion::Website(WebsiteRule {
            length: Some(40),
            strict,
        })
    };
    accepts(
        &website(false),
        &[
            ("https://www.example.com/a?b=c", json!("https://www.example.com/a?b=c")),
            ("HTTP://example.com", json!("HTTP://example.com")),
            ("www.example.com", json!("www.example.com")),
            ("example.com/über", json!("https://example.com/über")),
            ("http://пример.рф", json!("http://пример.рф")),
            ("a\\b.example", json!("https://a\\b.example")),
        ],
    );
    refuses(
        &website(false),
        &[
            ("example", codes::INVALID_WEBSITE),
            ("https://", codes::INVALID_WEBSITE),
            ("ann@example.com", codes::INVALID_WEBSITE),
            ("see www.example.com", codes::INVALID_WEBSITE),
            ("https://example..com", codes::INVALID_WEBSITE),
            ("https://www.example.com/0123456789/0123456789", codes::TEXT_TOO_LONG),
        ],
    );
    refuses(&website(true), &[("example.com", codes::INVALID_WEBSITE)]);
}
