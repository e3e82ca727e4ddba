//! A record on its way through push: the row as it was read, the record as it is sent, and how it ended.

mod follow_up;
pub(crate) mod invisible;
mod parcel;
mod repair;
mod row;
mod suspicion;

pub use follow_up::{After, FollowUp, Tag, Written};
pub use parcel::{
    CallKind, MatchKey, Origin, Outcome, Parcel, Reject, Settled, composed, fold, folded, has_two_blanks, into_order,
    trim,
};
pub use repair::{Met, RepairKind, Repairs, RowRepairs};
pub(crate) use row::Span;
pub use row::{Cells, Content, RAW_KEY, RELAY_COLUMNS, Row, is_relay_column};
pub use suspicion::{Silence, Suspicion};
