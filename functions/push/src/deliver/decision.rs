//! Decides what an answer of Bigin's means for the records of a call. Pure: answer in, decision out.

use std::time::Duration;

use bigin::{Action, CallFailure, Operation, RecordError, RecordOutcome};
use jiff::{SignedDuration, Timestamp};

use super::call::Created;
use crate::record::{Origin, Outcome, Parcel, Reject};
use shared::stop::Stop;

/// How often Bigin may ask for one record to be tried again before it is rejected.
const MOST_ATTEMPTS: u32 = 5;
/// How far Bigin's clock may be behind ours; a second of it is that Bigin tells whole seconds.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(2);

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
    /// Send nothing more; of this module where it is held, else at all.
    Stop(Stop),
}

/// What to do about a failed call, which would have cost that many API credits. `known_left` is how many there were left
/// when Bigin last said so.
pub fn about_failure(failure: &CallFailure, credits: u64, known_left: Option<u64>) -> Decision {
    let hold = |code: &str| {
        Decision::Stop(Stop::ModuleHeld {
            code: code.to_owned(),
            message: failure.to_string(),
        })
    };
    match failure {
        CallFailure::TokenRejected { code } => Decision::Stop(Stop::TokenRejected { code: code.clone() }),
        CallFailure::ScopeMissing { .. } => hold("OAUTH_SCOPE_MISMATCH"),
        CallFailure::NotPermitted { code, .. } | CallFailure::Refused { status: 404, code, .. } => hold(code),
        CallFailure::UnknownModule { .. } => hold("INVALID_MODULE"),
        // Fewer are left than the call costs: waiting for other calls to come back would not help.
        CallFailure::Throttled { credits_remaining, .. }
            if credits_remaining
                .or(known_left)
                .is_some_and(|left| left < credits.max(1)) =>
        {
            Decision::Stop(Stop::CreditsGone)
        }
        CallFailure::Throttled { retry_after, .. } => Decision::SlowDown {
            retry_after: *retry_after,
        },
        // These speak of the request, whatever records are in it.
        CallFailure::Refused { code, .. }
            if matches!(
                code.as_str(),
                "REQUIRED_PARAM_MISSING" | "EXPECTED_PARAM_MISSING" | "INVALID_REQUEST_METHOD" | "INVALID_URL_PATTERN"
            ) =>
        {
            hold(code)
        }
        CallFailure::Refused { .. } => Decision::Split,
        CallFailure::Unavailable { .. } | CallFailure::Unreadable { .. } | CallFailure::NoAnswer { .. } => {
            Decision::Repeat
        }
    }
}

/// The permission that all records of a call were refused for. One record among others may have a reason of its own;
/// all of them together tell of the user's rights.
pub fn missing_permission<'a>(outcomes: &'a [RecordOutcome]) -> Option<&'a RecordError> {
    let speaks_of_it = |error: &&RecordError| {
        matches!(
            error.code.as_str(),
            "NO_PERMISSION" | "AUTHORIZATION_FAILED" | "OAUTH_SCOPE_MISMATCH"
        )
    };
    let permission = |outcome: &'a RecordOutcome| match outcome {
        RecordOutcome::Refused(errors) => errors.iter().find(speaks_of_it),
        RecordOutcome::Accepted { .. } => None,
    };
    outcomes.iter().map(permission).reduce(Option::and).flatten()
}

/// What a record's own outcome means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has ended.
    Ended(Outcome),
    /// Bigin may take it later.
    TryAgain,
    /// Its result cannot be read: try it again as one that may have been written.
    ResultLost,
}

/// Codes that speak of a passing state of the record or of Bigin.
fn passes(code: &str) -> bool {
    matches!(
        code,
        "RECORD_LOCKED" | "INTERNAL_ERROR" | "TOO_MANY_REQUESTS" | "RATE_LIMIT_EXCEEDED"
    )
}

/// The record that an insert clashes with, where it may be the insert's own: its first answer was lost.
pub fn met_itself<'a>(parcel: &Parcel, outcome: &'a RecordOutcome) -> Option<&'a str> {
    let RecordOutcome::Refused(errors) = outcome else {
        return None;
    };
    let [
        RecordError {
            code,
            duplicate_id: Some(id),
            ..
        },
    ] = errors.as_slice()
    else {
        return None;
    };
    let may_be = parcel.shape.operation == Operation::Insert && parcel.lost_at.is_some() && code == "DUPLICATE_DATA";
    may_be.then_some(id)
}

/// Judges one record's outcome. `created` tells when the records were made that inserts clash with.
pub fn about_record(parcel: &Parcel, outcome: RecordOutcome, created: &Created) -> Verdict {
    if let (Some(id), Some(lost_at)) = (met_itself(parcel, &outcome), parcel.lost_at) {
        return about_clash(parcel, id, lost_at, created, &outcome);
    }
    if outcome.is_unreadable() && parcel.attempts < MOST_ATTEMPTS {
        return Verdict::ResultLost;
    }
    match outcome {
        RecordOutcome::Accepted { action, id } => {
            let possibly_duplicated = parcel.lost_at.is_some() && action == Action::Inserted && parcel.keys.is_empty();
            Verdict::Ended(Outcome::Accepted {
                action,
                id,
                possibly_duplicated,
                lacks: None,
            })
        }
        RecordOutcome::Refused(errors) => about_errors(parcel, &errors),
    }
}

/// An insert whose answer was lost clashes with a record. It is the insert's own only if it was made since: a value that
/// somebody else's record has had for long is a duplicate like any other.
fn about_clash(parcel: &Parcel, id: &str, lost_at: Timestamp, created: &Created, outcome: &RecordOutcome) -> Verdict {
    let RecordOutcome::Refused(errors) = outcome else {
        return Verdict::TryAgain;
    };
    match created {
        Some(created) if created.get(id).is_some_and(|made| *made >= lost_at - CLOCKS_APART) => {
            Verdict::Ended(Outcome::Accepted {
                action: Action::Inserted,
                id: id.to_owned(),
                possibly_duplicated: false,
                lacks: None,
            })
        }
        None if parcel.attempts < MOST_ATTEMPTS => Verdict::TryAgain,
        created => {
            let mut reject = reject(errors);
            if created.is_none() {
                reject
                    .message
                    .push_str("; an earlier answer was lost, so it may be this very record");
            }
            Verdict::Ended(Outcome::Rejected(reject))
        }
    }
}

fn about_errors(parcel: &Parcel, errors: &[RecordError]) -> Verdict {
    if errors.iter().all(|error| passes(&error.code)) && parcel.attempts < MOST_ATTEMPTS {
        return Verdict::TryAgain;
    }
    // A delete whose answer was lost finds nothing left. What was asked for has come about, and nobody can tell by
    // which call.
    if let (Operation::Delete, Some(_), Some(id), [RecordError { code, .. }]) =
        (parcel.shape.operation, parcel.lost_at, parcel.record.id(), errors)
        && code == "INVALID_DATA"
    {
        return Verdict::Ended(Outcome::Accepted {
            action: Action::Deleted,
            id: id.to_owned(),
            possibly_duplicated: false,
            lacks: None,
        });
    }
    Verdict::Ended(Outcome::Rejected(reject(errors)))
}

/// A record that Bigin refuses although it is alone in its call.
pub fn refused_alone(failure: &CallFailure) -> Reject {
    let code = match failure {
        CallFailure::Refused { code, .. } if !code.is_empty() => code.clone(),
        _ => "REFUSED".to_owned(),
    };
    Reject {
        code,
        field: None,
        message: failure.to_string(),
        record_id: None,
        origin: Origin::Zoho,
    }
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
    let field = error
        .field
        .as_deref()
        .map(|field| format!(" ({field})"))
        .unwrap_or_default();
    let wants = error
        .expectation
        .as_deref()
        .map(|wants| format!(", wants {wants}"))
        .unwrap_or_default();
    let hint = hint(&error.code).map(|hint| format!(": {hint}")).unwrap_or_default();
    let message = if error.message.is_empty() {
        &error.code
    } else {
        &error.message
    };
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
    use std::collections::HashMap;
    use std::sync::Arc;

    use bigin::{CallShape, ModuleName, Record};
    use serde_json::json;

    use super::*;

    fn parcel(operation: Operation, lost: bool) -> Parcel {
        let record = Record::from_object(json!({"Last_Name": "Rao", "id": "7"}).as_object().unwrap());
        let module = ModuleName::parse("Contacts").unwrap();
        let shape = Arc::new(CallShape {
            module,
            operation,
            match_on: vec![],
            trigger: vec![],
        });
        Parcel {
            lost_at: lost.then(lost_at),
            ..Parcel::new(0, record, vec![], shape)
        }
    }

    fn lost_at() -> Timestamp {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    fn made(at: &str) -> HashMap<String, Timestamp> {
        HashMap::from([("42".to_owned(), at.parse().unwrap())])
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

    fn refused(code: &str) -> RecordOutcome {
        RecordOutcome::Refused(vec![error(code)])
    }

    fn is_accepted(verdict: &Verdict, wanted: Action) -> bool {
        matches!(verdict, Verdict::Ended(Outcome::Accepted { action, .. }) if *action == wanted)
    }

    fn is_rejected(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Ended(Outcome::Rejected(_)))
    }

    fn refusal(status: u16, code: &str) -> CallFailure {
        CallFailure::Refused {
            call: "x".into(),
            status,
            code: code.into(),
            message: "body".into(),
        }
    }

    #[test]
    fn a_permission_holds_the_module_and_rejects_nobody() {
        let failure = CallFailure::NotPermitted {
            call: "POST x".into(),
            code: "NO_PERMISSION".into(),
            message: String::new(),
        };
        assert!(matches!(
            about_failure(&failure, 10, None),
            Decision::Stop(Stop::ModuleHeld { .. })
        ));
        assert!(matches!(
            about_failure(&CallFailure::ScopeMissing { call: "x".into() }, 10, None),
            Decision::Stop(Stop::ModuleHeld { .. })
        ));
    }

    #[test]
    fn a_permission_that_all_records_lack_is_told_from_one_that_one_record_lacks() {
        let accepted = RecordOutcome::Accepted {
            action: Action::Inserted,
            id: "1".into(),
        };
        assert!(missing_permission(&[refused("NO_PERMISSION"), refused("NO_PERMISSION")]).is_some());
        assert!(missing_permission(&[refused("NO_PERMISSION"), accepted]).is_none());
        assert!(missing_permission(&[refused("INVALID_DATA"), refused("NO_PERMISSION")]).is_none());
        assert!(missing_permission(&[]).is_none());
    }

    #[test]
    fn a_throttle_slows_down_and_stops_only_when_credits_are_gone() {
        let throttled = |credits_remaining| CallFailure::Throttled {
            call: "x".into(),
            credits_remaining,
            retry_after: Some(Duration::from_secs(3)),
        };
        assert!(matches!(
            about_failure(&throttled(None), 10, None),
            Decision::SlowDown { retry_after: Some(_) }
        ));
        assert!(matches!(
            about_failure(&throttled(Some(70)), 10, None),
            Decision::SlowDown { .. }
        ));
        for left in [0, 9] {
            assert_eq!(
                about_failure(&throttled(Some(left)), 10, None),
                Decision::Stop(Stop::CreditsGone)
            );
            assert_eq!(
                about_failure(&throttled(None), 10, Some(left)),
                Decision::Stop(Stop::CreditsGone)
            );
        }
    }

    #[test]
    fn a_refusal_as_a_whole_is_split_unless_it_is_about_the_request() {
        assert_eq!(about_failure(&refusal(400, "INVALID_DATA"), 10, None), Decision::Split);
        assert_eq!(
            about_failure(&refusal(400, "LIMIT_EXCEEDED"), 10, None),
            Decision::Split
        );
        for (status, code) in [(400, "REQUIRED_PARAM_MISSING"), (404, "INVALID_URL_PATTERN")] {
            assert!(
                matches!(
                    about_failure(&refusal(status, code), 10, None),
                    Decision::Stop(Stop::ModuleHeld { .. })
                ),
                "{code}"
            );
        }
    }

    #[test]
    fn a_locked_record_is_tried_again_but_not_for_ever() {
        let mut parcel = parcel(Operation::Update, false);
        assert_eq!(
            about_record(&parcel, refused("RECORD_LOCKED"), &None),
            Verdict::TryAgain
        );
        parcel.attempts = MOST_ATTEMPTS;
        assert!(is_rejected(&about_record(&parcel, refused("RECORD_LOCKED"), &None)));
    }

    #[test]
    fn an_insert_whose_answer_was_lost_recognises_itself_by_when_the_record_was_made() {
        let clash = |lost, created: &Created| {
            about_record(&parcel(Operation::Insert, lost), refused("DUPLICATE_DATA"), created)
        };
        let own = clash(true, &Some(made("2026-11-24T10:00:01+01:00")));
        assert!(is_accepted(&own, Action::Inserted));
        assert!(
            is_rejected(&clash(true, &Some(made("2026-11-24T08:59:00Z")))),
            "it was there before"
        );
        assert!(is_rejected(&clash(true, &Some(HashMap::new()))), "nobody knows it");
        assert!(
            is_rejected(&clash(false, &Some(made("2026-11-24T10:00:01Z")))),
            "no answer was lost"
        );
        assert_eq!(clash(true, &None), Verdict::TryAgain, "it could not be looked up");
    }

    #[test]
    fn a_clash_that_can_never_be_looked_up_is_rejected_and_says_what_it_may_be() {
        let parcel = Parcel {
            attempts: MOST_ATTEMPTS,
            ..parcel(Operation::Insert, true)
        };
        let Verdict::Ended(Outcome::Rejected(reject)) = about_record(&parcel, refused("DUPLICATE_DATA"), &None) else {
            panic!("it is rejected")
        };
        assert!(reject.message.contains("an earlier answer was lost"));
        assert_eq!(reject.record_id.as_deref(), Some("42"));
    }

    #[test]
    fn a_result_that_cannot_be_read_is_taken_for_a_lost_one() {
        let parcel = parcel(Operation::Upsert, false);
        let unreadable = || refused(bigin::UNREADABLE_RESULT);
        assert_eq!(about_record(&parcel, unreadable(), &None), Verdict::ResultLost);
        let tired = Parcel {
            attempts: MOST_ATTEMPTS,
            ..parcel
        };
        assert!(is_rejected(&about_record(&tired, unreadable(), &None)));
    }

    #[test]
    fn a_delete_whose_answer_was_lost_finds_nothing_left_and_counts_as_done() {
        let gone = |lost| about_record(&parcel(Operation::Delete, lost), refused("INVALID_DATA"), &None);
        assert!(is_accepted(&gone(true), Action::Deleted));
        assert!(is_rejected(&gone(false)));
    }

    #[test]
    fn an_insert_without_a_key_that_was_repeated_is_possibly_duplicated() {
        let duplicated = |lost| {
            let accepted = RecordOutcome::Accepted {
                action: Action::Inserted,
                id: "1".into(),
            };
            match about_record(&parcel(Operation::Insert, lost), accepted, &None) {
                Verdict::Ended(Outcome::Accepted {
                    possibly_duplicated, ..
                }) => possibly_duplicated,
                _ => panic!("it was accepted"),
            }
        };
        assert!(duplicated(true));
        assert!(!duplicated(false));
    }

    #[test]
    fn a_reject_speaks_for_all_errors_and_names_the_clashing_record() {
        let outcome = RecordOutcome::Refused(vec![error("INVALID_DATA"), error("DUPLICATE_DATA")]);
        let Verdict::Ended(Outcome::Rejected(reject)) = about_record(&parcel(Operation::Upsert, false), outcome, &None)
        else {
            panic!("it was rejected")
        };
        assert_eq!(
            (reject.code.as_str(), reject.record_id.as_deref()),
            ("INVALID_DATA", Some("42"))
        );
        assert!(reject.message.contains(';'));
    }
}
