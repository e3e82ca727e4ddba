//! Notifications (`/actions/watch`, contract, section 11): channels, what goes to them, and the courier that brings it.

mod channel;
mod courier;
mod notice;
mod outbox;
mod serve;
mod subscription;

pub(crate) use channel::Channels;
pub(crate) use courier::run as run_courier;
pub(crate) use notice::notices;
pub(crate) use outbox::{Deliveries, Outbox};
pub(crate) use serve::{list, remove, subscribe, update};
