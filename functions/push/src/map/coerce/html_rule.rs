//! Character references of HTML (`M&uuml;ller &amp; Sons`), which programs leave in values that were meant for a page.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

use super::html_names::NAMES;
use crate::map::codes;
use crate::map::flaw::Flaw;
use crate::map::mapping::HtmlReferences;
use crate::record::{RepairKind, RowRepairs};

/// What is done with the references in the values of a field.
#[derive(Debug, Clone, Copy)]
pub(in crate::map) struct HtmlRule {
    /// What the mapping says.
    pub references: HtmlReferences,
    /// Whether records are told apart, looked up or made by the values, or no text of it has any: one that stays is rejected.
    pub is_exact: bool,
}

impl HtmlRule {
    /// The text as the mapping wants it.
    ///
    /// # Errors
    /// A reference stands where a record would be looked up or made by it.
    pub fn read<'a>(self, text: &'a str, repairs: &mut RowRepairs) -> Result<Cow<'a, str>, Flaw> {
        if self.references == HtmlReferences::Keep || !text.contains('&') {
            return Ok(Cow::Borrowed(text));
        }
        let decodes = self.references == HtmlReferences::Decode;
        let read = if decodes { decoded(text) } else { Cow::Borrowed(text) };
        if matches!(read, Cow::Owned(_)) {
            repairs.add(RepairKind::HtmlDecoded);
        }
        let left = Parts(&read).filter_map(|part| match part {
            Part::Reference(_, reference) => Some(reference),
            Part::Text(_) => None,
        });
        let (is_any, is_sure) = left.fold((false, false), |(_, sure), reference| (true, sure || reference.is_sure));
        if is_sure && self.is_exact {
            return Err(Flaw::new(
                codes::HTML_REFERENCE,
                "it has a character reference of HTML in it (such as &amp; for &): export it as plain text, or say html = \"decode\" \
                 in the mapping, or html = \"keep\" if it is meant as it stands",
            ));
        }
        if is_sure || is_any && decodes {
            repairs.add(RepairKind::HtmlReference);
        }
        Ok(read)
    }
}

/// A text with the characters that its references stand for. Each is read once: `&amp;lt;` is `&lt;`.
fn decoded(text: &str) -> Cow<'_, str> {
    let character = |part: &Part<'_>| match part {
        Part::Reference(_, reference) => reference.character,
        Part::Text(_) => None,
    };
    if !Parts(text).any(|part| character(&part).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    for part in Parts(text) {
        match (character(&part), part) {
            (Some(character), _) => whole.push(character),
            (None, Part::Text(text) | Part::Reference(text, _)) => whole.push_str(text),
        }
    }
    Cow::Owned(whole)
}

/// What a reference says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Reference {
    /// Its character; `None` where it has a name that is not known, or the number of no character.
    character: Option<char>,
    /// Whether nothing but a reference is written so: it has a number, or a name that is known.
    is_sure: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part<'a> {
    Text(&'a str),
    Reference(&'a str, Reference),
}

/// The parts of a text.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let text = self.0;
        let length = match text.find('&') {
            Some(0) => {
                if let Some((whole, reference)) = reference_at(text) {
                    self.0 = &text[whole.len()..];
                    return Some(Part::Reference(whole, reference));
                }
                text[1..].find('&').map_or(text.len(), |at| at + 1)
            }
            Some(at) => at,
            None if text.is_empty() => return None,
            None => text.len(),
        };
        let (part, rest) = text.split_at(length);
        self.0 = rest;
        Some(Part::Text(part))
    }
}

/// The longest name that HTML has is shorter.
const LONGEST: usize = 32;

/// The reference with which a text begins. Without the semicolon none is believed to be meant.
fn reference_at(text: &str) -> Option<(&str, Reference)> {
    let inner = text.strip_prefix('&')?;
    let length = inner.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let (inner, whole) = (&inner[..length], &text[..length + 2]);
    if let Some(number) = inner.strip_prefix('#') {
        let is_sure = true;
        return code_of(number).map(|code| {
            (
                whole,
                Reference {
                    character: character_of(code),
                    is_sure,
                },
            )
        });
    }
    let is_name = inner.len() > 1
        && inner.starts_with(|c: char| c.is_ascii_alphabetic())
        && inner.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let place = NAMES.binary_search_by_key(&inner, |(name, _)| name).ok();
    let character = place.map(|place| NAMES[place].1);
    let is_sure = character.is_some();
    is_name.then_some((whole, Reference { character, is_sure }))
}

/// The number of a numeric reference; the largest one for what is larger.
fn code_of(number: &str) -> Option<u32> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let are_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    are_digits.then(|| u32::from_str_radix(digits, radix).unwrap_or(u32::MAX))
}

/// The character of that number. As in browsers, 128 to 159 are what windows-1252 has there.
fn character_of(code: u32) -> Option<char> {
    if let Ok(byte @ 0x80..=0x9F) = u8::try_from(code) {
        let bytes = [byte];
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(&bytes);
        return text.chars().next().filter(|c| !c.is_control());
    }
    char::from_u32(code).filter(|c| *c != '\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_once_and_what_is_none_stays() {
        for (text, expected) in [
            ("M&uuml;ller &amp; Sons", "Müller & Sons"),
            ("O&#39;Neil", "O'Neil"),
            ("O&#x27;Neil", "O'Neil"),
            ("O&#X27;Neil", "O'Neil"),
            ("O&#039;Neil", "O'Neil"),
            ("O&apos;Neil &lt;CEO&gt; &quot;Bob&quot;", "O'Neil <CEO> \"Bob\""),
            ("5&nbsp;&euro;", "5\u{A0}€"),
            ("a&#150;b&#x99;", "a–b™"),
            ("&#128512;", "😀"),
            ("&amp;lt;", "&lt;"),
            ("&Uuml;&szlig;&ccaron;&lstrok;&commat;", "Üßčł@"),
            ("&&amp;;", "&&;"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
        for text in [
            "A & B",
            "AT&T; Inc",
            "a&b;c",
            "Smith&Sons; Co",
            "&",
            "&;",
            "&#;",
            "&#x;",
            "&#xg;",
            "&#0;",
            "&#xD800;",
            "&#129;",
            "&#99999999999;",
            "&amp",
            "&uumlller",
            "?a=1&copy=2",
            "&UUML;",
            "ü&",
            "&ü;",
        ] {
            assert!(matches!(decoded(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn names_are_sorted_and_short_enough() {
        assert!(NAMES.is_sorted_by(|one, other| one.0 < other.0));
        assert!(NAMES.iter().all(|(name, _)| name.len() < LONGEST && name.len() > 1));
    }

    #[test]
    fn what_stays_is_rejected_or_warned_of_and_what_is_kept_is_neither() {
        use HtmlReferences::{Check, Decode, Keep};
        use RepairKind::{HtmlDecoded, HtmlReference};

        let read = |references, is_exact, text: &str| {
            let mut repairs = RowRepairs::default();
            let rule = HtmlRule { references, is_exact };
            let read = rule
                .read(text, &mut repairs)
                .map(Cow::into_owned)
                .map_err(|flaw| flaw.code);
            (read, repairs.iter().map(|(kind, _)| kind).collect::<Vec<_>>())
        };
        let ok = |text: &str| Ok(text.to_owned());
        for (references, is_exact, text, expected) in [
            (Check, true, "R&amp;D", (Err(codes::HTML_REFERENCE), vec![])),
            (Check, false, "R&amp;D", (ok("R&amp;D"), vec![HtmlReference])),
            (Check, true, "Smith&Sons; Co", (ok("Smith&Sons; Co"), vec![])),
            (Check, true, "&#0;", (Err(codes::HTML_REFERENCE), vec![])),
            (Decode, true, "R&amp;D", (ok("R&D"), vec![HtmlDecoded])),
            (
                Decode,
                true,
                "M&amp;uuml;ller",
                (Err(codes::HTML_REFERENCE), vec![HtmlDecoded]),
            ),
            (
                Decode,
                false,
                "M&amp;uuml;ller",
                (ok("M&uuml;ller"), vec![HtmlDecoded, HtmlReference]),
            ),
            (
                Decode,
                true,
                "Smith&Sons; Co",
                (ok("Smith&Sons; Co"), vec![HtmlReference]),
            ),
            (Decode, true, "A & B", (ok("A & B"), vec![])),
            (Keep, true, "R&amp;D", (ok("R&amp;D"), vec![])),
        ] {
            assert_eq!(read(references, is_exact, text), expected, "{references:?} {text}");
        }
    }
}
