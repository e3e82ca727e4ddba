//! A stateful stand-in for Zoho Accounts and Bigin, for development and tests only: real HTTP, real limits, the
//! behaviour of bigin-relay's wire contract. Everything Zoho serves lies under one base URL; what stands for the API
//! console and a test's hand lies beside it under `/console` (README.md has the exact JSON).
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use sandbox::{Config, Sandbox};
//!
//! let sandbox = Sandbox::start(Config::default()).await?; // a free port on the loopback interface
//! let client = sandbox.self_client();
//! let file = sandbox.code(&client.client_id, "ZohoBigin.modules.ALL"); // the downloadable self client file
//! // POST {url}/oauth/v2/token, then {url}/bigin/v2/...
//! sandbox.console("PUT", "/console/clock", &serde_json::json!({"advance_s": 3600}));
//! assert_eq!(sandbox.state()["records"]["Contacts"], 0);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! The rooms: `serve` takes a request from arrival to answer; `accounts` is Zoho Accounts; `api` is who may
//! call Bigin, which call it is and what it costs; `metadata` the modules and their fields; `records` and `coql` the
//! data; `bulk` the jobs that read and write many; `watch` who is told of changes; `automation` what edits records by
//! itself; `limits` what the account does not allow; `faults` what goes wrong on order; `console` the test's hand.

mod accounts;
mod answer;
mod api;
mod automation;
mod bulk;
mod clock;
mod console;
mod coql;
mod counters;
mod credits;
mod faults;
mod flight;
mod http;
mod journey;
mod json;
mod limits;
mod metadata;
mod names;
mod organisation;
mod records;
mod sandbox;
mod serve;
mod settings;
mod state;
mod watch;

pub use sandbox::{Config, Sandbox, SelfClientKeys};
pub use settings::{
    BulkModule, CoqlQuote, CreditsHeader, CriteriaField, DownloadUrl, Edition, IgnoreEmpty, PageTokenKind, Settings,
    Support, UnknownFields,
};
