//! `/console/limits`: what the account does not allow.

use super::answer::{Result, body};
use crate::answer::Answer;
use crate::http::Call;
use crate::limits::Limits;
use crate::state::{FIRST_ORGANISATION, State};

/// These limits and no others, of the first organisation or of the one that `org` names.
pub(super) fn change(state: &mut State, call: &Call) -> Result {
    let limits: Limits = body(call)?;
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    state.organisations[place].limits = limits.set();
    show(state, call)
}

pub(super) fn show(state: &mut State, call: &Call) -> Result {
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    let limits = serde_json::to_value(&state.organisations[place].limits).map_err(|error| error.to_string())?;
    Ok(Answer::json(200, limits))
}
