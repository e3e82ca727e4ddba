//! The stage between map and delivery: takes records in order, has them resolved in rounds beside the delivery, and hands
//! them on in order. A round's questions go one at a time, on a call that delivery lends: calls in flight never exceed
//! what the invocation may have.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bigin::ModuleName;

use super::backlog::Backlog;
use super::pending::Pending;
use super::place::Place;
use super::resolver::Resolver;
use super::round::Round;
use crate::context::{Context, Services};
use crate::deliver::{CallTally, Delivery, DeliveryLimits, PauseCheck, Tokens};
use crate::record::{MatchKey, Parcel, Settled, fold, into_order};
use shared::stop::Stop;

/// Records beyond that many are not taken in before those that wait are through.
const ROOM: usize = 2_000;
/// Lists of more pages than that are not walked through again for what was missing: 10,000 records.
const SHORT_LIST: u32 = 50;

/// A round under way.
type Working<'a> = Pin<Box<dyn Future<Output = Worked> + Send + 'a>>;

/// A round that has come back.
struct Worked {
    resolver: Resolver,
    round: Round,
    stop: Option<Stop>,
}

/// Where the resolver is.
enum ResolverState<'a> {
    /// At hand, with nothing to do.
    Free(Box<Resolver>),
    /// At hand, with a round that waits for a call to be free.
    Waiting(Box<Resolver>, Box<Round>),
    /// Asking.
    Asking(Working<'a>),
    /// For a moment, while it changes hands.
    Away,
}

/// What a round has come to.
#[derive(Debug, Default)]
pub struct Resolved {
    /// Records that can be sent, in order.
    pub ready: Vec<Parcel>,
    /// Records that have ended.
    pub ended: Vec<Settled>,
    /// Modules whose records wait, and why.
    pub held: Vec<(ModuleName, Stop)>,
    /// What stops everything.
    pub stop: Option<Stop>,
}

/// The stage.
pub struct Lookups<'a, S: Services, B> {
    context: &'a Context<S>,
    pause_check: Arc<B>,
    limits: DeliveryLimits,
    line: Backlog,
    state: ResolverState<'a>,
    /// Whether the round's records had been set aside.
    again: bool,
    lent: bool,
    halt: Arc<AtomicBool>,
    /// Where records were missing that others refer to, and by which value.
    missed: HashSet<(Place, String)>,
    /// What of it Bigin has taken since: the record's id.
    taken: Vec<(Place, MatchKey, String)>,
    /// Records of modules that are held.
    left: Vec<Parcel>,
    tally: CallTally,
    warnings: Vec<String>,
}

impl<'a, S: Services, B: PauseCheck + 'a> Lookups<'a, S, B> {
    /// A stage that goes on with what the resolver knows.
    pub fn new(context: &'a Context<S>, resolver: Resolver, pause_check: Arc<B>, limits: DeliveryLimits) -> Self {
        Self {
            context,
            pause_check,
            limits,
            line: Backlog::default(),
            state: ResolverState::Free(Box::new(resolver)),
            again: false,
            lent: false,
            halt: Arc::default(),
            missed: HashSet::new(),
            taken: Vec::new(),
            left: Vec::new(),
            tally: CallTally::default(),
            warnings: Vec::new(),
        }
    }

    /// Takes records that are written in several ways.
    #[must_use]
    pub fn over_several_shapes(mut self) -> Self {
        self.line.mix();
        self
    }

    /// Takes a record, behind all others; one that has nothing to wait for comes straight back.
    pub fn offer(&mut self, pending: Pending) -> Option<Parcel> {
        self.line.offer(pending, matches!(self.state, ResolverState::Free(_)))
    }

    /// Takes a record whose module is held: it waits.
    pub fn leave(&mut self, pending: Pending) {
        self.left.push(pending.parcel);
    }

    /// Whether more records may be offered. Bounds what is held in memory.
    pub fn has_room(&self) -> bool {
        self.line.waiting() < ROOM && !self.line.is_full()
    }

    /// Whether a round is under way, so that [`Lookups::resolved`] has something to wait for.
    pub fn is_asking(&self) -> bool {
        matches!(self.state, ResolverState::Asking(_))
    }

    /// Whether records wait to be resolved, those set aside not counted.
    pub fn is_busy(&self) -> bool {
        !matches!(self.state, ResolverState::Free(_)) || self.line.has_waiting()
    }

    /// Begins the next round where there is one. What needs no question comes back at once; else delivery has to lend a
    /// call.
    pub fn begin<T: Tokens>(&mut self, delivery: &mut Delivery<T, B>) -> Option<Resolved> {
        if self.line.is_full() {
            self.try_again();
        }
        self.open();
        let (mut resolver, mut round) = match std::mem::replace(&mut self.state, ResolverState::Away) {
            ResolverState::Waiting(resolver, round) => (*resolver, *round),
            other => {
                self.state = other;
                return None;
            }
        };
        if round.next(&mut resolver.cache).is_none() {
            return Some(self.back(Worked {
                resolver,
                round,
                stop: None,
            }));
        }
        if !delivery.lend_call() {
            self.state = ResolverState::Waiting(Box::new(resolver), Box::new(round));
            return None;
        }
        self.lent = true;
        let (context, pause_check, limits) = (self.context, Arc::clone(&self.pause_check), self.limits);
        let halt = Arc::clone(&self.halt);
        self.state = ResolverState::Asking(Box::pin(async move {
            let stop = resolver
                .resolve(context, &mut round, &*pause_check, &limits, &halt)
                .await;
            Worked { resolver, round, stop }
        }));
        None
    }

    fn open(&mut self) {
        if !self.line.has_waiting() {
            return;
        }
        if let ResolverState::Free(_) = &self.state
            && let ResolverState::Free(mut resolver) = std::mem::replace(&mut self.state, ResolverState::Away)
        {
            let (batch, again) = self.line.next_round();
            if again {
                resolver.cache.doubt_missing(SHORT_LIST);
            }
            for (place, key, id) in self.taken.drain(..) {
                resolver.cache.accepted(&place, &key, &id);
            }
            self.again = again;
            let round = Round::open(batch, &resolver.cache);
            self.state = ResolverState::Waiting(resolver, Box::new(round));
        }
    }

    /// Waits for the round under way. Safe to cancel.
    pub async fn resolved(&mut self) -> Resolved {
        let ResolverState::Asking(working) = &mut self.state else {
            return Resolved::default();
        };
        let worked = working.await;
        self.back(worked)
    }

    /// Gives the call back that was lent, if one was.
    pub fn give_call_back<T: Tokens>(&mut self, delivery: &mut Delivery<T, B>) {
        if std::mem::take(&mut self.lent) {
            delivery.take_call_back();
        }
    }

    fn back(&mut self, worked: Worked) -> Resolved {
        let Worked { resolver, round, stop } = worked;
        add(&mut self.tally, resolver.take_tally());
        for warning in resolver.cache.warnings() {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
        let mut resolved = Resolved {
            stop,
            ..Resolved::default()
        };
        if resolved.stop.is_some() {
            self.line.put_back(round.give_up(), self.again);
        } else {
            let sorted = self.line.sort_out(round.close(&resolver.cache), self.again);
            let references = sorted.missing.iter().flat_map(|pending| &pending.references);
            self.missed.extend(
                references.filter_map(|reference| Some((Place::of_rule(&reference.rule)?, fold(&reference.value)))),
            );
            resolved.ready = sorted.ready;
            resolved.ended = sorted.ended;
            for (parcel, stop) in sorted.held {
                if !resolved.held.iter().any(|(module, _)| *module == parcel.shape.module) {
                    resolved.held.push((parcel.shape.module.clone(), stop));
                }
                self.left.push(parcel);
            }
        }
        self.state = ResolverState::Free(Box::new(resolver));
        resolved
    }

    /// Bigin has taken a record with those values of its match fields: others may have missed just that.
    pub fn accepted(&mut self, module: &ModuleName, keys: &[MatchKey], id: &str) {
        if self.missed.is_empty() {
            return;
        }
        for key in keys {
            let Some(place) = Place::of_key(module, key) else {
                continue;
            };
            if self.missed.contains(&(place.clone(), key.folded().to_owned())) {
                self.taken.push((place, key.clone(), id.to_owned()));
            }
        }
    }

    /// The place of the first record that is set aside.
    pub fn first_aside(&self) -> Option<u64> {
        self.line.first_aside()
    }

    /// Tries what was set aside once more, now that all else has been delivered. False when there is nothing to try.
    pub fn try_again(&mut self) -> bool {
        self.line.try_again()
    }

    /// Lets the round under way come to an end after its present question.
    pub fn halt(&self) {
        self.halt.store(true, Ordering::Relaxed);
    }

    /// Everything that was not handed on, in order. A round that is asking must have come back.
    pub fn undelivered(&mut self) -> Vec<Parcel> {
        match std::mem::replace(&mut self.state, ResolverState::Away) {
            ResolverState::Waiting(resolver, round) => {
                self.line.put_back(round.give_up(), self.again);
                self.state = ResolverState::Free(resolver);
            }
            other => self.state = other,
        }
        let mut left = self.line.abandon();
        left.append(&mut self.left);
        into_order(&mut left);
        left
    }

    /// What the questions cost since the last time this was asked. The credits are in the state table already.
    pub fn take_tally(&mut self) -> CallTally {
        std::mem::take(&mut self.tally)
    }

    /// What an operator should know.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The resolver, with all it knows; `None` where a round is still under way. Nothing is resolved after that.
    pub fn take_resolver(&mut self) -> Option<Resolver> {
        match std::mem::replace(&mut self.state, ResolverState::Away) {
            ResolverState::Free(resolver) | ResolverState::Waiting(resolver, _) => Some(*resolver),
            ResolverState::Asking(_) | ResolverState::Away => None,
        }
    }
}

fn add(tally: &mut CallTally, more: CallTally) {
    tally.api_calls += more.api_calls;
    tally.credits += more.credits;
    tally.retries += more.retries;
}
