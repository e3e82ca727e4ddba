//! Whole imports against the sandbox.

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
