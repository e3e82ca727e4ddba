//! HTTP: the listener whose connections can be cut, requests read into calls, answers written.

mod call;
mod line;
mod params;
mod write;

pub(crate) use call::{Call, LARGEST_BODY};
pub(crate) use line::{CuttableListener, Line};
pub(crate) use params::Params;
pub(crate) use write::response;
