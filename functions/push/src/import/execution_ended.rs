//! An execution of the import that has ended: what Step Functions tells of it, in an event or when it is asked.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An execution that has ended (AWS Step Functions developer guide, "Automating Step Functions event delivery with
/// EventBridge").
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ExecutionEnded {
    /// Its name.
    pub name: String,
    /// How: `ABORTED`, `TIMED_OUT`, `FAILED` or `SUCCEEDED`.
    pub status: String,
    /// When it started.
    #[serde(rename = "startDate", deserialize_with = "milliseconds")]
    pub started_at: Timestamp,
    /// What it was started with, where that was told.
    #[serde(default, deserialize_with = "json_text")]
    pub input: Option<Value>,
    /// The error that it ended with.
    #[serde(default)]
    pub error: Option<String>,
    /// What caused it.
    #[serde(default)]
    pub cause: Option<String>,
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let milliseconds = i64::deserialize(deserializer)?;
    Timestamp::from_millisecond(milliseconds).map_err(serde::de::Error::custom)
}

fn json_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_events_detail_is_read() {
        let input = json!({"bucket": "b", "key": "inbox/Contacts/a.csv"});
        let ended: ExecutionEnded =
            serde_json::from_value(json!({"executionArn": "arn", "name": "e", "status": "ABORTED",
            "startDate": 1_764_237_600_123_i64, "stopDate": 1_764_237_601_000_i64, "input": input.to_string(),
            "output": null, "error": null, "cause": "by ops"}))
            .unwrap();
        assert_eq!((ended.input, ended.cause.as_deref()), (Some(input), Some("by ops")));
        assert_eq!(ended.started_at.as_millisecond(), 1_764_237_600_123);
    }

    #[test]
    fn an_input_that_was_left_out_is_none() {
        let ended: ExecutionEnded = serde_json::from_value(
            json!({"name": "e", "status": "TIMED_OUT", "startDate": 1_764_237_600_000_i64, "input": null}),
        )
        .unwrap();
        assert_eq!(ended.input, None);
    }
}
