//! Reads dates and times piece by piece.

use super::given::digit_of;

/// What is left of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'a> {
    pub rest: &'a str,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text.trim() }
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
    pub fn as_str(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Reads the English name of a month, whole or its first three letters or more.
    pub fn month(&mut self) -> Option<i8> {
        const MONTHS: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let word = self.as_str();
        if word.len() < 3 || !word.is_ascii() {
            return None;
        }
        let word = word.to_ascii_lowercase();
        let place = MONTHS.iter().position(|month| month.starts_with(&word))?;
        i8::try_from(place + 1).ok()
    }

    /// Passes over the English name of a day of the week, if one comes next, with the comma behind it.
    pub fn weekday(&mut self) {
        const DAYS: [&str; 7] = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        let mut ahead = *self;
        let word = ahead.as_str().to_ascii_lowercase();
        if word.len() >= 3 && DAYS.iter().any(|day| day.starts_with(&word)) {
            ahead.eat(|c| matches!(c, '.' | ','));
            ahead.blanks();
            *self = ahead;
        }
    }
}
