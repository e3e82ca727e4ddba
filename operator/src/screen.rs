//! The only place that prints.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, eprintln};
use comfy_table::{ContentArrangement, Table, presets};
use jiff::{Timestamp, Unit};
use serde_json::Value;

use crate::error::OperatorError;

/// Where answers go: text for people, JSON for programs.
pub struct Screen {
    out: AutoStream<io::Stdout>,
    is_json: bool,
}

impl Screen {
    /// The terminal, or whatever standard output is.
    pub fn new(is_json: bool) -> Self {
        Self {
            out: AutoStream::auto(io::stdout()),
            is_json,
        }
    }

    /// Whether answers are wanted as JSON.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// Whether a person looks at it.
    pub fn is_terminal(&self) -> bool {
        io::stdout().is_terminal() && !self.is_json
    }

    /// Shows JSON where that is wanted, and says whether it was.
    ///
    /// # Errors
    /// Nobody reads it any more, or the disk is full.
    pub fn json(&mut self, value: &Value) -> io::Result<bool> {
        if self.is_json {
            writeln!(self.out, "{value:#}")?;
        }
        Ok(self.is_json)
    }

    /// One line.
    ///
    /// # Errors
    /// Nobody reads it any more, or the disk is full.
    pub fn line(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.out, "{}", visible(&line.to_string()))
    }

    /// A name and what belongs to it, in two columns.
    ///
    /// # Errors
    /// Nobody reads it any more, or the disk is full.
    pub fn entry(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        self.line(format_args!("{name:<14}{value}"))
    }

    /// A table.
    ///
    /// # Errors
    /// Nobody reads it any more, or the disk is full.
    pub fn table(&mut self, header: &[&str], rows: Vec<Vec<String>>) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(header);
        if self.is_terminal() {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        for row in rows {
            table.add_row(row.iter().map(|cell| visible(cell)).collect::<Vec<_>>());
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Clears the terminal, before something is shown anew.
    ///
    /// # Errors
    /// Nobody reads it any more.
    pub fn clear(&mut self) -> io::Result<()> {
        write!(self.out, "\x1b[H\x1b[2J")
    }

    /// Says on standard error why a command came to nothing.
    pub fn complain(&self, error: &OperatorError) {
        eprintln!("bigin-relay: {}", visible(&error.to_string()));
    }
}

/// The text without what a terminal would obey: names of files and Bigin's words may hold anything.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c })
        .collect()
}

/// How far an instant is away: `in 43m`, `2h 5m ago`.
pub(crate) fn from_now(at: Timestamp, now: Timestamp) -> String {
    let whole = |from: Timestamp, to: Timestamp| {
        let unit = if to.duration_since(from).as_secs() < 120 {
            Unit::Second
        } else {
            Unit::Minute
        };
        from.until(to)
            .and_then(|span| span.round(jiff::SpanRound::new().largest(Unit::Hour).smallest(unit)))
            .map_or_else(|_| "?".to_owned(), |span| format!("{span:#}"))
    };
    if at > now {
        format!("in {}", whole(now, at))
    } else {
        format!("{} ago", whole(at, now))
    }
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        assert_eq!(visible("a\x1b[2Jb\r\nc\td"), "a\u{fffd}[2Jb\u{fffd}\nc\u{fffd}d");
    }

    #[test]
    fn numbers_and_instants_are_short() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        assert_eq!(cases.map(|(number, _)| grouped(number)), cases.map(|(_, text)| text));
        let now = "2026-11-30T10:00:00Z".parse().unwrap();
        assert_eq!(from_now("2026-11-30T10:43:10Z".parse().unwrap(), now), "in 43m");
        assert_eq!(from_now("2026-11-30T09:59:20Z".parse().unwrap(), now), "40s ago");
        assert_eq!(from_now("2026-11-28T09:00:00Z".parse().unwrap(), now), "49h ago");
    }
}
