//! What an organisation keeps: records and their values, deleted ones, links, tags, page tokens, and the journal of what
//! happened. Pure data; `records` reads and writes it.

mod cell;
mod journal;
mod links;
mod module_store;
mod page_token;
mod recycle_bin;
mod tag;

pub(crate) use cell::{Cell, Record, Stamp};
pub(crate) use journal::{Event, Happening, Journal};
pub(crate) use links::{End, Links};
pub(crate) use module_store::{Store, Written};
pub(crate) use page_token::{Continuation, PageTokens, Question, Start};
pub(crate) use recycle_bin::{Binned, Deletion};
pub(crate) use tag::Tag;
