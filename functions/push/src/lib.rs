//! The push function: files and queue messages become Bigin records.
//!
//! `event -> source -> decode -> map -> (plan) -> lanes -> deliver -> settle -> report`: each stage is a module with one
//! public type going in and one coming out.

pub mod bucket;
pub mod decode;
pub mod deliver;
pub mod inbox_key;
pub mod lanes;
pub mod module_directory;
pub mod parcel;
pub mod rejects;
pub mod row;
pub mod stop;
pub mod token_desk;
