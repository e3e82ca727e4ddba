#![doc = include_str!("../README.md")]

mod answer;
mod client;
mod coql;
mod created;
pub mod data_centre;
mod failure;
pub mod field;
pub mod https;
mod lenient;
mod metadata;
pub mod module;
pub mod oauth;
mod organisation;
mod outcome;
mod pages;
mod plain_words;
mod record;
mod records;
pub mod roots;
pub mod secret;
mod tags;
mod users;

pub use answer::{Answer, RawAnswer, judge};
pub use client::{Access, Bigin, CALL_TIMEOUT, LARGEST_ANSWER};
pub use coql::{ColumnName, Found, Hit, MOST_ROWS_A_QUERY, MOST_VALUES_A_QUERY, Quotable};
pub use failure::CallFailure;
pub use field::{Field, FieldKind, ModuleFields, PickListValue};
pub use metadata::Module;
pub use module::ModuleName;
pub use organisation::{CurrentUser, Organisation};
pub use outcome::{Action, RecordError, RecordOutcome, UNREADABLE_RESULT};
pub use pages::{MOST_RECORDS_LISTED, Page};
pub use record::{FieldName, Record, RecordWriter, push_text};
pub use records::{CallShape, MOST_RECORDS_A_CALL, Operation, RecordsAnswer};
pub use tags::MOST_RECORDS_A_TAGGING;
pub use users::{TeamPipeline, User, UserPage};
