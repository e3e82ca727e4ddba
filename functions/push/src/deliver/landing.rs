//! What becomes of the records of a call that has come back.

use std::time::Duration;

use bigin::{CallFailure, RecordOutcome, RecordsAnswer};
use jiff::Timestamp;
use tokio::time::Instant;

use shared::pause_watch::PauseCheck;
use shared::state::own_writes::OwnWrites;
use shared::tokens::Tokens;

use super::call::{Carried, Created, Trip};
use super::decision::{Decision, Verdict, about_failure, about_record, refused_alone};
use super::delivery::{Delivery, log_failure};
use super::pace::backoff;
use super::unclear_refusals::{Accepted, may_tell_of_account};
use crate::record::After;
use crate::record::{CallKind, Outcome, Parcel, Reject, Settled};
use shared::stop::Stop;

/// The most that a wait doubles to, in first waits.
const LONGEST_WAIT: u32 = 20;

/// What is known of a call beside how it ended.
pub(super) struct Circumstances {
    /// When its last try set out.
    pub set_out: Timestamp,
    /// How many calls like it set out since its records are watched, and got through while it was under way.
    pub passes: u32,
    /// Whether Bigin could be read after it failed, where that was tried.
    pub readable: bool,
}

impl<T: Tokens, B: PauseCheck> Delivery<T, B> {
    /// `passes`: how many calls like it set out since its records are watched, and got through while it was under way.
    pub(super) fn judge(
        &mut self,
        parcels: Vec<Parcel>,
        carried: Carried,
        set_out: Timestamp,
        passes: u32,
    ) -> Vec<Settled> {
        match carried.trip {
            Trip::Answered(answer, created) => {
                self.got_through(&parcels, set_out);
                self.answered(parcels, answer, &created, carried.set_out)
            }
            Trip::Failed(failure) => {
                let circumstances = Circumstances {
                    set_out: carried.set_out,
                    passes,
                    readable: carried.readable,
                };
                self.failed(parcels, &failure, &circumstances)
            }
            Trip::NotMade(stop) => {
                self.put_back(parcels, None);
                self.stop(stop);
                Vec::new()
            }
        }
    }

    fn answered(
        &mut self,
        mut parcels: Vec<Parcel>,
        answer: RecordsAnswer,
        created: &Created,
        set_out: Timestamp,
    ) -> Vec<Settled> {
        if parcels.is_empty() {
            return Vec::new();
        }
        self.note_written(&parcels[0], &answer);
        let suspected = parcels.iter_mut().filter(|parcel| parcel.suspicion.is_some());
        suspected.for_each(|parcel| parcel.suspect(None));
        self.width.widen();
        self.budget.earn();
        self.failures = 0;
        self.failing_since = None;
        self.tally.credits += cost(&parcels);
        self.tally.credits_left = answer.credits_remaining.or(self.tally.credits_left);
        if answer.credits_remaining == Some(0) {
            self.stop(Stop::CreditsGone);
        }
        let is_accepted = |outcome: &RecordOutcome| matches!(outcome, RecordOutcome::Accepted { .. });
        let mut settled = if answer.outcomes.iter().any(is_accepted) {
            self.accepted(&parcels[0], set_out)
        } else {
            Vec::new()
        };
        let mut nameless = Vec::new();
        let (mut again, mut further) = (Vec::new(), Vec::new());
        let accepted = Accepted::beside_each(&answer.outcomes);
        for ((mut parcel, outcome), accepted) in parcels.into_iter().zip(answer.outcomes).zip(accepted) {
            match about_record(&parcel, outcome, created) {
                Verdict::Ended(Outcome::Rejected(reject)) if may_tell_of_account(&parcel, &reject) => {
                    nameless.push((parcel, reject, accepted));
                }
                Verdict::Ended(outcome) => match parcel.after(outcome) {
                    After::Ended(ended) => settled.push(ended),
                    After::GoesOn(parcel) => further.push(parcel),
                },
                verdict => {
                    if verdict == Verdict::ResultLost {
                        parcel.lost_at = parcel.lost_at.or(Some(set_out));
                    }
                    parcel.attempts += 1;
                    again.push(parcel);
                }
            }
        }
        if !further.is_empty() {
            self.put_back(further, None);
        }
        settled.extend(self.judge_refusals(nameless));
        if !again.is_empty() {
            self.tally.retries += 1;
            let attempts = again.iter().map(|parcel| parcel.attempts).max().unwrap_or(1);
            self.put_back(again, None);
            self.wait(self.own_wait(attempts));
        }
        settled
    }

    /// Notes for pull what the call wrote: ids and times, so that it knows them again.
    fn note_written(&mut self, first: &Parcel, answer: &RecordsAnswer) {
        let module = &first.shape.module;
        if !self.pulled.may_have(module) {
            return;
        }
        let now = Timestamp::now();
        self.own_writes
            .extend(OwnWrites::of(&first.shape, answer, now).map(|writes| (module.clone(), writes)));
        if answer.outcomes.iter().any(RecordOutcome::is_unreadable) {
            self.own_writes.push((module.clone(), OwnWrites::lost(now, now)));
        }
    }

    fn failed(&mut self, parcels: Vec<Parcel>, failure: &CallFailure, circumstances: &Circumstances) -> Vec<Settled> {
        log_failure(failure, parcels.len());
        let Some(shape) = parcels.first().map(|parcel| parcel.shape.clone()) else {
            return Vec::new();
        };
        let lost = failure.may_have_been_carried_out().then_some(circumstances.set_out);
        let cost = cost(&parcels);
        if lost.is_some() {
            self.tally.credits += cost;
        }
        match about_failure(failure, cost, self.tally.credits_left) {
            Decision::Repeat => return self.failed_silently(parcels, failure, lost, circumstances),
            Decision::SlowDown { retry_after } => {
                if !self.is_same_burst() {
                    self.width.halve();
                }
                self.put_back(parcels, lost);
                self.failed_again(retry_after, || Stop::Throttled);
            }
            // Records are refused one by one: it is the tags, which all of them are to get, that Bigin does not take.
            Decision::Split if matches!(parcels[0].call_kind, CallKind::AddTags(_)) => {
                return self.all_refused(parcels, &refused_alone(failure));
            }
            Decision::Split if parcels.len() > 1 => self.split(parcels, lost),
            Decision::SplitOrHold(_) if parcels.len() > 1 && parcels[0].call_kind == CallKind::Write => {
                self.split(parcels, lost);
            }
            // The record that a note belongs to may be gone, which is no fault of the whole.
            Decision::Split if matches!(parcels[0].call_kind, CallKind::AddNote { .. }) => {
                return self.all_refused(parcels, &refused_alone(failure));
            }
            Decision::SplitOrHold(stop) if !self.evidence.has_taken(&parcels[0]) => {
                self.put_back(parcels, lost);
                self.hold(&shape.module, stop);
            }
            Decision::Split | Decision::SplitOrHold(_) => {
                let reject = refused_alone(failure);
                let nameless = parcels
                    .into_iter()
                    .map(|parcel| (parcel, reject.clone(), Accepted::NOTHING));
                return self.judge_refusals(nameless.collect());
            }
            Decision::Stop(stop @ Stop::ModuleHeld { .. }) => {
                self.put_back(parcels, lost);
                self.hold(&shape.module, stop);
            }
            Decision::Stop(stop) => {
                self.put_back(parcels, lost);
                self.stop(stop);
            }
        }
        Vec::new()
    }

    /// Sends a call's records in two halves.
    fn split(&mut self, mut parcels: Vec<Parcel>, lost: Option<Timestamp>) {
        self.tally.retries += 1;
        let half = parcels.len().div_ceil(2);
        for parcel in &mut parcels {
            parcel.suspect(None);
            parcel.most_in_call = half;
        }
        self.put_back(parcels, lost);
    }

    pub(super) fn all_refused(&mut self, parcels: Vec<Parcel>, reject: &Reject) -> Vec<Settled> {
        let (mut settled, mut further) = (Vec::with_capacity(parcels.len()), Vec::new());
        for parcel in parcels {
            match parcel.after(Outcome::Rejected(reject.clone())) {
                After::Ended(ended) => settled.push(ended),
                After::GoesOn(parcel) => further.push(parcel),
            }
        }
        self.put_back(further, None);
        settled
    }

    /// Calls in flight together fail together: that is one failure, not five.
    fn is_same_burst(&self) -> bool {
        self.not_before.is_some_and(|not_before| Instant::now() < not_before)
    }

    pub(super) fn failed_again(&mut self, asked: Option<Duration>, stop: impl FnOnce() -> Stop) {
        self.tally.retries += 1;
        if !self.is_same_burst() {
            self.failures += 1;
        }
        let now = Instant::now();
        let failing_since = *self.failing_since.get_or_insert(now);
        let wait = self.own_wait(self.failures).max(asked.unwrap_or_default());
        if !self.budget.spend() || now + wait > failing_since + self.limits.patience {
            self.stop(stop());
        } else {
            self.wait(wait);
        }
    }

    pub(super) fn own_wait(&self, failures: u32) -> Duration {
        backoff(
            failures,
            self.limits.first_wait,
            self.limits.first_wait * LONGEST_WAIT,
            fastrand::f64(),
        )
    }

    /// Waits before the next call; a wait beyond the end of sending ends it now.
    pub(super) fn wait(&mut self, wait: Duration) {
        let until = Instant::now() + wait;
        if until >= self.limits.sending_ends {
            self.stop(Stop::OutOfTime);
        }
        self.not_before = Some(self.not_before.map_or(until, |not_before| not_before.max(until)));
    }
}

/// What a call with these records costs in API credits.
fn cost(parcels: &[Parcel]) -> u64 {
    parcels
        .first()
        .map_or(0, |first| first.call_kind.credits(&first.shape, parcels.len()))
}
