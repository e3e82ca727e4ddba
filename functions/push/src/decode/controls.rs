//! NUL: it is in no text that anybody meant, and what stood in its place cannot be known. Other control characters are a
//! matter of the field that they are for.

use serde_json::{Map, Value};

use super::find::find;
use crate::record::Reject;

/// The code of a row that has one.
pub(crate) const CONTROL_CHARACTER: &str = "CONTROL_CHARACTER";

/// Where the first NUL is.
pub(crate) fn first(text: &[u8]) -> Option<usize> {
    find(0, text)
}

/// Why a JSON object is rejected that has a control character in a value or a key.
pub fn in_object(object: &Map<String, Value>) -> Option<Reject> {
    object.iter().find_map(|(key, value)| {
        if !of_text(key) && !of_value(value) {
            return None;
        }
        let message = "the value has a NUL (U+0000), which no text has: put there what belongs there";
        let field = (!of_text(key)).then(|| key.clone());
        Some(Reject::relay(CONTROL_CHARACTER, field, message))
    })
}

fn of_value(value: &Value) -> bool {
    match value {
        Value::String(text) => of_text(text),
        Value::Array(values) => values.iter().any(of_value),
        Value::Object(object) => object.iter().any(|(key, value)| of_text(key) || of_value(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn of_text(text: &str) -> bool {
    first(text.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_within_values_and_keys_are_looked_at() {
        for (text, field) in [
            (r#"{"a": "x\u0000"}"#, Some("a")),
            (r#"{"b": [{"c": "\u0000"}]}"#, Some("b")),
            (r#"{"d\u0000": 1}"#, None),
        ] {
            let object: Map<String, Value> = serde_json::from_str(text).unwrap();
            let reject = in_object(&object).unwrap();
            assert_eq!(
                (reject.code.as_str(), reject.field.as_deref()),
                (CONTROL_CHARACTER, field)
            );
        }
        let object: Map<String, Value> = serde_json::from_str(r#"{"a": "two\nlines\tand\b\r\nmore"}"#).unwrap();
        assert_eq!(in_object(&object), None);
    }
}
