//! Reads dates and times piece by piece.

use super::calendar::{self, Language, Word};
use super::given::digit_of;

/// What is left of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner<'a> {
    pub rest: &'a str,
    /// The language of words, where the mapping says it.
    language: Option<&'static Language>,
    /// A word was met that means one thing in one language and another in another.
    pub unclear: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str, language: Option<&'static Language>) -> Self {
        Self {
            rest: text.trim(),
            language,
            unclear: false,
        }
    }

    pub fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Reads the digits that come next, `most` at most; answers with their value and how many they were.
    pub fn number(&mut self, most: usize) -> Option<(i32, usize)> {
        let (mut value, mut count) = (0_i32, 0);
        let mut chars = self.rest.chars();
        while count < most.min(9) {
            let mut ahead = chars.clone();
            let Some(digit) = ahead.next().and_then(digit_of) else {
                break;
            };
            value = value * 10 + i32::from(digit);
            count += 1;
            chars = ahead;
        }
        self.rest = chars.as_str();
        (count > 0).then_some((value, count))
    }

    /// Reads a number of exactly that many digits, or of fewer.
    pub fn small(&mut self, most: usize) -> Option<i8> {
        self.number(most).and_then(|(value, _)| i8::try_from(value).ok())
    }

    /// Takes one of these characters.
    pub fn eat(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next().filter(|c| wanted(*c))?;
        self.rest = chars.as_str();
        Some(c)
    }

    /// Takes blanks; `false` where there are none.
    pub fn blanks(&mut self) -> bool {
        let rest = self.rest.trim_start();
        let some = rest.len() < self.rest.len();
        self.rest = rest;
        some
    }

    /// Reads the letters that come next.
    pub fn word(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Reads the name of a month; the point of an abbreviation is left.
    pub fn month(&mut self) -> Option<i8> {
        let place = self.known(calendar::month(self.rest, self.language))?;
        i8::try_from(place + 1).ok()
    }

    /// Passes over the name of a day of the week, if one comes next, with the comma behind it.
    pub fn weekday(&mut self) {
        if self.name_of_weekday() {
            self.eat(|c| matches!(c, '.' | ','));
            self.blanks();
        }
    }

    /// Passes over the name of a day of the week; `false` where none comes next.
    pub fn name_of_weekday(&mut self) -> bool {
        let Word::Known(_, length) = calendar::weekday(self.rest) else {
            return false;
        };
        self.rest = &self.rest[length..];
        true
    }

    /// Reads a half of the day: whether it is the afternoon.
    pub fn half(&mut self) -> Option<bool> {
        let place = self.known(calendar::half(self.rest, self.language))?;
        self.eat(|c| c == '.');
        Some(place == 1)
    }

    /// Passes over words that stand between the parts of a date: 5 de marzo de 2026, March the 5th of 2026.
    pub fn particles(&mut self) {
        const WORDS: [&str; 12] = [
            "de", "del", "of", "the", "den", "d'", "thang", "thg", "ngay", "gada", "le", "am",
        ];
        loop {
            let end = self
                .rest
                .find(|c: char| !c.is_alphabetic() && !matches!(c, '\'' | '’'))
                .unwrap_or(self.rest.len());
            let apostrophe = self.rest[..end].char_indices().find(|(_, c)| matches!(c, '\'' | '’'));
            let end = apostrophe.map_or(end, |(at, c)| at + c.len_utf8());
            let word = calendar::fold(&self.rest[..end]);
            let behind = &self.rest[end..];
            let apart = apostrophe.is_some() || behind.starts_with(char::is_whitespace);
            if end == 0 || !apart || !WORDS.contains(&word.as_str()) {
                return;
            }
            self.rest = behind.trim_start();
        }
    }

    fn known(&mut self, word: Word) -> Option<usize> {
        match word {
            Word::Known(place, length) => {
                self.rest = &self.rest[length..];
                Some(place)
            }
            Word::Unclear => {
                self.unclear = true;
                None
            }
            Word::Unknown => None,
        }
    }
}
