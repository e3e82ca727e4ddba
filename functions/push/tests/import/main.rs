//! Whole imports against the sandbox.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod arrivals;
mod deaths;
mod refusals;
mod waits;
