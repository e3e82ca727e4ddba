//! Delivery: makes the calls, several in flight, and decides what each answer means.

pub mod call;
pub mod decision;
mod delivery;
mod landing;
pub mod lanes;
mod limits;
mod pace;

pub use delivery::Delivery;
pub use limits::{CallTally, Deadlines, LANDING, Limits};
pub use shared::pause_watch::PauseCheck;
pub use shared::tokens::{Pass, Tokens};
