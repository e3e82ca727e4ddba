//! Records: how they are kept, checked, written and read.

mod apply;
mod cell;
mod check;
pub(crate) mod deleting;
mod desk;
mod fault;
mod journal;
mod lexical;
pub(crate) mod links;
mod page_token;
mod pending;
pub(crate) mod read;
mod recycle_bin;
mod render;
mod rules;
mod store;
pub(crate) mod tags;
mod validate;
pub(crate) mod write;

pub(crate) use cell::{Cell, Record};
pub(crate) use desk::Desk;
#[cfg(test)]
pub(crate) use fault::At;
pub(crate) use fault::Fault;
pub(crate) use journal::{Event, Happening, Journal};
pub(crate) use links::Links;
pub(crate) use page_token::PageTokens;
pub(crate) use recycle_bin::{Binned, Deletion};
pub(crate) use render::{display_name, render, value as field_json, whole};
pub(crate) use store::{Store, Written};
pub(crate) use tags::Tag;
