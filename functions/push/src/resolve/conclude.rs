//! What becomes of a record, by what was found. Pure.

use bigin::{MOST_RECORDS_LISTED, Operation};

use super::codes;
use super::finding::{Finding, Findings, Id};
use super::pending::Pending;
use super::place::Place;
use crate::map::{OnAmbiguous, OnMissing, Reference};
use crate::record::{MatchKey, Outcome, Reject, fold};
use shared::stop::{Service, Stop};

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conclusion<'a> {
    /// It is sent.
    Send {
        /// The id of the record that is meant, where the record does not say it itself.
        key: Option<Id>,
        /// The ids of the records it refers to, in the references' order; `None` leaves a field out.
        ids: Vec<Option<Id>>,
    },
    /// It is sent once these records are made.
    Make(Vec<&'a Reference>),
    /// It has ended.
    End(Outcome),
    /// A record it refers to is not there.
    Missing(Reject),
    /// It waits.
    Wait(Stop),
}

/// What one reference comes to.
enum Referred {
    To(Option<Id>),
    Make,
    Missing(Reject),
    Reject(Reject),
    Wait(Stop),
}

/// Concludes. `unfit` tells of places whose field there is not.
pub(super) fn conclude<'a>(
    pending: &'a Pending,
    findings: &Findings,
    unfit: &impl Fn(&Place) -> bool,
) -> Conclusion<'a> {
    let key = match key(pending, findings) {
        Ok(key) => key,
        Err(other) => return other,
    };
    let mut ids = Vec::with_capacity(pending.references.len());
    let mut make = Vec::new();
    let (mut wait, mut missing) = (None, None);
    for reference in &pending.references {
        match refer(reference, findings, unfit) {
            Referred::To(id) => ids.push(id),
            Referred::Make => make.push(reference),
            Referred::Missing(reject) => {
                missing.get_or_insert(reject);
            }
            Referred::Wait(stop) => {
                wait.get_or_insert(stop);
            }
            // What is rejected for good anyway has nothing to wait for, and makes nobody's parent.
            Referred::Reject(reject) => return Conclusion::End(Outcome::Rejected(reject)),
        }
    }
    match (wait, missing) {
        (Some(stop), _) => Conclusion::Wait(stop),
        (None, Some(reject)) => Conclusion::Missing(reject),
        (None, None) if make.is_empty() => Conclusion::Send { key, ids },
        (None, None) => Conclusion::Make(make),
    }
}

/// The id of the record that an update or a delete means: the first match field that finds anything decides.
fn key(pending: &Pending, findings: &Findings) -> Result<Option<Id>, Conclusion<'static>> {
    if !pending.needs_key() {
        return Ok(None);
    }
    let shape = &pending.parcel.shape;
    let reject = |code: &str, field: &str, message: String| {
        Err(Conclusion::End(Outcome::Rejected(Reject::relay(
            code,
            Some(field.to_owned()),
            message,
        ))))
    };
    for key in &pending.parcel.keys {
        let Some(place) = Place::of_key(&shape.module, key) else {
            continue;
        };
        match findings.get(&place, key.folded()) {
            Some(Finding::One(id)) => return Ok(Some(Id::clone(id))),
            Some(Finding::Nobody | Finding::NotMade(_)) => {}
            Some(Finding::Several { .. }) => {
                let message = format!(
                    "several records of {} have this value in {}: give the id of the one that is meant, or match on a unique field",
                    shape.module,
                    key.field()
                );
                return reject(codes::AMBIGUOUS_KEY, key.field(), message);
            }
            Some(Finding::OutOfReach) => return reject(codes::OUT_OF_REACH, key.field(), out_of_reach(&place)),
            None => return Err(Conclusion::Wait(not_looked_for(&place, findings))),
        }
    }
    if shape.operation == Operation::Delete {
        return Err(Conclusion::End(Outcome::Unchanged));
    }
    let fields: Vec<_> = pending.parcel.keys.iter().map(MatchKey::field).collect();
    let message = format!(
        "no record of {} has this value in {}: there is nothing to update; to insert such records, use operation = \"upsert\"",
        shape.module,
        fields.join(" or ")
    );
    reject(codes::NOT_FOUND, fields.first().copied().unwrap_or("id"), message)
}

fn refer(reference: &Reference, findings: &Findings, unfit: &impl Fn(&Place) -> bool) -> Referred {
    let rule = &reference.rule;
    let reject = |code: &str, message: String| Reject::relay(code, Some(rule.field.as_str().to_owned()), message);
    let Some(place) = Place::of_rule(rule).filter(|place| !unfit(place)) else {
        let message = format!(
            "values of {} are to be looked for in {} of {}, which is no field there: correct `by` under [lookup.{}] in the mapping",
            rule.field.as_str(),
            rule.by,
            rule.module,
            rule.field.as_str()
        );
        return Referred::Reject(reject(codes::LOOKUP_FIELD_UNKNOWN, message));
    };
    let (what, field) = (place.what(), place.field());
    let ruled = format!("[lookup.{}] in the mapping", rule.field.as_str());
    match findings.get(&place, &fold(&reference.value)) {
        Some(Finding::One(id)) => Referred::To(Some(Id::clone(id))),
        Some(Finding::Several { oldest }) => match rule.on_ambiguous {
            OnAmbiguous::Oldest => Referred::To(Some(Id::clone(oldest))),
            OnAmbiguous::Empty => Referred::To(None),
            OnAmbiguous::Reject => Referred::Reject(reject(
                codes::AMBIGUOUS_LOOKUP,
                format!(
                    "more than one {what} has this {field}: give the id of the one that is meant, or set `by` or `on_ambiguous` \
                     under {ruled}"
                ),
            )),
        },
        Some(Finding::Nobody) => match rule.on_missing {
            OnMissing::Create => match findings.closed(&place) {
                Some(stop) => Referred::Wait(stop.clone()),
                None => Referred::Make,
            },
            OnMissing::Empty => Referred::To(None),
            OnMissing::Reject => Referred::Missing(reject(
                codes::LOOKUP_NOT_FOUND,
                format!(
                    "no {what} has this {field}: put it into Bigin first, give the id, or set `on_missing` under {ruled}"
                ),
            )),
        },
        Some(Finding::NotMade(why)) => Referred::Reject(reject(
            codes::LOOKUP_NOT_MADE,
            format!("no {what} has this {field}, and none could be made of it: {why}"),
        )),
        Some(Finding::OutOfReach) => Referred::Reject(reject(codes::OUT_OF_REACH, out_of_reach(&place))),
        None => Referred::Wait(not_looked_for(&place, findings)),
    }
}

fn out_of_reach(place: &Place) -> String {
    format!(
        "a {} with this {} cannot be looked for: the value has characters that no query can have, and the list is longer \
         than Bigin shows ({MOST_RECORDS_LISTED} records); give the id",
        place.what(),
        place.field()
    )
}

fn not_looked_for(place: &Place, findings: &Findings) -> Stop {
    findings.closed(place).cloned().unwrap_or_else(|| {
        Stop::unavailable(
            Service::Relay,
            format!("what a value of {} stands for was not found out", place.field()),
        )
    })
}
