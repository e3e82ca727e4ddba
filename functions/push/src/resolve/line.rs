//! Keeps records in order while some of them are being resolved. Pure.
//!
//! A record that refers to one which is not there is set aside, and tried once more when everything else has been
//! delivered: its parent may come to be there by then. What must not overtake it is set aside too.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use shared::bigin::{ModuleName, Operation};

use super::pending::{Pending, Verdict};
use super::round::ended;
use crate::lanes::Claims;
use crate::parcel::{MatchKey, Outcome, Parcel, Settled};
use crate::stop::Stop;

/// The most records that one round resolves.
const MOST_A_ROUND: usize = 1_000;
/// The most records that are set aside because something is missing. The rest are rejected at once.
const MOST_ASIDE: usize = 1_000;
/// The most records that are set aside at all; then they are tried again at once.
const FULL: usize = 2 * MOST_ASIDE;
/// The most match keys that are remembered of records which bring others into being or take them away.
const MOST_TOUCHED: usize = 200_000;

/// Records in order.
#[derive(Debug, Default)]
pub struct Line {
    waiting: VecDeque<Pending>,
    /// What has been set aside and is tried once more, before all others.
    again: VecDeque<Pending>,
    aside: Vec<Pending>,
    claims: Claims,
    missing: usize,
    /// Hashes of the match keys of records that make others appear or disappear; one too many does no harm. Records that
    /// are found by such a key are looked for when those have been delivered.
    touched: HashSet<u64>,
    /// Whether records of several kinds are in it.
    mixed: bool,
}

/// What a round has come to.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Records that can be sent, in order.
    pub ready: Vec<Parcel>,
    /// Records that have ended.
    pub ended: Vec<Settled>,
    /// Records whose modules are held.
    pub held: Vec<(Parcel, Stop)>,
    /// Records that were set aside now, for want of what they refer to.
    pub missing: Vec<Pending>,
}

impl Line {
    /// Takes records that are written in several ways, so that one may change what another is found by.
    pub fn mix(&mut self) {
        self.mixed = true;
    }

    /// Takes a record, behind all others. One that has nothing to wait for comes straight back; `idle`: no round is
    /// under way.
    pub fn offer(&mut self, pending: Pending, idle: bool) -> Option<Parcel> {
        let found_by_touched = pending.needs_key() && self.is_touched(&pending) && !self.is_full();
        self.touch(&pending);
        if found_by_touched || self.must_stay_behind(&pending.parcel) {
            self.set_aside(pending);
            return None;
        }
        if idle && pending.is_ready() && self.waiting.is_empty() && self.again.is_empty() {
            return Some(pending.parcel);
        }
        self.waiting.push_back(pending);
        None
    }

    /// Whether a round can be made up.
    pub fn has_waiting(&self) -> bool {
        self.waiting() > 0
    }

    /// How many records wait for a round.
    pub fn waiting(&self) -> usize {
        self.waiting.len() + self.again.len()
    }

    /// Whether so many records have been set aside that they should be tried again now.
    pub fn is_full(&self) -> bool {
        self.aside.len() >= FULL
    }

    /// The records of the next round, and whether they are tried for the last time.
    pub fn next_round(&mut self) -> (Vec<Pending>, bool) {
        let last = !self.again.is_empty();
        let from = if last { &mut self.again } else { &mut self.waiting };
        let count = from.len().min(MOST_A_ROUND);
        (from.drain(..count).collect(), last)
    }

    /// Puts the records of a round back that came to nothing.
    pub fn put_back(&mut self, batch: Vec<Pending>, last: bool) {
        let into = if last { &mut self.again } else { &mut self.waiting };
        for pending in batch.into_iter().rev() {
            into.push_front(pending);
        }
    }

    /// Sorts a round's verdicts out, in order. `last`: what is missing now is missing for good.
    pub fn sort_out(&mut self, verdicts: Vec<Verdict>, last: bool) -> Sorted {
        let mut sorted = Sorted::default();
        for verdict in verdicts {
            match verdict {
                Verdict::Ready(parcel) if !self.must_stay_behind(&parcel) => sorted.ready.push(parcel),
                // It comes back as one that has nothing to wait for but its turn.
                Verdict::Ready(parcel) => self.set_aside(Pending {
                    parcel,
                    references: Vec::new(),
                }),
                Verdict::Ended(settled) => sorted.ended.push(settled),
                Verdict::Held(pending, stop) => sorted.held.push((pending.parcel, stop)),
                Verdict::Missing(pending, _) if !last && self.missing < MOST_ASIDE => {
                    self.missing += 1;
                    sorted.missing.push(pending.clone());
                    self.set_aside(pending);
                }
                Verdict::Missing(pending, reject) => {
                    sorted.ended.push(ended(pending.parcel, Outcome::Rejected(reject)));
                }
            }
        }
        sorted
    }

    /// Tries what was set aside once more. False when nothing was.
    pub fn try_again(&mut self) -> bool {
        self.aside.sort_by_key(|pending| pending.parcel.place);
        self.again.extend(self.aside.drain(..));
        self.claims = Claims::default();
        self.missing = 0;
        !self.again.is_empty()
    }

    /// Everything in it, in order.
    pub fn abandon(&mut self) -> Vec<Parcel> {
        let pending = self
            .again
            .drain(..)
            .chain(self.waiting.drain(..))
            .chain(self.aside.drain(..));
        let mut parcels: Vec<_> = pending.map(|pending| pending.parcel).collect();
        parcels.sort_by_key(|parcel| parcel.place);
        parcels
    }

    fn must_stay_behind(&self, parcel: &Parcel) -> bool {
        !self.aside.is_empty() && !self.claims.admits(parcel)
    }

    fn set_aside(&mut self, pending: Pending) {
        self.claims.take_off(std::slice::from_ref(&pending.parcel));
        self.aside.push(pending);
    }

    fn is_touched(&self, pending: &Pending) -> bool {
        !self.touched.is_empty() && hashes(pending).any(|hash| self.touched.contains(&hash))
    }

    fn touch(&mut self, pending: &Pending) {
        let touches = match pending.parcel.shape.operation {
            Operation::Update => false,
            Operation::Delete => true,
            // Records of one file all do the same: none of them is looked for.
            Operation::Insert | Operation::Upsert => self.mixed,
        };
        if touches && self.touched.len() < MOST_TOUCHED {
            self.touched.extend(hashes(pending));
        }
    }
}

fn hashes(pending: &Pending) -> impl Iterator<Item = u64> + '_ {
    let hash = |module: &ModuleName, key: &MatchKey| {
        let mut hasher = DefaultHasher::new();
        (module, key).hash(&mut hasher);
        hasher.finish()
    };
    pending
        .parcel
        .keys
        .iter()
        .map(move |key| hash(&pending.parcel.shape.module, key))
}
