//! The Bigin API: who may call, which call it is, what it costs, who answers it.

mod gate;
mod metadata;
mod needs;
mod people;
mod run;

pub(crate) use gate::{admit, serve};
