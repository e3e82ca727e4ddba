//! Delivery: makes the calls, several in flight, and decides what each answer means.

pub mod courier;
pub mod decision;
mod delivery;
mod landing;
mod limits;
mod pace;

pub use courier::{Brake, Pass, Tokens};
pub use delivery::Delivery;
pub use limits::{CallTally, Hours, Limits};
