//! Carries out the messages of one invocation: prepares them, delivers their records together, and learns what became of
//! each.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use bigin::ModuleName;
use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

use super::batch::Batch;
use super::memory::remember;
use super::prepare::{Hindrance, Preparer};
use crate::context::{Context, Services, Settings};
use crate::deliver::{Deadlines, DeliveryLimits, PauseCheck};
use crate::record::{Outcome, Parcel, Reject, Repairs, Settled};
use crate::resolve::{Dispatcher, ResolverCache, Tallies};
use shared::stop::{Service, Stop};

/// What a run has come to, beside what became of the messages.
#[derive(Debug, Default)]
pub struct Ran {
    /// Why nothing more was sent, where something stopped it all.
    pub stop: Option<Stop>,
    /// The modules that Bigin held, and that nobody knew of.
    pub held: Vec<(ModuleName, Stop)>,
    /// The modules that Bigin held at the end, whoever found it out.
    pub holds: HashSet<String>,
    /// The modules that took records.
    pub took: HashSet<ModuleName>,
    /// What it cost.
    pub tallies: Tallies,
    /// What an operator should know.
    pub warnings: Vec<String>,
    /// What was mended in the records.
    pub repairs: Repairs,
}

/// What the messages' lookups are kept under.
const LOOKUPS: &str = "messages";

/// How far the delivery of messages may go within those hours.
pub(super) fn limits(settings: &Settings, width: usize, hours: Deadlines) -> DeliveryLimits {
    let budget = hours.sending_ends.saturating_duration_since(Instant::now());
    DeliveryLimits {
        waiting_ends: hours.waiting_ends,
        ..settings.limits(width, budget)
    }
}

/// Delivers the messages' records.
pub(super) async fn run<S: Services, B: PauseCheck>(
    context: &Context<S>,
    resolvers: &ResolverCache,
    batch: &mut Batch,
    check: B,
    limits: DeliveryLimits,
) -> Ran {
    let mut preparer = Preparer::new(context);
    let mut run = Run {
        context,
        batch,
        dispatcher: Dispatcher::of_several(context, resolvers, LOOKUPS, check, limits),
        sending_ends: limits.sending_ends,
        known: HashSet::new(),
        ran: Ran::default(),
    };
    run.prepare(&mut preparer).await;
    run.deliver().await;
    run.finish(&preparer);
    run.dispatcher.keep_findings().await;
    let mut ran = run.ran;
    ran.warnings = preparer.warnings;
    ran.warnings.extend(preparer.repairs.sentences());
    ran.repairs = preparer.repairs;
    ran.warnings.extend_from_slice(run.dispatcher.warnings());
    ran
}

struct Run<'a, S: Services, B> {
    context: &'a Context<S>,
    batch: &'a mut Batch,
    dispatcher: Dispatcher<'a, S, B>,
    /// When nothing more is found out about messages that were not sent yet.
    sending_ends: Instant,
    /// The modules that were looked up in the state table.
    known: HashSet<ModuleName>,
    ran: Ran,
}

impl<'a, S: Services, B: PauseCheck + 'a> Run<'a, S, B> {
    async fn prepare(&mut self, preparer: &mut Preparer<'_, S>) {
        let mut held: Vec<(ModuleName, Stop)> = Vec::new();
        for number in 0..self.batch.consignments.len() {
            if let Some(why) = self.batch.is_behind(number).cloned() {
                self.batch.give_back(number, why);
                continue;
            }
            // A panic over one message must not take the others along.
            let attempt = AssertUnwindSafe(preparer.prepare(&self.batch.consignments[number])).catch_unwind();
            let attempt = timeout_at(self.sending_ends, attempt).await;
            let ready = match attempt.unwrap_or(Ok(Err(Hindrance::Stop(Stop::OutOfTime)))) {
                Ok(Ok(Some(ready))) => ready,
                Ok(Ok(None)) => continue,
                Ok(Err(Hindrance::Poison(fault))) => {
                    self.batch.reject_whole(number, fault);
                    continue;
                }
                Ok(Err(Hindrance::Held(module, stop))) => {
                    held.push((module, stop.clone()));
                    self.batch.give_back(number, stop);
                    continue;
                }
                Ok(Err(Hindrance::Stop(stop))) => {
                    self.batch.return_from(number, &stop);
                    self.ran.stop = Some(stop);
                    return;
                }
                Err(_) => {
                    tracing::error!(
                        message_id = self.batch.consignments[number].received.message_id,
                        "a message made the relay panic"
                    );
                    let panicked = "the message made the relay panic: a fault of the relay's own";
                    self.batch
                        .give_back(number, Stop::unavailable(Service::Relay, panicked));
                    continue;
                }
            };
            let module = ready.shape.module.clone();
            // A message that waits for its mapping is not to be overtaken by those of the same module behind it.
            if let Some((_, stop)) = held.iter().find(|(held, _)| *held == module) {
                self.batch.give_back(number, stop.clone());
                continue;
            }
            self.batch.consignments[number].shape = Some(ready.shape);
            for (record, outcome) in ready.ended {
                self.batch.end(number, record, &outcome);
            }
            self.look_for_hold(&module).await;
            let group = self.batch.group(number);
            for mut pending in ready.parcels {
                pending.parcel.group = group;
                self.dispatcher.offer(pending);
            }
        }
    }

    /// A module that is known to be held is not tried.
    async fn look_for_hold(&mut self, module: &ModuleName) {
        let is_new = self.known.insert(module.clone());
        if is_new {
            self.dispatcher.recall(module).await;
        }
        if is_new && let Some(stop) = self.context.pause_watch(Some(module.clone())).look().await {
            match stop {
                held @ Stop::ModuleHeld { .. } => self.dispatcher.hold(module, held),
                other => self.dispatcher.stop(other),
            }
        }
    }

    async fn deliver(&mut self) {
        let known_holds: HashSet<_> = self.dispatcher.held().keys().cloned().collect();
        while self.dispatcher.advance(false).await {
            let settled = self.dispatcher.next().await;
            self.landed(&settled).await;
        }
        let names = self.dispatcher.held().keys();
        self.ran.holds = names.map(|module| module.as_str().to_owned()).collect();
        let held = self
            .dispatcher
            .held()
            .iter()
            .filter(|(module, _)| !known_holds.contains(*module));
        self.ran.held = held.map(|(module, stop)| (module.clone(), stop.clone())).collect();
    }

    async fn landed(&mut self, settled: &[Settled]) {
        let mut touched = HashSet::new();
        for settled in settled {
            let Some(message) = self.batch.settle(settled) else {
                continue;
            };
            touched.insert(message);
            let Some(shape) = &self.batch.consignments[message].shape else {
                continue;
            };
            self.dispatcher.note_ended(&shape.module, settled);
            if matches!(settled.outcome, Outcome::Accepted { .. }) {
                self.ran.took.insert(shape.module.clone());
            }
        }
        for (place, taken) in self.dispatcher.taken() {
            touched.extend(self.batch.taken(place, taken));
        }
        // The last call's outcomes are told to the queue at once; those before it must outlast a crash.
        if self.dispatcher.is_busy() {
            self.remember(&touched).await;
        }
    }

    /// Remembers what has ended of messages under way, but for rejects, which are not written down yet.
    async fn remember(&self, messages: &HashSet<usize>) {
        let now = self.context.now();
        let writes = messages.iter().map(|message| async {
            let consignment = &self.batch.consignments[*message];
            let mut memory = consignment.memory.clone();
            for (record, _) in &consignment.rejects {
                memory.ended.remove(record);
            }
            remember(&self.context.table, &consignment.received.message_id, &memory, now).await
        });
        for written in futures_util::future::join_all(writes).await {
            if let Err(error) = written {
                tracing::warn!(%error, "what has ended of a message was not remembered; after a crash it would be sent again");
            }
        }
    }

    fn finish(&mut self, preparer: &Preparer<'_, S>) {
        self.ran.tallies = self.dispatcher.tallies();
        let stopped = self.dispatcher.stopped().cloned();
        let holds = self.dispatcher.held().clone();
        let undelivered = self.dispatcher.undelivered();
        let any_hold = holds.values().next().cloned();
        for parcel in undelivered {
            let why_held = holds.get(&parcel.shape.module);
            let is_unknown = matches!(why_held, Some(Stop::ModuleHeld { code, .. }) if code == "INVALID_MODULE");
            if is_unknown && !preparer.is_verified(&parcel.shape.module) {
                self.reject_for_module(&parcel);
                continue;
            }
            let why = why_held
                .or(stopped.as_ref())
                .or(any_hold.as_ref())
                .unwrap_or(&Stop::OutOfTime);
            self.batch.undelivered(&parcel, why);
        }
        self.ran
            .held
            .retain(|(module, stop)| preparer.is_verified(module) || stop.code() != "INVALID_MODULE");
        self.ran.stop = self.ran.stop.take().or(stopped);
        self.batch.keep_groups_together();
    }

    /// Where the authorization does not let modules be listed, Bigin itself says that there is none of that name.
    fn reject_for_module(&mut self, parcel: &Parcel) {
        let module = &parcel.shape.module;
        let reject = Reject::relay("UNKNOWN_MODULE", None, format!("Bigin knows no module {module}"));
        self.batch.settle(&Settled {
            place: parcel.place,
            keys: Vec::new(),
            outcome: Outcome::Rejected(reject),
        });
    }
}
