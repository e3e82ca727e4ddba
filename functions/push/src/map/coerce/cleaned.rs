//! A text without what nobody sees and what programs have wrapped around it. What cannot be told for sure stays as it is, or
//! is refused.

use std::borrow::Cow;

use super::given::trim;
use super::plain::{is_plain, is_seen};
use super::twice::{may_be_read_twice, read_twice};
use super::unwrap;
use crate::map::codes;
use crate::map::flaw::Flaw;
use crate::record::invisible::{
    chooses_form, is_invisible, is_lost, is_odd_blank, joins, means_something, name, runs_right_to_left,
};
use crate::record::{RepairKind, RowRepairs, composed, has_two_blanks};

/// How closely a text is cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::map) enum Care {
    /// A text that people read. What nobody sees stays within it where it may mean something.
    Text,
    /// Such a text of several lines: blanks around it may be meant.
    Lines,
    /// A name that records are found by: blanks of all kinds are one plain one.
    Name,
    /// An e-mail address, a number, a date: nothing in it is invisible.
    Value,
}

/// A text, cleaned.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::map) struct Cleaned<'a> {
    pub text: Cow<'a, str>,
    pub repairs: RowRepairs,
}

/// Whether there is surely nothing to be cleaned or decoded, which is so of nearly every cell: letters of the most used
/// scripts and plain blanks alone, and nothing that a program wraps values with at the front.
pub(in crate::map) fn is_clean(text: &str, care: Care) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return true;
    };
    let may_be_meant_otherwise = |byte: &u8| !is_seen(*byte) || *byte == b'&';
    if !is_plain(text) && (may_be_read_twice(bytes) || bytes.iter().any(may_be_meant_otherwise)) {
        return false;
    }
    match care {
        Care::Text | Care::Lines => !matches!(first, b'=' | b'\'' | b' '),
        Care::Name => !matches!(first, b'=' | b'\'' | b' ') && !has_two_blanks(text),
        Care::Value => !matches!(first, b'=' | b'\'' | b'"' | b'`' | b' ') && *last != b' ',
    }
}

/// Takes off what is not meant.
///
/// # Errors
/// A character shows that another was lost, or that two values stand in one.
pub(in crate::map) fn clean(text: &str, care: Care) -> Result<Cleaned<'_>, Flaw> {
    let mut repairs = RowRepairs::default();
    let visible = without_invisible(text, care)?;
    // Blanks around say nothing and are no repair; another blank than the plain one counts.
    if *visible != *text && trim(&visible) != text.trim_matches([' ', '\t', '\r', '\n']) {
        repairs.add(RepairKind::InvisibleTakenOff);
    }
    if read_twice(&visible) {
        return Err(Flaw::new(
            codes::SUSPECT_TEXT,
            "its letters are UTF-8 that a program has read in another encoding (such as MÃ¼ller): export it again",
        ));
    }
    let bare = match unwrap::bare(if care == Care::Lines { &visible } else { trim(&visible) }, care) {
        None if trim(&visible).starts_with("=\"") => {
            return Err(Flaw::new(
                codes::SPREADSHEET_DAMAGE,
                "a formula stands where its value belongs: put the values in its place there, and export again",
            ));
        }
        None => visible,
        Some(bare) => {
            repairs.add(RepairKind::Unwrapped);
            Cow::Owned(bare)
        }
    };
    let text = match bare {
        Cow::Borrowed(text) if care == Care::Lines => Cow::Borrowed(text),
        Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
        Cow::Owned(text) if care == Care::Lines || trim(&text).len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
    };
    Ok(Cleaned { text, repairs })
}

fn without_invisible(text: &str, care: Care) -> Result<Cow<'_, str>, Flaw> {
    if let Some(lost) = text.chars().find(|c| is_lost(*c)) {
        return Err(Flaw::new(
            codes::CONTROL_CHARACTER,
            format!(
                "it has {} in it, which stands where another character was lost or keeps two values apart: export it again",
                name(lost)
            ),
        ));
    }
    let right_to_left = text.chars().any(runs_right_to_left);
    // At the ends nothing invisible means anything, but for direction marks of a text that runs from right to left.
    let flag = text.contains('\u{1F3F4}');
    let is_end = |c: char| {
        let is_meant = match care {
            Care::Text | Care::Lines => chooses_form(c) || right_to_left && c > '\u{200D}' && means_something(None, c),
            Care::Name => chooses_form(c),
            Care::Value => false,
        };
        is_invisible(c) && !is_meant && !(flag && ('\u{E0020}'..='\u{E007F}').contains(&c))
    };
    let inner = match care {
        Care::Lines => text.trim_matches(is_end),
        _ => text.trim_matches(|c: char| c.is_whitespace() || is_end(c)),
    };
    let mut before = None;
    let mut kept = |c: char| {
        let kept = !is_invisible(c)
            || match care {
                Care::Text | Care::Lines => means_something(before, c),
                Care::Name => joins(before, c),
                Care::Value => false,
            };
        if kept {
            before = Some(c);
        }
        kept
    };
    let is_name = care == Care::Name;
    let plain = |c: char| !is_invisible(c) && !(is_name && (is_odd_blank(c) || c == '\t' || c == '\n' || c == '\r'));
    if inner.chars().all(plain) && !(is_name && has_two_blanks(inner)) {
        return Ok(if is_name { composed(inner) } else { Cow::Borrowed(inner) });
    }
    let mut whole = String::with_capacity(inner.len());
    for c in inner.chars().filter(|c| kept(*c)) {
        if is_name && c.is_whitespace() {
            if !whole.ends_with(' ') {
                whole.push(' ');
            }
        } else {
            whole.push(c);
        }
    }
    Ok(Cow::Owned(if is_name { composed(&whole).into_owned() } else { whole }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CARES: [Care; 4] = [Care::Text, Care::Lines, Care::Name, Care::Value];

    /// What is said to be clean is as it was after cleaning, but for blanks around.
    fn holds(text: &str) {
        for care in CARES.into_iter().filter(|care| is_clean(text, *care)) {
            let cleaned = clean(text, care).unwrap();
            assert!(cleaned.repairs.is_empty(), "{text:?} {care:?}");
            assert_eq!(cleaned.text.trim_end(), text.trim_end_matches(' '), "{care:?}");
        }
    }

    #[test]
    fn no_character_that_is_passed_over_would_have_been_cleaned() {
        let passed: Vec<char> = ('\0'..=char::MAX)
            .filter(|c| is_clean(&format!("a{c}a"), Care::Text))
            .collect();
        assert!(passed.len() > 20_000);
        for c in passed {
            for text in [format!("{c}a"), format!("a{c}"), format!("a{c}a"), format!("a{c}{c}")] {
                holds(&text);
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_clean_stays_as_it_is(text in "[ -~äŁ字Ж\u{200B}\u{301}\u{A0}«\t]{0,12}") {
            holds(&text);
        }

        #[test]
        fn what_is_wrapped_is_seen_at_its_front(text in "[='\"` ]{0,3}[a1+ ]{0,3}[='\"` ]{0,3}") {
            holds(&text);
        }
    }
}
