//! The refresh function: the refresh token becomes a new access token, on schedule or when push asks. It is also the
//! clock that looks: pauses whose time is over end here, and the intake of messages is made to follow the pause.

mod answer;
mod config;
mod error;
mod handler;
mod refresher;

pub use answer::{Answer, RefreshStatus};
pub use config::Config;
pub use error::RefreshError;
pub use handler::{Function, Request};
pub use refresher::Refresher;
