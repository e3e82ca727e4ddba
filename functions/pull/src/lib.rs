//! The pull function: what changes in Bigin comes out as files of change records.
//!
//! # The way of a change
//!
//! ```text
//! {} or {"module"} -> run::Starter -> state machine -> slice, slice, ... -> announce -> close
//!
//! slice:  window -> deleted, written (ids and times) -> hydrate -> change -> part -> manifest -> cursor
//! ```
//!
//! A run reads one module's closed window of time: deleted records first, then those that were written, by ids that ascend.
//! What it read goes into parts; the manifest that names them is written after them, and the cursor moves last. A slice that
//! dies leaves the state table as its last checkpoint was, and the next one reads on from there.
//!
//! # The rooms
//!
//! Each uses only rooms that stand below it in this table; `make lint` holds the code to it.
//!
//! | room | what it does | its main types |
//! | --- | --- | --- |
//! | [`wiring`] | fills every trait in with the AWS service it stands for | `AwsPull` |
//! | [`state_machine`] | starts executions and looks at them | `StateMachine` |
//! | [`event_bus`] | where record events go | `DefaultBus` |
//! | [`handler`] | takes an invocation and gives it to a room | `Pull`, `PullError` |
//! | [`event`] | tells apart what pull was invoked with | `Event` |
//! | [`run`] | starts runs and reads on, slice by slice | `Starter`, `Slicer`, `Progress` |
//! | [`hydrate`] | reads records in full | `Hydrator` |
//! | [`module_reader`] | asks Bigin about one module | `ModuleReader` |
//! | [`config`] | the environment, read once | `Config` |
//! | [`context`] | what every room works with: bucket, state table, Bigin, time | `Context`, `Services` |
//! | [`file`] | parts, their names and the manifest | `PartWriter`, `Manifest`, `RunFiles` |
//! | [`change`] | the change record | `Teller`, `Op`, `Kind` |
//! | [`known`] | what consumers have: id, time and whether it is gone | `Known`, `Merged` |
//! | [`origin`] | whose change it is | `Origins` |
//! | [`schema`] | which fields a module has | `Schema` |
//! | [`deleted`] | which deletes are news | `Told`, `sift` |
//! | [`window`] | which time a run reads | `Window` |

pub mod change;
pub mod config;
pub mod context;
pub mod deleted;
pub mod event;
pub mod event_bus;
pub mod file;
pub mod handler;
pub mod hydrate;
pub mod known;
pub mod module_reader;
pub mod origin;
pub mod run;
pub mod schema;
pub mod state_machine;
pub mod window;
pub mod wiring;
