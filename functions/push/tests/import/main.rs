//! Whole imports against the sandbox.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::format_push_string, reason = "the files of these tests are small")]

#[path = "../support/mod.rs"]
mod support;

mod arrivals;
mod checkpoints;
mod deaths;
mod fields;
mod hand_over;
mod joins;
mod refusals;
mod seeds;
mod versions;
mod waits;
mod zombies;
