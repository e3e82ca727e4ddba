//! What a rule does inside a call: single records that fail, the status of a mixed write.

use serde_json::Value;

use super::content::RecordContent;
use crate::fault::Fault;
use crate::jobs::JobFault;
use crate::json::{Json, Object};

/// What a rule does inside a call.
#[derive(Debug, Default)]
pub(crate) struct Spoilt {
    pub(crate) mixed_status: Option<u16>,
    pub(crate) job: Option<JobFault>,
    pub(super) records: Vec<RecordFault>,
}

/// Records of a write that fail.
#[derive(Debug)]
pub(super) struct RecordFault {
    pub(super) when: RecordContent,
    pub(super) every: Option<u64>,
    pub(super) probability: Option<f64>,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) details: Value,
    pub(super) random: fastrand::Rng,
}

impl Spoilt {
    /// The fault that a rule orders for this record at that place of the call.
    pub(crate) fn record_fault(&mut self, place: usize, record: &Value) -> Option<Fault> {
        self.records.iter_mut().find_map(|fault| {
            let due = fault.when.is_in(record)
                && fault
                    .every
                    .is_none_or(|every| (place as u64 + 1).is_multiple_of(every.max(1)))
                && fault
                    .probability
                    .is_none_or(|probability| fault.random.f64() < probability);
            due.then(|| {
                let details = match Json::from(fault.details.clone()) {
                    Json::Object(details) => details,
                    _ => Object::new(),
                };
                Fault::new(&fault.code, details, &fault.message)
            })
        })
    }
}
