//! Whatever comes from outside, fuzzed: payloads, files, mappings, Zoho's answers.
//!
//! A [`Target`] takes bytes, asserts what must hold for any bytes, and answers with a number that stands for the kind of
//! answer they got. The [`driver`](fuzz) changes samples at random and is guided by that number: an input that gets an
//! answer of a new kind is kept and built upon. So it needs nothing but a stable compiler and takes no time to set up.
//!
//! What it finds is written to a file, which belongs into `tests/fuzz/found/<target>/` when the fault is mended: those
//! are tried first.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "support for tests: a panic here is a test that fails"
)]

mod driver;
mod mutate;
pub mod targets;

pub use driver::{Tally, Target, fuzz};
