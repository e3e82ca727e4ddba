//! Numbers: whole ones of up to 9 digits, long ones sent as text, and ones with decimals.

use serde_json::Value;

use super::Note;
use super::currency::without_currency;
use super::damage;
use super::given::{Given, digit_of};
use super::number_style::{NumberStyle, Separator, Unreadable, read_marks};
use super::scientific::written_out;
use crate::map::codes;
use crate::map::flaw::Flaw;

/// Digits that are read of a number, before and behind the point.
const MOST_DIGITS: usize = 40;
/// Marks within a number.
const MOST_MARKS: usize = 16;

/// What kind of number a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::map) enum NumberKind {
    /// Up to 9 digits, no decimals.
    Integer,
    /// Up to 19 digits, no decimals, sent as text.
    BigInt,
    /// With decimals; an amount of money may have its currency with it.
    Decimal,
    /// With decimals and perhaps a percent sign.
    Percent,
}

/// What a number field takes.
#[derive(Debug, Clone)]
pub(in crate::map) struct NumberRule {
    pub kind: NumberKind,
    /// The most decimals.
    pub decimals: Option<u32>,
    /// How the file writes numbers; `None`: as long as there is only one way to read them.
    pub style: Option<NumberStyle>,
    /// Whether a comma may stand before decimals: the mapping's language has it so, or other cells of the file.
    pub decimal_comma: bool,
}

impl NumberRule {
    pub fn write(&self, given: Given<'_>, json: &mut String) -> Result<Note, Flaw> {
        let text = match given {
            Given::Json(Value::Number(number)) => {
                let text = self.without_noise(number);
                // What was a long number has been through binary floating point and is not what it was.
                if self.kind == NumberKind::BigInt && number.is_f64() {
                    return Err(Flaw::new(
                        codes::WRONG_TYPE,
                        "a JSON number that has lost digits: write it as a text",
                    ));
                }
                return self.write_text(&text, given, Some(NumberStyle::PLAIN), json);
            }
            _ => given.plain_text().ok_or_else(|| given.wrong_type("a number"))?,
        };
        if self.takes_as_it_stands(text) {
            json.push_str(text);
            return Ok(Note::Nothing);
        }
        // In JSON a program wrote the number, with a point if it has one.
        let style = self
            .style
            .or_else(|| (!given.is_cell() && is_plain(text)).then_some(NumberStyle::PLAIN));
        self.write_text(text, given, style, json)
    }

    /// Whether a text is a few digits and nothing else, which any field with numbers takes.
    fn takes_as_it_stands(&self, text: &str) -> bool {
        let is_short = match text.as_bytes() {
            [_] => true,
            [b'0', ..] => false,
            digits => (2..=9).contains(&digits.len()),
        };
        is_short && self.kind != NumberKind::BigInt && text.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn write_text(
        &self,
        text: &str,
        given: Given<'_>,
        style: Option<NumberStyle>,
        json: &mut String,
    ) -> Result<Note, Flaw> {
        let takes_exponents = self.kind != NumberKind::BigInt && text.bytes().any(|byte| matches!(byte, b'e' | b'E'));
        let written_out = if takes_exponents { written_out(text) } else { None };
        if written_out
            .as_ref()
            .is_some_and(|number| number.may_have_lost_digits && given.is_cell())
        {
            return Err(not_a_number(text, given));
        }
        let (text, style) = match &written_out {
            Some(number) => (number.digits.as_str(), Some(NumberStyle::PLAIN)),
            None => (text, style),
        };
        let takes_decimals = matches!(self.kind, NumberKind::Decimal | NumberKind::Percent) && self.decimals != Some(0);
        let mut comma = Note::Nothing;
        let read_as = match read(text, self.kind, style) {
            Err(Unreadable::Ambiguous) if !takes_decimals && !self.decimal_comma && text.contains([',', '，']) => {
                comma = Note::CommaBetweenThousands;
                read(text, self.kind, Some(NumberStyle::COMMA_BETWEEN_THOUSANDS))
            }
            read => read,
        };
        let number = match read_as {
            Ok(number) => number,
            Err(Unreadable::Ambiguous) => {
                return Err(Flaw::new(
                    codes::NUMBER_AMBIGUOUS,
                    "a number that can be read in two ways: say in the mapping how the column writes numbers, as in \
                     number = \"1,234.56\" or number = \"1.234,56\"",
                ));
            }
            Err(Unreadable::Not) => return Err(not_a_number(text, given)),
        };
        self.check(&number, given)?;
        number.push(json, self.kind == NumberKind::BigInt);
        if number.decimal_comma {
            comma = Note::DecimalComma;
        }
        Ok(comma)
    }

    fn check(&self, number: &Number, given: Given<'_>) -> Result<(), Flaw> {
        let whole = number.whole_digits();
        let too_large = |most: usize| {
            Flaw::new(
                codes::NUMBER_TOO_LARGE,
                format!("a number of {whole} digits before the point; the field takes {most}"),
            )
        };
        let most = match self.kind {
            NumberKind::Integer => 9,
            NumberKind::BigInt => 19,
            NumberKind::Decimal | NumberKind::Percent => 16,
        };
        if whole > most || (self.kind == NumberKind::BigInt && !number.fits_64_bits()) {
            return Err(too_large(most));
        }
        if self.kind == NumberKind::BigInt && given.is_cell() && damage::is_rounded(number.whole_text()) {
            return Err(damage::rounded());
        }
        let places = match self.kind {
            NumberKind::Integer | NumberKind::BigInt => 0,
            NumberKind::Decimal | NumberKind::Percent => self.decimals.unwrap_or(9).min(9),
        };
        let fraction = number.fraction_digits();
        if fraction > places as usize {
            let takes = if places == 0 {
                "whole numbers only".to_owned()
            } else {
                format!("{places}")
            };
            return Err(Flaw::new(
                codes::TOO_MANY_DECIMALS,
                format!("a number with {fraction} decimals; the field takes {takes}"),
            ));
        }
        Ok(())
    }

    /// The digits of a JSON number, without what binary arithmetic leaves behind (`0.30000000000000004`).
    fn without_noise(&self, number: &serde_json::Number) -> String {
        let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
            return number.to_string();
        };
        let rounded = format!("{float:.*}", self.decimals.unwrap_or(9) as usize);
        let difference = rounded
            .parse::<f64>()
            .map_or(f64::INFINITY, |rounded| (rounded - float).abs());
        // Display writes all digits out; serde_json would write 1e20.
        if difference <= float.abs() * 1e-13 {
            rounded
        } else {
            float.to_string()
        }
    }
}

fn not_a_number(text: &str, given: Given<'_>) -> Flaw {
    damage::in_text(text).unwrap_or_else(|| {
        Flaw::new(
            codes::INVALID_NUMBER,
            format!("{} is no number of a kind that is understood: use digits", given.kind()),
        )
    })
}

/// Whether a text is a number as programs write it.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A number, as its digits.
struct Number {
    negative: bool,
    digits: [u8; MOST_DIGITS],
    /// Digits before the point, leading zeros left out.
    whole: usize,
    /// All digits, trailing zeros behind the point left out.
    all: usize,
    /// Whether a comma stood before its decimals.
    decimal_comma: bool,
}

impl Number {
    fn whole_digits(&self) -> usize {
        self.whole
    }

    fn fraction_digits(&self) -> usize {
        self.all - self.whole
    }

    fn whole_text(&self) -> &str {
        std::str::from_utf8(&self.digits[..self.whole]).unwrap_or_default()
    }

    fn fits_64_bits(&self) -> bool {
        self.whole < 19 || self.whole_text().parse::<i64>().is_ok()
    }

    fn push(&self, json: &mut String, as_text: bool) {
        if as_text {
            json.push('"');
        }
        if self.negative && self.digits[..self.all].iter().any(|digit| *digit != b'0') {
            json.push('-');
        }
        json.push_str(if self.whole == 0 { "0" } else { self.whole_text() });
        if self.all > self.whole {
            json.push('.');
            json.push_str(std::str::from_utf8(&self.digits[self.whole..self.all]).unwrap_or_default());
        }
        if as_text {
            json.push('"');
        }
    }
}

fn read(text: &str, kind: NumberKind, style: Option<NumberStyle>) -> Result<Number, Unreadable> {
    let (negative, digits) = strip_signs(text, kind).ok_or(Unreadable::Not)?;
    let mut number = Number {
        negative,
        digits: [b'0'; MOST_DIGITS],
        whole: 0,
        all: 0,
        decimal_comma: false,
    };
    let (mut marks, mut runs, mut seen) = ([Separator::Point; MOST_MARKS], [0_usize; MOST_MARKS + 1], 0);
    for c in digits.chars() {
        if let Some(digit) = digit_of(c) {
            // Leading zeros say nothing.
            if number.all > 0 || digit > 0 || seen > 0 {
                *number.digits.get_mut(number.all).ok_or(Unreadable::Not)? = b'0' + digit;
                number.all += 1;
            }
            runs[seen] += 1;
        } else {
            let mark = Separator::of(c).ok_or(Unreadable::Not)?;
            *marks.get_mut(seen).ok_or(Unreadable::Not)? = mark;
            seen += 1;
        }
    }
    let (marks, runs) = (&marks[..seen], &runs[..=seen]);
    // A digit stands at the end, and between any two marks; .5 is understood.
    if runs.iter().skip(1).any(|run| *run == 0) || runs.iter().sum::<usize>() == 0 || (runs[0] == 0 && seen != 1) {
        return Err(Unreadable::Not);
    }
    let leading_zero = digits.chars().next().and_then(digit_of) == Some(0);
    let reading = read_marks(marks, runs, leading_zero, style)?;
    number.decimal_comma = reading.decimal.is_some_and(|place| marks[place] == Separator::Comma);
    let fraction = reading.decimal.map_or(0, |place| runs[place + 1]);
    // Zeros in front of the first other digit were left out only where they stood before the first mark.
    number.whole = number.all - fraction;
    let zeros = number.digits[..number.whole]
        .iter()
        .take_while(|digit| **digit == b'0')
        .count();
    number.digits.copy_within(zeros..number.all, 0);
    number.whole -= zeros;
    number.all -= zeros;
    while number.all > number.whole && number.digits[number.all - 1] == b'0' {
        number.all -= 1;
    }
    Ok(number)
}

/// The digits of a sum that ends in `.--` or `,-`, as sums without cents are written: `1'000.--`.
fn without_whole_mark(text: &str) -> Option<&str> {
    let bare = text.trim_end_matches(['-', '\u{2013}', '\u{2014}']);
    let whole = bare.strip_suffix(['.', ',']).filter(|_| bare.len() < text.len())?;
    whole.ends_with(|c: char| c.is_ascii_digit()).then_some(whole)
}

/// Takes away what may stand around the digits: a sign, the brackets that accountants write for minus, a currency, a
/// percent sign; each once.
fn strip_signs(text: &str, kind: NumberKind) -> Option<(bool, &str)> {
    const MINUS: [char; 4] = ['-', '\u{2212}', '\u{2013}', '\u{FF0D}'];
    let (mut rest, mut negative) = (text.trim(), None);
    let (mut affix, mut brackets) = (false, false);
    loop {
        if let Some(whole) = without_whole_mark(rest).filter(|_| kind == NumberKind::Decimal) {
            rest = whole;
        } else if let Some(unsigned) = rest.strip_prefix(MINUS).or_else(|| rest.strip_suffix(MINUS)) {
            rest = unsigned.trim();
            negative.replace(true).is_none().then_some(())?;
        } else if let Some(unsigned) = rest.strip_prefix(['+', '＋']) {
            rest = unsigned.trim();
            negative.replace(false).is_none().then_some(())?;
        } else if let Some(inner) = rest
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .filter(|_| !brackets)
        {
            rest = inner.trim();
            brackets = true;
            negative.replace(true).is_none().then_some(())?;
        } else {
            let bare = match kind {
                _ if affix => None,
                NumberKind::Decimal => without_currency(rest),
                NumberKind::Percent => rest.strip_suffix(['%', '％', '٪']).or_else(|| rest.strip_prefix('%')),
                NumberKind::Integer | NumberKind::BigInt => None,
            };
            let Some(bare) = bare else { break };
            rest = bare.trim();
            affix = true;
        }
    }
    Some((negative.unwrap_or(false), rest))
}
