//! The import of a file, a step at a time: claim, plan, slice after slice, finish. The state machine calls the steps;
//! what they need to know of each other is in the ledger, and what the state machine carries is only which file.

mod asked;
mod counted;
mod progress;
mod tracker;

pub use asked::{Asked, ByHand, NothingAsked};
pub use progress::{Plan, Progress};
