//! Dates (`2026-12-31`) and instants (`2026-12-31T09:30:00+01:00`).

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use serde_json::Value;

use super::calendar::Language;
use super::damage;
use super::date_pattern::DatePattern;
use super::date_read::{self, DateFault, Moment};
use super::given::Given;
use crate::map::codes;
use crate::map::flaw::Flaw;

/// What a date field, or a date and time field, takes.
#[derive(Debug, Clone)]
pub(in crate::map) struct DateRule {
    /// How the file writes them; `None`: as long as there is only one way to read them.
    pub pattern: Option<DatePattern>,
    /// Where a time without offset is meant; `None` when nobody has said.
    pub zone: Option<TimeZone>,
    /// The language of words, where the mapping says it.
    pub language: Option<&'static Language>,
    pub strict: bool,
}

impl DateRule {
    /// Writes the day, as it was written: without a time and in no zone.
    pub fn write_date(&self, given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
        let moment = self.read(given)?;
        json.push('"');
        push_date(moment.date, json);
        json.push('"');
        Ok(())
    }

    /// Writes the instant with its offset.
    pub fn write_instant(&self, given: Given<'_>, json: &mut String) -> Result<(), Flaw> {
        let moment = self.read(given)?;
        let (clock, offset) = match moment.offset {
            Some(seconds) => (moment.on_the_clock(), seconds),
            None => self.place(moment.on_the_clock())?,
        };
        json.push('"');
        push_date(clock.date(), json);
        for (mark, part) in [('T', clock.hour()), (':', clock.minute()), (':', clock.second())] {
            json.push(mark);
            push_two(part.unsigned_abs().into(), json);
        }
        json.push(if offset < 0 { '-' } else { '+' });
        push_two(offset.unsigned_abs() / 3600, json);
        json.push(':');
        push_two(offset.unsigned_abs() / 60 % 60, json);
        json.push('"');
        Ok(())
    }

    fn read(&self, given: Given<'_>) -> Result<Moment, Flaw> {
        let text = match given {
            Given::Json(Value::Number(_)) => {
                return Err(Flaw::new(
                    codes::WRONG_TYPE,
                    "a JSON number where a date is wanted: write it as a text, as in 2026-12-31 or \
                     2026-12-31T09:30:00+01:00",
                ));
            }
            _ => given.plain_text().ok_or_else(|| given.wrong_type("a date"))?,
        };
        let moment = match &self.pattern {
            Some(pattern) => pattern.read(text, self.language).map_err(|why| match why {
                DateFault::Word => unread(why, text, given),
                _ => damage(text).unwrap_or_else(|| {
                    let kind = given.kind();
                    Flaw::new(
                        codes::INVALID_DATE,
                        format!(
                            "{kind} is not written as the mapping's date pattern says, or is no day of the calendar"
                        ),
                    )
                }),
            })?,
            None => date_read::moment(text, self.language).map_err(|why| unread(why, text, given))?,
        };
        // Thailand counts from 543 years earlier.
        if (2500..=2650).contains(&moment.date.year()) {
            return Err(Flaw::new(
                codes::DATE_AMBIGUOUS,
                "a date some hundred years ahead: it may be of the Buddhist calendar; write it in the Gregorian one, as in 2026-12-31",
            ));
        }
        let years = if self.strict { 1900..=2100 } else { 1000..=9999 };
        if !years.contains(&moment.date.year()) {
            return Err(Flaw::new(
                codes::INVALID_DATE,
                format!("a date outside the years {} to {}", years.start(), years.end()),
            ));
        }
        Ok(moment)
    }

    /// What the clock shows there, and the seconds east of UTC.
    fn place(&self, clock: DateTime) -> Result<(DateTime, i32), Flaw> {
        let Some(zone) = &self.zone else {
            return Err(Flaw::new(
                codes::TIME_ZONE_UNKNOWN,
                "a time without an offset, and no time zone is known: write it as in 2026-12-31T09:30:00+01:00, or set \
                 time_zone in the mapping",
            ));
        };
        let not = |_| Flaw::new(codes::INVALID_DATE, "a time that the calendar does not have");
        let ambiguous = zone.to_ambiguous_timestamp(clock);
        if self.strict && matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            return Err(Flaw::new(
                codes::INVALID_DATE,
                "a time that the clock skips when summer time begins",
            ));
        }
        let instant = ambiguous.compatible().map_err(not)?;
        let offset = zone.to_offset(instant);
        // Offsets of the 19th century had seconds, which no text for Bigin can have.
        let offset = if offset.seconds() % 60 == 0 {
            offset
        } else {
            Offset::UTC
        };
        Ok((offset.to_datetime(instant), offset.seconds()))
    }
}

fn unread(why: DateFault, text: &str, given: Given<'_>) -> Flaw {
    match why {
        DateFault::DayOrMonth => Flaw::new(
            codes::DATE_AMBIGUOUS,
            "a date whose day and month could be swapped: say in the mapping how the column writes dates, as in date = \
             \"dd/MM/yyyy\" or date = \"MM/dd/yyyy\"",
        ),
        DateFault::ShortYear => Flaw::new(
            codes::DATE_AMBIGUOUS,
            "a date with a year of two digits: say in the mapping how the column writes dates, as in date = \"dd.MM.yy\"",
        ),
        DateFault::Word => Flaw::new(
            codes::DATE_AMBIGUOUS,
            "a date with a word that means one month in one language and another in another: say in the mapping which it is, \
             as in language = \"pl\"",
        ),
        DateFault::Not => damage(text).unwrap_or_else(|| {
            Flaw::new(
                codes::INVALID_DATE,
                format!(
                    "{} is no date that is understood: write it as in 2026-12-31, or say in the mapping how the column \
                     writes dates",
                    given.kind()
                ),
            )
        }),
    }
}

fn damage(text: &str) -> Option<Flaw> {
    if damage::is_day_number(text) {
        return Some(Flaw::new(
            codes::SPREADSHEET_DAMAGE,
            "a day number, as spreadsheets count days: format the column as a date and export again, or set date = \
             \"excel\" for the column in the mapping",
        ));
    }
    damage::in_text(text)
}

fn push_date(date: Date, json: &mut String) {
    let year = date.year().unsigned_abs();
    let (month, day) = (
        u16::from(date.month().unsigned_abs()),
        u16::from(date.day().unsigned_abs()),
    );
    let digit = |number: u16| b'0' + u8::try_from(number % 10).unwrap_or_default();
    let text = [
        digit(year / 1000),
        digit(year / 100),
        digit(year / 10),
        digit(year),
        b'-',
        digit(month / 10),
        digit(month),
        b'-',
        digit(day / 10),
        digit(day),
    ];
    json.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

fn push_two(number: u32, json: &mut String) {
    for digit in [number / 10 % 10, number % 10] {
        json.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}
