//! Records: how they are kept, checked, written and read.

mod apply;
mod check;
pub(crate) mod deleting;
mod desk;
mod lexical;
pub(crate) mod links;
mod pending;
pub(crate) mod read;
mod render;
mod rules;
pub(crate) mod tags;
mod validate;
pub(crate) mod write;

pub(crate) use desk::Desk;
pub(crate) use render::{display_name, render, value as field_json, whole};
