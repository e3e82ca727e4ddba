//! Whole imports against the sandbox.

#[path = "../support/mod.rs"]
mod support;

mod arrivals;
mod checkpoints;
mod deaths;
mod refusals;
mod seeds;
mod waits;
