//! Decides what an answer of Bigin's means for the records of a call. Pure: answer in, decision out.

use std::time::Duration;

use bigin::{Action, CallFailure, Operation, RecordError, RecordOutcome};
use jiff::{SignedDuration, Timestamp};

use super::call::Created;
use crate::record::{Origin, Outcome, Parcel, Reject};
use shared::state::refusals::is_of_account;
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
    /// Refused by something that nobody has heard of, in front of Bigin perhaps, for what is in it or for all: split it, and
    /// stop so where others are not taken either.
    SplitOrHold(Stop),
    /// Send nothing more; of this module where it is held, else at all.
    Stop(Stop),
}

/// What to do about a failed call, which would have cost that many API credits. `known_left` is how many there were left
/// when Bigin last said so.
pub fn about_failure(failure: &CallFailure, credits: u64, known_left: Option<u64>) -> Decision {
    let hold = |code: &str| {
        let message = if is_of_account(code) {
            format!(
                "Bigin takes no records for now ({code}): the account's storage, licences, edition or limit of the day forbid it"
            )
        } else {
            failure.to_string()
        };
        Decision::Stop(Stop::ModuleHeld {
            code: code.to_owned(),
            message,
        })
    };
    match failure {
        CallFailure::TokenRejected { code } => Decision::Stop(Stop::TokenRejected { code: code.clone() }),
        CallFailure::ScopeMissing { .. } => hold("OAUTH_SCOPE_MISMATCH"),
        CallFailure::NotPermitted { code, .. } if !is_of_user(code) && !is_of_account(code) => match hold(code) {
            Decision::Stop(stop) => Decision::SplitOrHold(stop),
            other => other,
        },
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
        // These speak of the account, whatever records are in it.
        CallFailure::Refused { status: 402, code, .. } => hold(code),
        CallFailure::Refused { code, .. } if is_of_account(code) => hold(code),
        CallFailure::Refused { .. } => Decision::Split,
        CallFailure::Unavailable { .. } | CallFailure::Unreadable { .. } | CallFailure::NoAnswer { .. } => {
            Decision::Repeat
        }
    }
}

/// Whether a code speaks of what the user may do, whatever records are in the call.
fn is_of_user(code: &str) -> bool {
    ["NO_PERMISSION", "NOT_SUPPORTED", "AUTHORIZATION_FAILED"].contains(&code)
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
        RecordOutcome::Accepted { action, id, .. } => {
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
        CallFailure::Refused { code, .. } | CallFailure::NotPermitted { code, .. } if !code.is_empty() => code.clone(),
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
mod tests;
