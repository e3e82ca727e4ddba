//! Reading records (contract, section 6).

mod criteria;
mod deleted;
mod list;
mod one;
mod page;
mod place;
mod related;
pub(crate) mod search;

pub(crate) use deleted::deleted;
pub(crate) use list::list;
pub(crate) use one::{count, one};
pub(crate) use page::{page, per_page};
pub(crate) use related::related;

/// The most `fields` that a call may name.
const MOST_FIELDS: usize = 50;

/// The most `ids` that a list may name.
const MOST_IDS: usize = 100;

/// The most records on a page.
const MOST_A_PAGE: usize = 200;
