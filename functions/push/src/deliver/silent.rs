//! What becomes of the records of a call that failed without a word about any of them.

use bigin::CallFailure;
use jiff::{SignedDuration, Timestamp};

use shared::pause_watch::PauseCheck;
use shared::stop::{Service, Stop};
use shared::tokens::Tokens;

use super::codes;
use super::delivery::Delivery;
use super::evidence::are_alike;
use super::landing::Known;
use super::poison::{self, History, Step, step};
use crate::record::{Parcel, Reject, Settled, Silence, Suspicion};

/// Whether it is to be found out, should a call with that record fail once more, if Bigin can be read.
pub(super) fn asks_for_a_read(first: &Parcel, now: Timestamp) -> bool {
    let Some(suspicion) = &first.suspicion else {
        return false;
    };
    let alone_since = suspicion.alone_since.filter(|_| suspicion.records == 1);
    alone_since.is_some_and(|since| poison::asks_for_a_read(now.duration_since(since), suspicion.compared))
}

impl<T: Tokens, B: PauseCheck> Delivery<T, B> {
    /// A call got through: those like it that failed are compared with it.
    pub(super) fn got_through(&mut self, parcels: &[Parcel]) {
        self.evidence.passed(parcels);
        let Some(first) = parcels.first() else { return };
        for waiting in self.lanes.iter_mut().filter(|waiting| are_alike(first, waiting)) {
            if let Some(suspicion) = &mut waiting.suspicion {
                suspicion.compared = true;
            }
        }
        let recoveries = self.evidence.recoveries;
        self.lanes.halve_where(|waiting, suspicion| {
            let has_failed = suspicion.half_of.is_some() && suspicion.failed.is_some();
            has_failed
                && are_alike(first, waiting)
                && poison::is_halved_unsent(suspicion.records, suspicion.times, recoveries)
        });
    }

    /// Finds out by halves which record makes its calls fail.
    pub(super) fn failed_silently(
        &mut self,
        mut parcels: Vec<Parcel>,
        failure: &CallFailure,
        lost: Option<Timestamp>,
        known: &Known,
    ) -> Vec<Settled> {
        let (Some(first), Some(silence)) = (parcels.first(), Silence::of(failure)) else {
            return Vec::new();
        };
        let (records, now, module) = (parcels.len(), Timestamp::now(), first.shape.module.clone());
        let mut suspicion = match &first.suspicion {
            Some(suspicion) => (**suspicion).clone(),
            None => Suspicion::new(records),
        };
        suspicion.compared |= self.evidence.passes(first) > known.passes;
        suspicion.fail(silence, records, now);
        match step(&self.history(&suspicion, first, known, now)) {
            Step::Reject => {
                if !suspicion.compared {
                    self.evidence.given_up.insert(module);
                }
                let message = format!("every call with this record fails, and others get through: {failure}");
                return self.all_refused(parcels, &Reject::relay(codes::CALL_FAILS, None, message));
            }
            Step::Halve => {
                let behind = parcels.split_off(records.div_ceil(2));
                for mut half in [behind, parcels] {
                    let of_half = suspicion.half(half.len());
                    for parcel in &mut half {
                        parcel.suspect(Some(of_half.clone()));
                    }
                    self.put_back(half, lost);
                }
            }
            again => {
                for parcel in &mut parcels {
                    parcel.suspect(Some(suspicion.clone()));
                }
                if again == Step::AfterTheOtherHalf {
                    self.put_behind_other_half(parcels, lost);
                } else {
                    self.put_back(parcels, lost);
                }
            }
        }
        if suspicion.compared {
            // The fault is in this call: neither patience nor the budget for trouble that passes is spent on it.
            self.tally.retries += 1;
            self.wait(self.own_wait(suspicion.times));
        } else {
            self.failed_again(None, || Stop::unavailable(Service::Bigin, failure));
        }
        Vec::new()
    }

    fn history(&self, suspicion: &Suspicion, first: &Parcel, known: &Known, now: Timestamp) -> History {
        let call = suspicion.call;
        let others = || {
            let flying = self.in_flight.values().flat_map(|flight| flight.parcels.iter());
            let all = flying
                .chain(self.lanes.iter())
                .filter_map(|parcel| parcel.suspicion.as_deref());
            all.filter(move |other| other.call != call)
        };
        let is_other_half = |other: &Suspicion| other.half_of == suspicion.half_of && other.failed.is_none();
        let is_being_halved =
            |other: &Suspicion| other.half_of.is_some() && !other.compared && other.records < suspicion.records;
        History {
            records: suspicion.records,
            times: suspicion.times,
            is_half: suspicion.half_of.is_some(),
            compared: suspicion.compared,
            is_of_compared: suspicion.is_of_compared,
            // Records of one group keep their order: the other half never comes before this one.
            other_half_waits: suspicion.half_of.is_some() && first.group.is_none() && others().any(is_other_half),
            others_are_halved: others().any(is_being_halved),
            recoveries: self.evidence.recoveries,
            alone_for: suspicion
                .alone_since
                .map_or(SignedDuration::ZERO, |since| now.duration_since(since)),
            reads_succeed: known.readable,
            one_was_given_up: self.evidence.given_up.contains(&first.shape.module),
        }
    }
}
