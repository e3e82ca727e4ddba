//! What the functions of bigin-relay share: the two secrets, the state table, configuration and telemetry. What speaks
//! to Zoho is the crate `bigin`.

pub mod authorized_bigin;
pub mod aws;
mod aws_http;
pub mod bucket;
pub mod clock;
pub mod config;
pub mod intake;
pub mod metadata_cache;
pub mod module_names;
pub mod panics;
pub mod pause_watch;
mod roots;
pub mod state;
#[cfg(any(test, feature = "test-support"))]
mod stepping;
pub mod stop;
pub mod telemetry;
#[cfg(any(test, feature = "test-support"))]
pub mod testing;
pub mod tokens;
