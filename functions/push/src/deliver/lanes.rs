//! Groups records into calls of up to 100 of one shape. Records that share a match key never overtake each
//! other: not within a call, not between calls in flight, and not between calls of different shapes.

mod claims;

use std::collections::VecDeque;
use std::sync::Arc;

use bigin::{CallShape, MOST_RECORDS_A_CALL, Operation};

/// What records lay claim to, so that others which must not overtake them stay behind.
pub(crate) use self::claims::Flying as Claims;
use self::claims::{Flying, Passed};
use crate::record::{CallKind, MatchKey, Parcel};

/// How far ahead a call looks for records that may be sent.
const WINDOW: usize = 20 * MOST_RECORDS_A_CALL;

/// Records that wait, in order, and what those in flight lay claim to.
#[derive(Debug, Default)]
pub struct Lanes {
    waiting: VecDeque<Parcel>,
    flying: Flying,
}

/// A call being put together.
struct OpenCall<'a> {
    shape: &'a Arc<CallShape>,
    call_kind: &'a CallKind,
    places: Vec<usize>,
    most: usize,
}

impl Lanes {
    /// Adds a record behind all others.
    pub fn push(&mut self, mut parcel: Parcel) {
        add_id_key(&mut parcel);
        self.waiting.push_back(parcel);
    }

    /// How many records wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next call, or `None` when nothing can be sent now. Until `last`, only full calls are made, so that no
    /// credits are wasted on half-empty ones.
    pub fn next_call(&mut self, last: bool) -> Option<Vec<Parcel>> {
        let mut drafts: Vec<OpenCall<'_>> = Vec::new();
        let mut passed = Passed::default();
        let mut full = None;
        for (place, parcel) in self.waiting.iter().enumerate().take(WINDOW) {
            let number = drafts
                .iter()
                .position(|draft| same(draft.shape, &parcel.shape) && *draft.call_kind == parcel.call_kind)
                .unwrap_or(drafts.len());
            let mut taken = None;
            if self.flying.admits(parcel) && passed.admits(parcel, number) {
                if number == drafts.len() {
                    drafts.push(OpenCall {
                        shape: &parcel.shape,
                        call_kind: &parcel.call_kind,
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

    /// A call has come back: what it laid claim to is free again.
    pub fn landed(&mut self, call: &[Parcel]) {
        self.flying.land(call);
    }

    /// Puts records back in front of all others, in their order. Call [`Lanes::landed`] first.
    pub fn put_back(&mut self, parcels: Vec<Parcel>) {
        for parcel in parcels.into_iter().rev() {
            self.waiting.push_front(parcel);
        }
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
