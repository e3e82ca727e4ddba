//! The token state machine, explored: refresh, push, authorize and revoke, as they are, over a world in memory, in every
//! order that their steps can come in.
//!
//! A step is one deed on something shared: an item read or swapped, a secret read or published, a question to Zoho.
//! [`explore`] goes depth first over all choices: whose step comes next, and, as far as the scene allows, whether the one
//! whose step it is dies there, whether the deed fails, is done with its answer lost, or is done and reported as not done,
//! and whether two minutes pass (longer than a lease). A state is restored by running from the start with the choices that
//! led to it. Two orders that lead to the same world, and have shown every participant the same, go on alike: what comes
//! after is run once and counted twice.
//!
//! The same for the line of imports: whoever ends hands the turn on to one that waits with a task token. A death is then an
//! execution that is stopped by hand, and time passes when all sleep.
//!
//! And what push learns of refusals: several invocations tell at the same time, while an operator decides.
//!
//! After each step, and at each end, the [`rules`] are looked at.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "support for tests: a panic here is a test that fails"
)]

mod bucket;
mod cast;
mod desk;
mod explore;
mod imports;
mod line_rules;
mod refusals;
mod role;
mod rules;
mod scene_machine;
mod state_machine;
mod table;
mod vault;
mod world;
mod zoho;

pub use explore::{Allowed, Tally, explore};
pub use role::Role;
pub use world::World;
