//! Reads tables of a TOML file and remembers the line of whatever is wrong in them.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::words::{did_you_mean, nearest};

/// How many mistakes are told of one file.
pub const MOST_MISTAKES: usize = 20;

/// What is wrong with a mapping file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MappingFault {
    /// The line of the first mistake, counted from 1.
    pub line: usize,
    /// What is wrong and what would be right; of several mistakes the first ones, each with its line.
    pub message: String,
}

/// A value and where it stands.
pub(super) type Item<'a, 'i> = &'a Spanned<DeValue<'i>>;

/// Choices that a key may have, and what they mean.
pub(super) type Choices<T> = [(&'static str, T)];

/// Collects the mistakes of a file.
pub(super) struct TomlReader<'i> {
    text: &'i str,
    mistakes: Vec<(usize, String)>,
}

impl<'i> TomlReader<'i> {
    pub fn new(text: &'i str) -> Self {
        Self {
            text,
            mistakes: Vec::new(),
        }
    }

    /// The file's table; as much of it as can be read.
    pub fn document(&mut self) -> DeTable<'i> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.mistake(at, format!("this is not TOML: {}", error.message()));
        }
        document.into_inner()
    }

    /// Notes a mistake at that place of the text.
    pub fn mistake(&mut self, at: usize, message: String) {
        let line = self
            .text
            .get(..at)
            .unwrap_or(self.text)
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        self.mistakes.push((line, message));
    }

    /// Notes a mistake in a value.
    pub fn wrong(&mut self, item: Item<'_, '_>, message: impl Into<String>) {
        self.mistake(item.span().start, message.into());
    }

    /// Notes a key that there is none of.
    pub fn unknown_key(&mut self, key: &Spanned<toml::de::DeString<'_>>, place: &str, keys: &[&str]) {
        let hint = match nearest(key.get_ref(), keys.iter().copied()).first() {
            Some(name) => format!("; did you mean {name}?"),
            None => format!("; there are {}", keys.join(", ")),
        };
        self.mistake(
            key.span().start,
            format!("{place} has no key {:?}{hint}", key.get_ref()),
        );
    }

    /// A text that is not empty.
    pub fn text(&mut self, key: &str, item: Item<'_, '_>) -> Option<String> {
        match item.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => return Some(text.to_owned()),
            Some(_) => self.wrong(item, format!("{key} is empty")),
            None => self.wrong_type(key, item, "a text in quotes"),
        }
        None
    }

    /// True or false.
    pub fn flag(&mut self, key: &str, item: Item<'_, '_>) -> Option<bool> {
        let flag = item.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, item, "true or false, without quotes");
        }
        flag
    }

    /// One of some words.
    pub fn word<T: Copy>(&mut self, key: &str, item: Item<'_, '_>, words: &Choices<T>) -> Option<T> {
        let all = || words.iter().map(|(word, _)| *word);
        let Some(text) = item.get_ref().as_str() else {
            self.wrong_type(key, item, &format!("one of {}", quoted(all())));
            return None;
        };
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, meaning)| *meaning);
        if found.is_none() {
            let hint = did_you_mean(text, all());
            self.wrong(
                item,
                format!("{key} cannot be {text:?}: it is one of {}{hint}", quoted(all())),
            );
        }
        found
    }

    /// A list of texts; one text alone is a list of one.
    pub fn texts(&mut self, key: &str, item: Item<'_, '_>) -> Option<Vec<String>> {
        if item.get_ref().is_str() {
            return self.text(key, item).map(|text| vec![text]);
        }
        let Some(items) = item.get_ref().as_array() else {
            self.wrong_type(key, item, "a list of texts, as in [\"Email\"]");
            return None;
        };
        let before = self.mistakes.len();
        let texts: Vec<String> = items.iter().filter_map(|item| self.text(key, item)).collect();
        (self.mistakes.len() == before).then_some(texts)
    }

    /// A table.
    pub fn table<'a>(&mut self, key: &str, item: &'a Spanned<DeValue<'i>>) -> Option<&'a DeTable<'i>> {
        let table = item.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(key, item, &format!("a table, as in [{key}]"));
        }
        table
    }

    /// Notes a value of another type than is wanted.
    pub fn wrong_type(&mut self, key: &str, item: Item<'_, '_>, wanted: &str) {
        self.wrong(
            item,
            format!("{key} is {} here, but it must be {wanted}", type_of(item.get_ref())),
        );
    }

    /// One fault that speaks for all mistakes; the first in the file leads.
    pub fn finish(mut self) -> Result<(), MappingFault> {
        self.mistakes.sort_by_key(|(line, _)| *line);
        let told = self.mistakes.iter().take(MOST_MISTAKES);
        let mut message = told
            .map(|(line, message)| format!("line {line}: {message}"))
            .collect::<Vec<_>>()
            .join("; ");
        let left = self.mistakes.len().saturating_sub(MOST_MISTAKES);
        if left > 0 {
            message.extend(["; and ", &left.to_string(), " more"]);
        }
        match self.mistakes.first() {
            None => Ok(()),
            Some((line, _)) => Err(MappingFault { line: *line, message }),
        }
    }
}

pub(super) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}
