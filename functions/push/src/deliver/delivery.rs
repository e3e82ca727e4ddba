//! Delivers records of one shape: offered in order, sent in calls of up to 100 with several in flight, and handed
//! back settled. It stops sending when something says so; what was not delivered is handed back then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use shared::bigin::{Bigin, CallFailure, CallShape, MOST_RECORDS_A_CALL, RecordsAnswer};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::courier::{Brake, Tokens, Trip, carry};
use super::decision::{Decision, Verdict, about_failure, about_record};
use super::pace::{Width, backoff};
use crate::lanes::Lanes;
use crate::parcel::{Origin, Outcome, Parcel, Reject, Settled};
use crate::stop::Stop;

/// How far delivery may go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most calls in flight.
    pub width: usize,
    /// When the last call may start.
    pub sending_ends: Instant,
    /// The wait after a first failure; it doubles with each further one.
    pub first_wait: Duration,
    /// How many failures in a row are borne before delivery stops.
    pub patience: u32,
    /// How often to look whether delivery is paused, at least.
    pub look_every: Duration,
}

/// What delivery cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallTally {
    /// Calls made.
    pub api_calls: u64,
    /// API credits they cost, by Zoho's price list.
    pub credits: u64,
    /// Calls made again.
    pub retries: u64,
    /// API credits left, where an answer said so.
    pub credits_left: Option<u64>,
}

/// Records on their way.
pub struct Delivery<T, B> {
    bigin: Bigin,
    tokens: Arc<T>,
    brake: Arc<B>,
    shape: Arc<CallShape>,
    limits: Limits,
    lanes: Lanes,
    calls: JoinSet<(Trip, u64)>,
    in_flight: HashMap<Id, Arc<Vec<Parcel>>>,
    width: Width,
    failures: u32,
    not_before: Option<Instant>,
    looked: Option<Instant>,
    stop: Option<Stop>,
    tally: CallTally,
}

impl<T: Tokens, B: Brake> Delivery<T, B> {
    /// Starts with nothing on its way.
    pub fn new(bigin: Bigin, tokens: Arc<T>, brake: Arc<B>, shape: CallShape, limits: Limits) -> Self {
        Self {
            bigin,
            tokens,
            brake,
            shape: Arc::new(shape),
            lanes: Lanes::default(),
            calls: JoinSet::new(),
            in_flight: HashMap::new(),
            width: Width::new(limits.width),
            limits,
            failures: 0,
            not_before: None,
            looked: None,
            stop: None,
            tally: CallTally::default(),
        }
    }

    /// Takes a record, behind all others.
    pub fn offer(&mut self, parcel: Parcel) {
        self.lanes.push(parcel);
    }

    /// Whether more records would keep the calls full. Bounds what is held in memory.
    pub fn has_room(&self) -> bool {
        self.stop.is_none() && self.lanes.waiting() < (self.limits.width + 2) * MOST_RECORDS_A_CALL
    }

    /// Why delivery stopped, if it did.
    pub fn stopped(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// Stops sending; calls in flight are still waited for.
    pub fn stop(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    /// What it cost so far.
    pub fn tally(&self) -> CallTally {
        self.tally
    }

    /// Whether a record is in flight, or waits and may still be sent.
    pub fn is_busy(&self) -> bool {
        !self.in_flight.is_empty() || (self.stop.is_none() && self.lanes.waiting() > 0)
    }

    /// Starts as many calls as may be in flight. `last`: no more records will be offered.
    pub async fn dispatch(&mut self, last: bool) {
        while self.stop.is_none() && self.calls.len() < self.width.now() {
            let now = Instant::now();
            if self.not_before.is_some_and(|not_before| now < not_before) {
                return;
            }
            let Some(call) = self.lanes.next_call(last) else { return };
            if let Some(stop) = self.reason_not_to_send(now).await {
                self.lanes.landed(&call);
                self.lanes.put_back(call);
                self.stop = Some(stop);
                return;
            }
            let parcels = Arc::new(call);
            let (bigin, tokens) = (self.bigin.clone(), Arc::clone(&self.tokens));
            let (shape, cargo) = (Arc::clone(&self.shape), Arc::clone(&parcels));
            let id = self.calls.spawn(async move { carry(&bigin, &*tokens, &shape, &cargo).await }).id();
            self.in_flight.insert(id, parcels);
        }
    }

    async fn reason_not_to_send(&mut self, now: Instant) -> Option<Stop> {
        if now >= self.limits.sending_ends {
            return Some(Stop::OutOfTime);
        }
        if self.looked.is_none_or(|looked| now - looked >= self.limits.look_every) {
            self.looked = Some(now);
            return self.brake.look().await;
        }
        None
    }

    /// Waits for something to happen: a call that comes back, with the records it settled, or the end of a wait (then
    /// nothing is settled; dispatch again). Safe to cancel.
    pub async fn settled(&mut self) -> Vec<Settled> {
        let waiting_until = self.not_before.filter(|_| self.stop.is_none() && self.lanes.waiting() > 0);
        tokio::select! {
            Some(landed) = self.calls.join_next_with_id() => match landed {
                Ok((id, (trip, calls))) => self.land(id, trip, calls),
                Err(panic) => self.crashed(panic.id()),
            },
            () = sleep_until(waiting_until.unwrap_or_else(Instant::now)), if waiting_until.is_some() => {
                self.not_before = None;
                Vec::new()
            }
            else => Vec::new(),
        }
    }

    /// Everything that was not delivered, in order.
    pub fn undelivered(mut self) -> Vec<Parcel> {
        self.lanes.abandon()
    }

    fn crashed(&mut self, id: Id) -> Vec<Settled> {
        if let Some(parcels) = self.in_flight.remove(&id) {
            self.lanes.landed(&parcels);
            self.put_back(Arc::unwrap_or_clone(parcels), true);
        }
        self.stop(Stop::Unavailable { message: "a call to Bigin crashed; its records are kept".to_owned() });
        Vec::new()
    }

    fn land(&mut self, id: Id, trip: Trip, calls: u64) -> Vec<Settled> {
        self.tally.api_calls += calls;
        self.tally.retries += calls.saturating_sub(1);
        let Some(parcels) = self.in_flight.remove(&id) else { return Vec::new() };
        self.lanes.landed(&parcels);
        let parcels = Arc::unwrap_or_clone(parcels);
        match trip {
            Trip::Answered(answer) => self.answered(parcels, answer),
            Trip::Failed(failure) => self.failed(parcels, &failure),
            Trip::NotMade(stop) => {
                self.lanes.put_back(parcels);
                self.stop(stop);
                Vec::new()
            }
        }
    }

    fn answered(&mut self, parcels: Vec<Parcel>, answer: RecordsAnswer) -> Vec<Settled> {
        self.width.widen();
        self.failures = 0;
        self.tally.credits += self.shape.credits(parcels.len());
        self.tally.credits_left = answer.credits_remaining.or(self.tally.credits_left);
        let mut settled = Vec::with_capacity(parcels.len());
        let mut again = Vec::new();
        for (mut parcel, outcome) in parcels.into_iter().zip(answer.outcomes) {
            match about_record(&self.shape, &parcel, outcome) {
                Verdict::Ended(outcome) => {
                    settled.push(Settled { place: parcel.place, record: parcel.record, outcome });
                }
                Verdict::TryAgain => {
                    parcel.attempts += 1;
                    again.push(parcel);
                }
            }
        }
        if !again.is_empty() {
            self.tally.retries += 1;
            let attempts = again.iter().map(|parcel| parcel.attempts).max().unwrap_or(1);
            self.lanes.put_back(again);
            self.wait(attempts, None);
        }
        settled
    }

    fn failed(&mut self, mut parcels: Vec<Parcel>, failure: &CallFailure) -> Vec<Settled> {
        match about_failure(failure) {
            Decision::Repeat => {
                self.put_back(parcels, failure.may_have_been_carried_out());
                self.failed_again(None, || Stop::Unavailable { message: failure.to_string() });
            }
            Decision::SlowDown { retry_after } => {
                self.width.halve();
                self.put_back(parcels, false);
                self.failed_again(retry_after, || Stop::Throttled);
            }
            Decision::Split if parcels.len() > 1 => {
                self.tally.retries += 1;
                let half = parcels.split_off(parcels.len() / 2);
                self.lanes.put_back_as_call(parcels);
                self.lanes.put_back_as_call(half);
            }
            Decision::Split => {
                return parcels.into_iter().map(|parcel| refused_as_a_whole(parcel, failure)).collect();
            }
            Decision::Stop(stop) => {
                self.put_back(parcels, false);
                self.stop(stop);
            }
        }
        Vec::new()
    }

    fn put_back(&mut self, mut parcels: Vec<Parcel>, maybe_done: bool) {
        for parcel in &mut parcels {
            parcel.maybe_done |= maybe_done;
        }
        self.lanes.put_back(parcels);
    }

    fn failed_again(&mut self, wait: Option<Duration>, stop: impl FnOnce() -> Stop) {
        self.tally.retries += 1;
        // Calls in flight together fail together: that is one failure, not five.
        let same_burst = self.not_before.is_some_and(|not_before| Instant::now() < not_before);
        if !same_burst {
            self.failures += 1;
        }
        if self.failures > self.limits.patience {
            self.stop(stop());
        } else {
            self.wait(self.failures, wait);
        }
    }

    /// Waits before the next call: as long as Bigin asked, or longer after each failure.
    fn wait(&mut self, failures: u32, asked: Option<Duration>) {
        let own = backoff(failures, self.limits.first_wait, self.limits.first_wait * 20, fastrand::f64());
        let until = Instant::now() + asked.unwrap_or(own).max(own);
        self.not_before = Some(self.not_before.map_or(until, |not_before| not_before.max(until)));
    }
}

fn refused_as_a_whole(parcel: Parcel, failure: &CallFailure) -> Settled {
    let code = match failure {
        CallFailure::Refused { code, .. } => code.clone(),
        _ => "REFUSED".to_owned(),
    };
    let reject = Reject { code, field: None, message: failure.to_string(), record_id: None, origin: Origin::Zoho };
    Settled { place: parcel.place, record: parcel.record, outcome: Outcome::Rejected(reject) }
}
