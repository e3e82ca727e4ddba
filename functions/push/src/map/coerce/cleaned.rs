//! A text without what nobody sees and what programs have wrapped around it. What cannot be told for sure stays as it is, or
//! is refused.

use std::borrow::Cow;

use super::given::trim;
use super::unwrap;
use crate::map::codes;
use crate::map::flaw::Flaw;
use crate::record::composed;
use crate::record::invisible::{is_invisible, is_lost, is_odd_blank, joins, means_something, name, runs_right_to_left};
use crate::record::{RepairKind, RowRepairs};

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

/// Whether there is nothing to be cleaned: visible ASCII and plain blanks alone, and nothing that a program wraps values
/// with at the front. Eight bytes at a time, since nearly every cell is so.
pub(in crate::map) fn is_clean(text: &str, care: Care) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let bytes = text.as_bytes();
    let (words, rest) = bytes.as_chunks::<8>();
    let odd = |word: u64| (word | (word.wrapping_sub(0x20 * EACH)) | (word.wrapping_add(EACH))) & (0x80 * EACH);
    let mut seen = 0;
    for word in words {
        seen |= odd(u64::from_le_bytes(*word));
    }
    let rest = rest.iter().fold(false, |odd, byte| odd | !(0x20..0x7F).contains(byte));
    if seen != 0 || rest {
        return false;
    }
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return true;
    };
    match care {
        Care::Text | Care::Lines => !matches!(first, b'=' | b'\'' | b' '),
        Care::Name => !matches!(first, b'=' | b'\'' | b' ') && !text.contains("  "),
        Care::Value => first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric(),
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
    let bare = match unwrap::bare(if care == Care::Lines { &visible } else { trim(&visible) }, care) {
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
            Care::Text | Care::Lines => right_to_left && c > '\u{200D}' && means_something(None, c),
            Care::Name | Care::Value => false,
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
    if inner.chars().all(plain) && !(is_name && inner.contains("  ")) {
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
