//! Dates and instants.

use jiff::tz::TimeZone;
use serde_json::json;

use super::{accepts, refuses, write};
use crate::map::codes;
use crate::map::coerce::*;

pub(super) fn date_rule(pattern: Option<&str>, zone: Option<&str>, strict: bool) -> DateRule {
    DateRule {
        pattern: pattern.map(|pattern| DatePattern::parse(pattern).unwrap()),
        language: None,
        zone: zone.map(|zone| TimeZone::get(zone).unwrap()),
        strict,
    }
}

#[test]
fn dates_are_read_while_there_is_one_way_to_read_them() {
    let date = Coercion::Date(date_rule(None, None, false));
    for cell in [
        "2026-12-31",
        "2026/12/31",
        "20261231",
        "2026.12.31",
        "2026. 12. 31.",
        "2026年12月31日",
        "2026년 12월 31일",
        "31.12.2026",
        "31. 12. 2026",
        "31/12/2026",
        "12/31/2026",
        "31-12-2026",
        "31 Dec 2026",
        "31-Dec-2026",
        "31st December 2026",
        "Dec 31, 2026",
        "Thursday, December 31, 2026",
        "Thu, 31 Dec 2026 09:30:00 +0100",
        "2026-12-31T23:59:59Z",
        "2026-12-31 00:00:00",
        "٢٠٢٦-١٢-٣١",
    ] {
        accepts(&date, &[(cell, json!("2026-12-31"))]);
    }
    accepts(
        &date,
        &[("03.04.2026", json!("2026-04-03")), ("3/3/2026", json!("2026-03-03"))],
    );
    refuses(
        &date,
        &[
            ("03/04/2026", codes::DATE_AMBIGUOUS),
            ("3-4-2026", codes::DATE_AMBIGUOUS),
            ("31.12.26", codes::DATE_AMBIGUOUS),
            ("2026-02-30", codes::INVALID_DATE),
            ("2026-13-01", codes::INVALID_DATE),
            ("0026-12-31", codes::INVALID_DATE),
            ("tomorrow", codes::INVALID_DATE),
            ("31.12.", codes::INVALID_DATE),
            ("2026", codes::INVALID_DATE),
            ("2026-12-31x", codes::INVALID_DATE),
            ("46387", codes::SPREADSHEET_DAMAGE),
            ("46387.5", codes::SPREADSHEET_DAMAGE),
            ("########", codes::SPREADSHEET_DAMAGE),
        ],
    );
    assert_eq!(
        write(&date, Given::Json(&json!(1_798_675_200))).unwrap_err().code,
        codes::WRONG_TYPE
    );
    refuses(
        &Coercion::Date(date_rule(None, None, true)),
        &[("1026-12-31", codes::INVALID_DATE)],
    );
}

#[test]
fn a_pattern_settles_what_is_ambiguous() {
    for (pattern, cell) in [
        ("dd/MM/yyyy", "03/04/2026"),
        ("MM/dd/yyyy", "04/03/2026"),
        ("M/d/yy", "4/3/26"),
        ("%d.%m.%y", "03.04.26"),
        ("%Y%m%d", "20260403"),
        ("ddMMyyyy", "03042026"),
        ("d MMM yyyy", "3 Apr 2026"),
        ("EEE, d MMMM yyyy", "Fri, 3 April 2026"),
        ("yyyy年M月d日", "2026年4月3日"),
        ("dd.MM.yyyy 'um' HH:mm", "03.04.2026 um 09:30"),
        ("excel", "46115"),
        ("excel", "46115,75"),
    ] {
        accepts(
            &Coercion::Date(date_rule(Some(pattern), None, false)),
            &[(cell, json!("2026-04-03"))],
        );
    }
    refuses(
        &Coercion::Date(date_rule(Some("dd/MM/yyyy"), None, false)),
        &[
            ("2026-04-03", codes::INVALID_DATE),
            ("31/04/2026", codes::INVALID_DATE),
            ("03/04/2026 x", codes::INVALID_DATE),
            ("46115", codes::SPREADSHEET_DAMAGE),
        ],
    );
    for wrong in ["dd.MM", "dd.QQ.yyyy", "%d.%m.%Q", "", "hh:mm dd.MM.yyyy"] {
        assert!(DatePattern::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn instants_get_an_offset() {
    let berlin = Coercion::Instant(date_rule(None, Some("Europe/Berlin"), false));
    accepts(
        &berlin,
        &[
            ("2026-12-31T09:30:00", json!("2026-12-31T09:30:00+01:00")),
            ("2026-07-01 09:30", json!("2026-07-01T09:30:00+02:00")),
            ("1.7.2026 9:30", json!("2026-07-01T09:30:00+02:00")),
            ("2026-12-31T09:30:00Z", json!("2026-12-31T09:30:00+00:00")),
            ("2026-12-31T09:30:00.123456-05:30", json!("2026-12-31T09:30:00-05:30")),
            ("2026-12-31 09:30:00 +0545", json!("2026-12-31T09:30:00+05:45")),
            ("12/31/2026 9:30 PM", json!("2026-12-31T21:30:00+01:00")),
            ("12/31/2026 12:05 a.m.", json!("2026-12-31T00:05:00+01:00")),
            ("2026-12-31", json!("2026-12-31T00:00:00+01:00")),
            ("2026-03-29T02:30:00", json!("2026-03-29T03:30:00+02:00")),
            ("2026-10-25T02:30:00", json!("2026-10-25T02:30:00+02:00")),
            ("1890-01-01T00:00:00", json!("1889-12-31T23:06:32+00:00")),
        ],
    );
    refuses(
        &berlin,
        &[
            ("2026-12-31T25:00:00", codes::INVALID_DATE),
            ("2026-12-31T09:30:00 CET", codes::INVALID_DATE),
            ("2026-12-31T09", codes::INVALID_DATE),
            ("13/13/2026 09:30", codes::INVALID_DATE),
            ("03/04/2026 09:30", codes::DATE_AMBIGUOUS),
        ],
    );
    refuses(
        &Coercion::Instant(date_rule(None, None, false)),
        &[("2026-12-31T09:30:00", codes::TIME_ZONE_UNKNOWN)],
    );
    refuses(
        &Coercion::Instant(date_rule(None, Some("Europe/Berlin"), true)),
        &[("2026-03-29T02:30:00", codes::INVALID_DATE)],
    );
    let pattern = Coercion::Instant(date_rule(Some("MM/dd/yyyy hh:mm a XXX"), None, false));
    accepts(
        &pattern,
        &[("04/03/2026 09:30 PM -07:00", json!("2026-04-03T21:30:00-07:00"))],
    );
    let excel = Coercion::Instant(date_rule(Some("excel"), Some("Asia/Kolkata"), false));
    accepts(&excel, &[("46115.75", json!("2026-04-03T18:00:00+05:30"))]);
}

#[test]
fn words_around_a_time_are_read() {
    let instant = Coercion::Instant(date_rule(None, Some("Europe/Berlin"), false));
    for cell in [
        "31.12.2026 14:30 Uhr",
        "31.12.2026, 14:30 Uhr",
        "31.12.2026 um 14:30 Uhr",
        "31/12/2026 à 14:30",
        "31/12/2026 a las 14:30 h",
        "31/12/2026 alle ore 14:30",
        "31/12/2026 às 14:30",
        "31.12.2026 kl. 14:30",
        "Dec 31, 2026 at 2:30 PM",
        "31-12-2026 om 14:30",
    ] {
        accepts(&instant, &[(cell, json!("2026-12-31T14:30:00+01:00"))]);
    }
    for cell in [
        "31.12.2026 um",
        "31.12.2026 a b 14:30",
        "31.12.2026 bis 14:30",
        "31.12.2026 14:30 Uhr morgens",
    ] {
        assert!(write(&instant, Given::Cell(cell)).is_err(), "{cell}");
    }
}

#[test]
fn words_of_many_languages_are_read_in_dates_and_times() {
    let date = Coercion::Date(date_rule(None, None, false));
    for (cell, day) in [
        ("15. Januar 2024", "2024-01-15"),
        ("3. März 2024", "2024-03-03"),
        ("1er janvier 2024", "2024-01-01"),
        ("5 de marzo de 2024", "2024-03-05"),
        ("martes, 5 de marzo de 2024", "2024-03-05"),
        ("5 de março de 2024", "2024-03-05"),
        ("5 d’abril de 2024", "2024-04-05"),
        ("5 марта 2024 г.", "2024-03-05"),
        ("5 березня 2024 р.", "2024-03-05"),
        ("2024. március 5.", "2024-03-05"),
        ("5 mars 2024", "2024-03-05"),
        ("5 Mart 2024", "2024-03-05"),
        ("KASIM 5, 2024", "2024-11-05"),
        ("5 maaliskuuta 2024", "2024-03-05"),
        ("5 tháng 3, 2024", "2024-03-05"),
        ("5 בינואר 2024", "2024-01-05"),
        ("5 मार्च 2024", "2024-03-05"),
        ("5 มี.ค. 2024", "2024-03-05"),
        ("5 مارس 2024", "2024-03-05"),
        ("Mar 5, 2024", "2024-03-05"),
        ("Tuesday, March 5, 2024", "2024-03-05"),
        ("Dienstag, 5. März 2024", "2024-03-05"),
        ("March the 5th, 2024", "2024-03-05"),
    ] {
        assert_eq!(
            write(&date, Given::Cell(cell)).as_deref(),
            Ok(format!("\"{day}\"").as_str()),
            "{cell}"
        );
    }
    refuses(
        &date,
        &[
            ("5 listopad 2024", codes::DATE_AMBIGUOUS),
            ("5 มี.ค. 2567", codes::DATE_AMBIGUOUS),
            ("5 nonsense 2024", codes::INVALID_DATE),
        ],
    );
    for (code, day) in [("pl", "2024-11-05"), ("hr", "2024-10-05")] {
        let rule = DateRule {
            language: Language::parse(code),
            ..date_rule(None, None, false)
        };
        let written = write(&Coercion::Date(rule), Given::Cell("5 listopad 2024"));
        assert_eq!(written.as_deref(), Ok(format!("\"{day}\"").as_str()), "{code}");
    }
    let instant = Coercion::Instant(date_rule(
        Some("dd/MM/yyyy hh:mm:ss a"),
        Some("America/Mexico_City"),
        false,
    ));
    for half in [
        "p. m.",
        "p.\u{A0}m.",
        "p.\u{202F}m.",
        "PM",
        "pm",
        "p.m.",
        "오후",
        "下午",
        "μ.μ.",
        "ÖS",
    ] {
        let written = write(&instant, Given::Cell(&format!("15/01/2024 03:45:00 {half}")));
        assert_eq!(written.as_deref(), Ok("\"2024-01-15T15:45:00-06:00\""), "{half}");
    }
    let instant = Coercion::Instant(date_rule(None, Some("UTC"), false));
    for cell in ["2024-01-15 오후 3:45", "2024年1月15日 下午3:45", "2024-01-15 3:45 PM"] {
        let written = write(&instant, Given::Cell(cell));
        assert_eq!(written.as_deref(), Ok("\"2024-01-15T15:45:00+00:00\""), "{cell}");
    }
    let named = Coercion::Date(date_rule(Some("d. MMMM yyyy"), None, false));
    for (cell, day) in [
        ("15. Januar 2024", "2024-01-15"),
        ("12. Oktober 2024", "2024-10-12"),
        ("1. Mai 2024", "2024-05-01"),
    ] {
        assert_eq!(
            write(&named, Given::Cell(cell)).as_deref(),
            Ok(format!("\"{day}\"").as_str()),
            "{cell}"
        );
    }
}
