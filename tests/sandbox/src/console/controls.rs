//! Faults, settings and the clock.

use serde::Deserialize;
use serde_json::Value;

use super::answer::{Result, body};
use crate::answer::Answer;
use crate::clock::written;
use crate::faults::{Faults, Rule};
use crate::http::Call;
use crate::json::object;
use crate::state::State;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    rules: Vec<Rule>,
}

/// `PUT /console/faults`: these rules and no others.
pub(super) fn set_faults(state: &mut State, call: &Call) -> Result {
    let Orders { seed, rules } = body(call)?;
    state.faults = Faults::new(rules, seed);
    Ok(faults(state))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct More {
    rules: Vec<Rule>,
}

/// `POST /console/faults`: these rules besides those that are there.
pub(super) fn add_faults(state: &mut State, call: &Call) -> Result {
    let More { rules } = body(call)?;
    state.faults.add(rules);
    Ok(faults(state))
}

/// `DELETE /console/faults/<name>`: the rules of that name are lifted.
pub(super) fn lift_faults(state: &mut State, name: &str) -> Result {
    if state.faults.lift(name) == 0 {
        return Err(format!("there is no rule of the name {name}"));
    }
    Ok(faults(state))
}

/// `GET /console/faults`: the rules with what they matched and how often they struck.
pub(super) fn faults(state: &State) -> Answer {
    let rules = serde_json::to_value(state.faults.rules()).unwrap_or_default();
    Answer::json(200, object! {"rules" => crate::json::Json::from(rules)})
}

/// `PUT /console/settings`: changes what the body names.
pub(super) fn change_settings(state: &mut State, call: &Call) -> Result {
    let changes: Value = body(call)?;
    state.settings = state
        .settings
        .changed(changes)
        .map_err(|error| format!("settings: {error}"))?;
    settings(state)
}

/// `GET /console/settings`.
pub(super) fn settings(state: &State) -> Result {
    let settings = serde_json::to_value(&state.settings).map_err(|error| error.to_string())?;
    Ok(Answer::json(200, settings))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: u64,
}

/// `PUT /console/clock`: the sandbox's own time moves on.
pub(super) fn advance(state: &mut State, call: &Call) -> Result {
    let Advance { advance_s } = body(call)?;
    state.clock.advance(advance_s);
    Ok(Answer::json(200, object! {"now" => written(state.clock.now())}))
}
