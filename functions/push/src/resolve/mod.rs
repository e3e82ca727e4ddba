//! Resolve: between map and lanes. References to other records become their ids, and updates and deletes by match key
//! find the id of the record that is meant.
//!
//! The records of a batch are resolved together. [`Round`] decides what to ask of Bigin, how to read the
//! answers and what becomes of each record; it asks nobody itself. `Lookups` asks, and keeps the records in
//! order. [`Dispatcher`] stands before this stage and delivery, and is all that the sources of records know
//! of either. A bare name is never sent, since Bigin would make a new company of it, and Bigin's search is
//! not used, since it lags.

mod ask;
mod backlog;
pub mod codes;
mod conclude;
mod dispatcher;
mod failing;
mod finding;
mod lookup_cache;
mod lookups;
mod making;
mod pending;
mod place;
mod resolver;
mod resolver_cache;
mod round;
mod seek;
#[cfg(test)]
mod tests;
mod walk;

use crate::map::Stages;

pub use ask::{Ask, Reply};
pub use backlog::{Backlog, Sorted};
pub use dispatcher::{Dispatcher, Tallies};
pub use lookup_cache::LookupCache;
pub use pending::{Pending, Resolution};
pub use place::Place;
pub use resolver::Resolver;
pub use resolver_cache::ResolverCache;
pub use round::Round;

/// What map may leave to this stage.
pub const STAGES: Stages = Stages {
    lookups: true,
    keys: true,
};
