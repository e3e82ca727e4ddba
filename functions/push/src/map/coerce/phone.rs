//! Telephone numbers: digits, letters and `+ - . ( ) ; # ,` (Zoho CRM developer guide, "Field types").

use super::country::PhoneCountry;
use super::damage;
use super::given::{Given, digit_of};
use super::text::fits;
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
    pub fn write(&self, given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
        let text = given.text()?;
        if let Some(damage) = damage::in_text(&text) {
            return Err(damage);
        }
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
        fits(&json[at..], self.length)?;
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
        Ok(())
    }
}

/// Writes a number in the characters Bigin takes: digits of other scripts become 0 to 9, dashes and blanks of other
/// kinds plain ones, and a slash between digits a blank. `false` for anything else.
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
