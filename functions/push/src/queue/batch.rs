//! The messages of one invocation and what becomes of each of their records. Pure: what is done about it is elsewhere.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use bigin::CallShape;

use super::memory::Memory;
use super::message::{Message, MessageFault};
use super::received::Received;
use crate::record::Written;
use crate::record::{Outcome, Parcel, Reject, Settled};
use crate::report::Counts;
use shared::stop::Stop;

/// What is in a message.
#[derive(Debug, Clone)]
pub enum Contents {
    /// Records.
    Records(Message),
    /// Something that can never be delivered.
    Poison(MessageFault),
}

/// A message under way.
#[derive(Debug)]
pub struct Consignment {
    /// The message as it was received.
    pub received: Received,
    /// What is in it.
    pub contents: Contents,
    /// How many records it has; a message that cannot be read counts as one.
    pub records: usize,
    /// What the calls for it are like, once that is known.
    pub shape: Option<Arc<CallShape>>,
    /// Which of its records ended in earlier deliveries.
    pub ended_before: BTreeSet<usize>,
    /// What an earlier delivery left behind; then what this one leaves.
    pub memory: Memory,
    /// The records that were rejected this time.
    pub rejects: Vec<(usize, Reject)>,
    /// The records that Bigin took this time without all that was to go with them, and what they lack.
    pub incomplete: Vec<(usize, Reject)>,
    /// How its records ended this time.
    counts: Counts,
    /// Why it goes back to the queue, if it does.
    pub back: Option<Stop>,
    /// The place of its first record among those of all messages.
    first_place: u64,
}

impl Consignment {
    /// Whether an earlier delivery ended without saying how: it died, and may have sent records before.
    pub fn an_earlier_delivery_died(&self) -> bool {
        self.memory.delivery + 1 < self.received.receives
    }

    /// The place of one of its records among those of all messages.
    pub fn place(&self, record: usize) -> u64 {
        self.first_place + record as u64
    }

    /// How its records ended this time, those that wait included.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts.clone();
        let open = self.records - self.memory.ended.len().min(self.records);
        counts.defer(open as u64);
        counts
    }

    fn end(&mut self, record: usize, outcome: &Outcome) {
        if !self.memory.ended.insert(record) {
            return;
        }
        self.memory.lost.remove(&record);
        self.memory.taken.remove(&record);
        self.memory.suspects.remove(&record);
        self.counts.settle(outcome);
        match outcome {
            Outcome::Rejected(reject) => self.rejects.push((record, reject.clone())),
            Outcome::Accepted { lacks: Some(lacks), .. } => self.incomplete.push((record, (**lacks).clone())),
            _ => {}
        }
    }

    /// Rejects all that has not ended for one reason, which makes the message itself the reject.
    fn reject_whole(&mut self, fault: MessageFault) {
        let outcome = Outcome::Rejected(Reject::relay(fault.code, None, fault.message.clone()));
        for record in 0..self.records {
            self.end(record, &outcome);
        }
        self.rejects.clear();
        self.contents = Contents::Poison(fault);
    }

    /// Whether anything was rejected this time.
    fn has_rejects(&self) -> bool {
        self.counts.rejected > 0
    }

    /// Whether anything is to be written into the rejects file.
    pub fn has_lines(&self) -> bool {
        self.has_rejects() || !self.incomplete.is_empty()
    }

    /// Takes this time's rejects back, because they could not be written down.
    fn take_rejects_back(&mut self) {
        let rejected: Vec<usize> = match &self.contents {
            Contents::Poison(_) => (0..self.records)
                .filter(|record| !self.ended_before.contains(record))
                .collect(),
            Contents::Records(_) => self.rejects.iter().map(|(record, _)| *record).collect(),
        };
        for record in rejected {
            self.memory.ended.remove(&record);
        }
        self.counts.read -= self.counts.rejected;
        self.counts.rejected = 0;
        self.counts.rejects_by_code.clear();
        self.rejects.clear();
    }
}

/// The messages of one invocation, in the queue's order.
#[derive(Debug, Default)]
pub struct Batch {
    /// The messages.
    pub consignments: Vec<Consignment>,
    groups: HashMap<String, u32>,
}

impl Batch {
    /// Opens the messages. What is remembered of earlier deliveries counts.
    pub fn open(received: Vec<Received>, mut memories: HashMap<String, Memory>) -> Self {
        let mut batch = Self::default();
        for received in received {
            let memory = memories.remove(&received.message_id).unwrap_or_default();
            let opened = Message::parse(&received.body);
            batch.add(received, opened, memory);
        }
        batch
    }

    /// One message that came from no queue.
    pub fn of_one(message_id: &str, opened: Result<Message, MessageFault>, body: String) -> Self {
        let received = Received {
            message_id: message_id.to_owned(),
            item_id: message_id.to_owned(),
            body,
            receipt: None,
            receives: 1,
            first_received_at: None,
            group: None,
        };
        let mut batch = Self::default();
        batch.add(received, opened, Memory::default());
        batch
    }

    fn add(&mut self, received: Received, opened: Result<Message, MessageFault>, memory: Memory) {
        let first_place = self
            .consignments
            .last()
            .map_or(0, |last| last.first_place + last.records as u64);
        if let Some(group) = &received.group {
            let number = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
            self.groups.entry(group.clone()).or_insert(number);
        }
        let records = opened.as_ref().map_or(1, |message| message.records.len());
        let poison = opened.as_ref().err().cloned();
        let mut consignment = Consignment {
            received,
            contents: opened.map_or_else(Contents::Poison, Contents::Records),
            records,
            shape: None,
            ended_before: memory.ended.clone(),
            memory,
            rejects: Vec::new(),
            incomplete: Vec::new(),
            counts: Counts::default(),
            back: None,
            first_place,
        };
        if let Some(fault) = poison {
            consignment.reject_whole(fault);
        }
        self.consignments.push(consignment);
    }

    /// The number of a message's group.
    pub fn group(&self, message: usize) -> Option<u32> {
        let group = self.consignments.get(message)?.received.group.as_ref()?;
        self.groups.get(group).copied()
    }

    /// A message can never be delivered.
    pub fn reject_whole(&mut self, message: usize, fault: MessageFault) {
        if let Some(consignment) = self.consignments.get_mut(message) {
            consignment.reject_whole(fault);
        }
    }

    /// A record of a message has ended without being sent.
    pub fn end(&mut self, message: usize, record: usize, outcome: &Outcome) {
        if let Some(consignment) = self.consignments.get_mut(message) {
            consignment.end(record, outcome);
        }
    }

    /// Bigin has a record while something is left to be done for it. Answers with its message.
    pub fn taken(&mut self, place: u64, taken: &Written) -> Option<usize> {
        let (message, record) = self.locate(place)?;
        let memory = &mut self.consignments.get_mut(message)?.memory;
        memory.lost.remove(&record);
        memory.taken.insert(record, taken.clone());
        Some(message)
    }

    /// A record has ended. Answers with its message.
    pub fn settle(&mut self, settled: &Settled) -> Option<usize> {
        let (message, record) = self.locate(settled.place)?;
        self.consignments.get_mut(message)?.end(record, &settled.outcome);
        Some(message)
    }

    /// A record was not delivered: its message goes back.
    pub fn undelivered(&mut self, parcel: &Parcel, why: &Stop) {
        let Some((message, record)) = self.locate(parcel.place) else {
            return;
        };
        if let Some(consignment) = self.consignments.get_mut(message) {
            consignment.back.get_or_insert_with(|| why.clone());
            match &parcel.suspicion {
                Some(suspicion) => drop(consignment.memory.suspects.insert(record, (**suspicion).clone())),
                None => drop(consignment.memory.suspects.remove(&record)),
            }
            match (&parcel.taken, parcel.lost_at) {
                (Some(taken), _) => drop(consignment.memory.taken.insert(record, (**taken).clone())),
                (None, Some(at)) => drop(consignment.memory.lost.entry(record).or_insert(at)),
                (None, None) => {}
            }
        }
    }

    /// These messages and all behind them go back, but for those that have ended.
    pub fn return_from(&mut self, first: usize, why: &Stop) {
        for consignment in self.consignments.iter_mut().skip(first) {
            if consignment.memory.ended.len() < consignment.records {
                consignment.back.get_or_insert_with(|| why.clone());
            }
        }
    }

    /// A message goes back.
    pub fn give_back(&mut self, message: usize, why: Stop) {
        if let Some(consignment) = self.consignments.get_mut(message) {
            consignment.back.get_or_insert(why);
        }
    }

    /// Whether an earlier message of the same group goes back.
    pub fn is_behind(&self, message: usize) -> Option<&Stop> {
        let group = self.consignments.get(message)?.received.group.as_ref()?;
        let mut before = self.consignments[..message].iter();
        before.find_map(|earlier| {
            earlier
                .back
                .as_ref()
                .filter(|_| earlier.received.group.as_ref() == Some(group))
        })
    }

    /// After a message that goes back the rest of its group goes back too: the queue would not keep the order otherwise.
    pub fn keep_groups_together(&mut self) {
        for message in 0..self.consignments.len() {
            if let Some(why) = self.is_behind(message).cloned() {
                self.give_back(message, why);
            }
        }
    }

    /// This time's rejects could not be written down: their messages go back, and what was accepted stays so.
    pub fn take_rejects_back(&mut self, why: &Stop) {
        for consignment in self
            .consignments
            .iter_mut()
            .filter(|consignment| consignment.has_rejects())
        {
            consignment.take_rejects_back();
            consignment.back.get_or_insert_with(|| why.clone());
        }
    }

    /// How all records ended.
    pub fn counts(&self) -> Counts {
        let mut all = Counts::default();
        for consignment in &self.consignments {
            add(&mut all, &consignment.counts());
        }
        all
    }

    /// The messages that go back.
    pub fn returned(&self) -> impl Iterator<Item = (&Consignment, &Stop)> {
        self.consignments
            .iter()
            .filter_map(|consignment| Some((consignment, consignment.back.as_ref()?)))
    }

    /// The calls' shapes, each once.
    pub fn shapes(&self) -> HashSet<&CallShape> {
        self.consignments
            .iter()
            .filter_map(|consignment| consignment.shape.as_deref())
            .collect()
    }

    fn locate(&self, place: u64) -> Option<(usize, usize)> {
        let after = self
            .consignments
            .partition_point(|consignment| consignment.first_place <= place);
        let message = after.checked_sub(1)?;
        let record = usize::try_from(place - self.consignments[message].first_place).ok()?;
        (record < self.consignments[message].records).then_some((message, record))
    }
}

fn add(all: &mut Counts, one: &Counts) {
    all.read += one.read;
    all.inserted += one.inserted;
    all.updated += one.updated;
    all.deleted += one.deleted;
    all.unchanged += one.unchanged;
    all.rejected += one.rejected;
    all.deferred += one.deferred;
    all.possibly_duplicated += one.possibly_duplicated;
    for (code, times) in &one.incomplete {
        *all.incomplete.entry(code.clone()).or_default() += times;
    }
    for (code, times) in &one.rejects_by_code {
        *all.rejects_by_code.entry(code.clone()).or_default() += times;
    }
}

#[cfg(test)]
mod tests;
