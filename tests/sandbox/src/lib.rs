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
//! The rooms, from the top down; none uses one that uses it, which `make lint` checks:
//!
//! | rooms | what they do |
//! | --- | --- |
//! | `sandbox`, `serve` | start the sandbox, and take a request from its arrival to its answer |
//! | `console` | the test's hand |
//! | `courier`, `passing` | bring notices; do what happens as time passes without a call |
//! | `oauth`, `api` | answer for Zoho Accounts; say who may call Bigin, what a call costs and who answers it |
//! | `bulk`, `coql`, `watch` | bulk jobs, queries, and who is told of changes |
//! | `state` | everything that the sandbox knows, behind one lock |
//! | `records` | check, write and read records |
//! | `organisation` | puts together what one organisation holds |
//! | `automation`, `channels`, `jobs`, `limits`, `store` | what an organisation holds: rules, listeners, jobs, bans, records |
//! | `faults`, `calls` | what goes wrong on order; which call it is |
//! | `accounts`, `metadata`, `query` | clients and tokens; modules and fields; a query that was read |
//! | all others | an answer, a fault, JSON, HTTP, the clock, names, settings, counters |

mod accounts;
mod answer;
mod api;
mod api_answer;
mod automation;
mod bulk;
mod calls;
mod channels;
mod clock;
mod console;
mod coql;
mod counters;
mod courier;
mod credits;
mod fault;
mod faults;
mod flight;
mod http;
mod jobs;
mod journey;
mod json;
mod limits;
mod metadata;
mod names;
mod oauth;
mod organisation;
mod passing;
mod query;
mod records;
mod sandbox;
mod serve;
mod settings;
mod state;
mod store;
mod watch;

pub use sandbox::{Config, Sandbox, SelfClientKeys};
pub use settings::{
    BulkModule, CoqlQuote, CreditsHeader, CriteriaField, DownloadUrl, Edition, IgnoreEmpty, PageTokenKind, Settings,
    Support, UnknownFields,
};
