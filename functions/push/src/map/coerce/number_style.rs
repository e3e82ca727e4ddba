//! How numbers are written: which mark stands before the decimals, and which between the thousands.

use super::given::digit_of;

/// A mark within a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Point,
    Comma,
    Space,
    Apostrophe,
    /// The Arabic decimal mark, which is never anything else.
    Decimal,
    /// The Arabic thousands mark.
    Thousands,
}

impl Separator {
    pub(super) fn of(c: char) -> Option<Self> {
        Some(match c {
            '.' | '．' => Self::Point,
            ',' | '，' | '،' => Self::Comma,
            ' ' | '\u{A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}' | '\u{3000}' => Self::Space,
            '\'' | '’' | 'ʼ' => Self::Apostrophe,
            '\u{66B}' => Self::Decimal,
            '\u{66C}' => Self::Thousands,
            _ => return None,
        })
    }

    pub(super) fn may_be_decimal(self) -> bool {
        matches!(self, Self::Point | Self::Comma | Self::Decimal)
    }
}

/// How numbers are written, as a mapping says by an example: `1,234.56`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberStyle {
    pub(super) group: Option<Separator>,
    pub(super) decimal: Separator,
}

impl NumberStyle {
    /// Numbers as programs write them: `1234.56`.
    pub(super) const PLAIN: Self = Self {
        group: None,
        decimal: Separator::Point,
    };

    /// `1,234.56`.
    pub(super) const COMMA_BETWEEN_THOUSANDS: Self = Self {
        group: Some(Separator::Comma),
        decimal: Separator::Point,
    };

    /// Reads the example: the digits 1234 with or without a mark between them, a point or comma, two decimals.
    pub fn parse(example: &str) -> Option<Self> {
        let mut rest = example.trim().chars();
        let digit = |c: Option<char>, wanted: u8| (c.and_then(digit_of) == Some(wanted)).then_some(());
        digit(rest.next(), 1)?;
        let mut next = rest.next()?;
        let group = Separator::of(next);
        if group.is_some() {
            next = rest.next()?;
        }
        digit(Some(next), 2)?;
        digit(rest.next(), 3)?;
        digit(rest.next(), 4)?;
        let decimal = Separator::of(rest.next()?)?;
        digit(rest.next(), 5)?;
        digit(rest.next(), 6)?;
        let fits = rest.next().is_none() && decimal.may_be_decimal() && group != Some(decimal);
        fits.then_some(Self { group, decimal })
    }
}

/// How the marks between digits are to be read.
pub(super) struct SeparatorRoles {
    /// The place among the marks of the one before the decimals.
    pub decimal: Option<usize>,
}

/// Why marks cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Not,
    Ambiguous,
}

/// Reads the marks of a number: `marks` says which they are, `runs` how many digits stand before the first, between
/// them and behind the last.
pub(super) fn read_marks(
    marks: &[Separator],
    runs: &[usize],
    leading_zero: bool,
    style: Option<NumberStyle>,
) -> Result<SeparatorRoles, Unreadable> {
    let Some((&last, before)) = marks.split_last() else {
        return Ok(SeparatorRoles { decimal: None });
    };
    let decimal = match style {
        Some(style) if last == style.decimal => Some(before.len()),
        Some(style) if Some(last) == style.group => None,
        Some(_) => return Err(Unreadable::Not),
        None if before.is_empty() && !last.may_be_decimal() => None,
        None if before.is_empty() => {
            let (whole, fraction) = (runs[0], runs[1]);
            if fraction == 3 && (1..=3).contains(&whole) && !leading_zero && last != Separator::Decimal {
                return Err(Unreadable::Ambiguous);
            }
            Some(0)
        }
        None if before.contains(&last) => None,
        None => Some(before.len()),
    };
    let groups = &marks[..decimal.unwrap_or(marks.len())];
    let alike = groups.windows(2).all(|pair| pair[0] == pair[1]);
    let as_styled = style.is_none_or(|style| groups.iter().all(|mark| Some(*mark) == style.group));
    let well_apart = groups.is_empty() || is_grouped(&runs[..=groups.len()]);
    let decimal_alone = decimal.is_none_or(|place| marks[place].may_be_decimal() && !groups.contains(&marks[place]));
    if alike && as_styled && well_apart && decimal_alone {
        Ok(SeparatorRoles { decimal })
    } else {
        Err(Unreadable::Not)
    }
}

/// Groups of three, or as in India of two with three at the end.
fn is_grouped(runs: &[usize]) -> bool {
    let [first, middle @ .., last] = runs else { return false };
    *last == 3
        && ((1..=3).contains(first) && middle.iter().all(|run| *run == 3)
            || (1..=2).contains(first) && middle.iter().all(|run| *run == 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_is_read_from_its_example() {
        for example in [
            "1,234.56",
            "1.234,56",
            "1 234,56",
            "1\u{202F}234,56",
            "1'234.56",
            "1234.56",
            "1234,56",
        ] {
            assert!(NumberStyle::parse(example).is_some(), "{example}");
        }
        for wrong in ["", "1,234,56", "1.234.56", "9,876.54", "1,234", "1 234 56", "#,##0.00"] {
            assert!(NumberStyle::parse(wrong).is_none(), "{wrong}");
        }
    }
}
