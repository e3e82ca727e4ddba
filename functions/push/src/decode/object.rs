//! Parses one JSON object, strictly: what would be lost or damaged in silence is refused.

use serde_json::{Map, Value};

use crate::decode::split::INVALID_ENCODING;
use crate::decode::{controls, strict};
use crate::record::Reject;
use crate::record::{RAW_KEY, Row, is_relay_column};

/// From here on a number with a fraction or an exponent cannot hold every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The row that a text is.
pub(crate) fn row(line: u64, bytes: &[u8]) -> Row {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let message = "the record has bytes that are not UTF-8: save the file as UTF-8";
        return Row::broken(line, bytes, Reject::relay(INVALID_ENCODING, None, message));
    };
    match parse(text) {
        Ok(object) => Row::of_object(line, text.to_owned(), object),
        Err(reject) => Row::broken(line, bytes, reject),
    }
}

fn parse(text: &str) -> Result<Map<String, Value>, Reject> {
    if !text.starts_with('{') {
        let message = "the record is not a JSON object: write it as {\"Field\": value, ...}";
        return Err(Reject::relay("NOT_AN_OBJECT", None, message));
    }
    let object = strictly(text)?;
    // A reject whose own text was no object comes back with that text, mended or not, and with nothing but keys of ours.
    let ours = object.contains_key("_origin") && object.keys().all(|key| key == RAW_KEY || is_relay_column(key));
    let Some(Value::String(raw)) = object.get(RAW_KEY).filter(|_| ours) else {
        return Ok(object);
    };
    if raw.contains('\u{fffd}') {
        let message = format!("{RAW_KEY} has U+FFFD where bytes were not UTF-8: put the right letters there");
        return Err(Reject::relay(INVALID_ENCODING, None, message));
    }
    if !raw.trim_ascii_start().starts_with('{') {
        let message = format!("{RAW_KEY} still is not a JSON object: mend the text in it, or delete the line");
        return Err(Reject::relay("NOT_AN_OBJECT", None, message));
    }
    strictly(raw)
}

fn strictly(text: &str) -> Result<Map<String, Value>, Reject> {
    let object = match strict::value(text).map_err(|error| unreadable(text, &error))? {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    // In JSON it is written as an escape.
    if text.contains('\\')
        && let Some(reject) = controls::in_object(&object)
    {
        return Err(reject);
    }
    for (key, value) in &object {
        if !is_exact(value) {
            let message = "the number is too large to be kept exactly: write it in quotes, as text";
            return Err(Reject::relay("NUMBER_TOO_LARGE", Some(key.clone()), message));
        }
    }
    Ok(object)
}

/// Says what is wrong without showing content; the place is counted within the record.
fn unreadable(text: &str, error: &serde_json::Error) -> Reject {
    if error.is_data() {
        let message = "a key comes twice in the record: keep one of the two";
        return Reject::relay("DUPLICATE_KEY", None, message);
    }
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let at = (line_start + error.column()).min(text.len());
    let column = text.char_indices().take_while(|(index, _)| *index < at).count();
    let what = if error.is_eof() {
        "ends too early"
    } else {
        "is not valid"
    };
    Reject::relay(
        "BAD_JSON",
        None,
        format!("the record's JSON {what} at character {column} of the record: mend it there"),
    )
}

fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_u64() || number.is_i64() || number.as_f64().is_some_and(|n| n.abs() < EXACT),
        Value::Array(values) => values.iter().all(is_exact),
        Value::Object(object) => object.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}
