//! The import of a file, a step at a time: claim, plan, slice after slice, finish. The state machine calls the steps;
//! what they need to know of each other is in the ledger, and what the state machine carries is only which file.

mod abandon;
mod asked;
mod claim;
mod finish;
mod parts;
mod plan;
mod progress;
mod slice;
mod steps;
mod tracker;

pub use asked::{Asked, ByHand, NothingAsked};
pub use progress::Progress;
pub use steps::{Import, ImportError, Importer, Next, Step, StepEvent};
