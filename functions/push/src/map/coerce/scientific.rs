//! Scientific notation in a field for numbers: `1.5E+05` is 150000.

/// Digits before and behind the point that are written out.
const MOST_PLACES: i32 = 30;
/// From this exponent on a spreadsheet shows long numbers so, and their last digits are lost.
const LOSES_DIGITS: i32 = 11;

/// A number in scientific notation, written out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrittenOut {
    /// Its digits, with a point where it has decimals.
    pub digits: String,
    /// Whether it is one of those whose last digits a spreadsheet has dropped.
    pub may_have_lost_digits: bool,
}

/// Writes a number out; `None` where it is no scientific notation.
pub(super) fn written_out(text: &str) -> Option<WrittenOut> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let (sign, mantissa) = match mantissa.strip_prefix(['-', '+', '\u{2212}']) {
        Some(rest) if !mantissa.starts_with('+') => ("-", rest),
        Some(rest) => ("", rest),
        None => ("", mantissa),
    };
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // One digit stands before the mark, so that it cannot stand between thousands.
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let fits =
        is_digits(whole) && (fraction.is_empty() || is_digits(fraction)) && is_digits(unsigned) && unsigned.len() <= 3;
    if !fits || (whole.len() > 1 && mantissa.contains(',')) {
        return None;
    }
    let size: i32 = unsigned.parse().ok()?;
    let exponent = if exponent.starts_with('-') { -size } else { size };
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let count = i32::try_from(digits.len()).ok()?;
    if point.abs() > MOST_PLACES || count > MOST_PLACES {
        return None;
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let digits = if point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else if point >= count {
        format!("{sign}{digits}{}", zeros(point - count))
    } else {
        let (before, behind) = digits.split_at(usize::try_from(point).unwrap_or(0));
        format!("{sign}{before}.{behind}")
    };
    Some(WrittenOut {
        digits,
        may_have_lost_digits: exponent >= LOSES_DIGITS && count <= point,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_out_digit_by_digit() {
        for (text, digits) in [
            ("1.5E+05", "150000"),
            ("2.5e3", "2500"),
            ("1E3", "1000"),
            ("1e-05", "0.00001"),
            ("1,5E+05", "150000"),
            ("-1.25E+1", "-12.5"),
            ("12.5E2", "1250"),
            ("+1E0", "1"),
        ] {
            assert_eq!(written_out(text).unwrap().digits, digits, "{text}");
        }
        for text in [
            "1.5", "E5", "1.5E", "1.5E+", "1.2.3E4", "1E999", "five", "150,5E3", "0x1E3",
        ] {
            assert_eq!(written_out(text), None, "{text}");
        }
        assert!(written_out("4.93E+11").unwrap().may_have_lost_digits);
        assert!(!written_out("4.93E+10").unwrap().may_have_lost_digits);
    }

    proptest! {
        #[test]
        fn what_is_written_out_is_the_number_that_it_was(mantissa in -999_999_i64..999_999, exponent in -9_i32..9) {
            let text = format!("{}.{:05}E{exponent:+03}", mantissa / 100_000, (mantissa % 100_000).abs());
            let sign_is_lost = mantissa < 0 && mantissa > -100_000;
            prop_assume!(!sign_is_lost);
            let written: f64 = written_out(&text).unwrap().digits.parse().unwrap();
            let meant: f64 = text.parse().unwrap();
            prop_assert!((written - meant).abs() <= meant.abs() * 1e-12);
        }
    }
}
