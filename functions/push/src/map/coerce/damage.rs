//! What spreadsheets do to values on the way out: long numbers become 4.93E+11, ids lose their last digits, formulas
//! leave #REF! behind, dates become day numbers.

use super::placeholder::is_surely_unfilled;
use crate::map::codes;
use crate::map::flaw::Flaw;

/// Significant digits that a spreadsheet keeps of a number.
const KEPT_DIGITS: usize = 15;

/// What a formula that failed leaves in its cell, in the languages of spreadsheets (Microsoft's and Google's lists of error
/// values). `#` stands before each.
const ERRORS: &str = "REF! N/A VALUE! NAME? DIV/0! NUM! NULL! SPILL! CALC! FIELD! BLOCKED! CONNECT! UNKNOWN! ERROR! BUSY! \
EXTERNAL! PYTHON! GETTING_DATA CIRCULAR! BEZUG! NV WERT! ZAHL! ÜBERLAUF! KALK! FELD! VALEUR! NOM? NOMBRE! NUL! PROPAGATION! \
¡REF! N/D ¡VALOR! ¿NOMBRE? ¡DIV/0! ¡NUM! ¡NULO! VALOR! NOME? NÚM! NULO! N/D! RIF! VALORE! NULLO! N/B VERW! WAARDE! NAAM? \
DEEL/0! GETAL! LEEG! ADR! ARG! NAZWA? LICZBA! ZERO! DZIEL/0! REFERENS! SAKNAS! VÄRDEFEL! NAMN? DIVISION/0! OGILTIGT! \
SKÄRNING! I/T REFERENCE! VÆRDI! NAVN? VERDI! VIITTAUS! PUUTTUU! ARVO! NIMI? JAKO/0! LUKU! TYHJÄ! ССЫЛКА! Н/Д ЗНАЧ! ИМЯ? \
ДЕЛ/0! ЧИСЛО! ПУСТО! BAŞV! YOK DEĞER! AD? SAYI/0! SAYI! BOŞ! ODKAZ! NENÍ_K_DISPOZICI HODNOTA! NÁZEV? DĚLENÍ_NULOU! ČÍSLO! \
HIV! HIÁNYZIK CÂMP! ÉRTÉK! NÉV? ZÉRÓOSZTÓ! SZÁM! NULLA! ΑΝΑΦ! Δ/Υ ΤΙΜΗ! ΟΝΟΜΑ? ΔΙΑΙΡ/0! ΑΡΙΘ! ΚΕΝΟ!";

/// Looks for damage in a value that is no number of its own right: a telephone number, an id, a date.
pub(super) fn in_text(text: &str) -> Option<Flaw> {
    // Whatever is damage has one of these.
    if !text.bytes().any(|byte| matches!(byte, b'E' | b'e' | b'#')) {
        return None;
    }
    if is_scientific(text) || is_surely_scientific(text) {
        return Some(scientific());
    }
    formula_error(text)
}

/// Looks for damage in a text that may be anything, such as a title: only what nobody means.
pub(super) fn in_any_text(text: &str) -> Option<Flaw> {
    match text.as_bytes() {
        [b'#' | b'E', ..] => formula_error(text),
        [b'S', ..] => program_error(text),
        [b'[' | b'<' | b'{' | b'$' | b'*' | b'%', ..] => program_error(text).or_else(|| unfilled(text)),
        [b'=', ..] => formula(text).or_else(|| mail_word(text)),
        [b'\\', b'N'] => Some(Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a database has left \\N, by which it says that there is no value: name it under none in the mapping",
        )),
        [b'0'..=b'9' | b'+' | b'-', rest @ ..] if rest.iter().any(|byte| byte | 0x20 == b'e') => {
            (is_surely_scientific(text) && is_far(text)).then(scientific)
        }
        _ => None,
    }
}

/// Looks for damage in what a record is found by. What is allowed for a text is allowed here, but for a long number that
/// was rounded.
pub(super) fn of_key(text: &str) -> Option<Flaw> {
    if let Some(flaw) = in_any_text(text) {
        return Some(flaw);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) && is_surely_scientific(text) {
        return Some(scientific());
    }
    if text.starts_with('=') {
        return Some(Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a formula stands where its value belongs: put the values in its place there, and export again",
        ));
    }
    if let Some(flaw) = with_point(text, 3) {
        return Some(flaw);
    }
    let is_long = text.len() > KEPT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_long && is_rounded(text)).then(rounded)
}

/// Looks for a call of a spreadsheet's function, such as `=HYPERLINK("...")`, in any language.
fn formula(text: &str) -> Option<Flaw> {
    let call = text.strip_prefix('=')?;
    // Spreadsheets write so what older ones do not know.
    let (name, arguments) = call.strip_prefix("_xlfn.").unwrap_or(call).split_once('(')?;
    let is_name = name.starts_with(char::is_alphabetic)
        && name
            .chars()
            .all(|c| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '.' | '_'));
    (is_name && arguments.ends_with(')')).then(|| {
        Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a formula stands where its value belongs: put the values in its place there, and export again",
        )
    })
}

/// Looks for a text as it stands in the head of a mail: `=?UTF-8?Q?M=C3=BCller?=`.
fn mail_word(text: &str) -> Option<Flaw> {
    let parts: Vec<&str> = text.strip_prefix("=?")?.strip_suffix("?=")?.split('?').collect();
    matches!(parts.as_slice(), [_, "Q" | "q" | "B" | "b", ..]).then(|| {
        Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "it is written as in the head of a mail (such as =?UTF-8?Q?...?=): export the text itself",
        )
    })
}

/// Looks for what programs write in place of a value that they cannot show.
fn program_error(text: &str) -> Option<Flaw> {
    let is_kind = text.starts_with("[object ")
        || text.starts_with("System.") && (text.ends_with("[]") || text == "System.Object");
    let is_message = text.starts_with('<') && text.contains("</b>:") && text.contains(" on line ");
    (is_kind || is_message).then(|| {
        Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a program has left a message or the name of a type in place of the value (such as [object Object]): export it again",
        )
    })
}

/// Looks for the place of a value in a template that no program has filled in.
fn unfilled(text: &str) -> Option<Flaw> {
    is_surely_unfilled(text).then(|| {
        Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a template's place for the value stands there (such as {{name}}), which a program should have filled in: export it \
             again",
        )
    })
}

/// Looks for a whole number that was taken for one with decimals, as tables with gaps do it: `10067.0`.
pub(super) fn with_point(text: &str, digits: usize) -> Option<Flaw> {
    let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(".00"))?;
    let whole = whole.strip_prefix('+').unwrap_or(whole);
    (whole.len() >= digits && whole.bytes().all(|byte| byte.is_ascii_digit())).then(|| {
        Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a program has taken a whole number for one with decimals and written .0 behind it: export the column as text",
        )
    })
}

/// Looks for what a failed formula leaves behind, and for a column that was too narrow.
pub(super) fn formula_error(text: &str) -> Option<Flaw> {
    let failed = match text.strip_prefix('#') {
        Some(rest) => {
            (text.len() > 2 && rest.bytes().all(|byte| byte == b'#'))
                || ERRORS.split(' ').any(|error| error == rest)
                || matches!(rest, "N/A N/A" | "DIV/0" | "REF" | "VALUE" | "NAME" | "NULL" | "NUM")
        }
        // LibreOffice numbers its errors.
        None => text
            .strip_prefix("Err:5")
            .is_some_and(|rest| rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_digit())),
    };
    failed.then(|| {
        Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a spreadsheet has left an error in place of the value (such as #REF! or ####): mend it there and export \
             again",
        )
    })
}

fn scientific() -> Flaw {
    Flaw::new(
        codes::SPREADSHEET_DAMAGE,
        "a spreadsheet has turned a long number into scientific notation, and its digits are lost: format the \
         column as text before the numbers are put in, and export again",
    )
}

/// Whether the exponent is one that spreadsheets write: they show numbers of up to five digits as they are.
fn is_far(text: &str) -> bool {
    let exponent = text.rsplit(['E', 'e']).next().unwrap_or_default();
    exponent.starts_with('-')
        || exponent
            .trim_start_matches('+')
            .parse()
            .is_ok_and(|exponent: u16| exponent >= 5)
}

/// Whether a text is scientific notation and nothing else: with a sign before the exponent or a mark in the number. `12E45`
/// may be an article number.
fn is_surely_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let signed = exponent.starts_with(['-', '+']);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let marked = whole.len() < mantissa.len();
    digits(whole)
        && (fraction.is_empty() || digits(fraction))
        && digits(exponent)
        && exponent.len() <= 3
        && (signed || (marked && whole.len() == 1))
}

/// Whether a text is a number as spreadsheets show those that are too long for them: `4.93E+11`.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    whole.len() == 1 && digits(whole) && digits(fraction) && digits(exponent) && exponent.len() <= 3
}

/// Whether a long run of digits ends in as many zeros as a spreadsheet would have left of it. One id in a thousand (of
/// 18 digits) or in ten thousand ends so by itself; sent as JSON it is not suspected.
pub(super) fn is_rounded(digits: &str) -> bool {
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    digits.len() >= KEPT_DIGITS + 3 && zeros >= digits.len() - KEPT_DIGITS
}

/// An id that was rounded.
pub(super) fn rounded() -> Flaw {
    Flaw::new(
        codes::SPREADSHEET_DAMAGE,
        "a spreadsheet has rounded the number: it keeps 15 digits and this one ends in zeros from there on. Format the \
         column as text before the numbers are put in, and export again; if the zeros are right, send the row as JSON",
    )
}

/// Whether a text is what a spreadsheet counts days by: 5 digits, with a fraction for the time of day.
pub(super) fn is_day_number(text: &str) -> bool {
    let (days, time) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    days.len() == 5 && digits(days) && digits(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scientific_notation_is_recognised() {
        for text in ["4.93E+11", "4,93E+11", "-1E+15", "4.90123456E11", "1.2e+3", "5E-05"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in [
            "4.93",
            "E+11",
            "49E+11",
            "4.93E",
            "4.93E+",
            "4.93E+1111",
            "Rue 5E",
            "1.2.3E4",
        ] {
            assert!(!is_scientific(text), "{text}");
        }
    }

    #[test]
    fn what_programs_leave_in_texts_is_recognised_and_what_people_write_is_not() {
        for text in [
            "=T(\"01067\")",
            "=SUM(A1:A2)",
            "=SUMME(A1;A2)",
            "=VLOOKUP(A1,B:C,2,0)",
            "=HYPERLINK(\"https://example.com\",\"Boss\")",
            "=СУММ(A1)",
            "=_xlfn.CONCAT(A1)",
            "=?UTF-8?Q?M=C3=BCller?=",
            "=?iso-8859-1?B?TfxsbGVy?=",
            "\\N",
            "#CÂMP!",
            "{{first_name}}",
            "${customer.name}",
            "*|FNAME|*",
            "<%= name %>",
            "[[Title]]",
        ] {
            assert!(in_any_text(text).is_some(), "{text}");
        }
        for text in [
            "=1+1",
            "=A1",
            "=) hello",
            "=Boss (acting)",
            "=?",
            "\\N1",
            "= SUM of all (parts)",
            "{draft}",
            "%off%",
            "$5",
            "{{1}}",
            "*|*",
            "{{a}} and more",
        ] {
            assert!(in_any_text(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_id_rounded_to_fifteen_digits_is_recognised() {
        for text in ["4876876000000620000", "487687600000062000", "48768760000006200000"] {
            assert!(is_rounded(text), "{text}");
        }
        for text in [
            "4876876000000624001",
            "4876876000000624000",
            "487687600000000",
            "48768760000006200",
            "0",
        ] {
            assert!(!is_rounded(text), "{text}");
        }
    }

    #[test]
    fn errors_of_formulas_are_recognised() {
        for text in [
            "#REF!",
            "#N/A",
            "######",
            "#BEZUG!",
            "#¿NOMBRE?",
            "#ССЫЛКА!",
            "#DEĞER!",
            "Err:502",
        ] {
            assert!(formula_error(text).is_some(), "{text}");
        }
        for text in ["#1", "##", "C#", "", "#metoo", "#WOW!", "Err:abc", "#"] {
            assert!(formula_error(text).is_none(), "{text}");
        }
    }
}
