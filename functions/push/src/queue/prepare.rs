//! A message's records become parcels: its module is found, its mapping read, each record mapped.

use std::sync::Arc;

use bigin::{CallFailure, CallShape, ModuleName, Operation};
use serde_json::{Map, Value};
use shared::state::StateError;

use super::batch::{Consignment, Contents};
use super::message::{Message, MessageFault};
use super::unique::unique_keys;
use crate::context::{Context, Services};
use crate::decode::control_in;
use crate::map::{HeaderFault, Mapping, Overrides, RecordMapper, Setting, codes, not_writable};
use crate::mappings::NoMapping;
use crate::record::{After, Outcome, Reject, Repairs, RowRepairs, Written};
use crate::resolve::{self, Pending};
use shared::authorized_bigin::AskFailure;
use shared::bucket::BucketError;
use shared::metadata_cache::{Freshness, Metadata};
use shared::stop::{Service, Stop};

/// A message, ready to be sent.
pub(super) struct Prepared {
    /// What its calls are like.
    pub shape: Arc<CallShape>,
    /// Its records, but for those that ended before.
    pub parcels: Vec<Pending>,
    /// Those that have ended here, by their place in the message.
    pub ended: Vec<(usize, Outcome)>,
}

/// Why a message is not ready.
pub(super) enum Hindrance {
    /// It can never be delivered.
    Poison(MessageFault),
    /// Nothing can be found out for now.
    Stop(Stop),
    /// It waits for an operator; messages of other modules go on.
    Held(ModuleName, Stop),
}

impl From<StateError> for Hindrance {
    fn from(error: StateError) -> Self {
        Self::Stop(Stop::unavailable(Service::StateTable, error))
    }
}

/// What messages of one kind have in common.
struct MessageKind {
    module: String,
    mapping: Option<String>,
    overrides: Overrides,
    mapper: RecordMapper,
    metadata: Metadata,
    shape: Arc<CallShape>,
    /// Whether the fields were read because something was at odds with them.
    read_again: bool,
}

/// Prepares the messages of one batch; what they have in common is found out once.
pub(super) struct Preparer<'a, S: Services> {
    context: &'a Context<S>,
    kinds: Vec<MessageKind>,
    /// What an operator should know.
    pub warnings: Vec<String>,
    /// What was mended in the records, with the place of the first in its message.
    pub repairs: Repairs,
}

impl<'a, S: Services> Preparer<'a, S> {
    pub fn new(context: &'a Context<S>) -> Self {
        Self {
            context,
            kinds: Vec::new(),
            warnings: Vec::new(),
            repairs: Repairs::default(),
        }
    }

    /// Whether Bigin has told which fields a module has; false where the authorization does not let it be asked.
    pub fn is_verified(&self, module: &ModuleName) -> bool {
        let mut of_module = self.kinds.iter().filter(|kind| kind.shape.module == *module);
        of_module.all(|kind| kind.metadata.fields().is_some())
    }

    /// Makes parcels of a message's records.
    pub async fn prepare(&mut self, consignment: &Consignment) -> Result<Option<Prepared>, Hindrance> {
        let Contents::Records(message) = &consignment.contents else {
            return Ok(None);
        };
        let mut kind = self.kind(message, Freshness::TenMinutes).await?;
        let mut all = map_all(kind, message);
        let is_in_doubt =
            |mapped: &MapResult| matches!(mapped, (Err(reject), _) if codes::rests_on_fields(&reject.code));
        if !kind.read_again && all.iter().any(is_in_doubt) {
            // Somebody may have added the field, or what it lists, minutes ago.
            kind = self.kind(message, Freshness::Doubted).await?;
            all = map_all(kind, message);
        }
        let mut prepared = Prepared {
            shape: Arc::clone(&kind.shape),
            parcels: Vec::new(),
            ended: Vec::new(),
        };
        let mut repairs = Repairs::default();
        let died = consignment.an_earlier_delivery_died();
        for (place, (mapped, mended)) in all.into_iter().enumerate() {
            if consignment.memory.ended.contains(&place) {
                continue;
            }
            repairs.note(place as u64 + 1, &mended);
            if let Some(taken) = consignment.memory.taken.get(&place) {
                match go_on(mapped, taken.clone()) {
                    Ok(mut pending) => {
                        pending.parcel.place = consignment.place(place);
                        pending.parcel.suspect(consignment.memory.suspects.get(&place).cloned());
                        prepared.parcels.push(pending);
                    }
                    Err(outcome) => prepared.ended.push((place, outcome)),
                }
                continue;
            }
            match mapped {
                Ok(mut pending) => {
                    let parcel = &mut pending.parcel;
                    parcel.place = consignment.place(place);
                    parcel.lost_at = consignment.memory.lost.get(&place).copied();
                    parcel.suspect(consignment.memory.suspects.get(&place).cloned());
                    // Whether a delivery that died had sent it nobody knows. A key would tell Bigin; without one it may
                    // come to be there twice.
                    let blind = parcel.keys.is_empty() || parcel.shape.operation == Operation::Delete;
                    if died && blind {
                        parcel.lost_at = parcel.lost_at.or(consignment.received.first_received_at);
                    }
                    prepared.parcels.push(pending);
                }
                Err(reject) => prepared.ended.push((place, Outcome::Rejected(reject))),
            }
        }
        self.repairs.merge(&repairs);
        Ok(Some(prepared))
    }

    /// What messages like this one have in common, by fields as fresh as that.
    async fn kind(&mut self, message: &Message, freshness: Freshness) -> Result<&MessageKind, Hindrance> {
        let is_it = |kind: &MessageKind| {
            kind.module == message.module && kind.mapping == message.mapping && kind.overrides == message.overrides
        };
        if let Some(known) = self.kinds.iter().position(is_it) {
            if freshness == Freshness::TenMinutes || self.kinds[known].read_again {
                return Ok(&self.kinds[known]);
            }
            let module = self.kinds[known].shape.module.clone();
            let metadata = self
                .context
                .metadata
                .fields(&module, freshness)
                .await
                .map_err(not_answered)?;
            if metadata.is_same(&self.kinds[known].metadata) {
                self.kinds[known].read_again = true;
                return Ok(&self.kinds[known]);
            }
            self.kinds.remove(known);
        }
        let module = self
            .context
            .metadata
            .module(&message.module)
            .await
            .map_err(not_answered)?;
        let module = module.map_err(|unknown| poison("UNKNOWN_MODULE", unknown))?;
        if let Some(fault) = not_writable(&module) {
            return Err(no_mapper(&module, message, &fault));
        }
        let metadata = self
            .context
            .metadata
            .fields(&module, freshness)
            .await
            .map_err(not_answered)?;
        let mapping = self.mapping(&module, message).await?;
        let organisation = self.context.metadata.organisation().await.map_err(not_answered)?;
        let zone = organisation
            .as_ref()
            .and_then(|organisation| organisation.time_zone.as_deref());
        let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok());
        let setting = Setting {
            overrides: Some(&message.overrides),
            time_zone: zone.as_ref(),
            stages: resolve::STAGES,
            ..Setting::new(&module, metadata.fields(), &mapping)
        };
        let mapper = match RecordMapper::for_objects(&setting) {
            Ok(mapper) => mapper,
            Err(_) if freshness != Freshness::Doubted => {
                return Box::pin(self.kind(message, Freshness::Doubted)).await;
            }
            Err(fault) => return Err(no_mapper(&module, message, &fault)),
        };
        for warning in metadata.warning().iter().chain(mapper.warnings()) {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
        let shape = Arc::new(mapper.shape().clone());
        self.kinds.push(MessageKind {
            module: message.module.clone(),
            mapping: message.mapping.clone(),
            overrides: message.overrides.clone(),
            mapper,
            metadata,
            shape,
            read_again: freshness == Freshness::Doubted,
        });
        Ok(&self.kinds[self.kinds.len() - 1])
    }

    /// The mapping that the message names, which must be there, or else the module's, which may be.
    async fn mapping(&self, module: &ModuleName, message: &Message) -> Result<Arc<Mapping>, Hindrance> {
        let context = self.context;
        let named = message.mapping.as_deref();
        let found = context
            .mappings
            .find(&context.bucket, module, &message.module, named, context.now());
        let unavailable = |error: BucketError| Hindrance::Stop(Stop::unavailable(Service::Bucket, error));
        found.await.map_err(unavailable)?.map_err(|none| match none {
            NoMapping::Missing(message) => Hindrance::Poison(MessageFault::new("UNKNOWN_MAPPING", message)),
            NoMapping::Broken(message) => mapping_broken(module, message),
        })
    }
}

/// A mapping with a mistake is the operator's, and no sender's message is to be lost by it.
fn mapping_broken(module: &ModuleName, message: String) -> Hindrance {
    let code = "BAD_MAPPING".to_owned();
    Hindrance::Held(module.clone(), Stop::ModuleHeld { code, message })
}

/// What keeps records of that kind from being mapped: a mistake of the message's, or of the mapping that goes with it.
fn no_mapper(module: &ModuleName, message: &Message, fault: &HeaderFault) -> Hindrance {
    let is_mappings = match fault.code {
        codes::MAPPING_FIELD_UNKNOWN | codes::CONSTANT_INVALID => true,
        // Where the message itself names no field, the mapping does, or Bigin's field is not unique any more.
        codes::MATCH_FIELD_UNKNOWN | codes::MATCH_FIELD_NOT_UNIQUE => message.overrides.match_on.is_none(),
        _ => false,
    };
    let text = format!("{fault}: {}", fault.action);
    if is_mappings {
        mapping_broken(module, text)
    } else {
        Hindrance::Poison(MessageFault::new(fault.code, text))
    }
}

/// A record, or why it is rejected, and what was mended in it.
type MapResult = (Result<Pending, Reject>, RowRepairs);

fn map_all(kind: &MessageKind, message: &Message) -> Vec<MapResult> {
    let mapped = message.records.iter().map(|record| {
        let mut mended = RowRepairs::default();
        (map(kind, record, &mut mended), mended)
    });
    mapped.collect()
}

/// Maps a record. Its place is filled in by the caller.
fn map(kind: &MessageKind, record: &Value, mended: &mut RowRepairs) -> Result<Pending, Reject> {
    let Value::Object(object) = record else {
        return Err(Reject::relay(
            "NOT_AN_OBJECT",
            None,
            "a record is a JSON object of fields and values",
        ));
    };
    if let Some(reject) = control_in(object) {
        return Err(reject);
    }
    let mapped = kind.mapper.map_object(object)?;
    mended.clone_from(&mapped.repairs);
    let (mut parcel, references) = mapped.into_parcel(0, &kind.shape);
    if kind.shape.operation == Operation::Insert {
        // Not what it is matched on, but what tells Bigin, and us, that it is there already.
        parcel.keys.extend(unique_keys(&parcel.record, kind.metadata.fields()));
    }
    Ok(Pending::new(parcel, references))
}

/// Goes on with a record that Bigin has: whatever it refers to was found before. The mapping may have changed meanwhile,
/// so that it would not be sent any more.
fn go_on(mapped: Result<Pending, Reject>, taken: Written) -> Result<Pending, Outcome> {
    match mapped.map(|pending| pending.parcel.go_on(taken.clone())) {
        Ok(After::GoesOn(parcel)) => Ok(Pending::new(parcel, Vec::new())),
        Ok(After::Ended(settled)) => Err(settled.outcome),
        Err(reject) => Err(taken.ended_by(reject)),
    }
}

/// The object that a record is, for the rejects file.
pub(super) fn object(record: &Value) -> Map<String, Value> {
    match record {
        Value::Object(object) => object.clone(),
        other => Map::from_iter([(crate::record::RAW_KEY.to_owned(), other.clone())]),
    }
}

fn poison(code: &'static str, fault: impl std::fmt::Display) -> Hindrance {
    Hindrance::Poison(MessageFault::new(code, fault.to_string()))
}

fn not_answered(failure: AskFailure) -> Hindrance {
    match failure {
        AskFailure::Stop(stop) => Hindrance::Stop(stop),
        AskFailure::Refused(failure @ CallFailure::UnknownModule { .. }) => poison("UNKNOWN_MODULE", failure),
        AskFailure::Refused(failure) => Hindrance::Stop(Stop::unavailable(Service::Bigin, failure)),
        AskFailure::State(error) => error.into(),
    }
}
