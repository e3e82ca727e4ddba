//! Countries, for telephone numbers that come without a country code.

use std::borrow::Cow;

/// A country: its letters (ISO 3166-1), its country code and what national numbers start with (ITU-T E.164 and E.123;
/// list of national trunk prefixes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneCountry {
    letters: &'static str,
    code: &'static str,
    trunk: &'static str,
}

/// Letters, country code and trunk prefix, separated by blanks; no third word where there is no prefix.
const COUNTRIES: &str = "\
AD 376|AE 971 0|AF 93 0|AG 1 1|AL 355 0|AM 374 0|AO 244|AR 54 0|AT 43 0|AU 61 0|AZ 994 0|BA 387 0|BB 1 1|BD 880 0|BE 32 0|\
BF 226|BG 359 0|BH 973|BI 257|BJ 229|BN 673|BO 591 0|BR 55 0|BS 1 1|BT 975|BW 267|BY 375 8|BZ 501|CA 1 1|CD 243 0|CG 242|\
CH 41 0|CI 225|CL 56|CM 237|CN 86 0|CO 57|CR 506|CU 53 0|CV 238|CY 357|CZ 420|DE 49 0|DJ 253|DK 45|DM 1 1|DO 1 1|DZ 213 0|\
EC 593 0|EE 372|EG 20 0|ER 291 0|ES 34|ET 251 0|FI 358 0|FJ 679|FO 298|FR 33 0|GA 241|GB 44 0|GD 1 1|GE 995 0|GG 44 0|\
GH 233 0|GI 350|GL 299|GM 220|GN 224|GQ 240|GR 30|GT 502|GW 245|GY 592|HK 852|HN 504|HR 385 0|HT 509|HU 36 06|ID 62 0|\
IE 353 0|IL 972 0|IM 44 0|IN 91 0|IQ 964 0|IR 98 0|IS 354|IT 39|JE 44 0|JM 1 1|JO 962 0|JP 81 0|KE 254 0|KG 996 0|KH 855 0|\
KM 269|KP 850 0|KR 82 0|KW 965|KZ 7 8|LA 856 0|LB 961 0|LI 423|LK 94 0|LR 231 0|LS 266|LT 370 0|LU 352|LV 371|LY 218 0|\
MA 212 0|MC 377|MD 373 0|ME 382 0|MG 261 0|MK 389 0|ML 223|MM 95 0|MN 976 0|MO 853|MR 222|MT 356|MU 230|MV 960|MW 265 0|\
MX 52|MY 60 0|MZ 258|NA 264 0|NE 227|NG 234 0|NI 505|NL 31 0|NO 47|NP 977 0|NZ 64 0|OM 968|PA 507|PE 51 0|PG 675|PH 63 0|\
PK 92 0|PL 48|PR 1 1|PS 970 0|PT 351|PY 595 0|QA 974|RO 40 0|RS 381 0|RU 7 8|RW 250 0|SA 966 0|SB 677|SC 248|SD 249 0|\
SE 46 0|SG 65|SI 386 0|SK 421 0|SL 232 0|SM 378|SN 221|SO 252 0|SR 597|SV 503|SY 963 0|SZ 268|TD 235|TG 228|TH 66 0|TJ 992|\
TM 993 8|TN 216|TO 676|TR 90 0|TT 1 1|TW 886 0|TZ 255 0|UA 380 0|UG 256 0|US 1 1|UY 598 0|UZ 998|VA 39|VE 58 0|VN 84 0|\
VU 678|WS 685|XK 383 0|YE 967 0|ZA 27 0|ZM 260 0|ZW 263 0";

impl PhoneCountry {
    /// The country of two letters, such as `DE`, or of a country code, such as `+49`.
    pub fn parse(text: &str) -> Option<Self> {
        let found = |wanted: &dyn Fn(&Self) -> bool| all().find(|country| wanted(country));
        match text.strip_prefix('+') {
            Some(code) => found(&|country| country.code == code),
            None => found(&|country| country.letters.eq_ignore_ascii_case(text)),
        }
    }

    /// A national number with the country's code; any other as it is.
    pub(super) fn complete<'a>(&self, number: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        let number = number.into();
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let starts_right = number.starts_with(|c: char| c.is_ascii_digit() || c == '(');
        // Letters are extensions and vanity numbers; few digits are a number inside the house.
        if !starts_right || digits < 5 || number.bytes().any(|byte| byte.is_ascii_alphabetic()) {
            return number;
        }
        let exit = if self.code == "1" { "011" } else { "00" };
        if let Some(abroad) = number.strip_prefix(exit) {
            return Cow::Owned(format!("+{}", abroad.trim_start()));
        }
        let national = open_first_group(&number);
        if let Some(rest) = national.strip_prefix(self.trunk).filter(|_| !self.trunk.is_empty()) {
            return Cow::Owned(format!(
                "+{} {}",
                self.code,
                rest.trim_start_matches([' ', '-', '.', '/'])
            ));
        }
        if digits >= 11 && national.starts_with(self.code) {
            return Cow::Owned(format!("+{national}"));
        }
        Cow::Owned(format!("+{} {national}", self.code))
    }
}

fn all() -> impl Iterator<Item = PhoneCountry> {
    COUNTRIES.split('|').filter_map(|country| {
        let mut words = country.split(' ');
        Some(PhoneCountry {
            letters: words.next()?,
            code: words.next()?,
            trunk: words.next().unwrap_or_default(),
        })
    })
}

/// `(030) 1234` without the brackets.
fn open_first_group(number: &str) -> Cow<'_, str> {
    match number.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((area, rest)) => Cow::Owned(format!("{area}{rest}")),
        None => Cow::Borrowed(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_numbers_get_the_countrys_code() {
        for (country, number, completed) in [
            ("DE", "030 1234567", "+49 30 1234567"),
            ("DE", "(030) 1234567", "+49 30 1234567"),
            ("+49", "0049 30 1234567", "+49 30 1234567"),
            ("DE", "+43 1 58858", "+43 1 58858"),
            ("DE", "493012345678", "+493012345678"),
            ("de", "1234", "1234"),
            ("US", "(212) 555-0100", "+1 212 555-0100"),
            ("US", "1-212-555-0100", "+1 212-555-0100"),
            ("IT", "06 6982 1234", "+39 06 6982 1234"),
            ("HU", "06 1 234 5678", "+36 1 234 5678"),
            ("IN", "098765 43210", "+91 98765 43210"),
            ("RU", "8 495 123-45-67", "+7 495 123-45-67"),
            ("DE", "0800 BIGIN", "0800 BIGIN"),
        ] {
            assert_eq!(
                PhoneCountry::parse(country).unwrap().complete(number),
                completed,
                "{country} {number}"
            );
        }
    }

    #[test]
    fn every_country_can_be_found_and_nothing_else() {
        assert_eq!(all().count(), COUNTRIES.split('|').count());
        for country in all() {
            assert_eq!(PhoneCountry::parse(country.letters), Some(country));
            assert!(country.code.bytes().all(|byte| byte.is_ascii_digit()));
        }
        assert_eq!(
            (
                PhoneCountry::parse("Germany"),
                PhoneCountry::parse("+999"),
                PhoneCountry::parse("")
            ),
            (None, None, None)
        );
    }
}
