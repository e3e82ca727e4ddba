//! `POST /console/reset`.

use serde::Deserialize;

use super::answer::{Result, body};
use crate::accounts::TokenCounts;
use crate::answer::Answer;
use crate::counters::Counters;
use crate::http::Call;
use crate::json::object;
use crate::names::Names;
use crate::state::{State, World};
use crate::watch::Deliveries;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    /// Only the counters; records, clients and tokens stay.
    #[serde(default)]
    counters_only: bool,
}

/// Everything as it was at the start: no clients, no records, the clock right, no faults.
pub(super) fn reset(world: &World, call: &Call) -> Result {
    let Reset { counters_only } = body(call)?;
    let mut state = world.lock();
    if counters_only {
        state.counters = Counters::default();
        state.outbox.deliveries = Deliveries::default();
        state.accounts.counts = TokenCounts::default();
        for organisation in &mut state.organisations {
            organisation.forget_counts();
        }
    } else {
        let names = std::mem::replace(&mut state.names, Names::new(0));
        *state = State::anew(world.settings.clone(), names);
    }
    world.flights.forget_most();
    Ok(Answer::json(200, object! {"reset" => true}))
}
