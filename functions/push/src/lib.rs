//! The push function: files and queue messages become Bigin records.
//!
//! `event -> source -> decode -> map -> (plan) -> lanes -> deliver -> settle -> report`: each stage is a module with one
//! public type going in and one coming out.

pub mod config;
pub mod context;
pub mod decode;
pub mod deliver;
pub mod event;
pub mod handler;
pub mod import;
pub mod map;
pub mod mappings;
pub mod queue;
pub mod record;
pub mod report;
pub mod resolve;
pub mod upkeep;
pub mod wiring;
