//! The authorize function: an operator's one-time code becomes tokens. What the code is good for is checked before it is
//! spent, and what it brought is stored before anything else is done.

mod answer;
mod config;
mod error;
mod handler;
mod order;
mod scopes;
mod settle;
mod verify;
mod zoho;

pub use answer::{Answer, Previous, Scopes};
pub use config::Config;
pub use error::{AuthorizeError, Kept};
pub use handler::Authorize;
pub use order::{CodeOrder, LONGEST_SCOPE, LONGEST_TEXT, MOST_SCOPES, Order, SelfClientFile};
pub use scopes::{MissingScope, SCOPES_LINE, missing};
pub use zoho::{Zoho, ZohoClient};
