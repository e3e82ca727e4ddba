//! Which call it is: its route, its kind in the words of fault rules, and the records it carries.

mod endpoint;
mod route;

pub(crate) use endpoint::{Endpoint, Subject, elements, records};
pub(crate) use route::Route;
