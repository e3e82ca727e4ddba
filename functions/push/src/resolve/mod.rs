//! Resolve: between map and lanes. References to other records become their ids, and updates and deletes by match key
//! find the id of the record that is meant.
//!
//! The records of a batch are resolved together ([`Round`]): what has to be asked of Bigin, how the answers are read and
//! what becomes of each record is decided without asking anybody; [`Stage`] asks, and keeps the records in order. A bare
//! name is never sent, since Bigin would make a new company of it, and Bigin's search is not used, since it lags.

mod ask;
pub mod codes;
mod conclude;
mod desk;
mod finding;
mod line;
mod making;
mod pending;
mod place;
mod resolver;
mod round;
mod seek;
mod shelf;
mod stage;
#[cfg(test)]
mod tests;
mod walk;

use crate::map::Stages;

pub use ask::{Ask, Reply};
pub use desk::Desk;
pub use line::{Line, Sorted};
pub use pending::{Pending, Verdict};
pub use place::Place;
pub use resolver::Resolver;
pub use round::Round;
pub use shelf::Shelf;
pub use stage::{Resolved, Stage};

/// What map may leave to this stage.
pub const STAGES: Stages = Stages {
    lookups: true,
    keys: true,
};
