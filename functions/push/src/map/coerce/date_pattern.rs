//! How a file writes its dates, as a mapping says: `dd.MM.yyyy`, `%d.%m.%Y`, or `excel` for day numbers.
//!
//! Why not jiff's `strptime`: it knows `%` patterns and English names alone. Tried with jiff 1.0, it read `5.1.2026` and
//! `5 January 2026`, but neither `5. Januar 2026` nor `5 janv. 2026`, nor Arabic digits, nor the pattern `dd.MM.yyyy`. Dates
//! themselves are jiff's.

use jiff::civil::{Date, Time};
use jiff::{Span, ToSpan};

use super::calendar::Language;
use super::date_read::{DateFault, Moment, offset, on_24_hours};
use super::given::digit_of;
use super::scanner::Scanner;

/// A way to write dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatePattern(Notation);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Notation {
    /// Days since the last day of 1899, as spreadsheets count them.
    Excel,
    Pieces(Vec<PatternPiece>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PatternPiece {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Weekday,
    Hour,
    HourOfHalf,
    Minute,
    Second,
    Fraction,
    Half,
    Offset,
    Literal(char),
}

/// The letters of patterns such as `dd.MM.yyyy HH:mm:ss`, in runs.
fn of_letters(letter: char, count: usize) -> Option<PatternPiece> {
    Some(match (letter, count) {
        ('y' | 'u', 4) => PatternPiece::Year,
        ('y' | 'u', 2) => PatternPiece::ShortYear,
        ('M', 1 | 2) => PatternPiece::Month,
        ('M', 3 | 4) => PatternPiece::MonthName,
        ('d', 1 | 2) => PatternPiece::Day,
        ('E', 1..=4) => PatternPiece::Weekday,
        ('H', 1 | 2) => PatternPiece::Hour,
        ('h', 1 | 2) => PatternPiece::HourOfHalf,
        ('m', 1 | 2) => PatternPiece::Minute,
        ('s', 1 | 2) => PatternPiece::Second,
        ('S', 1..=9) => PatternPiece::Fraction,
        ('a', 1) => PatternPiece::Half,
        ('X' | 'x' | 'Z', 1..=5) => PatternPiece::Offset,
        _ => return None,
    })
}

/// The letters of patterns such as `%d.%m.%Y %H:%M:%S`.
fn of_percent(letter: char) -> Option<&'static [PatternPiece]> {
    Some(match letter {
        'Y' => &[PatternPiece::Year],
        'y' => &[PatternPiece::ShortYear],
        'm' => &[PatternPiece::Month],
        'b' | 'B' | 'h' => &[PatternPiece::MonthName],
        'd' | 'e' => &[PatternPiece::Day],
        'a' | 'A' => &[PatternPiece::Weekday],
        'H' | 'k' => &[PatternPiece::Hour],
        'I' | 'l' => &[PatternPiece::HourOfHalf],
        'M' => &[PatternPiece::Minute],
        'S' => &[PatternPiece::Second],
        'f' => &[PatternPiece::Fraction],
        'p' | 'P' => &[PatternPiece::Half],
        'z' => &[PatternPiece::Offset],
        'F' => &[
            PatternPiece::Year,
            PatternPiece::Literal('-'),
            PatternPiece::Month,
            PatternPiece::Literal('-'),
            PatternPiece::Day,
        ],
        'T' => &[
            PatternPiece::Hour,
            PatternPiece::Literal(':'),
            PatternPiece::Minute,
            PatternPiece::Literal(':'),
            PatternPiece::Second,
        ],
        '%' => &[PatternPiece::Literal('%')],
        _ => return None,
    })
}

impl DatePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("excel") {
            return Ok(Self(Notation::Excel));
        }
        let pieces = if text.contains('%') {
            percent_pieces(text)?
        } else {
            letter_pieces(text)?
        };
        let has = |wanted: &[PatternPiece]| pieces.iter().any(|piece| wanted.contains(piece));
        let whole = has(&[PatternPiece::Year, PatternPiece::ShortYear])
            && has(&[PatternPiece::Month, PatternPiece::MonthName])
            && has(&[PatternPiece::Day]);
        if !whole {
            return Err("it needs day, month and year, as in dd.MM.yyyy or %d.%m.%Y".to_owned());
        }
        if has(&[PatternPiece::HourOfHalf]) != has(&[PatternPiece::Half]) {
            return Err("hh (%I) and a (%p) go together; for 24 hours use HH (%H)".to_owned());
        }
        Ok(Self(Notation::Pieces(pieces)))
    }

    /// Reads a date written so.
    pub(super) fn read(&self, text: &str, language: Option<&'static Language>) -> Result<Moment, DateFault> {
        let mut scan = Scanner::new(text, language);
        let read = match &self.0 {
            Notation::Excel => day_number(text),
            Notation::Pieces(pieces) => read_pieces(pieces, &mut scan),
        };
        read.ok_or(if scan.unclear { DateFault::Word } else { DateFault::Not })
    }
}

fn letter_pieces(text: &str) -> Result<Vec<PatternPiece>, String> {
    let mut pieces = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            pieces.extend(chars.by_ref().take_while(|c| *c != '\'').map(PatternPiece::Literal));
        } else if c.is_ascii_alphabetic() && c != 'T' {
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            let run: String = std::iter::repeat_n(c, count).collect();
            pieces.push(of_letters(c, count).ok_or_else(|| {
                format!("{run:?} means nothing in it: use dd, MM or MMM, yyyy or yy, HH or hh, mm, ss, a, XXX")
            })?);
        } else {
            pieces.push(PatternPiece::Literal(c));
        }
    }
    Ok(pieces)
}

fn percent_pieces(text: &str) -> Result<Vec<PatternPiece>, String> {
    let mut pieces = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            pieces.push(PatternPiece::Literal(c));
            continue;
        }
        // %-d: without a leading zero, which is read either way.
        let letter = chars.next().and_then(|c| if c == '-' { chars.next() } else { Some(c) });
        let meant = letter.and_then(of_percent).ok_or_else(|| {
            let letter = letter.unwrap_or(' ');
            format!("%{letter} means nothing in it: use %d, %m or %b, %Y or %y, %H or %I, %M, %S, %p, %z")
        })?;
        pieces.extend_from_slice(meant);
    }
    Ok(pieces)
}

fn read_pieces(pieces: &[PatternPiece], scan: &mut Scanner<'_>) -> Option<Moment> {
    let (mut year, mut month, mut day) = (0_i16, 0_i8, 0_i8);
    let (mut hour, mut minute, mut second, mut afternoon) = (None, 0_i8, 0_i8, None);
    let mut east = None;
    for (place, piece) in pieces.iter().enumerate() {
        // Digits that are not set apart have the fixed width of the pattern.
        match piece {
            PatternPiece::Year => {
                let (long, _) = scan.number(4).filter(|(_, digits)| *digits == 4)?;
                year = i16::try_from(long).ok()?;
            }
            PatternPiece::ShortYear => {
                let (short, _) = scan.number(2).filter(|(_, digits)| *digits == 2)?;
                // As POSIX has it.
                year = i16::try_from(short).ok()? + if short < 69 { 2000 } else { 1900 };
            }
            PatternPiece::Month => month = scan.small(2)?,
            PatternPiece::MonthName => {
                month = scan.month()?;
                scan.eat(|c| c == '.' && pieces.get(place + 1) != Some(&PatternPiece::Literal('.')));
            }
            PatternPiece::Day => day = scan.small(2)?,
            PatternPiece::Weekday => {
                if !scan.name_of_weekday() {
                    scan.word();
                }
            }
            PatternPiece::Hour | PatternPiece::HourOfHalf => hour = Some(scan.small(2)?),
            PatternPiece::Minute => minute = scan.small(2)?,
            PatternPiece::Second => second = scan.small(2)?,
            PatternPiece::Fraction => drop(scan.number(9)?),
            PatternPiece::Half => afternoon = Some(scan.half()?),
            PatternPiece::Offset => east = offset(scan).ok()?,
            PatternPiece::Literal(c) if c.is_whitespace() => drop(scan.blanks()),
            PatternPiece::Literal(wanted) => drop(scan.eat(|c| c == *wanted)?),
        }
    }
    if !scan.is_done() {
        return None;
    }
    let time = match hour {
        Some(hour) => Some(Time::new(on_24_hours(hour, afternoon)?, minute, second, 0).ok()?),
        None => None,
    };
    Some(Moment {
        date: Date::new(year, month, day).ok()?,
        time,
        offset: east,
    })
}

/// A day number: days since 30 December 1899 (from March 1900 on, as spreadsheets believe in a 29 February 1900), and
/// the time of day as a fraction.
fn day_number(text: &str) -> Option<Moment> {
    let plain: String = text
        .trim()
        .chars()
        .map(|c| digit_of(c).map_or(c, |digit| char::from(b'0' + digit)))
        .collect();
    let number: f64 = plain
        .replace(',', ".")
        .parse()
        .ok()
        .filter(|number| (61.0..2_958_466.0).contains(number))?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the range was checked: fewer than three million days"
    )]
    let (days, seconds) = (number.trunc() as i64, (number.fract() * 86_400.0).round() as i64);
    let start = Date::new(1899, 12, 30).ok()?.to_datetime(Time::midnight());
    let span: Span = days.days().seconds(seconds);
    let moment = start.checked_add(span).ok()?;
    let time = plain.contains(['.', ',']).then(|| moment.time());
    Some(Moment {
        date: moment.date(),
        time,
        offset: None,
    })
}
