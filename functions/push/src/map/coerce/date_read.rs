//! Reads dates and times as long as there is only one way to read them.

use jiff::civil::{Date, DateTime, Time};

use super::calendar::Language;
use super::given::digit_of;
use super::scanner::Scanner;

/// A date, and what else was written with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub date: Date,
    pub time: Option<Time>,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
}

impl Moment {
    /// The time on the clock; midnight where none was written.
    pub fn on_the_clock(&self) -> DateTime {
        self.date.to_datetime(self.time.unwrap_or(Time::midnight()))
    }
}

/// Why a text is not read as a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateFault {
    Not,
    /// Day and month could be swapped.
    DayOrMonth,
    /// A year of two digits.
    ShortYear,
    /// A word for a month or a half of the day means one thing in one language and another in another.
    Word,
}

/// Reads a date, and a time behind it if there is one.
pub(super) fn moment(text: &str, language: Option<&'static Language>) -> Result<Moment, DateFault> {
    if let Some(date) = iso_date(text) {
        return Ok(Moment {
            date,
            time: None,
            offset: None,
        });
    }
    let plain = Scanner::new(text, language);
    let mut behind_weekday = plain;
    behind_weekday.weekday();
    // "Mar" is a month in most languages, and Tuesday in some.
    match whole(plain) {
        Err(DateFault::Not | DateFault::Word) if behind_weekday.rest != plain.rest => whole(behind_weekday),
        read => read,
    }
}

/// All of a text.
fn whole(mut scan: Scanner<'_>) -> Result<Moment, DateFault> {
    match date_and_time(&mut scan) {
        Err(DateFault::Not) if scan.unclear => Err(DateFault::Word),
        read => read,
    }
}

fn date_and_time(scan: &mut Scanner<'_>) -> Result<Moment, DateFault> {
    let date = date(scan)?;
    let (time, offset) = if scan.is_done() {
        (None, None)
    } else {
        let apart = scan.eat(|c| matches!(c, 'T' | 't' | ',')).is_some() | scan.blanks();
        if !apart {
            return Err(DateFault::Not);
        }
        word_for_at(scan);
        let time = time(scan).ok_or(DateFault::Not)?;
        word_for_hours(scan);
        (Some(time), offset(scan)?)
    };
    if scan.is_done() {
        Ok(Moment { date, time, offset })
    } else {
        Err(DateFault::Not)
    }
}

/// What stands between a date and a time in running text: "um", "at", "à", "a las".
fn word_for_at(scan: &mut Scanner<'_>) {
    const WORDS: [&str; 12] = [
        "a", "alle", "as", "at", "kl", "klo", "las", "om", "ore", "um", "à", "às",
    ];
    let mut ahead = *scan;
    for _ in 0..2 {
        if ahead.peek().is_some_and(char::is_alphabetic) {
            let word = ahead.word().to_lowercase();
            if !WORDS.contains(&word.as_str()) {
                return;
            }
            ahead.eat(|c| c == '.');
            ahead.blanks();
        }
    }
    if ahead.peek().is_some_and(|c| c.is_ascii_digit()) {
        *scan = ahead;
    }
}

/// What stands behind a time of 24 hours: "Uhr", "h".
fn word_for_hours(scan: &mut Scanner<'_>) {
    let mut ahead = *scan;
    ahead.blanks();
    let word = ahead.word();
    if ["uhr", "h", "hs", "hrs"]
        .iter()
        .any(|hours| word.eq_ignore_ascii_case(hours))
    {
        *scan = ahead;
    }
}

/// `2026-12-31`, which is what most files have, without a detour.
fn iso_date(text: &str) -> Option<Date> {
    let bytes: &[u8; 10] = text.as_bytes().try_into().ok()?;
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let small = |digits: &[u8]| number(digits).and_then(|number| i8::try_from(number).ok());
    let [year @ .., _, _, _, _, _, _] = bytes;
    let [_, _, _, _, b'-', month @ .., b'-', _, _] = bytes else {
        return None;
    };
    let [_, _, _, _, _, _, _, _, day @ ..] = bytes;
    Date::new(number(year)?, small(month)?, small(day)?).ok()
}

fn date(scan: &mut Scanner<'_>) -> Result<Date, DateFault> {
    if scan.peek().is_some_and(char::is_alphabetic) {
        scan.particles();
        if scan.peek().is_some_and(|c| digit_of(c).is_some()) {
            return date(scan);
        }
        let month = scan.month().ok_or(DateFault::Not)?;
        scan.eat(|c| c == '.');
        scan.blanks();
        scan.particles();
        let day = ordinal(scan).ok_or(DateFault::Not)?;
        scan.eat(|c| c == ',');
        scan.blanks();
        let year = long_year(scan)?;
        return new(year, month, day);
    }
    let (first, digits) = scan.number(9).ok_or(DateFault::Not)?;
    match digits {
        8 => new(first / 10_000, small(first / 100 % 100)?, small(first % 100)?),
        4 => {
            separator(scan).ok_or(DateFault::Not)?;
            scan.particles();
            let month = number_or_month(scan)?;
            separator(scan).ok_or(DateFault::Not)?;
            let day = scan.small(2).ok_or(DateFault::Not)?;
            scan.eat(|c| matches!(c, '日' | '일'));
            // "2026. 12. 31." as in Korean.
            if scan.rest == "." {
                scan.rest = "";
            }
            new(first, month.0, day)
        }
        1 | 2 => day_first(scan, small(first)?),
        _ => Err(DateFault::Not),
    }
}

/// Day, month and year, or month, day and year.
fn day_first(scan: &mut Scanner<'_>, first: i8) -> Result<Date, DateFault> {
    ordinal_ending(scan);
    let mark = separator(scan)
        .or_else(|| scan.peek().filter(|c| c.is_alphabetic()))
        .ok_or(DateFault::Not)?;
    let (second, named) = number_or_month(scan)?;
    scan.eat(|c| c == ',');
    if separator(scan).is_none() && !named {
        return Err(DateFault::Not);
    }
    scan.particles();
    let year = long_year(scan)?;
    year_ending(scan);
    match (first, second) {
        (day, month) if named => new(year, month, day),
        // With points, days come first wherever it is written so.
        (day, month) if mark == '.' => new(year, month, day),
        (day, month) if day > 12 => new(year, month, day),
        (month, day) if day > 12 => new(year, month, day),
        (day, month) if day == month => new(year, month, day),
        _ => Err(DateFault::DayOrMonth),
    }
}

fn number_or_month(scan: &mut Scanner<'_>) -> Result<(i8, bool), DateFault> {
    let before = scan.rest;
    scan.particles();
    if scan.peek().is_some_and(char::is_alphabetic) {
        let month = scan.month().ok_or(DateFault::Not)?;
        return Ok((month, true));
    }
    // "5 tháng 3" names the month although it is a number.
    if scan.rest != before {
        return scan.small(2).map(|number| (number, true)).ok_or(DateFault::Not);
    }
    scan.small(2).map(|number| (number, false)).ok_or(DateFault::Not)
}

fn ordinal(scan: &mut Scanner<'_>) -> Option<i8> {
    let day = scan.small(2)?;
    ordinal_ending(scan);
    Some(day)
}

fn ordinal_ending(scan: &mut Scanner<'_>) {
    for ending in ["st", "nd", "rd", "th", "er", "º", "ª", "-го"] {
        if let Some(rest) = scan.rest.strip_prefix(ending) {
            scan.rest = rest;
            return;
        }
    }
}

fn long_year(scan: &mut Scanner<'_>) -> Result<i32, DateFault> {
    match scan.number(5) {
        Some((year, 4)) => Ok(year),
        Some((_, 2)) => Err(DateFault::ShortYear),
        _ => Err(DateFault::Not),
    }
}

/// What stands behind a year: "2026 г." in Russian, "2026 р." in Ukrainian.
fn year_ending(scan: &mut Scanner<'_>) {
    let mut ahead = *scan;
    ahead.blanks();
    if ahead.eat(|c| matches!(c, 'г' | 'р')).is_some() && !ahead.peek().is_some_and(char::is_alphabetic) {
        ahead.eat(|c| c == '.');
        *scan = ahead;
    }
}

/// One mark between the parts of a date, with blanks around, or blanks alone.
fn separator(scan: &mut Scanner<'_>) -> Option<char> {
    let blank = scan.blanks();
    let mark = scan.eat(|c| {
        matches!(
            c,
            '-' | '/' | '.' | '年' | '月' | '년' | '월' | '\u{2010}'..='\u{2013}' | '／'
        )
    });
    scan.blanks();
    mark.or_else(|| blank.then_some(' '))
}

fn small(number: i32) -> Result<i8, DateFault> {
    i8::try_from(number).map_err(|_| DateFault::Not)
}

fn new(year: i32, month: i8, day: i8) -> Result<Date, DateFault> {
    let year = i16::try_from(year).map_err(|_| DateFault::Not)?;
    Date::new(year, month, day).map_err(|_| DateFault::Not)
}

/// Hours and minutes, perhaps seconds and their fraction, perhaps a half of the day before or behind.
pub(super) fn time(scan: &mut Scanner<'_>) -> Option<Time> {
    let before = if scan.peek().is_some_and(char::is_alphabetic) {
        let half = scan.half()?;
        scan.blanks();
        Some(half)
    } else {
        None
    };
    let hour = scan.small(2)?;
    scan.eat(|c| c == ':')?;
    let minute = scan.small(2)?;
    let mut second = 0;
    if scan.eat(|c| c == ':').is_some() {
        second = scan.small(2)?;
        if scan.eat(|c| matches!(c, '.' | ',')).is_some() {
            scan.number(9)?;
        }
    }
    let mut ahead = *scan;
    ahead.blanks();
    let behind = if before.is_none() && ahead.peek().is_some_and(char::is_alphabetic) {
        ahead.half()
    } else {
        None
    };
    scan.unclear |= ahead.unclear;
    if behind.is_some() {
        *scan = ahead;
    }
    Time::new(on_24_hours(hour, before.or(behind))?, minute, second, 0).ok()
}

pub(super) fn on_24_hours(hour: i8, afternoon: Option<bool>) -> Option<i8> {
    match afternoon {
        None => Some(hour),
        Some(_) if !(1..=12).contains(&hour) => None,
        Some(afternoon) => Some(hour % 12 + if afternoon { 12 } else { 0 }),
    }
}

/// `Z`, `UTC`, `GMT`, `+01:00`, `+0100` or `+01`, or nothing.
pub(super) fn offset(scan: &mut Scanner<'_>) -> Result<Option<i32>, DateFault> {
    scan.blanks();
    if scan.is_done() {
        return Ok(None);
    }
    if scan.peek().is_some_and(char::is_alphabetic) {
        let word = scan.word();
        let utc = ["Z", "UTC", "GMT"].iter().any(|name| word.eq_ignore_ascii_case(name));
        return if utc { Ok(Some(0)) } else { Err(DateFault::Not) };
    }
    let sign = scan
        .eat(|c| matches!(c, '+' | '-' | '\u{2212}'))
        .ok_or(DateFault::Not)?;
    let (hours, digits) = scan.number(4).ok_or(DateFault::Not)?;
    let (hours, minutes) = match digits {
        4 => (hours / 100, hours % 100),
        2 if scan.eat(|c| c == ':').is_some() => (hours, scan.small(2).map(i32::from).ok_or(DateFault::Not)?),
        2 => (hours, 0),
        _ => return Err(DateFault::Not),
    };
    if hours > 18 || minutes > 59 {
        return Err(DateFault::Not);
    }
    let seconds = hours * 3600 + minutes * 60;
    Ok(Some(if sign == '+' { seconds } else { -seconds }))
}
