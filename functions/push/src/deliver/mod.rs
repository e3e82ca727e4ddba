//! Delivery: makes the calls, several in flight, and decides what each answer means.

pub mod courier;
pub mod decision;
mod delivery;
mod pace;

pub use courier::{Brake, Pass, Tokens};
pub use delivery::{CallTally, Delivery, Limits};
