//! A message by hand: delivered at once where that may be, and put onto the queue where it may not.

use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;
use shared::intake::Intake;
use shared::state::StateError;
use uuid::Uuid;

use super::batch::{Batch, Contents};
use super::closing;
use super::deferred::Deferred;
use super::memory::{Memory, remember};
use super::message::Message;
use super::run::{Ran, limits, run};
use super::service::{QueueError, RecordsQueue};
use super::turn_check::TurnCheck;
use crate::context::{Context, Services, Turn};
use crate::deliver::{Deadlines, PauseCheck};
use crate::report::Report;
use crate::report::RunFiles;
use crate::resolve::ResolverCache;
use shared::stop::Stop;

/// The most bytes of a message that is put onto the queue. SQS takes more, but bills each 64 KiB as a
/// request. Small messages also fail in small parts.
const LARGEST: usize = 200 << 10;
/// The group of messages by hand on a FIFO queue: they stay in order among themselves.
const GROUP: &str = "by-hand";
/// How long the turn is waited for.
const TURN_WAIT: Duration = Duration::from_secs(5);
const TURN_LOOK: Duration = Duration::from_millis(500);

/// Why nothing certain can be said of a message by hand.
#[derive(Debug, thiserror::Error)]
pub enum ByHandError {
    /// Records were neither delivered nor put onto the queue.
    #[error(
        "{left} of the message's {records} records were neither delivered ({why}) nor put onto the queue ({error}): send them again"
    )]
    NotQueued {
        /// How many were left.
        left: usize,
        /// How many there were.
        records: usize,
        /// Why they were not delivered.
        why: String,
        /// Why they are not on the queue.
        error: QueueError,
    },
    /// The state table.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Delivers messages by hand.
pub struct DirectMessage<'a, S: Services, Q, I> {
    /// The means.
    pub context: &'a Context<S>,
    /// What was found out of records that others refer to.
    pub resolvers: &'a ResolverCache,
    /// `RecordsQueue`.
    pub queue: &'a Q,
    /// By what push is asked for its upkeep.
    pub intake: &'a I,
}

impl<S: Services, Q: RecordsQueue, I: Intake> DirectMessage<'_, S, Q, I> {
    /// Delivers a message with the calls that the queue's consumers leave, and answers with its report. What cannot be
    /// delivered now is on the queue before this answers; what is rejected is in the rejects file.
    ///
    /// # Errors
    /// Records could neither be delivered nor put onto the queue, or whether they may be sent cannot be found out.
    pub async fn answer(&self, payload: Value, run_id: &str, hours: Deadlines) -> Result<Report, ByHandError> {
        let started_at = self.context.now();
        let body = payload.to_string();
        let mut batch = Batch::of_one(run_id, Message::read(payload), body);
        let ran = if let Some(turn) = self.wait_for_turn(run_id).await? {
            let ran = self.deliver(&mut batch, &turn, hours).await;
            if let Err(error) = self.context.give_turn_back(turn).await {
                tracing::warn!(%error, "the turn was not given back; it runs out by itself");
            }
            ran
        } else {
            batch.return_from(0, &Stop::TurnTaken);
            Ran {
                stop: Some(Stop::TurnTaken),
                ..Ran::default()
            }
        };
        let files = RunFiles::of_messages(run_id, started_at);
        let rejects = closing::write_rejects(self.context, &mut batch, &files).await;
        let a_hold_has_ended = closing::note(self.context, &batch, &ran).await;
        let queued = self.put_on_queue(&batch).await;
        let mut report = closing::report(self.context, &batch, &ran, (run_id, started_at), &rejects).await;
        "message".clone_into(&mut report.source);
        closing::publish(self.context, &mut report, &files).await;
        if a_hold_has_ended && let Err(error) = self.intake.ask_for_upkeep().await {
            tracing::warn!(%error, "messages that waited for the end of a hold come back with the next scheduled refresh");
        }
        queued.map(|()| report)
    }

    async fn wait_for_turn(&self, who: &str) -> Result<Option<Turn>, StateError> {
        let looks = TURN_WAIT.as_millis() / TURN_LOOK.as_millis();
        for _ in 0..looks {
            if let Some(turn) = self.context.take_turn(who).await? {
                return Ok(Some(turn));
            }
            self.context.clock.sleep(TURN_LOOK).await;
        }
        self.context.take_turn(who).await
    }

    async fn deliver(&self, batch: &mut Batch, turn: &Turn, hours: Deadlines) -> Ran {
        let pause_check = TurnCheck {
            context: self.context,
            turn,
        };
        if let Some(stop) = pause_check.look().await {
            batch.return_from(0, &stop);
            return Ran {
                stop: Some(stop),
                ..Ran::default()
            };
        }
        let settings = &self.context.settings;
        let limits = limits(settings, settings.import_width(), hours);
        run(self.context, self.resolvers, batch, pause_check, limits).await
    }

    /// Puts what was not delivered onto the queue, in messages of a size that it likes.
    async fn put_on_queue(&self, batch: &Batch) -> Result<(), ByHandError> {
        for (consignment, stop) in batch.returned() {
            let open: Vec<usize> = (0..consignment.records)
                .filter(|record| !consignment.memory.ended.contains(record))
                .collect();
            let mut queued = 0;
            for piece in pieces(&consignment.contents, &consignment.received.body, &open) {
                let message = Deferred {
                    message_id: Uuid::new_v4().to_string(),
                    sent_at: None,
                    group: Some(GROUP.to_owned()),
                    body: piece.body,
                };
                // Before the message: a consumer may have it at once.
                self.hand_down(&message.message_id, &consignment.memory, &piece.records)
                    .await;
                self.queue
                    .put(&[message])
                    .await
                    .map_err(|error| ByHandError::NotQueued {
                        left: open.len() - queued,
                        records: consignment.records,
                        why: stop.message(),
                        error,
                    })?;
                queued += piece.records.len();
            }
        }
        Ok(())
    }

    /// A record that may have been delivered already, or that Bigin has without all that goes with it, is one on the queue
    /// too.
    async fn hand_down(&self, message_id: &str, memory: &Memory, records: &[usize]) {
        let places = || records.iter().enumerate();
        let lost = places().filter_map(|(place, record)| Some((place, *memory.lost.get(record)?)));
        let taken = places().filter_map(|(place, record)| Some((place, memory.taken.get(record)?.clone())));
        let suspects = places().filter_map(|(place, record)| Some((place, memory.suspects.get(record)?.clone())));
        let memory = Memory {
            suspects: suspects.collect(),
            lost: lost.collect(),
            taken: taken.collect(),
            ..Memory::default()
        };
        if !(memory.lost.is_empty() && memory.taken.is_empty() && memory.suspects.is_empty())
            && let Err(error) = remember(&self.context.table, message_id, &memory, self.context.now()).await
        {
            tracing::warn!(%error, "a record that was sent will be sent again without being known as such");
        }
    }
}

/// A message to be put onto the queue, and which records of the first one are in it.
struct QueuedPart {
    body: String,
    records: Vec<usize>,
}

/// Cuts these records of a message into messages of their own. One record is never cut.
fn pieces(contents: &Contents, body: &str, open: &[usize]) -> Vec<QueuedPart> {
    let Contents::Records(message) = contents else {
        return vec![QueuedPart {
            body: body.to_owned(),
            records: open.to_vec(),
        }];
    };
    let envelope = message.with_records(&[]).to_string().len();
    let mut pieces = Vec::new();
    let (mut size, mut records) = (envelope, Vec::new());
    let mut cut = |records: &mut Vec<usize>| {
        let picked: Vec<&Value> = records
            .iter()
            .filter_map(|record| message.records.get(*record))
            .collect();
        pieces.push(QueuedPart {
            body: message.with_records(&picked).to_string(),
            records: std::mem::take(records),
        });
    };
    for record in open {
        let bytes = message
            .records
            .get(*record)
            .map_or(0, |record| record.to_string().len() + 1);
        if !records.is_empty() && size + bytes > LARGEST {
            cut(&mut records);
            size = envelope;
        }
        size += bytes;
        records.push(*record);
    }
    if !records.is_empty() {
        cut(&mut records);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn records_are_cut_into_messages_that_the_queue_takes_and_none_is_lost() {
        let records: Vec<_> = (0..700)
            .map(|number| json!({"Last_Name": number, "Description": "x".repeat(1_000)}))
            .collect();
        let whole = json!({"module": "Contacts", "operation": "insert", "records": records});
        let contents = Contents::Records(Message::read(whole).unwrap());
        let open: Vec<_> = (0..700).filter(|number| number % 7 != 0).collect();
        let pieces = pieces(&contents, "", &open);
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.body.len() <= LARGEST));
        assert_eq!(
            pieces
                .iter()
                .flat_map(|piece| piece.records.clone())
                .collect::<Vec<_>>(),
            open
        );
        let read = |piece: &QueuedPart| Message::parse(&piece.body).unwrap();
        let numbers = pieces
            .iter()
            .flat_map(|piece| read(piece).records)
            .map(|record| usize::try_from(record["Last_Name"].as_u64().unwrap()).unwrap());
        assert_eq!(numbers.collect::<Vec<_>>(), open);
        assert_eq!(read(&pieces[1]).overrides.operation, Some(bigin::Operation::Insert));
    }

    #[test]
    fn one_record_is_never_cut() {
        let whole =
            json!({"module": "Contacts", "records": [{"Description": "x".repeat(300_000)}, {"Last_Name": "Rao"}]});
        let contents = Contents::Records(Message::read(whole).unwrap());
        let records: Vec<_> = pieces(&contents, "", &[0, 1])
            .into_iter()
            .map(|piece| piece.records)
            .collect();
        assert_eq!(records, [vec![0], vec![1]]);
    }
}
