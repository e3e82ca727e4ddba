//! What pull was invoked with: a request to start runs, or a step of one.

use bigin::ModuleName;
use serde::Deserialize;
use serde_json::Value;

use crate::run::Wish;

/// An invocation's payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// To start runs over all modules that are pulled by themselves.
    All(Wish),
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
    /// Whether to compare everything with what consumers have.
    #[serde(default)]
    pub census: bool,
    /// Whether many records may come out of it as vanished.
    #[serde(default)]
    pub accept_vanished: bool,
}

impl Request {
    /// What it asks for; `None` where that does not go together.
    pub fn wish(&self) -> Option<Wish> {
        let accepts_vanished = self.accept_vanished;
        match (self.backfill, self.census) {
            (false, true) => Some(Wish::Census { accepts_vanished }),
            _ if accepts_vanished => None,
            (false, false) => Some(Wish::News),
            (true, false) => Some(Wish::Copy),
            (true, true) => None,
        }
    }
}

/// A request for all modules that are pulled by themselves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestForAll {
    census: bool,
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
     \"backfill\": true to read everything or \"census\": true to compare everything with what came out (for all modules: \
     {{\"census\": true}})"
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
            return Ok(Self::All(Wish::News));
        }
        if keys.contains_key("step") {
            let step = serde_json::from_value(payload).map(Self::Step);
            return step
                .map_err(|_| unknown("a step of a run that cannot be read (start the state machine by pull instead)"));
        }
        if !keys.contains_key("module")
            && let Ok(RequestForAll { census: true }) = serde_json::from_value(payload.clone())
        {
            let accepts_vanished = false;
            return Ok(Self::All(Wish::Census { accepts_vanished }));
        }
        let request: Request = serde_json::from_value(payload)
            .map_err(|_| unknown("a JSON object that names no module, or has a key that is not known"))?;
        if request.wish().is_none() {
            return Err(unknown("keys that do not go together"));
        }
        Ok(Self::One(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_way_to_invoke_pull_is_told_apart() {
        assert_eq!(Event::read(json!({})), Ok(Event::All(Wish::News)));
        let census = Wish::Census {
            accepts_vanished: false,
        };
        assert_eq!(Event::read(json!({"census": true})), Ok(Event::All(census)));
        for (request, wish) in [
            (json!({"module": "Contacts"}), Wish::News),
            (json!({"module": "Contacts", "census": true}), census),
            (
                json!({"module": "Contacts", "census": true, "accept_vanished": true}),
                Wish::Census { accepts_vanished: true },
            ),
        ] {
            let Ok(Event::One(request)) = Event::read(request) else {
                panic!("it is a request")
            };
            assert_eq!(request.wish(), Some(wish));
        }
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
            json!({"census": false}),
            json!({"module": "Contacts", "census": true, "backfill": true}),
            json!({"module": "Contacts", "accept_vanished": true}),
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
