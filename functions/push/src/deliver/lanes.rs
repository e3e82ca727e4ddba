//! Groups records into calls of up to 100 of one shape. Records that share a match key never overtake each
//! other: not within a call, not between calls in flight, and not between calls of different shapes.

mod claims;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bigin::{CallShape, MOST_RECORDS_A_CALL, Operation};
use jiff::Timestamp;

/// What records lay claim to, so that others which must not overtake them stay behind.
pub(crate) use self::claims::Flying as Claims;
use self::claims::{Flying, Passed};
use crate::record::{CallKind, MatchKey, Parcel, Suspicion};

/// How far ahead a call looks for records that may be sent.
const WINDOW: usize = 20 * MOST_RECORDS_A_CALL;

/// Records that wait, in order, and what those in flight lay claim to.
#[derive(Debug, Default)]
pub struct Lanes {
    waiting: VecDeque<Parcel>,
    flying: Flying,
    /// Calls that failed and let others go first: any other, or the other half of that call.
    standing_back: HashMap<u64, Option<u64>>,
    /// Whether any record that ever waited was under suspicion.
    has_suspects: bool,
}

/// A call being put together.
struct OpenCall<'a> {
    shape: &'a Arc<CallShape>,
    call_kind: &'a CallKind,
    /// The call that its records are suspected for, which others must not join.
    suspected: Option<u64>,
    places: Vec<usize>,
    most: usize,
}

impl Lanes {
    /// Adds a record behind all others.
    pub fn push(&mut self, mut parcel: Parcel) {
        add_id_key(&mut parcel);
        self.has_suspects |= parcel.suspicion.is_some();
        self.waiting.push_back(parcel);
    }

    /// How many records wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next call, or `None` when nothing can be sent now. Until `last`, only full calls are made, so that no
    /// credits are wasted on half-empty ones.
    pub fn next_call(&mut self, last: bool) -> Option<Vec<Parcel>> {
        let call = self.chosen_call(last);
        if call.is_some() || self.standing_back.is_empty() {
            return call;
        }
        // There is nobody to go first.
        self.standing_back.clear();
        self.chosen_call(last)
    }

    fn chosen_call(&mut self, last: bool) -> Option<Vec<Parcel>> {
        let mut drafts: Vec<OpenCall<'_>> = Vec::new();
        let mut passed = Passed::default();
        let mut full = None;
        for (place, parcel) in self.waiting.iter().enumerate().take(WINDOW) {
            let suspected = suspected(parcel);
            let fits = |draft: &OpenCall<'_>| {
                same(draft.shape, &parcel.shape) && *draft.call_kind == parcel.call_kind && draft.suspected == suspected
            };
            let number = drafts.iter().position(fits).unwrap_or(drafts.len());
            let mut taken = None;
            let stands_back = suspected.is_some_and(|call| self.standing_back.contains_key(&call));
            if !stands_back && self.flying.admits(parcel) && passed.admits(parcel, number) {
                if number == drafts.len() {
                    drafts.push(OpenCall {
                        shape: &parcel.shape,
                        call_kind: &parcel.call_kind,
                        suspected,
                        places: Vec::new(),
                        most: parcel.most_in_call,
                    });
                }
                let draft = &mut drafts[number];
                let most = draft.most.min(parcel.most_in_call);
                if draft.places.len() < most {
                    draft.places.push(place);
                    draft.most = most;
                    taken = Some(number);
                    if draft.places.len() == most {
                        full = Some(number);
                        break;
                    }
                }
            }
            passed.add(parcel, taken);
        }
        drop(passed);
        let more_behind = self.waiting.len() > WINDOW;
        let chosen = match full {
            Some(number) => drafts.swap_remove(number).places,
            None if last || more_behind => drafts.into_iter().next()?.places,
            None => return None,
        };
        let call = self.take(&chosen);
        self.flying.take_off(&call);
        Some(call)
    }

    /// Records are set aside until it is known what becomes of them: what must not overtake them waits.
    pub fn claim(&mut self, parcels: &[Parcel]) {
        self.flying.take_off(parcels);
    }

    /// A call has come back: what it laid claim to is free again.
    pub fn landed(&mut self, call: &[Parcel]) {
        self.flying.land(call);
        if !self.standing_back.is_empty() {
            self.let_other_half_go(call);
        }
    }

    /// Who let that call go first, as the other half of the same one, has stood back long enough. Who let any other go first
    /// stands back until no other can go: of two that fail, each would else have its turn again before all others.
    fn let_other_half_go(&mut self, landed: &[Parcel]) {
        if let Some(family) = landed.first().and_then(half_of) {
            self.standing_back.retain(|_, behind| *behind != Some(family));
        }
    }

    /// Puts records back in front of all others, in their order. Call [`Lanes::landed`] first.
    pub fn put_back(&mut self, parcels: Vec<Parcel>) {
        self.has_suspects |= parcels.iter().any(|parcel| parcel.suspicion.is_some());
        for parcel in parcels.into_iter().rev() {
            self.waiting.push_front(parcel);
        }
    }

    /// Puts the records of a call back that failed, and lets others go first: the other half of the call that it is a half
    /// of, or any call. They keep their place in the order all the same: what must not overtake them waits for them.
    pub fn put_back_behind(&mut self, parcels: Vec<Parcel>, other_half: bool) {
        if let Some((first, call)) = parcels.first().and_then(|first| Some((first, suspected(first)?))) {
            self.standing_back.insert(call, half_of(first).filter(|_| other_half));
        }
        self.put_back(parcels);
    }

    /// Whether any record that waits may be under suspicion.
    pub fn has_suspects(&self) -> bool {
        self.has_suspects
    }

    /// Makes halves of suspected calls that wait, without sending them once more.
    pub fn halve_where(&mut self, now: Timestamp, is_halved: impl Fn(&Parcel, &Suspicion) -> bool) {
        let mut calls: HashMap<u64, (usize, Suspicion)> = HashMap::new();
        for parcel in &self.waiting {
            if let Some(suspicion) = parcel
                .suspicion
                .as_deref()
                .filter(|suspicion| is_halved(parcel, suspicion))
            {
                let call = calls.entry(suspicion.call);
                call.or_insert_with(|| (0, suspicion.clone())).0 += 1;
            }
        }
        let halves = calls.into_iter().map(|(call, (records, of))| {
            let first = records.div_ceil(2);
            (call, (0, of.half(first, now), of.half(records - first, now)))
        });
        let mut halves: HashMap<u64, (usize, Suspicion, Suspicion)> = halves.collect();
        for parcel in &mut self.waiting {
            let Some((place, first, second)) = suspected(parcel).and_then(|call| halves.get_mut(&call)) else {
                continue;
            };
            let half = if *place < first.records { first } else { second };
            *place += 1;
            parcel.suspect(Some(half.clone()));
        }
    }

    /// The records that wait and may be changed in what does not concern their order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Parcel> {
        self.waiting.iter_mut()
    }

    /// The records that wait, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Parcel> {
        self.waiting.iter()
    }

    /// Hands back all that waits, in order.
    pub fn abandon(&mut self) -> Vec<Parcel> {
        self.waiting.drain(..).collect()
    }

    /// Takes the records at those places (ascending) out of the queue.
    fn take(&mut self, places: &[usize]) -> Vec<Parcel> {
        let Some(reach) = places.last().map(|last| last + 1) else {
            return Vec::new();
        };
        if reach == places.len() {
            return self.waiting.drain(..reach).collect();
        }
        let (mut call, mut left) = (
            Vec::with_capacity(places.len()),
            Vec::with_capacity(reach - places.len()),
        );
        let mut next = places.iter().copied().peekable();
        for (place, parcel) in self.waiting.drain(..reach).enumerate() {
            if next.next_if_eq(&place).is_some() {
                call.push(parcel);
            } else {
                left.push(parcel);
            }
        }
        self.put_back(left);
        call
    }
}

/// The call that a record is suspected for.
pub(super) fn suspected(parcel: &Parcel) -> Option<u64> {
    parcel.suspicion.as_ref().map(|suspicion| suspicion.call)
}

/// The call that a record's call is a half of.
fn half_of(parcel: &Parcel) -> Option<u64> {
    parcel.suspicion.as_ref().and_then(|suspicion| suspicion.half_of)
}

/// Whether two shapes are the same. Most often they are one and the same object.
fn same(one: &Arc<CallShape>, other: &Arc<CallShape>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}

/// A record that is named by its id has the id for a key, whether or not it came with it.
fn add_id_key(parcel: &mut Parcel) {
    if !matches!(parcel.shape.operation, Operation::Update | Operation::Delete) {
        return;
    }
    let has_it = parcel.keys.iter().any(|key| key.field() == claims::ID);
    if let (false, Some(key)) = (
        has_it,
        parcel
            .record
            .id()
            .and_then(|id| MatchKey::of(&Arc::from(claims::ID), id)),
    ) {
        parcel.keys.push(key);
    }
}

#[cfg(test)]
mod tests;
