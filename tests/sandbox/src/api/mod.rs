//! The Bigin API: who may call, which call it is, what it costs, who answers it.

mod endpoint;
mod gate;
mod metadata;
mod needs;
mod people;
mod route;
mod run;

pub(crate) use endpoint::{Endpoint, Subject, elements, records};
pub(crate) use gate::{Admission, admit, serve, too_many};
