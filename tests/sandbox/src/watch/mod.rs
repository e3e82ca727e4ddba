//! Notifications (`/actions/watch`, contract, section 11): channels, what goes to them, and the courier that brings it.

mod notice;
mod outbox;
mod serve;
mod subscription;

pub(crate) use notice::{Notice, notices};
pub(crate) use outbox::{Deliveries, Outbox};
pub(crate) use serve::{list, remove, subscribe, update};
