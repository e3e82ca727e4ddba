//! Consumes a batch of `RecordsQueue`: answers which messages go back, and has set for how long each stays out of sight.

use jiff::Timestamp;
use serde::Serialize;
use shared::intake::Intake;

use super::batch::{Batch, Consignment};
use super::closing;
use super::held;
use super::memory::{Memory, recall, remember};
use super::patience::{closes_intake, out_of_sight};
use super::received::Received;
use super::run::{Ran, limits, run};
use super::service::RecordsQueue;
use crate::context::{Context, Services};
use crate::deliver::{Deadlines, PauseCheck};
use crate::report::RunFiles;
use crate::resolve::ResolverCache;
use shared::stop::{Service, Stop};

/// What the event source mapping is told (AWS Lambda developer guide, "Reporting batch item failures").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// The messages that go back to the queue; all others are done.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// A message that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// The queue's name for it.
    pub item_identifier: String,
}

/// A consumer makes one call at a time: two consumers take two of the calls that may be in flight.
const WIDTH: usize = 1;

/// Consumes batches.
pub struct Consumer<'a, S: Services, Q, I> {
    /// The means.
    pub context: &'a Context<S>,
    /// What was found out of records that others refer to.
    pub resolvers: &'a ResolverCache,
    /// `RecordsQueue`.
    pub queue: &'a Q,
    /// What lets messages in.
    pub intake: &'a I,
}

impl<S: Services, Q: RecordsQueue, I: Intake> Consumer<'_, S, Q, I> {
    /// Consumes a batch. `run_id` names the run, `hours` is when it stops.
    pub async fn consume(&self, received: Vec<Received>, run_id: &str, hours: Deadlines) -> BatchAnswer {
        let started_at = self.context.now();
        let again = received.iter().filter(|received| received.is_known());
        let again: Vec<_> = again.map(|received| received.message_id.as_str()).collect();
        let recalled = recall(&self.context.table, &again).await;
        let hindrance = recalled
            .as_ref()
            .err()
            .map(|error| Stop::unavailable(Service::StateTable, error));
        let mut batch = Batch::open(received, recalled.unwrap_or_default());
        let hindrance = match hindrance {
            None => self.context.pause_watch(None).look().await,
            found => found,
        };
        let ran = if let Some(stop) = hindrance {
            batch.return_from(0, &stop);
            Ran {
                stop: Some(stop),
                ..Ran::default()
            }
        } else {
            let limits = limits(&self.context.settings, WIDTH, hours);
            run(
                self.context,
                self.resolvers,
                &mut batch,
                self.context.pause_watch(None),
                limits,
            )
            .await
        };
        self.close(batch, &ran, run_id, started_at).await
    }

    /// Closes a run: writes down what was rejected and learnt, puts messages of held modules away, and answers which go back.
    pub async fn close(&self, mut batch: Batch, ran: &Ran, run_id: &str, started_at: Timestamp) -> BatchAnswer {
        let files = RunFiles::of_messages(run_id, started_at);
        let rejects = closing::write_rejects(self.context, &mut batch, &files).await;
        let a_hold_has_ended = closing::note(self.context, &batch, ran).await;
        if ran.stop.as_ref().is_some_and(closes_intake) {
            self.close_intake().await;
        }
        let put_away = held::put_away(self.context, &batch, ran).await;
        let goes_back = |consignment: &Consignment| !put_away.names.contains(&consignment.received.item_id);
        let going_back = batch
            .returned()
            .filter(|(consignment, _)| goes_back(consignment))
            .map(|(consignment, stop)| self.send_back(consignment, stop));
        futures_util::future::join_all(going_back).await;
        let mut report = closing::report(self.context, &batch, ran, (run_id, started_at), &rejects).await;
        closing::publish(self.context, &mut report, &files).await;
        if (a_hold_has_ended || put_away.is_let_go)
            && let Err(error) = self.intake.ask_for_upkeep().await
        {
            tracing::warn!(%error, "messages that waited for the end of a hold come back with the next scheduled refresh");
        }
        let item = |consignment: &Consignment| ItemFailure {
            item_identifier: consignment.received.item_id.clone(),
        };
        BatchAnswer {
            batch_item_failures: batch
                .returned()
                .filter(|(consignment, _)| goes_back(consignment))
                .map(|(consignment, _)| item(consignment))
                .collect(),
        }
    }

    /// Remembers what has ended of a message, and keeps it out of sight for a while.
    async fn send_back(&self, consignment: &Consignment, stop: &Stop) {
        let received = &consignment.received;
        let memory = Memory {
            delivery: received.receives,
            ..consignment.memory.clone()
        };
        if let Err(error) = remember(&self.context.table, &received.message_id, &memory, self.context.now()).await {
            tracing::warn!(%error, "what has ended of a message was not remembered; it may be sent again");
        }
        let wait = out_of_sight(stop, received.receives, fastrand::f64());
        if let Some(receipt) = &received.receipt
            && let Err(error) = self.queue.hide(receipt, wait).await
        {
            tracing::warn!(%error, "a message comes back when the queue's own visibility timeout is over");
        }
    }

    /// Closes the intake, unless the pause has ended meanwhile: who ends a pause opens the intake before this closes it.
    async fn close_intake(&self) {
        let mut switched = self.intake.set_open(false).await;
        if switched.is_ok() && matches!(self.context.pause_watch(None).reason().await, Ok(None)) {
            switched = self.intake.set_open(true).await;
        }
        if let Err(error) = switched {
            tracing::warn!(%error, "the intake was not closed");
        }
    }
}
