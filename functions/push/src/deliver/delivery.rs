//! Delivers records: offered in order, sent in calls of up to 100 of one shape with several in flight, and handed back
//! settled. It stops sending when something says so; what was not delivered is handed back then.

use std::collections::HashMap;
use std::sync::Arc;

use bigin::{Bigin, CallFailure, MOST_RECORDS_A_CALL, ModuleName};
use jiff::Timestamp;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until};

use shared::pause_watch::PauseCheck;
use shared::pulled_modules::PulledModules;
use shared::state::own_writes::OwnWrites;
use shared::tokens::Tokens;

use super::aside::Aside;
use super::call::{Carried, carry};
use super::delivery_limits::{CallTally, DeliveryLimits};
use super::evidence::Evidence;
use super::flight::Flight;
use super::pace::{RetryBudget, Width};
use super::unclear_refusals::UnclearRefusals;
use crate::deliver::lanes::Lanes;
use crate::record::Written;
use crate::record::{Parcel, Settled, into_order};
use shared::stop::{Service, Stop};

/// Records on their way.
pub struct Delivery<T, B> {
    bigin: Bigin,
    tokens: Arc<T>,
    pause_check: Arc<B>,
    pub(super) limits: DeliveryLimits,
    pub(super) lanes: Lanes,
    calls: JoinSet<Carried>,
    pub(super) in_flight: HashMap<Id, Flight>,
    pub(super) width: Width,
    pub(super) budget: RetryBudget,
    /// How many bursts of failures there were since the last success, and since when.
    pub(super) failures: u32,
    pub(super) failing_since: Option<Instant>,
    pub(super) not_before: Option<Instant>,
    looked: Option<Instant>,
    stop: Option<Stop>,
    /// Whether one of the calls that may be in flight is somebody else's for now.
    lent: bool,
    several_modules: bool,
    held: HashMap<ModuleName, Stop>,
    /// Records of held modules, and those that must not overtake them.
    aside: Aside,
    pub(super) unclear: UnclearRefusals,
    pub(super) evidence: Evidence,
    pub(super) tally: CallTally,
    /// For pull: which modules it reads, and what was written to them since this was taken.
    pub(super) pulled: PulledModules,
    pub(super) own_writes: Vec<(ModuleName, OwnWrites)>,
}

impl<T: Tokens, B: PauseCheck> Delivery<T, B> {
    /// Starts with nothing on its way. A module that Bigin holds stops all of it.
    pub fn new(bigin: Bigin, tokens: Arc<T>, pause_check: Arc<B>, limits: DeliveryLimits) -> Self {
        Self {
            bigin,
            tokens,
            pause_check,
            lanes: Lanes::default(),
            calls: JoinSet::new(),
            in_flight: HashMap::new(),
            width: Width::new(limits.width),
            budget: RetryBudget::new(limits.repeats),
            limits,
            failures: 0,
            failing_since: None,
            not_before: None,
            looked: None,
            stop: None,
            lent: false,
            several_modules: false,
            held: HashMap::new(),
            aside: Aside::default(),
            unclear: UnclearRefusals::default(),
            evidence: Evidence::default(),
            tally: CallTally::default(),
            pulled: PulledModules::Off,
            own_writes: Vec::new(),
        }
    }

    /// Lets it keep what it writes to the modules that are pulled, until that is taken.
    #[must_use]
    pub fn telling_pull(mut self, pulled: PulledModules) -> Self {
        self.pulled = pulled;
        self
    }

    /// What was written to modules that are pulled since this was asked last.
    pub fn take_own_writes(&mut self) -> Vec<(ModuleName, OwnWrites)> {
        std::mem::take(&mut self.own_writes)
    }

    /// Lets a module that Bigin holds stop its own records alone.
    #[must_use]
    pub fn over_several_modules(mut self) -> Self {
        self.several_modules = true;
        self
    }

    /// Takes a record, behind all others.
    pub fn offer(&mut self, mut parcel: Parcel) {
        parcel.address();
        if self.aside.takes(&parcel, &self.held) {
            self.aside.add(parcel);
        } else if let Some(parcel) = self.unclear.spare(parcel) {
            self.lanes.push(parcel);
        }
    }

    /// Whether more records would keep the calls full. Bounds what is held in memory.
    pub fn has_room(&self) -> bool {
        self.stop.is_none() && self.lanes.waiting() < (self.limits.width + 2) * MOST_RECORDS_A_CALL
    }

    /// Why delivery stopped, if it did.
    pub fn stopped(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// The modules that are held, where a hold does not stop all.
    pub fn held(&self) -> &HashMap<ModuleName, Stop> {
        &self.held
    }

    /// Lends one of the calls that may be in flight, if there is one to spare now. Until it is taken back, delivery makes
    /// do with one call less.
    pub fn lend_call(&mut self) -> bool {
        let spare = !self.lent && self.calls.len() < self.width.now();
        self.lent |= spare;
        spare
    }

    /// Takes the call back that was lent.
    pub fn take_call_back(&mut self) {
        self.lent = false;
    }

    /// Stops sending; calls in flight are still waited for.
    pub fn stop(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    /// Stops sending records of one module, or of all where one module is all there is.
    pub fn hold(&mut self, module: &ModuleName, stop: Stop) {
        if self.several_modules {
            self.held.entry(module.clone()).or_insert(stop);
            self.set_aside();
        } else {
            self.stop(stop);
        }
    }

    /// What it cost since the last time this was asked.
    pub fn take_tally(&mut self) -> CallTally {
        let credits_left = self.tally.credits_left;
        std::mem::replace(
            &mut self.tally,
            CallTally {
                credits_left,
                ..CallTally::default()
            },
        )
    }

    /// Whether a record is in flight, or waits and may still be sent.
    pub fn is_busy(&self) -> bool {
        !self.in_flight.is_empty() || (self.stop.is_none() && self.lanes.waiting() > 0)
    }

    /// Whether [`Delivery::settled`] has something to wait for: a call in flight, or the end of a wait. Records alone that
    /// wait for others to fill a call with are nothing to wait for.
    pub fn will_settle(&self) -> bool {
        !self.in_flight.is_empty() || (self.is_busy() && self.not_before.is_some())
    }

    /// Starts as many calls as may be in flight. `last`: no more records will be offered.
    pub async fn dispatch(&mut self, last: bool) {
        while self.stop.is_none() && self.calls.len() + usize::from(self.lent) < self.width.now() {
            let now = Instant::now();
            if self.not_before.is_some_and(|not_before| now < not_before) {
                return;
            }
            // Where there is room for no more records, none can come that would fill a call up.
            let unfilled_too = last || !self.has_room();
            let Some(call) = self.lanes.next_call(unfilled_too) else {
                return;
            };
            if let Some(stop) = self.reason_not_to_send(now).await {
                self.lanes.landed(&call);
                self.lanes.put_back(call);
                self.stop = Some(stop);
                return;
            }
            self.send(call);
        }
    }

    fn send(&mut self, call: Vec<Parcel>) {
        let Some(first) = call.first() else { return };
        let shape = Arc::clone(&first.shape);
        let reads_too = self.asks_for_a_read(&call);
        let parcels = Arc::new(call);
        let flight = Flight {
            parcels: Arc::clone(&parcels),
            set_out: Timestamp::now(),
            passes: 0,
        };
        let (bigin, tokens) = (self.bigin.clone(), Arc::clone(&self.tokens));
        let id = self
            .calls
            .spawn(async move { carry(&bigin, &*tokens, &shape, &parcels, reads_too).await })
            .id();
        self.in_flight.insert(id, flight);
    }

    async fn reason_not_to_send(&mut self, now: Instant) -> Option<Stop> {
        if now >= self.limits.sending_ends {
            return Some(Stop::OutOfTime);
        }
        if self.looked.is_none_or(|looked| now - looked >= self.limits.look_every) {
            self.looked = Some(now);
            return self.pause_check.look().await;
        }
        None
    }

    /// Waits for something to happen: a call that comes back, with the records it settled, or the end of a wait (then
    /// nothing is settled; dispatch again). Safe to cancel.
    pub async fn settled(&mut self) -> Vec<Settled> {
        let waiting_until = self
            .not_before
            .filter(|_| self.stop.is_none() && self.lanes.waiting() > 0);
        let landing = !self.calls.is_empty();
        tokio::select! {
            biased;
            Some(landed) = self.calls.join_next_with_id() => match landed {
                Ok((id, carried)) => self.land(id, carried),
                Err(broken) => self.crashed(broken.id()),
            },
            () = sleep_until(self.limits.waiting_ends), if landing => self.give_up_waiting(),
            () = sleep_until(waiting_until.unwrap_or_else(Instant::now)), if waiting_until.is_some() => {
                self.not_before = None;
                Vec::new()
            }
            else => Vec::new(),
        }
    }

    /// The records that Bigin has while something is left to be done for them, by their places.
    pub fn taken(&self) -> impl Iterator<Item = (u64, &Written)> {
        let flying = self.in_flight.values().flat_map(|flight| flight.parcels.iter());
        let all = flying.chain(self.lanes.iter()).chain(&self.aside.parcels);
        all.filter_map(|parcel| Some((parcel.place, &**parcel.taken.as_ref()?)))
    }

    /// Hands back everything that was not delivered, in order.
    pub fn undelivered(&mut self) -> Vec<Parcel> {
        self.give_up_waiting();
        let mut left = self.lanes.abandon();
        left.append(&mut self.aside.parcels);
        left.extend(self.unclear.take_spared());
        left.extend(
            std::mem::take(&mut self.unclear.open)
                .into_iter()
                .map(|(parcel, _)| parcel),
        );
        into_order(&mut left);
        left
    }

    /// Calls in flight are given up: whether Bigin carries them out is not known.
    fn give_up_waiting(&mut self) -> Vec<Settled> {
        if self.in_flight.is_empty() {
            return Vec::new();
        }
        self.calls = JoinSet::new();
        for flight in std::mem::take(&mut self.in_flight).into_values() {
            self.take_back_lost(flight);
        }
        self.stop(Stop::OutOfTime);
        Vec::new()
    }

    fn crashed(&mut self, id: Id) -> Vec<Settled> {
        if let Some(flight) = self.in_flight.remove(&id) {
            self.take_back_lost(flight);
        }
        self.stop(Stop::unavailable(
            Service::Relay,
            "a call to Bigin crashed; its records are kept",
        ));
        Vec::new()
    }

    fn take_back_lost(&mut self, flight: Flight) {
        self.lanes.landed(&flight.parcels);
        self.put_back(Arc::unwrap_or_clone(flight.parcels), Some(flight.set_out));
    }

    fn land(&mut self, id: Id, carried: Carried) -> Vec<Settled> {
        self.tally.api_calls += carried.calls;
        self.tally.retries += carried.retries;
        self.tally.credits += carried.credits;
        let Some(flight) = self.in_flight.remove(&id) else {
            return Vec::new();
        };
        self.lanes.landed(&flight.parcels);
        let Flight {
            parcels,
            set_out,
            passes,
        } = flight;
        self.judge(Arc::unwrap_or_clone(parcels), carried, set_out, passes)
    }

    /// Puts records back in front, unless their module is held. `lost`: when the call set out that may have been carried
    /// out.
    pub(super) fn put_back(&mut self, mut parcels: Vec<Parcel>, lost: Option<Timestamp>) {
        self.note_lost(&parcels, lost);
        for parcel in &mut parcels {
            parcel.lost_at = parcel.lost_at.or(lost);
        }
        self.lanes.put_back(parcels);
        if !self.held.is_empty() {
            self.set_aside();
        }
    }

    /// The same, but others go first: the other half of the call that they were a half of, or any call.
    pub(super) fn put_back_behind(&mut self, mut parcels: Vec<Parcel>, lost: Option<Timestamp>, other_half: bool) {
        self.note_lost(&parcels, lost);
        for parcel in &mut parcels {
            parcel.lost_at = parcel.lost_at.or(lost);
        }
        self.lanes.put_back_behind(parcels, other_half);
        if !self.held.is_empty() {
            self.set_aside();
        }
    }

    /// Nobody knows what was written by a call that may have been carried out.
    fn note_lost(&mut self, parcels: &[Parcel], lost: Option<Timestamp>) {
        if let (Some(since), Some(first)) = (lost, parcels.first())
            && self.pulled.may_have(&first.shape.module)
        {
            let writes = OwnWrites::lost(since, Timestamp::now());
            self.own_writes.push((first.shape.module.clone(), writes));
        }
    }

    /// Takes what must wait out of the lanes.
    fn set_aside(&mut self) {
        for parcel in self.lanes.abandon() {
            self.offer(parcel);
        }
    }
}

/// What a call that failed tells a log: nothing that Bigin says of records.
pub(super) fn log_failure(failure: &CallFailure, records: usize) {
    let kind = match failure {
        CallFailure::Refused { status, code, .. } => format!("refused as a whole (HTTP {status}, {code})"),
        CallFailure::NotPermitted { code, .. } => format!("not permitted ({code})"),
        other => other.to_string(),
    };
    tracing::warn!(records, failure = kind, "a call to Bigin failed");
}
