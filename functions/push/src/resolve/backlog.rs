//! Keeps records in order while some of them are being resolved. Pure.
//!
//! A record that refers to a missing record is set aside. It is tried once more when everything before it has
//! been delivered, since its parent may be there by then. Records that must not overtake it are set aside
//! too. So are records whose match key an earlier record creates or deletes.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use bigin::{ModuleName, Operation};

use super::pending::{Pending, Resolution};
use super::round::ended;
use crate::deliver::lanes::Claims;
use crate::record::{MatchKey, Outcome, Parcel, Settled, into_order};
use shared::stop::Stop;

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
pub struct Backlog {
    waiting: VecDeque<Pending>,
    /// What has been set aside and is tried once more, before all others.
    again: VecDeque<Pending>,
    /// What has been set aside and is tried once more when that has been delivered.
    postponed: Vec<Pending>,
    aside: Vec<Pending>,
    /// The first place of a record that is set aside.
    first_aside: Option<u64>,
    claims: Claims,
    missing: usize,
    /// Whether any record was sent of those that are tried again at present.
    sent_again: bool,
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

impl Backlog {
    /// Takes records that are written in several ways, so that one may change what another is found by.
    pub fn mix(&mut self) {
        self.mixed = true;
    }

    /// Takes a record, behind all others. One that has nothing to wait for comes straight back; `idle`: no round is
    /// under way.
    pub fn offer(&mut self, mut pending: Pending, idle: bool) -> Option<Parcel> {
        pending.later = pending.needs_key() && self.is_touched(&pending);
        self.touch(&pending);
        if !idle || self.has_waiting() {
            self.waiting.push_back(pending);
        } else if pending.later || self.must_stay_behind(&pending.parcel) {
            self.set_aside(pending);
        } else if pending.is_ready() {
            return Some(pending.parcel);
        } else {
            self.waiting.push_back(pending);
        }
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

    /// The place of the first record that is set aside.
    pub fn first_aside(&self) -> Option<u64> {
        self.first_aside
    }

    /// The records of the next round, and whether they had been set aside.
    pub fn next_round(&mut self) -> (Vec<Pending>, bool) {
        let again = !self.again.is_empty();
        let from = if again { &mut self.again } else { &mut self.waiting };
        let count = from.len().min(MOST_A_ROUND);
        (from.drain(..count).collect(), again)
    }

    /// Puts the records of a round back that came to nothing.
    pub fn put_back(&mut self, batch: Vec<Pending>, again: bool) {
        let into = if again { &mut self.again } else { &mut self.waiting };
        for pending in batch.into_iter().rev() {
            into.push_front(pending);
        }
    }

    /// Sorts a round's verdicts out, in order. `again`: they had been set aside. What is missing then is missing for good,
    /// unless a record before it has only now been sent.
    pub fn sort_out(&mut self, verdicts: Vec<Resolution>, again: bool) -> Sorted {
        let mut sorted = Sorted::default();
        for verdict in verdicts {
            match verdict {
                Resolution::Ready(parcel) if !self.must_stay_behind(&parcel) => {
                    self.sent_again |= again;
                    sorted.ready.push(parcel);
                }
                // It comes back as one that has nothing to wait for but its turn.
                Resolution::Ready(parcel) => self.set_aside(Pending::new(parcel, Vec::new())),
                Resolution::Later(pending) => self.set_aside(pending),
                Resolution::Ended(settled) => sorted.ended.push(settled),
                Resolution::Held(pending, stop) => sorted.held.push((pending.parcel, stop)),
                Resolution::Missing(pending, _) if (!again || self.sent_again) && self.missing < MOST_ASIDE => {
                    self.missing += 1;
                    sorted.missing.push(pending.clone());
                    self.set_aside(pending);
                }
                Resolution::Missing(pending, reject) => {
                    sorted.ended.push(ended(pending.parcel, Outcome::Rejected(reject)));
                }
            }
        }
        if self.again.is_empty() {
            for pending in std::mem::take(&mut self.postponed) {
                self.set_aside(pending);
            }
        }
        sorted
    }

    /// Tries what was set aside once more, as far as that need not wait for others of it. False when nothing was.
    pub fn try_again(&mut self) -> bool {
        if !self.again.is_empty() || !self.postponed.is_empty() {
            return true;
        }
        let mut aside = std::mem::take(&mut self.aside);
        aside.sort_by_key(|pending| pending.parcel.place);
        self.first_aside = None;
        self.claims = Claims::default();
        self.missing = 0;
        self.sent_again = false;
        // What touched them has been delivered.
        self.touched.clear();
        let mut claims = Claims::default();
        for mut pending in aside {
            pending.later = false;
            let is_found_later = pending.needs_key() && self.is_touched(&pending);
            if is_found_later || !claims.admits(&pending.parcel) {
                claims.take_off(std::slice::from_ref(&pending.parcel));
                self.postponed.push(pending);
            } else {
                self.touch(&pending);
                self.again.push_back(pending);
            }
        }
        !self.again.is_empty()
    }

    /// Everything in it, in order.
    pub fn abandon(&mut self) -> Vec<Parcel> {
        let tried_again = self.again.drain(..).chain(self.postponed.drain(..));
        let pending = tried_again.chain(self.waiting.drain(..)).chain(self.aside.drain(..));
        let mut parcels: Vec<_> = pending.map(|pending| pending.parcel).collect();
        into_order(&mut parcels);
        parcels
    }

    fn must_stay_behind(&self, parcel: &Parcel) -> bool {
        !self.aside.is_empty() && !self.claims.admits(parcel)
    }

    fn set_aside(&mut self, pending: Pending) {
        let place = pending.parcel.place;
        self.first_aside = Some(self.first_aside.map_or(place, |first| first.min(place)));
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
