//! The body of a write: `{"data": [...]}`.

use serde_json::Value;

use crate::answer::Refusal;
use crate::http::Call;
use crate::json::object;

/// The most records in one call.
pub(crate) const MOST_RECORDS: usize = 100;

/// The elements of `data`.
pub(super) struct Elements<'a>(&'a [Value]);

impl<'a> Elements<'a> {
    pub(super) fn read(call: &'a Call) -> Result<Self, Refusal> {
        let body = call
            .json()
            .and_then(Value::as_object)
            .ok_or_else(|| Refusal::invalid_data(object! {"expected_data_type" => "jsonobject"}, "body"))?;
        let data = body
            .get("data")
            .and_then(Value::as_array)
            .filter(|data| !data.is_empty())
            .ok_or_else(|| {
                let details = object! {"expected_data_type" => "jsonarray", "api_name" => "data"};
                Refusal::invalid_data(details, "invalid data")
            })?;
        if data.len() > MOST_RECORDS {
            let details = object! {"maximum_length" => MOST_RECORDS, "api_name" => "data"};
            return Err(Refusal::limit(details, "the limit of records in one call is exceeded"));
        }
        Ok(Self(data))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Value> {
        self.0.iter()
    }
}

/// How many records a body has, for the credits.
pub(crate) fn count(call: &Call) -> usize {
    call.json()
        .and_then(|body| body.get("data")?.as_array())
        .map_or(0, Vec::len)
}

/// Whether a call asks that no automation runs.
pub(crate) fn is_quiet(call: &Call) -> bool {
    let trigger = call.json().and_then(|body| body.get("trigger")?.as_array());
    trigger.is_some_and(Vec::is_empty) || call.query.get("wf_trigger") == Some("false")
}

/// A record's id: text, or a number of up to 19 digits.
pub(crate) fn id(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
