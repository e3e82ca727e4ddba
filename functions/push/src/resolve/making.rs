//! Makes the records that lookups miss, where the mapping says so. An upsert carries nothing but the value.
//! It starts no automation, and finds a record that somebody else has made meanwhile.

use std::collections::VecDeque;

use bigin::{CallFailure, MOST_RECORDS_A_CALL, RecordError, RecordOutcome};

use super::finding::Finding;
use super::place::Place;

/// How often a value is tried that Bigin asks to be tried again.
const MOST_TRIES: u32 = 3;

/// A value of which a record is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub folded: String,
    /// As it is first written.
    pub written: String,
    pub tries: u32,
}

/// What is still to be made.
#[derive(Debug, Default)]
pub(super) struct Making {
    calls: VecDeque<(Place, Vec<Value>)>,
}

impl Making {
    /// Takes values of a place, none twice.
    pub fn add(&mut self, place: &Place, values: &[Value]) {
        for values in values.chunks(MOST_RECORDS_A_CALL) {
            self.calls.push_back((place.clone(), values.to_vec()));
        }
    }

    /// The next call.
    pub fn call(&self) -> Option<(&Place, Vec<String>)> {
        let (place, values) = self.calls.front()?;
        Some((place, values.iter().map(|value| value.written.clone()).collect()))
    }

    /// Takes the outcomes of the present call: what they settle.
    pub fn made(&mut self, outcomes: Vec<RecordOutcome>) -> Option<(Place, Vec<(String, Finding)>)> {
        let (place, values) = self.calls.pop_front()?;
        let (mut settled, mut again) = (Vec::new(), Vec::new());
        let mut outcomes = outcomes.into_iter();
        for mut value in values {
            value.tries += 1;
            match outcomes.next().map(|outcome| read(&outcome)) {
                Some(Some(finding)) => settled.push((value.folded, finding)),
                _ if value.tries < MOST_TRIES => again.push(value),
                _ => settled.push((value.folded, Finding::NotMade("Bigin gives no clear answer".to_owned()))),
            }
        }
        if !again.is_empty() {
            self.calls.push_back((place.clone(), again));
        }
        Some((place, settled))
    }

    /// The present call was refused as a whole: what that settles. One value may be the reason, so a call of several is
    /// halved.
    pub fn refused(&mut self, failure: &CallFailure) -> Option<(Place, Vec<(String, Finding)>)> {
        let code = match failure {
            CallFailure::Refused { code, .. } => code,
            _ => "REFUSED",
        };
        self.halve(&format!("Bigin refuses it ({code})"))
    }

    /// The present call fails without a word, and it is for what is in it.
    pub fn fails(&mut self) -> Option<(Place, Vec<(String, Finding)>)> {
        self.halve("every call with this value fails, and others get through")
    }

    /// Halves the present call; of a single value it is settled why it was not made.
    fn halve(&mut self, why: &str) -> Option<(Place, Vec<(String, Finding)>)> {
        let (place, mut values) = self.calls.pop_front()?;
        if values.len() > 1 {
            let rest = values.split_off(values.len().div_ceil(2));
            self.calls.push_front((place.clone(), rest));
            self.calls.push_front((place.clone(), values));
            return Some((place, Vec::new()));
        }
        let settled = values
            .into_iter()
            .map(|value| (value.folded, Finding::NotMade(why.to_owned())));
        Some((place, settled.collect()))
    }

    /// Nothing more is made in that place.
    pub fn close(&mut self, place: &Place) {
        self.calls.retain(|(other, _)| other != place);
    }
}

/// What an outcome settles; `None` where it is worth trying again.
fn read(outcome: &RecordOutcome) -> Option<Finding> {
    match outcome {
        RecordOutcome::Accepted { id, .. } => Some(Finding::One(id.as_str().into())),
        _ if outcome.is_unreadable() => None,
        RecordOutcome::Refused(errors) => {
            if let Some(id) = errors.iter().find_map(|error| error.duplicate_id.as_deref()) {
                return Some(Finding::One(id.into()));
            }
            let passes = |error: &RecordError| {
                matches!(
                    error.code.as_str(),
                    "INTERNAL_ERROR" | "RECORD_LOCKED" | "TOO_MANY_REQUESTS" | "RATE_LIMIT_EXCEEDED"
                )
            };
            if errors.iter().all(passes) {
                return None;
            }
            let told: Vec<_> = errors.iter().map(tell).collect();
            Some(Finding::NotMade(format!("Bigin refuses it ({})", told.join("; "))))
        }
    }
}

/// Code and field: no text of Bigin's, which may quote the value.
fn tell(error: &RecordError) -> String {
    match &error.field {
        Some(field) => format!("{} {field}", error.code),
        None => error.code.clone(),
    }
}

#[cfg(test)]
mod tests {
    use bigin::Action;

    use super::*;

    fn value(text: &str) -> Value {
        Value {
            folded: text.to_lowercase(),
            written: text.to_owned(),
            tries: 0,
        }
    }

    fn making(texts: &[&str]) -> Making {
        let mut making = Making::default();
        let values: Vec<_> = texts.iter().map(|text| value(text)).collect();
        making.add(&Place::UserNames, &values);
        making
    }

    fn error(code: &str, field: Option<&str>, duplicate_id: Option<&str>) -> RecordOutcome {
        RecordOutcome::Refused(vec![RecordError {
            code: code.to_owned(),
            message: "Acme is bad".to_owned(),
            field: field.map(str::to_owned),
            expectation: None,
            duplicate_id: duplicate_id.map(str::to_owned),
        }])
    }

    #[test]
    fn each_value_gets_the_outcome_in_its_place() {
        let mut making = making(&["Acme", "Other", "Third"]);
        let accepted = RecordOutcome::Accepted {
            action: Action::Inserted,
            id: "1".into(),
            modified_at: None,
        };
        let refused = error("MANDATORY_NOT_FOUND", Some("Last_Name"), None);
        let duplicate = error("DUPLICATE_DATA", Some("Email"), Some("7"));
        let (_, settled) = making.made(vec![accepted, refused, duplicate]).unwrap();
        let not_made = Finding::NotMade("Bigin refuses it (MANDATORY_NOT_FOUND Last_Name)".into());
        assert_eq!(
            settled,
            [
                ("acme".to_owned(), Finding::One("1".into())),
                ("other".to_owned(), not_made),
                ("third".to_owned(), Finding::One("7".into()))
            ]
        );
        assert!(making.call().is_none());
    }

    #[test]
    fn what_passes_is_tried_again_but_not_for_ever() {
        let mut making = making(&["Acme"]);
        for _ in 1..MOST_TRIES {
            assert_eq!(making.made(vec![error("INTERNAL_ERROR", None, None)]).unwrap().1, []);
        }
        assert!(matches!(
            making.made(Vec::new()).unwrap().1.as_slice(),
            [(_, Finding::NotMade(_))]
        ));
        assert!(making.call().is_none());
    }

    #[test]
    fn a_call_refused_as_a_whole_is_halved_until_the_value_is_found() {
        let mut making = making(&["a", "b", "c"]);
        let refusal = CallFailure::Refused {
            call: "upsert".into(),
            status: 400,
            code: "INVALID_DATA".into(),
            message: "a".into(),
        };
        assert_eq!(making.refused(&refusal).unwrap().1, []);
        assert_eq!(making.call().unwrap().1, ["a", "b"]);
        assert_eq!(making.refused(&refusal).unwrap().1, []);
        assert!(
            matches!(making.refused(&refusal).unwrap().1.as_slice(), [(_, Finding::NotMade(why))] if why.ends_with("(INVALID_DATA)"))
        );
        assert_eq!(making.call().unwrap().1, ["b"]);
    }
}
