//! The import of a file, a step at a time: claim, plan, slice after slice, finish. The state machine calls the steps;
//! what they need to know of each other is in the ledger, and what the state machine carries is only which file.

mod asked;
mod counted;
mod file_request;
pub mod ledger;
mod line;
mod measures;
mod prepare;
mod progress;
mod row_overrides;
mod same_keys;
mod slice;
mod state_machine;
mod steps;
mod version;

pub use asked::{Asked, ByHand, NothingAsked};
pub use file_request::{FileError, FileRequest, LARGEST_REPORT};
pub use line::is_alive;
pub use progress::{Plan, Progress};
pub use slice::file_reader::{MOST_BYTES, MOST_ROWS};
pub use state_machine::{Imports, StartError, StateMachine};
pub use steps::{Import, ImportError, Importer, Next, Step, StepEvent};
