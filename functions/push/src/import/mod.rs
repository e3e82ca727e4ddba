//! The import of a file, a step at a time: claim, plan, slice after slice, finish. The state machine calls the steps;
//! what they need to know of each other is in the ledger, and what the state machine carries is only which file.

mod abandon;
mod asked;
mod checkpoint;
mod claim;
mod columns;
mod counted;
mod delivering;
mod file_reader;
mod finish;
mod line;
mod measures;
mod parts;
mod plan;
mod prepare;
mod progress;
mod said;
mod slice;
mod steps;
mod tracker;
mod version;

pub use asked::{Asked, ByHand, NothingAsked};
pub use file_reader::{MOST_BYTES, MOST_ROWS};
pub use line::is_alive;
pub use progress::{Plan, Progress};
pub use steps::{Import, ImportError, Importer, Next, Step, StepEvent};
