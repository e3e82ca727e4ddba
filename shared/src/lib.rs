//! What the functions of bigin-relay share: Zoho OAuth for the self client, the Bigin API client, the two
//! secrets, the state table, configuration and telemetry.

pub mod aws;
mod aws_http;
pub mod bigin;
pub mod clock;
pub mod config;
pub mod data_centre;
pub mod https;
pub mod intake;
pub mod oauth;
pub mod panics;
mod roots;
pub mod secret;
pub mod state;
pub mod telemetry;
#[cfg(any(test, feature = "test-support"))]
pub mod testing;
pub mod tokens;
