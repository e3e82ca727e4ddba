//! A call in flight.

use std::sync::Arc;

use jiff::Timestamp;

use super::evidence::are_alike;
use crate::record::Parcel;

/// A call in flight.
pub(super) struct Flight {
    /// What it carries.
    pub parcels: Arc<Vec<Parcel>>,
    /// When it set out.
    pub set_out: Timestamp,
    /// How many calls like it set out since its records are watched, and got through while it is under way.
    pub passes: u32,
}

impl Flight {
    /// A call of such a record got through that had set out then.
    pub fn note_pass(&mut self, of: &Parcel, set_out: Timestamp) {
        let like = self.parcels.first().filter(|first| are_alike(first, of));
        if let Some(suspicion) = like.and_then(|first| first.suspicion.as_deref()) {
            self.passes += u32::from(set_out >= suspicion.since);
        }
    }
}
