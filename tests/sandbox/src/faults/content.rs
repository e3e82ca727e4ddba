//! Which calls a rule strikes by what is in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::calls::{Endpoint, Subject, elements, records};
use crate::http::Call;

/// What must be in a call; every part that is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Content {
    /// A text anywhere in the body or the query, in names or in values, letter case as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The name of a field of some record, or of a field that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Fields of one record with these very values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, Value>,
    /// The API name of the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    /// The kind of call.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
    /// The least and the most records that the call carries or names.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_records: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_records: Option<usize>,
}

impl Content {
    /// Whether all of it is in the call.
    pub(super) fn is_in(&self, call: &Call) -> bool {
        let needs_subject = self.module.is_some() || self.endpoint.is_some();
        let subject = needs_subject.then(|| Subject::of(call));
        let about = subject.is_none_or(|subject| {
            self.endpoint.is_none_or(|wanted| wanted.covers(subject.endpoint))
                && (self.module.is_none() || self.module == subject.module)
        });
        about && self.counts(call) && self.has_field(call) && self.has_values(call) && self.has_text(call)
    }

    fn counts(&self, call: &Call) -> bool {
        if self.min_records.is_none() && self.max_records.is_none() {
            return true;
        }
        records(call).is_some_and(|count| {
            self.min_records.is_none_or(|least| count >= least) && self.max_records.is_none_or(|most| count <= most)
        })
    }

    fn has_field(&self, call: &Call) -> bool {
        let Some(field) = &self.field else { return true };
        let in_records = || elements(call).any(|element| element.get(field).is_some());
        let asked_for = || {
            let fields = call.query.get("fields").unwrap_or_default();
            fields.split(',').any(|name| name.trim() == field)
        };
        let in_query = || {
            let query = call.json().and_then(|body| body.get("select_query")?.as_str());
            let is_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
            query.is_some_and(|query| query.split(|letter| !is_name(letter)).any(|name| name == field))
        };
        in_records() || asked_for() || in_query()
    }

    fn has_values(&self, call: &Call) -> bool {
        self.values.is_empty()
            || elements(call)
                .filter_map(Value::as_object)
                .any(|element| has_all(element, &self.values))
    }

    fn has_text(&self, call: &Call) -> bool {
        let Some(text) = &self.text else { return true };
        call.query.any(|part| part.contains(text))
            || call.form().any(|part| part.contains(text))
            || find(&call.body, text.as_bytes())
            || call.json().is_some_and(|json| contains(json, text))
    }
}

/// Which records of a write a rule strikes by what is in them; every part that is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RecordContent {
    /// A text anywhere in the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The name of a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Fields with these very values; `id` is one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, Value>,
}

impl RecordContent {
    /// Whether all of it is in the record; a record that is named by its id alone has nothing but `id`.
    pub(super) fn is_in(&self, record: &Value) -> bool {
        let has_values = || match record.as_object() {
            Some(record) => has_all(record, &self.values),
            None => self.values.is_empty(),
        };
        self.text.as_ref().is_none_or(|text| contains(record, text))
            && self.field.as_ref().is_none_or(|field| record.get(field).is_some())
            && has_values()
    }
}

fn has_all(element: &Map<String, Value>, values: &BTreeMap<String, Value>) -> bool {
    values.iter().all(|(name, value)| element.get(name) == Some(value))
}

/// Whether a text is in a name or a value of some JSON; escapes are read.
fn contains(json: &Value, text: &str) -> bool {
    match json {
        Value::String(value) => value.contains(text),
        Value::Array(values) => values.iter().any(|value| contains(value, text)),
        Value::Object(object) => object
            .iter()
            .any(|(name, value)| name.contains(text) || contains(value, text)),
        Value::Number(number) => number.to_string().contains(text),
        Value::Null | Value::Bool(_) => false,
    }
}

fn find(bytes: &[u8], text: &[u8]) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Method;
    use serde_json::json;

    fn upsert(record: &Value) -> Call {
        Call::inner(
            Method::POST,
            "/bigin/v2/Contacts/upsert?x=caf%C3%A9",
            &json!({"data": [{"Last_Name": "Doe"}, record]}),
        )
    }

    fn is_in(content: Value, call: &Call) -> bool {
        serde_json::from_value::<Content>(content).unwrap().is_in(call)
    }

    #[test]
    fn a_text_is_found_in_the_query_in_values_and_in_names_escaped_or_not() {
        let call = upsert(&json!({"Remarks": "<script>", "Turnover": 1234}));
        for text in ["<script>", "Remarks", "1234", "café"] {
            assert!(is_in(json!({"text": text}), &call), "{text}");
        }
        assert!(!is_in(json!({"text": "SCRIPT"}), &call));
        let escaped = Call::with_body(Method::POST, "/x", br#"{"Last_Name": "\u00dcber"}"#.to_vec());
        assert!(is_in(json!({"text": "Über"}), &escaped));
    }

    #[test]
    fn values_must_be_of_one_record() {
        let call = upsert(&json!({"Email": "a@x.example", "Account_Name": {"id": "7"}}));
        assert!(is_in(
            json!({"values": {"Email": "a@x.example", "Account_Name": {"id": "7"}}}),
            &call
        ));
        assert!(!is_in(
            json!({"values": {"Email": "a@x.example", "Last_Name": "Doe"}}),
            &call
        ));
    }

    #[test]
    fn every_part_that_is_given_must_be_there() {
        let call = upsert(&json!({"Email": "a@x.example"}));
        let all =
            json!({"field": "Email", "module": "Contacts", "endpoint": "write", "min_records": 2, "max_records": 2});
        assert!(is_in(all, &call));
        for other in [
            json!({"field": "Phone"}),
            json!({"module": "Accounts"}),
            json!({"endpoint": "insert"}),
            json!({"min_records": 3}),
            json!({"max_records": 1}),
        ] {
            assert!(!is_in(other.clone(), &call), "{other}");
        }
    }

    #[test]
    fn a_field_is_found_where_it_is_asked_for() {
        let list = Call::inner(Method::GET, "/bigin/v2/Contacts?fields=Last_Name,Email", &Value::Null);
        assert!(is_in(json!({"field": "Email"}), &list) && !is_in(json!({"field": "Mail"}), &list));
        let query = json!({"select_query": "select id from Contacts where Email='a@x.example'"});
        let query = Call::inner(Method::POST, "/bigin/v2/coql", &query);
        assert!(is_in(json!({"field": "Email"}), &query) && !is_in(json!({"field": "Mail"}), &query));
    }

    #[test]
    fn a_record_is_struck_by_its_own_content_alone() {
        let fits =
            |content: Value, record: Value| serde_json::from_value::<RecordContent>(content).unwrap().is_in(&record);
        assert!(fits(json!({"text": "poison"}), json!({"Last_Name": "a poisoned one"})));
        assert!(fits(json!({"values": {"id": "7"}}), json!({"id": "7"})));
        assert!(fits(json!({}), json!({"id": "7"})));
        assert!(!fits(json!({"field": "Email"}), json!({"Last_Name": "Doe"})));
        assert!(!fits(json!({"values": {"id": "7"}}), json!("7")));
    }
}
