//! The one way from map to Bigin: takes records in order, has their references resolved, delivers them, and hands them back
//! settled. Its callers know nothing of questions, of calls that are lent for them, or of records that are set aside.

use std::collections::HashMap;
use std::sync::Arc;

use bigin::ModuleName;
use tokio::task::JoinSet;

use super::lookups::{Lookups, Resolved};
use super::pending::Pending;
use super::resolver_cache::ResolverCache;
use crate::context::{Context, Services, note_own};
use crate::deliver::{CallTally, Delivery, DeliveryLimits, PauseCheck};
use crate::record::{Outcome, Parcel, Settled, Written, into_order};
use shared::state::refusals;
use shared::stop::Stop;

/// Some records wait for the records that they refer to. They are tried again when their caller is that many
/// records further. So an interrupted run reads again, and remembers, only so much.
const MOST_BEHIND: u64 = 100_000;

/// What it has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Calls that carried records.
    pub calls: CallTally,
    /// Questions about other records. Their credits are in the state table already.
    pub questions: CallTally,
}

/// Records on their way through lookups and delivery.
pub struct Dispatcher<'a, S: Services, B> {
    context: &'a Context<S>,
    resolvers: &'a ResolverCache,
    /// What the findings are kept under for the next invocation.
    run_id: String,
    lookups: Lookups<'a, S, B>,
    delivery: Delivery<S::Tokens, B>,
    /// Records that lookups have ended and that were not handed back yet.
    ended: Vec<Settled>,
    /// What is noted for pull while delivery goes on.
    noting: JoinSet<()>,
}

impl<'a, S: Services, B: PauseCheck + 'a> Dispatcher<'a, S, B> {
    /// For the records of one shape, from a source whose places ascend. A module that Bigin holds stops all of it.
    pub fn of_one_shape(
        context: &'a Context<S>,
        resolvers: &'a ResolverCache,
        run_id: impl Into<String>,
        check: B,
        limits: DeliveryLimits,
    ) -> Self {
        let (run_id, check) = (run_id.into(), Arc::new(check));
        let resolver = resolvers.take(&run_id, context.now());
        Self {
            context,
            resolvers,
            run_id,
            lookups: Lookups::new(context, resolver, Arc::clone(&check), limits),
            delivery: delivery(context, check, limits),
            ended: Vec::new(),
            noting: JoinSet::new(),
        }
    }

    /// For records of several modules and shapes. A module that Bigin holds stops its own records alone, and what others
    /// have written since the last time is looked for again.
    pub fn of_several(
        context: &'a Context<S>,
        resolvers: &'a ResolverCache,
        run_id: impl Into<String>,
        check: B,
        limits: DeliveryLimits,
    ) -> Self {
        let (run_id, check) = (run_id.into(), Arc::new(check));
        let mut resolver = resolvers.take(&run_id, context.now());
        resolver.cache.doubt_missing(u32::MAX);
        let lookups = Lookups::new(context, resolver, Arc::clone(&check), limits);
        let delivery = delivery(context, check, limits);
        Self {
            context,
            resolvers,
            run_id,
            lookups: lookups.over_several_shapes(),
            delivery: delivery.over_several_modules(),
            ended: Vec::new(),
            noting: JoinSet::new(),
        }
    }

    /// Learns what is known of the refusals of a module, before its first record is offered.
    pub async fn recall(&mut self, module: &ModuleName) {
        let known = refusals::of_module(&self.context.table, module.as_str());
        match futures_util::future::try_join(known, self.context.record_sums()).await {
            Ok((known, sums)) => self.delivery.load_refusals(module, known, sums),
            Err(error) => tracing::warn!(%error, "what was refused before is not known: it is found out again"),
        }
    }

    /// Takes a record, behind all others.
    pub fn offer(&mut self, pending: Pending) {
        if self.delivery.held().contains_key(&pending.parcel.shape.module) {
            self.lookups.leave(pending);
        } else if let Some(parcel) = self.lookups.offer(pending) {
            self.delivery.offer(parcel);
        }
    }

    /// Whether more records may be offered. Bounds what is held in memory.
    pub fn has_room(&self) -> bool {
        self.delivery.has_room() && self.lookups.has_room()
    }

    /// The source has come to that place: records that were set aside long before it are tried again.
    pub fn has_come_to(&mut self, place: u64) {
        let first = self.lookups.first_aside();
        if first.is_some_and(|first| first + MOST_BEHIND < place) {
            self.lookups.try_again();
        }
    }

    /// Begins all calls and questions that may be under way now; what was set aside is tried again once all else is over.
    /// `more`: more records may be offered. False once there is nothing left to wait for. Not safe to cancel.
    pub async fn advance(&mut self, more: bool) -> bool {
        self.note_own_writes();
        loop {
            self.look_up();
            self.delivery.dispatch(!more && !self.lookups.is_busy()).await;
            let stopped = self.delivery.stopped().is_some();
            if stopped {
                self.lookups.halt();
            }
            if more && !stopped || self.will_settle() {
                return true;
            }
            // Nothing is on its way that could tell more; records that wait may wait for just those in doubt.
            if !stopped
                && !self.lookups.is_busy()
                && let Some(settled) = self.delivery.decide_unclear()
            {
                self.ended.extend(settled);
                continue;
            }
            if !stopped && self.is_busy() {
                // Nothing would ever wake this up: what is left goes on later.
                self.delivery.stop(Stop::OutOfTime);
            } else if stopped || !self.lookups.try_again() {
                return false;
            }
        }
    }

    /// Whether [`Dispatcher::next`] has something to wait for.
    fn will_settle(&self) -> bool {
        !self.ended.is_empty() || self.delivery.will_settle() || self.lookups.is_asking()
    }

    /// Waits until something has happened: the records that have ended by it, perhaps none. Then advance again. Waits for
    /// ever where nothing can happen before more records are offered. Safe to cancel.
    pub async fn next(&mut self) -> Vec<Settled> {
        if !self.ended.is_empty() {
            return std::mem::take(&mut self.ended);
        }
        tokio::select! {
            biased;
            settled = self.delivery.settled(), if self.delivery.will_settle() => settled,
            resolved = self.lookups.resolved(), if self.lookups.is_asking() => {
                self.take_resolved(resolved);
                std::mem::take(&mut self.ended)
            }
            else => std::future::pending().await,
        }
    }

    /// Has records looked into that refer to others, where there are any and nothing stops it.
    fn look_up(&mut self) {
        while self.delivery.stopped().is_none() {
            match self.lookups.begin(&mut self.delivery) {
                Some(resolved) => self.take_resolved(resolved),
                None => return,
            }
        }
    }

    fn take_resolved(&mut self, resolved: Resolved) {
        self.lookups.give_call_back(&mut self.delivery);
        for parcel in resolved.ready {
            self.delivery.offer(parcel);
        }
        self.ended.extend(resolved.ended);
        for (module, stop) in resolved.held {
            self.delivery.hold(&module, stop);
        }
        if let Some(stop) = resolved.stop {
            self.delivery.stop(stop);
        }
    }

    /// A record of that module has ended: where Bigin has taken it, others may have missed just that.
    pub fn note_ended(&mut self, module: &ModuleName, settled: &Settled) {
        if let Outcome::Accepted { id, .. } = &settled.outcome {
            self.lookups.accepted(module, &settled.keys, id);
        }
    }

    /// Lends one of the calls that may be in flight, for a question of the caller's, if there is one to spare now.
    pub fn lend_call(&mut self) -> bool {
        self.delivery.lend_call()
    }

    /// Takes the call back that was lent.
    pub fn take_call_back(&mut self) {
        self.delivery.take_call_back();
    }

    /// Sends nothing more; calls in flight are still waited for.
    pub fn stop(&mut self, stop: Stop) {
        self.delivery.stop(stop);
    }

    /// Sends no more records of that module.
    pub fn hold(&mut self, module: &ModuleName, stop: Stop) {
        self.delivery.hold(module, stop);
    }

    /// Why nothing more is sent, if something stopped it.
    pub fn stopped(&self) -> Option<&Stop> {
        self.delivery.stopped()
    }

    /// The modules that are held, where a hold does not stop all.
    pub fn held(&self) -> &HashMap<ModuleName, Stop> {
        self.delivery.held()
    }

    /// Whether records are on their way that may still be sent.
    pub fn is_busy(&self) -> bool {
        self.delivery.is_busy() || self.lookups.is_busy()
    }

    /// The records that Bigin has while something is left to be done for them, by their places.
    pub fn taken(&self) -> impl Iterator<Item = (u64, &Written)> {
        self.delivery.taken()
    }

    /// Hands back everything that has not ended, in order.
    pub fn undelivered(&mut self) -> Vec<Parcel> {
        let mut left = self.delivery.undelivered();
        left.extend(self.lookups.undelivered());
        into_order(&mut left);
        left
    }

    /// What it has cost since the last time this was asked.
    pub fn tallies(&mut self) -> Tallies {
        Tallies {
            calls: self.delivery.take_tally(),
            questions: self.lookups.take_tally(),
        }
    }

    /// What an operator should know.
    pub fn warnings(&self) -> &[String] {
        self.lookups.warnings()
    }

    /// Begins to note for pull what was written since the last time; nothing waits for it.
    fn note_own_writes(&mut self) {
        for (module, writes) in self.delivery.take_own_writes() {
            let (table, now) = (self.context.table.clone(), self.context.now());
            self.noting.spawn(note_own(table, module, writes, now));
        }
        while self.noting.try_join_next().is_some() {}
    }

    /// Waits until all that was written is noted: an invocation that has ended does nothing any more.
    pub async fn own_writes_noted(&mut self) {
        self.note_own_writes();
        while self.noting.join_next().await.is_some() {}
    }

    /// Keeps what was found out and learnt for the next invocation. Nothing is resolved after that.
    pub async fn keep_findings(&mut self) {
        self.own_writes_noted().await;
        if let Some(resolver) = self.lookups.take_resolver() {
            self.resolvers.put(&self.run_id, self.context.now(), resolver);
        }
        for (module, before, known) in self.delivery.learnt() {
            let (table, now) = (&self.context.table, self.context.now());
            let kept = refusals::learn(table, module.as_str(), (&before, &known), now).await;
            if let Err(error) = kept {
                tracing::warn!(%error, "what was refused was not remembered: it is found out again");
            }
        }
    }
}

fn delivery<S: Services, B: PauseCheck>(
    context: &Context<S>,
    check: Arc<B>,
    limits: DeliveryLimits,
) -> Delivery<S::Tokens, B> {
    Delivery::new(context.bigin.clone(), Arc::clone(&context.tokens), check, limits)
        .telling_pull(context.settings.pulled.clone())
}
