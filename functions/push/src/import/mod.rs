//! The import of a file, a step at a time: claim, plan, slice after slice, finish. The state machine calls
//! the steps. The ledger holds what the steps need to know of each other. The state machine itself carries
//! only which file it is about.

mod asked;
pub mod codes;
mod counted;
mod execution_ended;
mod file_request;
mod key_log;
mod key_versions;
pub mod ledger;
mod line;
mod line_items;
mod measures;
mod prepare;
mod progress;
mod progress_revision;
mod row_overrides;
mod same_keys;
mod slice;
mod state_machine;
mod step;
mod steps;
mod suspects;
mod vanished;
mod version;

pub use asked::{Asked, ByHand, NothingAsked, event_of};
pub use execution_ended::ExecutionEnded;
pub use file_request::{FileError, FileRequest, LARGEST_REPORT};
pub use key_versions::KeyVersions;
pub use line::{Waiting, is_alive, put_at};
pub use line_items::TaskToken;
pub use progress::{Plan, Progress};
pub use slice::file_reader::{MOST_BYTES, MOST_ROWS};
pub use state_machine::{Imports, MachineError, StartError};
pub use step::{HOUR, Import, MINUTE, Next, QUARTER, Step, StepEvent};
pub use steps::{ImportError, Importer};
