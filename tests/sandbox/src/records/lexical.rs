//! The forms of text that Bigin demands of addresses, numbers and times.

use jiff::Timestamp;
use jiff::civil::Date;

/// Whether it looks like an e-mail address.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@,;<>()\"".contains(c));
    plain(local) && plain(domain) && domain.contains('.') && domain.split('.').all(|label| !label.is_empty())
}

/// Whether it has only what Zoho CRM's pattern allows in a telephone number.
pub(super) fn is_phone(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || "+-.();#, /".contains(c))
}

/// Whether it looks like a web address.
pub(super) fn is_website(text: &str) -> bool {
    let lower = text.to_lowercase();
    let rest = ["https://", "http://", "ftp://", "www."]
        .iter()
        .find_map(|start| lower.strip_prefix(start));
    rest.is_some_and(|rest| !rest.contains(char::is_whitespace) && rest.contains('.') && !rest.starts_with('.'))
}

/// A day as `yyyy-MM-dd`.
pub(super) fn is_date(text: &str) -> bool {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape && text.parse::<Date>().is_ok()
}

/// An instant as `yyyy-MM-ddTHH:mm:ss+HH:mm`; unless strict, also with `Z` and fractions of a second.
pub(super) fn datetime(text: &str, strict: bool) -> Option<Timestamp> {
    let strictly = text.len() == 25
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 | 22 => byte == b':',
            19 => byte == b'+' || byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if strict && !strictly {
        return None;
    }
    text.parse().ok()
}

/// A whole number of up to that many digits.
pub(super) fn is_digits(text: &str, most: usize) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.len() <= most && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_only_resembles_them() {
        for good in ["a@b.example", "first.last+tag@sub.example.com", "ü@exämple.de"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.example",
            "a@.example",
            "a b@c.example",
            "a@b..example",
            "a@b.example, c@d.example",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(is_website("www.x.example") && is_website("https://x.example/a?b=c"));
        assert!(!is_website("x.example") && !is_website("www.") && !is_website("http://localhost"));
    }

    #[test]
    fn a_datetime_needs_its_offset_in_full() {
        assert!(datetime("2026-12-31T09:30:00+01:00", true).is_some());
        for text in ["2026-12-31T09:30:00Z", "2026-12-31T09:30:00.000+01:00"] {
            assert!(datetime(text, true).is_none(), "{text}");
            assert!(datetime(text, false).is_some(), "{text}");
        }
        for text in ["2026-12-31", "2026-13-31T09:30:00+01:00", "2026-12-31 09:30:00", "now"] {
            assert!(datetime(text, false).is_none(), "{text}");
        }
    }

    #[test]
    fn a_date_is_a_day_that_exists() {
        assert!(is_date("2028-02-29"));
        assert!(!is_date("2027-02-29") && !is_date("31.12.2026") && !is_date("2026-1-1"));
    }
}
