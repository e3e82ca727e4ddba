//! Which values of a field mean that there is none.

use std::sync::Arc;

use super::given::Given;
use crate::record::fold;

/// Which values of a field mean that there is none, and what that does.
#[derive(Debug, Clone)]
pub(in crate::map) struct NoneRule {
    /// Texts that the mapping names, folded.
    texts: Arc<[String]>,
    /// Whether none clears the field, instead of leaving it as it is.
    pub clears: bool,
    /// The field takes dates: a date without a day is none.
    of_dates: bool,
}

/// What a value says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::map) enum Says {
    /// It is a value.
    Value,
    /// The mapping says that it means none.
    None,
    /// It can mean nothing else.
    SurelyNone,
}

impl NoneRule {
    /// `texts`: what the mapping names.
    pub fn new(texts: &[String], clears: bool, of_dates: bool) -> Self {
        Self {
            texts: texts.iter().map(|text| fold(text)).collect(),
            clears,
            of_dates,
        }
    }

    /// Whether the mapping names no text that means none.
    pub fn has_no_texts(&self) -> bool {
        self.texts.is_empty()
    }

    /// What the value says.
    pub fn read(&self, given: Given<'_>) -> Says {
        if !self.texts.is_empty()
            && let Ok(text) = given.text()
            && self.texts.contains(&fold(&text))
        {
            return Says::None;
        }
        if !self.of_dates {
            return Says::Value;
        }
        match given.plain_text() {
            Some(text) if is_no_day(text) => Says::SurelyNone,
            _ => Says::Value,
        }
    }
}

/// Whether a text looks like a date but means none. Databases write 0000-00-00, and spreadsheets show a zero
/// as day 0 of January 1900.
fn is_no_day(text: &str) -> bool {
    // It begins with a zero, the first of a month, or 1900; nearly no date does.
    let may_be = match text.as_bytes() {
        [b'0', ..] => true,
        [b'1', second, ..] => {
            matches!(second, b'-' | b'/' | b'.')
                || ["1900", "1899", "12/30/1899"]
                    .iter()
                    .any(|start| text.starts_with(start))
        }
        // The 30th of December 1899 is spelt so, too.
        [b'3', b'0', ..] => text.contains("1899"),
        _ => false,
    };
    if !may_be || text.len() > 40 {
        return false;
    }
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let no_time = time
        .trim_end_matches('Z')
        .bytes()
        .all(|byte| matches!(byte, b'0' | b':' | b'.' | b'+'));
    if !no_time {
        return false;
    }
    // The first day that databases and programs count by; nobody means it.
    if matches!(
        date,
        "00000000"
            | "0001-01-01"
            | "01/01/0001"
            | "1/1/0001"
            | "01.01.0001"
            | "1899-12-30"
            | "12/30/1899"
            | "30/12/1899"
            | "30.12.1899"
    ) {
        return true;
    }
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let [first, second, third] = parts.as_slice() else {
        return false;
    };
    let is_zero = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte == b'0');
    let is_first = |part: &str| matches!(part, "1" | "01");
    let is_1900 = |part: &str| matches!(part, "1900" | "00");
    (is_zero(first) && is_zero(second) && is_zero(third))
        || (is_1900(first) && is_first(second) && is_zero(third) && first.len() == 4)
        || (is_1900(third) && is_first(first) && is_zero(second))
        || (is_1900(third) && is_zero(first) && is_first(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_without_a_day_is_none_by_itself_and_nothing_else_is() {
        let dates = NoneRule::new(&[], false, true);
        for text in [
            "0000-00-00",
            "0/0/00",
            "00.00.0000",
            "0000-00-00 00:00:00",
            "0000-00-00T00:00:00Z",
            "00000000",
            "1900-01-00",
            "1/0/1900",
            "0/1/1900",
            "00.01.1900",
            "1/0/00",
            "0001-01-01T00:00:00",
            "30.12.1899 00:00",
        ] {
            assert_eq!(dates.read(Given::Cell(text)), Says::SurelyNone, "{text}");
            assert_eq!(NoneRule::new(&[], false, false).read(Given::Cell(text)), Says::Value);
        }
        for text in [
            "0",
            "1900-01-01",
            "2000-01-00",
            "0000-01-01",
            "N/A",
            "",
            "1/1/00",
            "10/0/1900",
            "0000-00-00 09:30",
        ] {
            assert_eq!(dates.read(Given::Cell(text)), Says::Value, "{text}");
        }
    }

    #[test]
    fn the_mapping_says_what_else_is_none_in_any_letter_case() {
        let rule = NoneRule::new(&["N/A".into(), "0".into()], true, false);
        for text in ["N/A", "n/a", " N/A ", "0"] {
            assert_eq!(rule.read(Given::Cell(text)), Says::None, "{text}");
        }
        assert_eq!(rule.read(Given::Json(&serde_json::json!(0))), Says::None);
        assert_eq!(rule.read(Given::Cell("10")), Says::Value);
    }
}
