//! The push function: files and queue messages become Bigin records.
//!
//! # The way of a record
//!
//! ```text
//! file:     S3 object     -> import -> decode -> map -> resolve -> deliver -> Bigin
//! message:  RecordsQueue  -> queue            -> map -> resolve -> deliver -> Bigin
//!                              ^                                      |
//!                              +------- settled: report, rejects <----+
//! ```
//!
//! In the code this is one chain, told here without its loops. `import` and `queue` differ in where records come from and how they are acknowledged;
//! from `map` on both go the same way:
//!
//! ```text
//! let row     = decoder.next()?;              // decode:  bytes                -> Row
//! let mapped  = mapper.map(&row)?;            // map:     Row                  -> Mapped, or a Reject
//! dispatcher.offer(pending);                  // resolve: Mapped with its keys -> Parcel: names have become ids
//!                                             // deliver: Parcels share calls of up to 100, several in flight
//! let settled = dispatcher.next().await;      // deliver: a call's answer      -> an Outcome for each record
//! parts.add(&row, &settled.keys, &outcome);   // report:  Row and Outcome      -> rejects, outcomes, counts
//! ```
//!
//! # The rooms
//!
//! Each uses only rooms that stand below it in this table; `make lint` holds the code to it.
//!
//! | room | what it does | its main types |
//! | --- | --- | --- |
//! | [`wiring`] | fills every trait in with the AWS service it stands for | `AwsPush` |
//! | [`handler`] | takes an invocation and gives it to a room | `Push`, `PushError` |
//! | [`event`] | tells apart what push was invoked with | `Event` |
//! | [`upkeep`] | looks after what a pause keeps waiting | `Caretaker` |
//! | [`import`] | imports a file, a step of the state machine at a time | `Importer`, `Ledger`, `Slice` |
//! | [`queue`] | delivers a batch of messages and answers for each | `Consumer`, `Message` |
//! | [`resolve`] | finds the ids that names and match keys stand for | `Dispatcher`, `Lookups`, `Resolver` |
//! | [`context`] | what every room works with: bucket, state table, tokens, Bigin, time | `Context`, `Services` |
//! | [`config`] | the environment and the knobs, read once | `Config`, `Settings` |
//! | [`mappings`] | finds mapping files in the bucket | `MappingCache` |
//! | [`map`] | turns a row into a record by the module's fields | `RecordMapper`, `Mapping` |
//! | [`report`] | what an operator reads: counts, reasons, rejects | `Report`, `RejectsWriter` |
//! | [`deliver`] | groups records into calls, sends them, judges each answer | `Lanes`, `Delivery`, `decision` |
//! | [`decode`] | turns bytes into rows | `Decoder`, `Form` |
//! | [`record`] | the row as read, the record as sent, and how it ended | `Row`, `Parcel`, `Outcome` |

pub mod config;
pub mod context;
pub mod decode;
pub mod deliver;
pub mod event;
pub mod handler;
pub mod import;
pub mod map;
pub mod mappings;
pub mod queue;
pub mod record;
pub mod report;
pub mod resolve;
pub mod upkeep;
pub mod wiring;
