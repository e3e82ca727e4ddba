//! Texts: one line, several lines, e-mail addresses and web addresses.

use bigin::push_text;
use unicode_normalization::char::is_combining_mark;

use super::Note;
use super::address::{bare_email, bare_website, has_two_websites, odd_blank};
use super::damage;
use super::given::{Given, trim};
use super::plain::is_plain;
use crate::map::codes;
use crate::map::flaw::Flaw;

/// What a text field takes.
#[derive(Debug, Clone)]
pub(in crate::map) struct TextRule {
    /// The most characters.
    pub length: Option<usize>,
    /// Whether it may have several lines.
    pub lines: bool,
    /// Whether what is hardly meant is refused too.
    pub strict: bool,
}

impl TextRule {
    /// Whether a cell is surely written as it stands, which is so of nearly every one. `write` looks at all others.
    pub fn copies(&self, cell: &str) -> bool {
        let bytes = cell.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return false;
        };
        !matches!(first, b'=' | b'\'' | b' ')
            && *last != b' '
            && self.length.is_none_or(|most| bytes.len() <= most)
            && !self.strict
            && is_plain(cell)
            && damage::in_any_text(cell).is_none()
    }

    pub fn write(&self, given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
        let number;
        let text = match given {
            // Several lines are sent as they stand: blanks at the front may be meant.
            Given::Cell(text) if self.lines => text,
            Given::Cell(text) | Given::Text(text) => trim(text),
            Given::Json(serde_json::Value::Bool(value)) => {
                if *value {
                    "true"
                } else {
                    "false"
                }
            }
            Given::Json(_) => {
                number = given.text()?;
                &*number
            }
        };
        if let Some(damage) = damage::in_any_text(text) {
            return Err(damage);
        }
        fits(text, self.length)?;
        if self.strict {
            self.look_closely(text)?;
        }
        push_text(json, text);
        Ok(())
    }

    fn look_closely(&self, text: &str) -> Result<(), Flaw> {
        let suspect = |message| Err(Flaw::new(codes::SUSPECT_TEXT, message));
        if text.contains('\u{FFFD}') {
            return suspect("has the sign that stands for a character lost in a conversion: export the file as UTF-8");
        }
        let allowed = |c: char| self.lines && matches!(c, '\n' | '\r' | '\t');
        if text.chars().any(|c| c.is_control() && !allowed(c)) {
            return suspect("has a control character, such as a line break or a tab, which the field does not show");
        }
        damage::in_text(text).map_or(Ok(()), Err)
    }
}

/// Whether a text has no more characters than the field takes.
pub(super) fn fits(text: &str, length: Option<usize>) -> Result<(), Flaw> {
    let Some(most) = length else { return Ok(()) };
    // No text has more characters than bytes: most are not counted.
    if text.len() <= most {
        return Ok(());
    }
    let characters = text.chars().count();
    if characters <= most {
        return Ok(());
    }
    Err(Flaw::new(
        codes::TEXT_TOO_LONG,
        format!("a text of {characters} characters; the field takes {most}"),
    ))
}

/// What an e-mail field takes.
#[derive(Debug, Clone)]
pub(in crate::map) struct EmailRule {
    pub length: Option<usize>,
    pub strict: bool,
}

impl EmailRule {
    pub fn write(&self, given: Given<'_>, json: &mut String) -> Result<Note, Flaw> {
        let text = given
            .plain_text()
            .ok_or_else(|| given.wrong_type("an e-mail address"))?;
        if is_plain_address(text) && !self.strict {
            fits(text, self.length)?;
            push_text(json, text);
            return Ok(Note::Nothing);
        }
        if is_address(text) && !text.contains(['?', '/', ':']) {
            return self.write_address(text, text, given, json).map(|()| Note::Nothing);
        }
        let address = bare_email(text);
        self.write_address(&address, text, given, json).map(|()| {
            if *address == *text {
                Note::Nothing
            } else {
                Note::Unwrapped
            }
        })
    }

    fn write_address(&self, address: &str, text: &str, given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
        if !is_address(address) || (self.strict && !is_usual_address(address)) {
            if let Some(damage) = damage::in_text(text) {
                return Err(damage);
            }
            if address.matches('@').count() > 1
                && address
                    .split([';', ',', '|', '/', ' ', '\n'])
                    .filter(|part| is_address(part.trim()))
                    .count()
                    > 1
            {
                return Err(two_values("e-mail addresses"));
            }
            if let Some(blank) = odd_blank(address) {
                return Err(Flaw::new(
                    codes::INVALID_EMAIL,
                    format!("it has {blank} in it: take it out"),
                ));
            }
            let why = match address.matches('@').count() {
                0 => "it has no @",
                1 if address.contains(char::is_whitespace) => "it has a blank in it",
                1 => "a part before or behind the @ is missing or has characters that no address has",
                _ => "it has more than one @; the field takes one address",
            };
            let kind = given.kind();
            return Err(Flaw::new(
                codes::INVALID_EMAIL,
                format!("{kind} is no e-mail address: {why}; give one as in ann@example.com"),
            ));
        }
        fits(address, self.length)?;
        push_text(json, address);
        Ok(())
    }
}

/// One @, something before it, a domain with a dot behind it, no blanks.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let no_address_has = |c: char| match c {
        // Full-width forms look like letters of ASCII and are others.
        '\0'..=' ' | '<' | '>' | ',' | ';' | ':' | '"' | '\\' | '\x7F' | '\u{FF00}'..='\u{FFEF}' => true,
        _ => !c.is_ascii() && !c.is_alphanumeric() && !is_combining_mark(c),
    };
    !local.is_empty() && is_domain(domain) && !text.chars().any(no_address_has) && !mixes_scripts(text)
}

/// Whether there are two parts or more with points between them, and no @.
fn is_domain(text: &str) -> bool {
    let (mut before, mut has_point) = (b'.', false);
    for byte in text.bytes() {
        // Of the signs of ASCII a domain has hyphens alone, but for the brackets around numbers.
        let is_of_domain =
            !byte.is_ascii() || byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']');
        if !is_of_domain || (byte == b'.' && before == b'.') {
            return false;
        }
        has_point |= byte == b'.';
        before = byte;
    }
    has_point && before != b'.'
}

/// An address of letters, digits, points and the signs that stand in most: nothing is to be taken off it.
fn is_plain_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+');
    let Some(at) = text.bytes().position(|byte| !plain(byte)) else {
        return false;
    };
    let domain = &text.as_bytes()[at + 1..];
    at > 0 && text.as_bytes()[at] == b'@' && domain.iter().all(|byte| plain(*byte)) && is_domain(&text[at + 1..])
}

/// Whether Latin letters stand among Cyrillic or Greek ones that look like them: no mailbox is named so.
fn mixes_scripts(text: &str) -> bool {
    !text.is_ascii()
        && text.split(['@', '.', '-', '_', '+']).any(|part| {
            let others = part.chars().any(|c| matches!(c, '\u{370}'..='\u{52F}'));
            others && part.bytes().any(|byte| byte.is_ascii_alphabetic())
        })
}

/// Only the characters that mail programs accept, and a top level of two letters or more.
fn is_usual_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let name = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let label = |label: &str| {
        label.chars().all(|c| c.is_alphanumeric() || c == '-') && !label.starts_with('-') && !label.ends_with('-')
    };
    local.chars().all(name)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.split('.').all(label)
        && domain
            .rsplit('.')
            .next()
            .is_some_and(|top| top.chars().filter(|c| c.is_alphabetic()).count() >= 2)
}

/// What a web address field takes.
#[derive(Debug, Clone)]
pub(in crate::map) struct WebsiteRule {
    pub length: Option<usize>,
    pub strict: bool,
}

impl WebsiteRule {
    pub fn write(&self, given: Given<'_>, json: &mut String) -> Result<Note, Flaw> {
        let whole_text = given.plain_text().ok_or_else(|| given.wrong_type("a web address"))?;
        let text = bare_website(whole_text);
        if text.contains([';', ',', '|', ' ', ':']) && has_two_websites(text) {
            return Err(two_values("web addresses"));
        }
        let bare = strip_scheme(text);
        let starts = bare.is_some() || starts_with(text, "www.");
        let rest = bare.unwrap_or(text);
        let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let whole = host.split('.').count() >= 2 && host.split('.').all(|label| !label.is_empty());
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | '"' | ';' | ',' | '|');
        if !whole || host.contains(odd) || text.contains(char::is_whitespace) || (self.strict && !starts) {
            let kind = given.kind();
            return Err(damage::in_text(text).unwrap_or_else(|| {
                Flaw::new(
                    codes::INVALID_WEBSITE,
                    format!("{kind} is no web address: give one as in https://www.example.com"),
                )
            }));
        }
        let at = json.len();
        // Bigin wants a scheme or www. at the front.
        if starts {
            push_text(json, text);
        } else {
            json.push_str("\"https://");
            push_text(json, text);
            json.remove(at + "\"https://".len());
        }
        fits(&json[at + 1..json.len() - 1], self.length)?;
        Ok(if text.len() == whole_text.len() {
            Note::Nothing
        } else {
            Note::Unwrapped
        })
    }
}

/// A cell with two values where the field takes one.
pub(super) fn two_values(what: &str) -> Flaw {
    Flaw::new(
        codes::TWO_VALUES,
        format!(
            "it has two {what}, and the field takes one: keep one, or say first = true for the column in the mapping"
        ),
    )
}

fn strip_scheme(text: &str) -> Option<&str> {
    ["https://", "http://", "ftp://"]
        .iter()
        .find(|scheme| starts_with(text, scheme))
        .map(|scheme| &text[scheme.len()..])
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|front| front.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_domain_has_no_sign_that_no_domain_has(sign in "[!#$%&'*+/=?^`{|}~:()]", before in "[a-z]{0,3}", behind in "[a-z]{0,3}") {
            for address in [
                format!("ann@{before}{sign}{behind}.example.com"),
                format!("ann@example.com{sign}{behind}"),
            ] {
                proptest::prop_assert!(!is_address(&address), "{}", address);
            }
        }

        #[test]
        fn a_plain_address_is_an_address(text in "[a._@]{0,4}@?[a._@-]{0,6}|[a.,;?/: ]{1,2}@[a.,;?/: ]{1,5}") {
            let is_plain = is_address(&text) && !text.contains(['?', '/', ':']);
            proptest::prop_assert_eq!(is_plain_address(&text), is_plain, "{}", text);
        }
    }
}
