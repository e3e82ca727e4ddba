//! Mapping files of the bucket: found under a module's names, read, and kept for a minute.

mod mapping_cache;
pub mod mapping_file;

pub use mapping_cache::{MappingCache, NoMapping};
