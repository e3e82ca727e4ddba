//! Decides what an answer of Bigin's means for the records of a call. Pure: answer in, decision out.

use std::time::Duration;

use shared::bigin::{Action, CallFailure, CallShape, Operation, RecordError, RecordOutcome};

use crate::parcel::{Origin, Outcome, Parcel, Reject};
use crate::stop::Stop;

/// How often Bigin may ask for one record to be tried again before it is rejected.
const MOST_ATTEMPTS: u32 = 5;

/// What to do about a call that failed as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Try the whole call again after a wait.
    Repeat,
    /// Too many calls at once: fewer, and later.
    SlowDown {
        /// How long Bigin asked to wait.
        retry_after: Option<Duration>,
    },
    /// Refused for what is in it: split it until the record is found.
    Split,
    /// Send nothing more.
    Stop(Stop),
}

/// What to do about a failed call.
pub fn about_failure(failure: &CallFailure) -> Decision {
    match failure {
        CallFailure::TokenRejected { code } => Decision::Stop(Stop::TokenRejected { code: code.clone() }),
        CallFailure::ScopeMissing { .. } => {
            Decision::Stop(Stop::ModuleHeld { code: "OAUTH_SCOPE_MISMATCH".into(), message: failure.to_string() })
        }
        CallFailure::NotPermitted { code, .. } => {
            Decision::Stop(Stop::ModuleHeld { code: code.clone(), message: failure.to_string() })
        }
        CallFailure::UnknownModule { .. } => {
            Decision::Stop(Stop::ModuleHeld { code: "INVALID_MODULE".into(), message: failure.to_string() })
        }
        CallFailure::Throttled { credits_remaining: Some(0), .. } => Decision::Stop(Stop::CreditsGone),
        CallFailure::Throttled { retry_after, .. } => Decision::SlowDown { retry_after: *retry_after },
        CallFailure::Refused { status: 404, .. } => {
            Decision::Stop(Stop::ModuleHeld { code: "INVALID_URL_PATTERN".into(), message: failure.to_string() })
        }
        CallFailure::Refused { .. } => Decision::Split,
        CallFailure::Unavailable { .. } | CallFailure::Unreadable { .. } | CallFailure::NoAnswer { .. } => {
            Decision::Repeat
        }
    }
}

/// What a record's own outcome means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has ended.
    Ended(Outcome),
    /// Bigin may take it later.
    TryAgain,
}

/// Codes that speak of a passing state of the record or of Bigin.
fn passes(code: &str) -> bool {
    matches!(code, "RECORD_LOCKED" | "INTERNAL_ERROR" | "TOO_MANY_REQUESTS" | "RATE_LIMIT_EXCEEDED")
}

/// Judges one record's outcome.
pub fn about_record(shape: &CallShape, parcel: &Parcel, outcome: RecordOutcome) -> Verdict {
    match outcome {
        RecordOutcome::Accepted { action, id } => {
            let possibly_duplicated = parcel.maybe_done && action == Action::Inserted && parcel.keys.is_empty();
            Verdict::Ended(Outcome::Accepted { action, id, possibly_duplicated })
        }
        RecordOutcome::Refused(errors) => about_errors(shape, parcel, &errors),
    }
}

fn about_errors(shape: &CallShape, parcel: &Parcel, errors: &[RecordError]) -> Verdict {
    if errors.iter().all(|error| passes(&error.code)) && parcel.attempts < MOST_ATTEMPTS {
        return Verdict::TryAgain;
    }
    // An insert whose first answer was lost meets itself.
    if let (Operation::Insert, true, [RecordError { code, duplicate_id: Some(id), .. }]) =
        (shape.operation, parcel.maybe_done, errors)
        && code == "DUPLICATE_DATA"
    {
        return Verdict::Ended(Outcome::Accepted {
            action: Action::Inserted,
            id: id.clone(),
            possibly_duplicated: false,
        });
    }
    Verdict::Ended(Outcome::Rejected(reject(errors)))
}

/// One reject that speaks for all errors of a record; the first that names a field leads.
fn reject(errors: &[RecordError]) -> Reject {
    let lead = errors.iter().find(|error| error.field.is_some()).or(errors.first());
    let message = errors.iter().map(describe).collect::<Vec<_>>().join("; ");
    Reject {
        code: lead.map_or_else(|| "UNKNOWN".to_owned(), |error| error.code.clone()),
        field: lead.and_then(|error| error.field.clone()),
        message,
        record_id: errors.iter().find_map(|error| error.duplicate_id.clone()),
        origin: Origin::Zoho,
    }
}

fn describe(error: &RecordError) -> String {
    let field = error.field.as_deref().map(|field| format!(" ({field})")).unwrap_or_default();
    let wants = error.expectation.as_deref().map(|wants| format!(", wants {wants}")).unwrap_or_default();
    let hint = hint(&error.code).map(|hint| format!(": {hint}")).unwrap_or_default();
    let message = if error.message.is_empty() { &error.code } else { &error.message };
    format!("{message}{field}{wants}{hint}")
}

/// What a person can do about a code of Zoho's.
fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "MANDATORY_NOT_FOUND" => "fill the field in",
        "DUPLICATE_DATA" => "another record has this value; _record_id names it",
        "MAPPING_MISMATCH" => "the stage or sub-pipeline does not belong to the pipeline",
        "RECORD_LOCKED" => "somebody has locked the record; unlock it in Bigin",
        "NOT_APPROVED" | "NOT_REVIEWED" => "the record waits for an approval in Bigin",
        "CANNOT_DELETE" | "NOT_ALLOWED" => "the record's state forbids it",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::bigin::ModuleName;

    fn shape(operation: Operation) -> CallShape {
        CallShape { module: ModuleName::parse("Contacts").unwrap(), operation, match_on: vec![], trigger: vec![] }
    }

    fn parcel(maybe_done: bool, attempts: u32) -> Parcel {
        let record = json!({"Last_Name": "Rao"}).as_object().unwrap().clone();
        Parcel { maybe_done, attempts, ..Parcel::new(0, record, &[]) }
    }

    fn error(code: &str) -> RecordError {
        RecordError {
            code: code.into(),
            message: "m".into(),
            field: Some("Email".into()),
            expectation: None,
            duplicate_id: (code == "DUPLICATE_DATA").then(|| "42".into()),
        }
    }

    #[test]
    fn a_permission_holds_the_module_and_rejects_nobody() {
        let failure =
            CallFailure::NotPermitted { call: "POST x".into(), code: "NO_PERMISSION".into(), message: String::new() };
        assert!(matches!(about_failure(&failure), Decision::Stop(Stop::ModuleHeld { .. })));
        assert!(matches!(
            about_failure(&CallFailure::ScopeMissing { call: "x".into() }),
            Decision::Stop(Stop::ModuleHeld { .. })
        ));
    }

    #[test]
    fn a_throttle_slows_down_and_stops_only_when_credits_are_gone() {
        let throttled = |credits_remaining| CallFailure::Throttled {
            call: "x".into(),
            credits_remaining,
            retry_after: Some(Duration::from_secs(3)),
        };
        assert!(matches!(about_failure(&throttled(None)), Decision::SlowDown { retry_after: Some(_) }));
        assert_eq!(about_failure(&throttled(Some(0))), Decision::Stop(Stop::CreditsGone));
    }

    #[test]
    fn a_refusal_as_a_whole_is_split() {
        let refused =
            CallFailure::Refused { call: "x".into(), status: 400, code: "INVALID_DATA".into(), message: "body".into() };
        assert_eq!(about_failure(&refused), Decision::Split);
    }

    #[test]
    fn a_locked_record_is_tried_again_but_not_for_ever() {
        let outcome = RecordOutcome::Refused(vec![error("RECORD_LOCKED")]);
        assert_eq!(about_record(&shape(Operation::Update), &parcel(false, 0), outcome.clone()), Verdict::TryAgain);
        assert!(matches!(
            about_record(&shape(Operation::Update), &parcel(false, MOST_ATTEMPTS), outcome),
            Verdict::Ended(Outcome::Rejected(_))
        ));
    }

    #[test]
    fn an_insert_whose_answer_was_lost_recognises_itself() {
        let outcome = RecordOutcome::Refused(vec![error("DUPLICATE_DATA")]);
        let verdict = about_record(&shape(Operation::Insert), &parcel(true, 0), outcome.clone());
        assert!(matches!(verdict, Verdict::Ended(Outcome::Accepted { action: Action::Inserted, .. })));
        let verdict = about_record(&shape(Operation::Insert), &parcel(false, 0), outcome);
        assert!(matches!(verdict, Verdict::Ended(Outcome::Rejected(_))));
    }

    #[test]
    fn an_insert_without_a_key_that_was_repeated_is_possibly_duplicated() {
        let accepted = RecordOutcome::Accepted { action: Action::Inserted, id: "1".into() };
        let Verdict::Ended(Outcome::Accepted { possibly_duplicated, .. }) =
            about_record(&shape(Operation::Insert), &parcel(true, 0), accepted)
        else {
            panic!("it was accepted")
        };
        assert!(possibly_duplicated);
    }

    #[test]
    fn a_reject_speaks_for_all_errors_and_names_the_clashing_record() {
        let outcome = RecordOutcome::Refused(vec![error("INVALID_DATA"), error("DUPLICATE_DATA")]);
        let Verdict::Ended(Outcome::Rejected(reject)) =
            about_record(&shape(Operation::Upsert), &parcel(false, 0), outcome)
        else {
            panic!("it was rejected")
        };
        assert_eq!((reject.code.as_str(), reject.record_id.as_deref()), ("INVALID_DATA", Some("42")));
        assert!(reject.message.contains(';'));
    }
}
