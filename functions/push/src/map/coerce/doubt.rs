//! Signs within a text by which one tells that it may not say what its owner meant: the notation of a program, a question
//! mark in a letter's place, a letter of another script that looks like the one that is meant.

use super::plain::is_plain;
use crate::map::codes;
use crate::map::flaw::Flaw;
use crate::record::RepairKind;

/// Parts of a page that programs leave in texts, in small letters.
const TAGS: [&str; 29] = [
    "a",
    "b",
    "blockquote",
    "body",
    "br",
    "center",
    "div",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "hr",
    "html",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "script",
    "span",
    "strong",
    "style",
    "table",
    "tbody",
    "td",
    "tr",
    "u",
    "ul",
];
/// Letters of the Cyrillic and Greek scripts that look like Latin ones.
const LIKE_LATIN: &str = "АВЕЅІЈКМНОРСТУХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο";
/// Latin letters that look like Cyrillic ones.
const LIKE_CYRILLIC: &str = "ABEKMHOPCTYXaeopcyxi";

/// Whether a text has letters of ASCII, and such that begin as Cyrillic and Greek ones do.
pub(super) fn may_mix_scripts(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, 0xCE..=0xD1)) && bytes.iter().any(u8::is_ascii_alphabetic)
}

/// What is doubtful about a text, if anything is.
pub(in crate::map) fn doubt(text: &str) -> Option<RepairKind> {
    // Nearly every text is plain, and of the others nearly every one has none of the signs.
    if is_plain(text) { None } else { sign_in(text) }
}

fn sign_in(text: &str) -> Option<RepairKind> {
    let (bytes, words) = (text.as_bytes(), || text.split_whitespace());
    let has = |sign: u8| bytes.contains(&sign);
    if has(b'<') && has_tag(text)
        || (has(b'_') || has(b'\\') || has(b'}')) && has_escape(text)
        || has(b'%') && words().any(has_percent_escape)
    {
        return Some(RepairKind::OtherNotation);
    }
    if has(b'?') && words().any(has_lost_letter) {
        return Some(RepairKind::LostLetter);
    }
    let is_mixed = may_mix_scripts(bytes) && letters(text).any(mixes_scripts);
    is_mixed.then_some(RepairKind::MixedScripts)
}

/// Says of what a record is found by that it is doubtful: two people whose names lost a letter would be one.
pub(super) fn of_key(text: &str) -> Option<Flaw> {
    let why = match doubt(text)? {
        RepairKind::LostLetter => {
            "a question mark stands in the place of a letter (such as M?ller), which was lost in a conversion"
        }
        RepairKind::MixedScripts => {
            "a word has Latin letters and others that look like them, so that it equals none that was typed"
        }
        _ => "it is written in the notation of a program (such as M\\u00fcller, M%C3%BCller, _x000D_ or <br>)",
    };
    let message =
        format!("{why}: export it again as plain text, or name it under allow_keys in the mapping if it is meant");
    Some(Flaw::new(codes::SUSPECT_TEXT, message))
}

fn letters(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty())
}

/// `<br>`, `</p>`, `<a href="...">`.
fn has_tag(text: &str) -> bool {
    text.split('<').skip(1).any(|rest| {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (name, behind) = rest.split_at(length);
        let ends = behind.starts_with(['>', '/']) || behind.starts_with(char::is_whitespace) && behind.contains('>');
        ends && TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(name))
    })
}

/// `_x000D_`, as Excel's files write characters, `\u00fc`, as JSON does, and a place that a template has not filled.
fn has_escape(text: &str) -> bool {
    let is_hex = |rest: &str| rest.len() >= 4 && rest.as_bytes()[..4].iter().all(u8::is_ascii_hexdigit);
    text.split("_x")
        .skip(1)
        .any(|rest| is_hex(rest) && rest.as_bytes().get(4) == Some(&b'_'))
        || text.split("\\u").skip(1).any(is_hex)
        || text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"))
}

/// `M%C3%BCller`, `Ann%20Rao`: not in what may be an address of the web, and not behind a number.
fn has_percent_escape(word: &str) -> bool {
    !is_of_web(word)
        && word.as_bytes().windows(4).any(|at| {
            at[0].is_ascii_alphabetic() && at[1] == b'%' && at[2].is_ascii_hexdigit() && at[3].is_ascii_hexdigit()
        })
}

/// `M?ller`, `?sterreich`, `STRA?E`: a question mark right before a small letter, or between large ones.
fn has_lost_letter(word: &str) -> bool {
    let is_large = || !word.contains(char::is_lowercase);
    let stands_for_one = |at: usize| {
        let (before, behind) = (&word[..at], &word[at + 1..]);
        behind.starts_with(char::is_lowercase)
            || before.ends_with(char::is_uppercase) && behind.starts_with(char::is_uppercase) && is_large()
    };
    !is_of_web(word) && word.match_indices('?').any(|(at, _)| stands_for_one(at))
}

fn is_of_web(word: &str) -> bool {
    word.contains(['/', '=', '@']) || word.starts_with("www.")
}

/// Whether one script's letters stand in a word of the other, and look as if they were of it.
fn mixes_scripts(word: &str) -> bool {
    let latin = |c: &char| c.is_ascii_alphabetic();
    let other = |c: &char| matches!(c, '\u{370}'..='\u{52F}');
    let (has_latin, has_other) = (word.chars().any(|c| latin(&c)), word.chars().any(|c| other(&c)));
    has_latin
        && has_other
        && word.chars().count() > 2
        && (word.chars().filter(other).all(|c| LIKE_LATIN.contains(c))
            || word.chars().filter(latin).all(|c| LIKE_CYRILLIC.contains(c)))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[test]
    fn what_programs_and_conversions_leave_within_a_text_is_seen_and_what_people_write_is_not() {
        use RepairKind::{LostLetter, MixedScripts, OtherNotation};

        for (text, expected) in [
            ("Line one<br>line two", OtherNotation),
            ("<P>Hello</P>", OtherNotation),
            ("see <a href=\"https://example.com\">here</a>", OtherNotation),
            ("<br/>", OtherNotation),
            ("one_x000D_two", OtherNotation),
            ("M\\u00fcller", OtherNotation),
            ("M%C3%BCller", OtherNotation),
            ("Ann%20Rao", OtherNotation),
            ("Dear {{first_name}}, welcome", OtherNotation),
            ("M?ller", LostLetter),
            ("Andr?s Nu?ez", LostLetter),
            ("?sterreich", LostLetter),
            ("Stra??e", LostLetter),
            ("M?LLER GMBH", LostLetter),
            ("Раypal Inc", MixedScripts),
            ("Alexandеr", MixedScripts),
            ("Мoсква", MixedScripts),
        ] {
            assert_eq!(doubt(text), Some(expected), "{text}");
        }
        for text in [
            "a < b and c > d",
            "I <3 NY",
            "<ann@example.com>",
            "x_xavier_",
            "C:\\users",
            "C:\\data\\unicorn",
            "100% cotton",
            "5%ABV",
            "https://example.com/a%20b?c=d",
            "www.example.com?x",
            "Really? Yes",
            "Really?",
            "What?!",
            "Who?Me",
            "???",
            "{draft}",
            "Ann Иванова",
            "μm",
            "iPhone и Samsung",
            "BMW-Клуб",
            "Ωmega",
            "a_b_c",
        ] {
            assert_eq!(doubt(text), None, "{text}");
        }
    }

    /// What doubtful texts are made of.
    const PARTS: [&str; 24] = [
        "a", "Mull", " ", "<", "br", ">", "/", "?", "er", "%C3", "%BC", "\\u", "00fc", "_x", "000D", "_", "{{", "}}",
        "\u{430}", "\u{416}", "\u{3bf}", "\u{e9}", "12", "=",
    ];

    proptest! {
        #[test]
        fn nothing_that_is_copied_without_a_look_is_doubtful(parts in vec(select(PARTS.to_vec()), 0..6)) {
            let text = parts.concat();
            prop_assert!(!is_plain(&text) || sign_in(&text).is_none(), "{:?}", text);
        }

        #[test]
        fn any_lost_letter_within_a_word_is_seen(before in "[A-Za-zäö]{1,8}", behind in "[a-zäö]{1,8}") {
            let text = format!("{before}?{behind}");
            prop_assert_eq!(doubt(&text), Some(RepairKind::LostLetter));
        }

        #[test]
        fn any_letter_that_looks_latin_is_seen_in_a_latin_word(word in "[A-Za-z]{2,8}", at in 0usize..2, which in 0usize..24) {
            let letter = LIKE_LATIN.chars().nth(which).unwrap();
            let text = format!("{}{letter}{}", &word[..at], &word[at..]);
            prop_assert_eq!(doubt(&text), Some(RepairKind::MixedScripts));
        }
    }
}
