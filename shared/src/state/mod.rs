//! The state table: what the functions must agree on. Each room holds one matter as documents and pure decisions over
//! them: read, decide, swap, and when the swap is lost, read again. No tokens and no record content.

pub mod authorization;
pub mod credits;
mod dynamo;
pub mod held;
pub mod lease;
#[cfg(any(test, feature = "test-support"))]
mod memory;
pub mod mints;
pub mod own_writes;
pub mod pause;
pub mod refusals;
pub mod standing;
pub mod sum_key;
mod table;
pub mod unread;
pub mod upkeep;
pub mod waits;

pub use authorization::{Authorization, AuthorizationEvent, AuthorizationState};
pub use dynamo::DynamoTable;
pub use held::Held;
#[cfg(any(test, feature = "test-support"))]
pub use memory::MemoryTable;
pub use pause::{Cause, Pause, PauseCode};
pub use refusals::{Refusals, Refused};
pub use standing::Standing;
pub use sum_key::SumKey;
pub use table::{Key, StateError, Stored, Swap, Table};

/// How often a lost swap is decided again before the invocation gives up.
const MOST_SWAPS: usize = 32;
