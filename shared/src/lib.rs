//! What the functions of bigin-relay share. What speaks to Zoho is the crate `bigin`.
//!
//! | module | what is in it |
//! | --- | --- |
//! | [`services`] | what a function that asks Bigin works with: `Services`, `Connections` |
//! | [`authorized_bigin`] | questions to Bigin, with a token, tries and credits: `AuthorizedBigin` |
//! | [`metadata_cache`] | Bigin's modules, fields and organisation, shared through the state table: `MetadataCache` |
//! | [`module_names`] | the module that a name or a label means |
//! | [`tokens`] | the two secrets, and the access token that lets a call in: `TokenProvider` |
//! | [`state`] | the state table: pause, holds, leases, credits, mints: `Table` |
//! | [`pause_watch`], [`stop`] | whether anything may be sent, and why not: `PauseWatch`, `Stop` |
//! | [`pulled_modules`] | which modules are pulled by themselves: `PulledModules` |
//! | [`intake`] | switches the queue's event source, and asks push for its upkeep |
//! | [`bucket`] | the data bucket: `Objects`, `S3Bucket` |
//! | [`state_machine`] | starts executions and looks at them: `StateMachine` |
//! | [`aws`], [`aws_json`] | the clients of AWS, and whom they trust |
//! | [`config`], [`telemetry`], [`panics`], [`clock`] | the environment, the log, panics without their words, time |

pub mod authorized_bigin;
pub mod aws;
mod aws_http;
pub mod aws_json;
pub mod bucket;
pub mod clock;
pub mod config;
pub mod intake;
pub mod metadata_cache;
pub mod module_names;
pub mod panics;
pub mod pause_watch;
pub mod pulled_modules;
mod roots;
pub mod services;
pub mod state;
pub mod state_machine;
#[cfg(any(test, feature = "test-support"))]
mod stepping;
pub mod stop;
pub mod telemetry;
#[cfg(any(test, feature = "test-support"))]
pub mod testing;
pub mod tokens;
