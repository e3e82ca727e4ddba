//! Delivery: makes the calls, several in flight, and decides what each answer means.

mod aside;
pub mod call;
pub mod codes;
pub mod decision;
mod delivery;
mod delivery_limits;
mod evidence;
mod flight;
mod landing;
pub mod lanes;
mod pace;
pub mod poison;
mod record_sums;
mod refused;
mod silent;
mod unclear_refusals;

pub use delivery::Delivery;
pub use delivery_limits::{CallTally, Deadlines, DeliveryLimits, LANDING};
pub use record_sums::RecordSums;
pub use shared::pause_watch::PauseCheck;
pub use shared::tokens::{Pass, Tokens};
pub use unclear_refusals::{Accepted, Meaning, meaning};
