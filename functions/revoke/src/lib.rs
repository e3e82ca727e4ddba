//! The revoke function, the operator's hand: status, pause, resume, revoke.

mod ages;
mod config;
mod error;
mod handler;
mod hold_decision;
mod queues;
mod reports;
mod request;
mod revoker;
mod status;

pub use ages::Ages;
pub use config::Config;
pub use error::RevokeError;
pub use handler::Function;
pub use hold_decision::HoldAnswer;
pub use queues::{QueueDepth, Queues, SqsQueues};
pub use reports::{LARGEST_REPORT, LastReport, Reports, S3Reports};
pub use request::{LONGEST_REASON, Request, WrongRequest};
pub use revoker::{AtZoho, RevokeAnswer, RevokeStatus, Revoker};
pub use status::{Status, Watch};
