//! What spreadsheets do to values on the way out: long numbers become 4.93E+11, ids lose their last digits, formulas
//! leave #REF! behind, dates become day numbers.

use crate::map::codes;
use crate::map::flaw::Flaw;

/// Significant digits that a spreadsheet keeps of a number.
const KEPT_DIGITS: usize = 15;

/// What a formula that failed leaves in its cell.
const ERRORS: [&str; 9] = [
    "#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
];

/// Looks for damage in a value that is no number of its own right: a telephone number, an id, a date.
pub(super) fn in_text(text: &str) -> Option<Flaw> {
    // Whatever is damage has one of these.
    if !text.bytes().any(|byte| matches!(byte, b'E' | b'e' | b'#')) {
        return None;
    }
    if is_scientific(text) {
        return Some(Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a spreadsheet has turned a long number into scientific notation, and its digits are lost: format the \
             column as text before the numbers are put in, and export again",
        ));
    }
    formula_error(text)
}

/// Looks for what a failed formula leaves behind, and for a column that was too narrow.
pub(super) fn formula_error(text: &str) -> Option<Flaw> {
    let failed = ERRORS.contains(&text) || (text.len() > 2 && text.bytes().all(|byte| byte == b'#'));
    failed.then(|| {
        Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a spreadsheet has left an error in place of the value (such as #REF! or ####): mend it there and export \
             again",
        )
    })
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
        for text in ["#REF!", "#N/A", "######"] {
            assert!(formula_error(text).is_some(), "{text}");
        }
        for text in ["#1", "##", "C#", ""] {
            assert!(formula_error(text).is_none(), "{text}");
        }
    }
}
