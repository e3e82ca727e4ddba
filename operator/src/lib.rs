//! The operator's tool.
//!
//! - [`Cli`] is the command line: every command with its help and one example.
//! - [`Stack`] is the deployed stack: its functions, its bucket, its queues. Nothing else talks to AWS.
//! - [`Report`] is a run's report, and [`Runs`] finds it in the bucket.
//! - [`Changes`] finds what pull brought out of Bigin.
//! - [`Erasure`] finds one person's data in the bucket and erases it; `search` looks through objects for it.
//! - `rows` reads rejects and outcomes, which say what became of each row.
//! - `commands` has one module a command. Each asks the stack, shows what it found, and answers with an [`ExitStatus`].
//! - [`Screen`] is the only place that prints: as text for people, as JSON for programs.
//!
//! The tool keeps nothing. What it knows of AWS (profile, region, endpoint) comes from AWS's own settings, and the
//! stack's name from `--stack` or `BIGIN_RELAY_STACK`.

mod changes;
mod cli;
mod commands;
mod erasure;
mod error;
mod exit_status;
mod progress;
mod report;
mod rows;
mod runs;
mod screen;
mod search;
mod stack;

pub use changes::Changes;
pub use cli::{Cli, Command};
pub use commands::run;
pub use erasure::Erasure;
pub use error::OperatorError;
pub use exit_status::ExitStatus;
pub use report::Report;
pub use runs::Runs;
pub use screen::Screen;
pub use stack::Stack;
