//! Map: rows become records. The mapping and the module's metadata are looked at once, for the whole file or
//! kind of message. After that a row is a walk over its columns. Pure: nothing is asked of Bigin here.

mod checks;
pub mod codes;
mod coerce;
mod column;
mod constant;
mod directory;
mod draft;
mod flaw;
mod header_check;
mod header_names;
mod mapped;
mod mapper;
mod mapping;
mod mapping_file;
#[cfg(test)]
mod mapping_tests;
mod names;
mod objects;
mod setting;
mod standard;
#[cfg(test)]
mod tests;
mod toml_reader;
mod words;

pub use coerce::{DatePattern, Language, NumberStyle, PhoneCountry};
pub use flaw::HeaderFault;
pub use mapped::{Mapped, Reference, ReferenceRule, Stages, fill_in};
pub use mapper::RecordMapper;
pub use mapping::{
    ColumnRule, EmptyCells, LookupRule, Mapping, OnAmbiguous, OnMissing, Overrides, Route, SameKey, StopAfter, Tags,
    UnknownPickList, Validate, VanishedField, Versions, WithoutKey,
};
pub use setting::{Setting, not_writable};
pub use toml_reader::{MOST_MISTAKES, MappingFault};
