//! The push function: files and queue messages become Bigin records.
//!
//! `event -> source -> decode -> map -> (plan) -> lanes -> deliver -> settle -> report`: each stage is a module with one
//! public type going in and one coming out.

pub mod bucket;
pub mod config;
pub mod decode;
pub mod deliver;
pub mod direct;
pub mod event;
pub mod handler;
pub mod import;
pub mod inbox_key;
pub mod lanes;
pub mod ledger;
pub mod map;
pub mod mapping_file;
pub mod module_directory;
pub mod parcel;
pub mod pause_watch;
pub mod queue;
pub mod rejects;
pub mod relay;
pub mod repair;
pub mod report;
pub mod report_file;
pub mod resolve;
pub mod rest;
pub mod row;
pub mod stop;
pub mod token_desk;
pub mod upkeep;
pub mod wiring;
