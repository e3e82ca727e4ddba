//! A run: it reads one module's window slice by slice, and writes parts, the manifest and the cursor, in that order.

mod announcement;
mod census;
mod comparison;
mod description;
mod failure;
mod progress;
mod reading;
mod record_events;
mod slice;
mod start;
mod turn;

pub use announcement::Announcement;
pub use census::Census;
pub use failure::{Refusal, RunError};
pub use progress::{Progress, Run, Stage};
pub use record_events::{EventBus, NotSent};
pub use slice::{Next, NextStep, Slicer};
pub use start::{Execution, ExecutionError, Executions, StartError, Started, Starter, Wish};
