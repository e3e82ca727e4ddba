//! Delivers messages. The records of all messages in a batch share calls. The outcome of each record finds
//! its way back to its message, so that only messages with undelivered records return to the queue.
//!
//! - A message that can never be delivered (not JSON, an unknown key or module, ...) is rejected for good: written whole
//!   to `rejects/_queue/`, and done. So are single records that are refused; the others of their message go on.
//! - A message with undelivered records goes back, out of sight for seconds at first and longer each time. Which of its
//!   records have ended is remembered in the state table by its id, and they are not sent again.
//! - A message of a held module is put into the bucket, and comes back when the hold has ended; one of a FIFO queue goes
//!   back to it.
//! - While nothing may be sent (paused, not authorized, no credits) all messages go back and the intake is closed.
//! - Behind a message that goes back, the rest of its FIFO group goes back too.
//! - Each invocation leaves one report under `reports/_queue/<day>/<hour>/`, and one rejects file for each module with
//!   rejects, which can be mended and dropped into that module's inbox.

mod batch;
mod by_hand;
mod closing;
mod consumer;
pub(crate) mod deferred;
mod envelope;
mod held;
mod memory;
mod message;
mod patience;
mod prepare;
mod received;
mod rejects_file;
mod run;
mod service;
mod turn_check;
mod unique;

pub use batch::{Batch, Consignment, Contents};
pub use by_hand::{ByHandError, DirectMessage};
pub use consumer::{BatchAnswer, Consumer, ItemFailure};
pub use deferred::{Deferred, FOLDER, LARGEST, OF_A_PAUSE};
pub use held::{HELD_FOLDER, module_of};
pub use memory::{Memory, recall, remember, remember_while_deferred};
pub use message::{LONGEST_NAME, MOST_NAMES, MOST_RECORDS, Message, MessageFault};
pub use received::Received;
pub use run::Ran;
pub use service::{AT_ONCE, QueueError, RecordsQueue, SqsQueue, TakenMessage};
pub use unique::unique_keys;
