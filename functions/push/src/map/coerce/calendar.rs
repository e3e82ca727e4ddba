//! Words in dates and times: names of months, weekdays and half-days in many languages.

use unicode_normalization::UnicodeNormalization;

use super::calendar_words::LANGUAGES;
use crate::record::invisible::is_invisible;

/// The words of a language. Several words for one thing are separated by `|`.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// Its code (BCP 47).
    pub(super) code: &'static str,
    /// What it writes before decimals.
    pub(super) decimal: char,
    /// January first.
    pub(super) months: [&'static str; 12],
    /// Monday first.
    pub(super) days: [&'static str; 7],
    /// Before and after noon.
    pub(super) halves: [&'static str; 2],
}

impl Language {
    /// The language of that code, such as `de`; a country behind it does not count.
    pub fn parse(code: &str) -> Option<&'static Self> {
        let code = code.trim().replace('_', "-").to_lowercase();
        let code = match code.as_str() {
            "no" | "nn" => "nb",
            "zh-tw" | "zh-hk" | "zh-mo" | "zh-hant" => "zh-hant",
            "iw" => "he",
            "in" => "id",
            _ if code.starts_with("zh-hant-") => "zh-hant",
            _ => code.split('-').next().unwrap_or_default(),
        };
        LANGUAGES.iter().find(|language| language.code.to_lowercase() == code)
    }

    /// Whether decimals stand behind a comma.
    pub(in crate::map) fn has_decimal_comma(&self) -> bool {
        self.decimal == ','
    }
}

/// The codes of all languages.
pub(in crate::map) fn codes() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|language| language.code)
}

/// What a word at the front of a text means, and how many bytes of the text it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// One thing: its place among those of its kind.
    Known(usize, usize),
    /// One thing in one language, another in another.
    Unclear,
    /// Nothing.
    Unknown,
}

/// Reads the name of a month: in English also its first letters, three or more.
pub(super) fn month(text: &str, language: Option<&Language>) -> Word {
    let english = |word: &str, place: usize| {
        word.len() >= 3
            && LANGUAGES
                .iter()
                .any(|language| language.code == "en" && first_of(language.months[place]).starts_with(word))
    };
    read(text, language, 12, |language, place| language.months[place], english)
}

/// Reads the name of a day of the week.
pub(super) fn weekday(text: &str) -> Word {
    let english = |word: &str, place: usize| {
        word.len() >= 3
            && LANGUAGES
                .iter()
                .any(|language| language.code == "en" && first_of(language.days[place]).starts_with(word))
    };
    match read(text, None, 7, |language, place| language.days[place], english) {
        // Which day it is says nothing that the date does not.
        Word::Unclear => longest(text).map_or(Word::Unknown, |(_, end)| Word::Known(0, end)),
        word => word,
    }
}

/// Reads a half of the day: 0 before noon, 1 after.
pub(super) fn half(text: &str, language: Option<&Language>) -> Word {
    read(
        text,
        language,
        2,
        |language, place| language.halves[place],
        |_, _| false,
    )
}

fn first_of(words: &str) -> &str {
    words.split('|').next().unwrap_or_default()
}

/// The longest front of the text that is a word of the language, or else of any.
fn read(
    text: &str,
    language: Option<&Language>,
    count: usize,
    words: impl Fn(&'static Language, usize) -> &'static str,
    english: impl Fn(&str, usize) -> bool,
) -> Word {
    let has = |language: &'static Language, place: usize, word: &str| {
        let mut all = words(language, place).split('|');
        all.any(|known| !known.is_empty() && (known == word || (count == 2 && known == word.replace(' ', ""))))
    };
    let fronts = fronts(text);
    let own = language.and_then(|own| LANGUAGES.iter().find(|language| language.code == own.code));
    for (word, end) in fronts.iter().rev() {
        if let Some(place) = own.and_then(|own| (0..count).find(|place| has(own, *place, word))) {
            return Word::Known(place, *end);
        }
    }
    for (word, end) in fronts.iter().rev() {
        let mut places = (0..count)
            .filter(|place| english(word, *place) || LANGUAGES.iter().any(|language| has(language, *place, word)));
        match (places.next(), places.next()) {
            (Some(place), None) => return Word::Known(place, *end),
            (Some(_), Some(_)) => return Word::Unclear,
            (None, _) => {}
        }
    }
    Word::Unknown
}

/// The fronts of a text that may be words, shortest first, folded, each with its length in the text.
fn fronts(text: &str) -> Vec<(String, usize)> {
    const MOST_CHARS: usize = 32;
    let mut fronts = Vec::new();
    for (at, c) in text.char_indices().take(MOST_CHARS) {
        if c.is_numeric() && !c.is_alphabetic() {
            break;
        }
        let end = at + c.len_utf8();
        let goes_on = text[end..].chars().next().is_some_and(is_of_words);
        if is_of_words(c) && !goes_on {
            let word = fold(&text[..end]);
            // In Hebrew and Catalan a preposition is joined to the month.
            let bare = word
                .strip_prefix('ב')
                .or_else(|| word.strip_prefix("d'"))
                .map(str::to_owned);
            fronts.extend(bare.map(|bare| (bare, end)));
            fronts.push((word, end));
        }
    }
    fronts
}

fn longest(text: &str) -> Option<(String, usize)> {
    fronts(text).into_iter().next()
}

/// Letters and the marks on them.
fn is_of_words(c: char) -> bool {
    c.is_alphabetic()
        || unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '׳' | '॰')
        || c == '\u{200C}'
        || c == '\u{200D}'
}

/// A word as it is compared: small letters, no dots, no accents on the letters of alphabets, one kind of blank.
pub(super) fn fold(word: &str) -> String {
    let plain: String = word
        .to_lowercase()
        .replace('ı', "i")
        .replace('’', "'")
        .nfd()
        .filter(|c| !('\u{300}'..='\u{36F}').contains(c) && !is_invisible(*c) && *c != '.')
        .collect();
    let plain: String = plain.nfc().collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_every_language_is_found_by_its_language() {
        for language in LANGUAGES {
            let own = Language::parse(language.code);
            assert_eq!(own, Some(language));
            for (place, words) in language.months.iter().enumerate() {
                for word in words.split('|').filter(|word| !word.is_empty()) {
                    assert_eq!(fold(word), word, "{}", language.code);
                    assert_eq!(
                        month(word, own),
                        Word::Known(place, word.len()),
                        "{} {word}",
                        language.code
                    );
                }
            }
            for (place, words) in language.halves.iter().enumerate() {
                for word in words.split('|').filter(|word| !word.is_empty()) {
                    assert_eq!(
                        half(word, own),
                        Word::Known(place, word.len()),
                        "{} {word}",
                        language.code
                    );
                }
            }
            for word in language.days.iter().flat_map(|words| words.split('|')) {
                assert_ne!(weekday(word), Word::Unknown, "{} {word}", language.code);
            }
        }
    }

    #[test]
    fn a_word_that_two_languages_read_otherwise_is_unclear_without_one() {
        let of = |code| Language::parse(code);
        assert_eq!(month("listopad 2026", None), Word::Unclear);
        assert_eq!(month("listopad 2026", of("pl")), Word::Known(10, 8));
        assert_eq!(month("listopad 2026", of("hr")), Word::Known(9, 8));
        assert_eq!(month("März 2026", None), Word::Known(2, 5));
        assert_eq!(month("MÄRZ", None), Word::Known(2, 5));
        assert_eq!(month("sept. 2026", None), Word::Known(8, 4));
        assert_eq!(month("Nonsense", None), Word::Unknown);
        assert_eq!(half("p. m.", None), Word::Known(1, 4));
        assert_eq!(half("p.\u{202F}m.", of("es")), Word::Known(1, "p.\u{202F}m".len()));
        assert_eq!(half("오후 3:05", None), Word::Known(1, "오후".len()));
    }

    #[test]
    fn a_language_is_known_by_its_code_with_or_without_a_country() {
        let code = |text| Language::parse(text).map(|language| language.code);
        assert_eq!(
            (code("de-AT"), code("pt_BR"), code("zh-TW"), code("no")),
            (Some("de"), Some("pt"), Some("zh-Hant"), Some("nb"))
        );
        assert_eq!((code("xx"), code(""), code("german")), (None, None, None));
        assert!(codes().count() > 35);
    }
}
