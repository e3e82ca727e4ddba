//! What pull was invoked with: a request to start runs, or a step of one.

use bigin::ModuleName;
use serde::Deserialize;
use serde_json::Value;

/// An invocation's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// To start runs over all modules that are pulled by themselves.
    All,
    /// To start a run over one module.
    One(Request),
    /// A step of a run, from the state machine.
    Step(Step),
}

/// A request for one module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The module, by its API name, Bigin's own name or the organisation's label.
    pub module: String,
    /// Whether to read everything.
    #[serde(default)]
    pub backfill: bool,
}

/// Which step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepName {
    /// Read on.
    Slice,
    /// The run was told of.
    Close,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Step {
    /// Which.
    pub step: StepName,
    /// The module's API name.
    pub module: ModuleName,
    /// The run.
    pub run_id: String,
    /// How long it has waited in a row.
    #[serde(default)]
    pub waited_s: u64,
}

/// A payload that is none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "pull was invoked with {what}: send {{}} for all modules of PullModules, or {{\"module\": \"Contacts\"}}, with \
     \"backfill\": true to read everything"
)]
pub struct UnknownEvent {
    what: &'static str,
}

impl Event {
    /// Reads a payload.
    ///
    /// # Errors
    /// It is none that pull knows.
    pub fn read(payload: Value) -> Result<Self, UnknownEvent> {
        let unknown = |what| UnknownEvent { what };
        let Value::Object(keys) = &payload else {
            return Err(unknown("something that is no JSON object"));
        };
        if keys.is_empty() {
            return Ok(Self::All);
        }
        if keys.contains_key("step") {
            let step = serde_json::from_value(payload).map(Self::Step);
            return step
                .map_err(|_| unknown("a step of a run that cannot be read (start the state machine by pull instead)"));
        }
        let request = serde_json::from_value(payload).map(Self::One);
        request.map_err(|_| unknown("a JSON object that names no module, or has a key that is not known"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_way_to_invoke_pull_is_told_apart() {
        assert_eq!(Event::read(json!({})), Ok(Event::All));
        let one = Event::read(json!({"module": "Companies", "backfill": true}));
        assert!(matches!(one, Ok(Event::One(Request { backfill: true, .. }))));
        let step =
            Event::read(json!({"step": "slice", "module": "Contacts", "run_id": "r", "waited_s": 5, "next": "slice"}));
        assert!(matches!(
            step,
            Ok(Event::Step(Step {
                step: StepName::Slice,
                waited_s: 5,
                ..
            }))
        ));
    }

    #[test]
    fn anything_else_is_refused_with_what_may_be_sent() {
        for payload in [
            json!([1]),
            json!({"census": true}),
            json!({"module": "Contacts", "backfil": true}),
            json!({"step": "x"}),
        ] {
            assert!(Event::read(payload).unwrap_err().to_string().contains("backfill"));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_payload_makes_it_panic(key: String, text: String) {
            let _ = Event::read(json!({key: text}));
        }
    }
}
