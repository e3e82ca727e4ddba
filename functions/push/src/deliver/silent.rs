//! What becomes of the records of a call that failed without a word about any of them.

use bigin::CallFailure;
use jiff::Timestamp;

use shared::pause_watch::PauseCheck;
use shared::stop::{Service, Stop};
use shared::tokens::Tokens;

use super::codes;
use super::delivery::Delivery;
use super::evidence::are_alike;
use super::landing::Circumstances;
use super::poison::{self, History, Remedy, Why, remedy, why_rejected};
use crate::record::{Parcel, Reject, Settled, Silence, Suspicion};

impl<T: Tokens, B: PauseCheck> Delivery<T, B> {
    /// Whether it is to be found out, should a call of these records fail once more, if Bigin can be read.
    pub(super) fn asks_for_a_read(&self, parcels: &[Parcel]) -> bool {
        let [only] = parcels else { return false };
        let history = |suspicion: &Suspicion| self.history(suspicion, only, false, Timestamp::now());
        only.suspicion
            .as_deref()
            .is_some_and(|suspicion| poison::asks_for_a_read(&history(suspicion)))
    }

    /// A call got through that had set out then: those like it that failed are compared with it.
    pub(super) fn got_through(&mut self, parcels: &[Parcel], set_out: Timestamp) {
        self.evidence.passed(parcels);
        let Some(first) = parcels.first() else { return };
        for flight in self.in_flight.values_mut() {
            flight.note_pass(first, set_out);
        }
        if !self.lanes.has_suspects() {
            return;
        }
        for waiting in self.lanes.iter_mut().filter(|waiting| are_alike(first, waiting)) {
            if let Some(suspicion) = &mut waiting.suspicion {
                suspicion.note_pass(set_out);
            }
        }
        let noise = self.evidence.noise;
        self.lanes.halve_where(Timestamp::now(), |waiting, suspicion| {
            let has_failed = suspicion.half_of.is_some() && suspicion.was_sent() && suspicion.passes > 0;
            has_failed
                && are_alike(first, waiting)
                && poison::is_halved_unsent(suspicion.records, suspicion.times, noise)
        });
    }

    /// Finds out by halves which record makes its calls fail.
    pub(super) fn failed_silently(
        &mut self,
        mut parcels: Vec<Parcel>,
        failure: &CallFailure,
        lost: Option<Timestamp>,
        circumstances: &Circumstances,
    ) -> Vec<Settled> {
        let (Some(first), Some(silence)) = (parcels.first(), Silence::of(failure)) else {
            return Vec::new();
        };
        let (records, now, module) = (parcels.len(), Timestamp::now(), first.shape.module.clone());
        let mut suspicion = match &first.suspicion {
            Some(suspicion) => (**suspicion).clone(),
            None => Suspicion::new(records, now),
        };
        suspicion.passes += circumstances.passes;
        if suspicion.fail(silence, records, now) {
            self.evidence.noise.failed();
        }
        let history = self.history(&suspicion, first, circumstances.readable, now);
        match remedy(&history) {
            Remedy::Reject => {
                let beside = if why_rejected(&history) == Some(Why::GivenUp) {
                    self.evidence.given_up.insert(module);
                    "and Bigin can be read"
                } else {
                    "and others get through"
                };
                let message = format!("every call with this record fails, {beside}: {failure}");
                return self.all_refused(parcels, &Reject::relay(codes::CALL_FAILS, None, message));
            }
            Remedy::Halve => {
                let behind = parcels.split_off(records.div_ceil(2));
                for mut half in [behind, parcels] {
                    let of_half = suspicion.half(half.len(), now);
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
                self.put_back_behind(parcels, lost, again == Remedy::AfterTheOtherHalf);
            }
        }
        if suspicion.passes > 0 {
            // The fault is in this call: neither patience nor the budget for trouble that passes is spent on it.
            self.tally.retries += 1;
            self.wait(self.own_wait(suspicion.times));
        } else {
            self.failed_again(None, || Stop::unavailable(Service::Bigin, failure));
        }
        Vec::new()
    }

    fn history(&self, suspicion: &Suspicion, first: &Parcel, reads_succeed: bool, now: Timestamp) -> History {
        let flying = self.in_flight.values().flat_map(|flight| flight.parcels.iter());
        let suspected = flying
            .chain(self.lanes.iter())
            .filter_map(|parcel| parcel.suspicion.as_deref());
        let history = History::of(suspicion, suspected, now);
        History {
            noise: self.evidence.noise,
            // Records of one group keep their order: the other half never comes before this one.
            other_half_waits: history.other_half_waits && first.group.is_none(),
            reads_succeed,
            one_was_given_up: self.evidence.given_up.contains(&first.shape.module),
            ..history
        }
    }
}
