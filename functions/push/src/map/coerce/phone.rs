//! Telephone numbers: digits, letters and `+ - . ( ) ; # ,` (Zoho CRM developer guide, "Field types").

use std::borrow::Cow;

use super::Note;
use super::country::PhoneCountry;
use super::damage;
use super::given::{Given, digit_of};
use super::text::{fits, two_values};
use crate::map::codes;
use crate::map::flaw::Flaw;

/// What a telephone field takes.
#[derive(Debug, Clone)]
pub(in crate::map) struct PhoneRule {
    pub length: Option<usize>,
    pub country: Option<PhoneCountry>,
    pub strict: bool,
}

impl PhoneRule {
    pub fn write(&self, given: Given<'_>, json: &mut String) -> Result<Note, Flaw> {
        let text = given.text()?;
        if self.takes_as_it_stands(&text) {
            json.push('"');
            json.push_str(&text);
            json.push('"');
            return Ok(Note::Nothing);
        }
        if let Some(damage) = damage::in_text(&text) {
            return Err(damage);
        }
        if let Some(damage) = damage::with_point(&text, 7) {
            return Err(damage);
        }
        let mut note = Note::Nothing;
        let text = match without_label(&text) {
            Some(number) => {
                note = Note::Unwrapped;
                Cow::Owned(number.to_owned())
            }
            None => text,
        };
        let is_two = has_two_numbers(&text);
        json.push('"');
        let at = json.len();
        let spelt = if let Some(country) = self.country {
            country.complete(text)
        } else {
            text
        };
        if !spell(&spelt, json) {
            return Err(Flaw::new(
                codes::INVALID_PHONE,
                format!(
                    "{} has characters that no telephone number has: use digits, letters, blanks and + - . ( ) ; # ,",
                    given.kind()
                ),
            ));
        }
        if json[at..] != *spelt {
            note = Note::Respelt;
        }
        fits(&json[at..], self.length)?;
        if !json[at..].bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
            return Err(Flaw::new(
                codes::INVALID_PHONE,
                format!("{} is no telephone number: it has no digit but zeros", given.kind()),
            ));
        }
        if is_two {
            return Err(two_values("telephone numbers"));
        }
        if self.strict {
            let digits = json[at..].bytes().filter(u8::is_ascii_digit).count();
            if !(5..=20).contains(&digits) || json[at..].bytes().any(|byte| byte.is_ascii_alphabetic()) {
                return Err(Flaw::new(
                    codes::INVALID_PHONE,
                    format!(
                        "{} is hardly a telephone number: it has {digits} digits, or letters",
                        given.kind()
                    ),
                ));
            }
        }
        json.push('"');
        Ok(note)
    }
}

impl PhoneRule {
    /// Whether a text is one number as most are written, of which the mapping wants no more.
    fn takes_as_it_stands(&self, text: &str) -> bool {
        !self.strict
            && self.country.is_none()
            && self.length.is_none_or(|most| text.len() <= most)
            && digits_of_plain(text).is_some_and(|digits| digits <= MOST_DIGITS)
            && !text.ends_with(".0")
            && !text.ends_with(".00")
            && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
    }
}

/// What stands behind `tel:`, `Tel.:` or `Phone:`.
fn without_label(text: &str) -> Option<&str> {
    const LABELS: [&str; 12] = [
        "cell",
        "fon",
        "handy",
        "mob",
        "mobil",
        "mobile",
        "phone",
        "tel",
        "telefon",
        "telefone",
        "telefono",
        "telephone",
    ];
    let (label, number) = text.split_once(':')?;
    let label = label.trim().trim_end_matches('.');
    LABELS
        .iter()
        .any(|known| label.eq_ignore_ascii_case(known))
        .then(|| number.trim())
}

/// The digits of all numbers that anybody can dial, with what is dialled before them.
const MOST_DIGITS: usize = 18;

/// Whether there are two numbers. A slash behind an area code, the digits behind a pause and extensions are no second one.
pub(super) fn has_two_numbers(text: &str) -> bool {
    match digits_of_plain(text) {
        Some(digits) => digits > MOST_DIGITS,
        None => has_marks_of_two(text),
    }
}

/// How many digits a text has that is a number as most are written, with nothing in it that could stand between two.
fn digits_of_plain(text: &str) -> Option<usize> {
    let number = text.strip_prefix('+').unwrap_or(text);
    number.bytes().try_fold(0, |digits, byte| match byte {
        b'0'..=b'9' => Some(digits + 1),
        b' ' | b'-' | b'.' | b'(' | b')' => Some(digits),
        _ => None,
    })
}

fn has_marks_of_two(text: &str) -> bool {
    let digits = |part: &str| part.chars().filter(|c| digit_of(*c).is_some()).count();
    let all = digits(text);
    // Fewer are no two numbers, which nearly all tell by that; but `1234567 / 8` has a second extension.
    if (all < 10 && !text.contains('/')) || text.contains(['#']) || text.contains(",,") {
        return false;
    }
    if text.char_indices().any(|(at, c)| c == '+' && digits(&text[..at]) > 3) {
        return true;
    }
    if let Some((before, behind)) = text.split_once('/') {
        let abroad = before.trim_start().starts_with(['+', '＋']) || before.trim_start().starts_with("00");
        let of_area = before.trim_start_matches([' ', '(']).starts_with('0');
        let most = if abroad {
            9
        } else if of_area {
            6
        } else {
            4
        };
        if digits(before) > most && digits(behind) > 0 || has_two_numbers(behind) {
            return true;
        }
    }
    let is_long = |part: &str| digits(part) >= 5;
    let parts = |separator: &str| text.split(separator).filter(|part| is_long(part)).count() > 1;
    if [
        ";", ",", "|", "\n", "&", " or ", " and ", " oder ", " und ", " ou ", " et ", " o ", " y ", " e ",
    ]
    .iter()
    .any(|separator| parts(separator))
    {
        return true;
    }
    // `030 1234567 mobil 0171 1234567`: no extension has so many digits.
    let between_words = text.split(char::is_alphabetic).filter(|part| digits(part) >= 6);
    between_words.count() > 1 || all > MOST_DIGITS && !text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Writes a number in the characters that Bigin takes. Digits of other scripts become 0 to 9. Dashes and
/// blanks of other kinds become plain ones. A slash between digits becomes a blank. `false` for anything
/// else.
fn spell(text: &str, json: &mut String) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.();#, ".contains(&byte);
    if text.bytes().all(plain) {
        json.push_str(text);
        return true;
    }
    let mut before = ' ';
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let written = match c {
            '0'..='9' | 'a'..='z' | 'A'..='Z' | '+' | '-' | '.' | '(' | ')' | ';' | '#' | ',' | ' ' => c,
            // 030/1234: common in German, refused by Bigin.
            '/' if (before.is_ascii_digit() || before == ')')
                && rest.as_str().trim_start().starts_with(|next| digit_of(next).is_some()) =>
            {
                ' '
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}' => '-',
            '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{3000}' | '\t' => ' ',
            // Marks that say in which direction a text runs; copied along with numbers and never seen.
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => continue,
            '（' => '(',
            '）' => ')',
            '＋' => '+',
            _ => match digit_of(c) {
                Some(digit) => char::from(b'0' + digit),
                None => return false,
            },
        };
        json.push(written);
        before = if written == ' ' && before.is_ascii_digit() {
            before
        } else {
            written
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_plain_number_is_told_from_two_as_any_other_text_is(text in "[+]?[0-9 .()+/-]{0,30}|[+]?[0-9]{2,9}[ .()+/-][0-9]{4,9}([ ,+/-][0-9]{1,6})?") {
            proptest::prop_assert_eq!(has_two_numbers(&text), has_marks_of_two(&text), "{}", text);
        }
    }

    #[test]
    fn two_numbers_are_told_from_one_with_marks_in_it() {
        for two in [
            "030 1234567 / 0171 4567890",
            "030 1234567/0171 4567890",
            "030 1234567; 0171 4567890",
            "030 1234567, 0171 4567890",
            "030 1234567\n0171 4567890",
            "030 1234567 or 0171 4567890",
            "030 1234567 oder 0171 4567890",
            "+49 30 1234567 +49 171 4567890",
            "+49301234567+491714567890",
            "030 1234567/68",
            "1234567/7654321",
            "030/1234567 / 0171/4567890",
            "030 1234567 0171 4567890",
            "٠٣٠ ١٢٣٤٥٦٧ / ٠١٧١ ٤٥٦٧٨٩٠",
            "030 1234567 mobil 0171 1234567",
            "T 030 1234567 M 0171 1234567",
            "030 1234567 bzw. 0171 1234567",
            "030 1234567 или 0171 1234567",
            "1234567 / 8",
            "123456/57",
        ] {
            assert!(has_two_numbers(two), "{two}");
        }
        for one in [
            "030/1234567",
            "033056/12345",
            "(030)/1234567",
            "+49 30/1234567",
            "+49 (0) 33056/12345",
            "0049 33056/12345",
            "+49 30 1234567 ext. 12",
            "+1 (212) 555-0100",
            "+1 555 123 4567,,987654#",
            "0800 BIGIN 12345",
            "+49 (0)30 1234567-89",
            "1-800-555-0100",
            "2131/4567",
            "030 1234567 Durchwahl 12345",
            "0800 FLOWERS 12",
            "",
        ] {
            assert!(!has_two_numbers(one), "{one}");
        }
    }
}
