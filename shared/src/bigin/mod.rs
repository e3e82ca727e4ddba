//! The Bigin REST API v2: records, field metadata, the current user and the organisation.

mod answer;
mod client;
mod created;
mod failure;
pub mod field;
mod lenient;
mod metadata;
pub mod module;
mod organisation;
mod outcome;
mod record;
mod records;

pub use answer::{Answer, RawAnswer, judge};
pub use client::{Access, Bigin, CALL_TIMEOUT};
pub use failure::CallFailure;
pub use field::{Field, FieldKind, ModuleFields, PickListValue};
pub use metadata::Module;
pub use module::ModuleName;
pub use organisation::{CurrentUser, Organisation};
pub use outcome::{Action, RecordError, RecordOutcome, UNREADABLE_RESULT};
pub use record::{FieldName, Record, RecordWriter, push_text};
pub use records::{CallShape, MOST_RECORDS_A_CALL, Operation, RecordsAnswer};
