//! A value as it came in: the text of a cell, or a JSON value.

use std::borrow::Cow;

use serde_json::Value;

use crate::map::codes;
use crate::map::flaw::Flaw;
pub(super) use crate::record::trim;

/// A value as it came in.
#[derive(Debug, Clone, Copy)]
pub(in crate::map) enum Given<'a> {
    /// A cell of a table. Its text may have been through a spreadsheet.
    Cell(&'a str),
    /// A text of a JSON object.
    Text(&'a str),
    /// A value of a JSON object.
    Json(&'a Value),
}

impl<'a> Given<'a> {
    /// The text without blanks around it, if it is one.
    pub fn plain_text(self) -> Option<&'a str> {
        match self {
            Self::Cell(text) | Self::Text(text) => Some(trim(text)),
            Self::Json(Value::String(text)) => Some(trim(text)),
            Self::Json(_) => None,
        }
    }

    /// The text as it came, if it is one.
    pub fn whole_text(self) -> Option<&'a str> {
        match self {
            Self::Cell(text) | Self::Text(text) => Some(text),
            Self::Json(Value::String(text)) => Some(text),
            Self::Json(_) => None,
        }
    }

    /// What a JSON array has in it; nothing where it is none.
    pub fn items(self) -> &'a [Value] {
        match self {
            Self::Json(Value::Array(items)) => items,
            _ => &[],
        }
    }

    /// Whether a JSON value has a NUL in one of its texts.
    pub fn has_nul(self) -> bool {
        fn has_nul(value: &Value) -> bool {
            match value {
                Value::String(text) => text.contains('\0'),
                Value::Array(items) => items.iter().any(has_nul),
                Value::Object(object) => object.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
                _ => false,
            }
        }
        matches!(self, Self::Json(value) if has_nul(value))
    }

    /// The same value with another text.
    pub fn with_text(self, text: &str) -> Given<'_> {
        if self.is_cell() {
            Given::Cell(text)
        } else {
            Given::Text(text)
        }
    }

    /// The text, or the digits of a number, without blanks around.
    pub fn text(self) -> Result<Cow<'a, str>, Flaw> {
        match self {
            Self::Cell(text) | Self::Text(text) => Ok(Cow::Borrowed(trim(text))),
            Self::Json(Value::String(text)) => Ok(Cow::Borrowed(trim(text))),
            Self::Json(Value::Number(number)) => Ok(Cow::Owned(number.to_string())),
            Self::Json(_) => Err(self.wrong_type("text")),
        }
    }

    /// Whether the value may have been through a spreadsheet.
    pub fn is_cell(self) -> bool {
        matches!(self, Self::Cell(_))
    }

    /// A JSON value of a type that the field cannot take.
    pub fn wrong_type(self, wanted: &str) -> Flaw {
        Flaw::new(codes::WRONG_TYPE, format!("{} where {wanted} is wanted", self.kind()))
    }

    /// What kind of value it is: never its content.
    pub fn kind(self) -> String {
        match self {
            Self::Cell(text) | Self::Text(text) => kind_of_text(trim(text)),
            Self::Json(Value::String(text)) => kind_of_text(trim(text)),
            Self::Json(Value::Number(_)) => "a JSON number".to_owned(),
            Self::Json(Value::Bool(_)) => "a JSON true or false".to_owned(),
            Self::Json(Value::Array(items)) => format!("a JSON array of {}", items.len()),
            Self::Json(Value::Object(_)) => "a JSON object".to_owned(),
            Self::Json(Value::Null) => "a JSON null".to_owned(),
        }
    }
}

fn kind_of_text(text: &str) -> String {
    let length = text.chars().count();
    if text.is_empty() {
        "an empty text".to_owned()
    } else if text.chars().all(char::is_numeric) {
        format!("a number of {length} {}", if length == 1 { "digit" } else { "digits" })
    } else {
        format!(
            "a text of {length} {}",
            if length == 1 { "character" } else { "characters" }
        )
    }
}

/// The digit that a character is, in any script that writes numbers in tens from a zero of its own.
pub(super) fn digit_of(c: char) -> Option<u8> {
    /// The zeros: ASCII, Arabic-Indic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu, Kannada,
    /// Malayalam, Thai, Lao, Tibetan, Myanmar, Khmer, full width.
    const ZEROS: [u32; 17] = [
        0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20, 0x1040,
        0x17E0, 0xFF10,
    ];
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let code = u32::from(c);
    ZEROS
        .iter()
        .find_map(|zero| u8::try_from(code.checked_sub(*zero)?).ok().filter(|digit| *digit < 10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn digits_of_many_scripts_are_read() {
        for text in [
            "0123456789",
            "٠١٢٣٤٥٦٧٨٩",
            "۰۱۲۳۴۵۶۷۸۹",
            "०१२३४५६७८९",
            "๐๑๒๓๔๕๖๗๘๙",
            "０１２３４５６７８９",
        ] {
            let digits: Vec<u8> = text.chars().filter_map(digit_of).collect();
            assert_eq!(digits, (0..10).collect::<Vec<u8>>(), "{text}");
        }
        assert_eq!(['a', '½', '三', '/', ':'].map(digit_of), [None; 5]);
    }

    #[test]
    fn a_kind_never_shows_the_value() {
        assert_eq!(Given::Cell(" 12345 ").kind(), "a number of 5 digits");
        assert_eq!(Given::Cell("Ann").kind(), "a text of 3 characters");
        assert_eq!(Given::Json(&json!(["a", "b"])).kind(), "a JSON array of 2");
        assert_eq!(Given::Json(&json!({"a": 1})).kind(), "a JSON object");
    }
}
