//! Control characters: NUL and its like are in no text that anybody meant. Tabs and line breaks are text.

use serde_json::{Map, Value};

use crate::record::Reject;

/// The code of a row that has some.
pub(crate) const CONTROL_CHARACTER: &str = "CONTROL_CHARACTER";

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Where the first control character is, in UTF-8. Eight bytes are looked at together.
pub(crate) fn first(text: &[u8]) -> Option<usize> {
    let (chunks, rest) = text.as_chunks::<8>();
    for (number, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let low = word.wrapping_sub(0x20 * LOW);
        let deletes = (word ^ (0x7f * LOW)).wrapping_sub(LOW);
        // 0xc2 begins the controls from U+0080 to U+009F, and other characters.
        let beginnings = word ^ (0xc2 * LOW);
        let beginnings = beginnings.wrapping_sub(LOW) & !beginnings;
        if ((low | deletes) & !word | beginnings) & HIGH != 0
            && let Some(at) = (0..8).map(|at| number * 8 + at).find(|at| is_control(text, *at))
        {
            return Some(at);
        }
    }
    let from = text.len() - rest.len();
    (from..text.len()).find(|at| is_control(text, *at))
}

fn is_control(text: &[u8], at: usize) -> bool {
    match text[at] {
        b'\t' | b'\n' | b'\r' => false,
        0..0x20 | 0x7f => true,
        0xc2 => matches!(text.get(at + 1), Some(0x80..=0x9f)),
        _ => false,
    }
}

/// The name of the control character that is there, as `U+0000`.
pub(crate) fn name(text: &[u8], at: usize) -> String {
    let code = match text[at] {
        0xc2 => text.get(at + 1).copied().unwrap_or_default(),
        byte => byte,
    };
    format!("U+{code:04X}")
}

/// Why a JSON object is rejected that has a control character in a value or a key.
pub fn in_object(object: &Map<String, Value>) -> Option<Reject> {
    object.iter().find_map(|(key, value)| {
        let found = of_text(key).or_else(|| of_value(value))?;
        let message = format!("the value has the control character {found}, which no text has: take it out");
        let field = of_text(key).is_none().then(|| key.clone());
        Some(Reject::relay(CONTROL_CHARACTER, field, message))
    })
}

fn of_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => of_text(text),
        Value::Array(values) => values.iter().find_map(of_value),
        Value::Object(object) => object
            .iter()
            .find_map(|(key, value)| of_text(key).or_else(|| of_value(value))),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn of_text(text: &str) -> Option<String> {
    first(text.as_bytes()).map(|at| name(text.as_bytes(), at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_control_character_is_found_wherever_it_is(text in "[a-z\u{0}-\u{1f}\u{7d}-\u{a3}é山🎉]{0,40}") {
            let is_one = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
            let expected = text.char_indices().find(|(_, c)| is_one(c)).map(|(at, _)| at);
            prop_assert_eq!(first(text.as_bytes()), expected);
        }
    }

    #[test]
    fn values_within_values_and_keys_are_looked_at() {
        for (text, field) in [
            (r#"{"a": "x\u0000"}"#, Some("a")),
            (r#"{"b": [{"c": "\b"}]}"#, Some("b")),
            (r#"{"d\u0001": 1}"#, None),
        ] {
            let object: Map<String, Value> = serde_json::from_str(text).unwrap();
            let reject = in_object(&object).unwrap();
            assert_eq!(
                (reject.code.as_str(), reject.field.as_deref()),
                (CONTROL_CHARACTER, field)
            );
        }
        let object: Map<String, Value> = serde_json::from_str(r#"{"a": "two\nlines\tand\r\nmore"}"#).unwrap();
        assert_eq!(in_object(&object), None);
    }
}
