//! The Bigin REST API v2: records, field metadata, the current user and the organisation.

pub mod field;
pub mod module;

pub use field::{Field, FieldKind, ModuleFields, PickListValue};
pub use module::ModuleName;
