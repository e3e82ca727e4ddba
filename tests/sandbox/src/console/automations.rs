//! `/console/automations`: rules that edit records some seconds after somebody wrote them.

use serde::Deserialize;

use super::answer::{Result, body};
use crate::answer::Answer;
use crate::automation::Automation;
use crate::http::Call;
use crate::json::{Json, object};
use crate::metadata::ModuleName;
use crate::state::{FIRST_ORGANISATION, State};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rules: Vec<Automation>,
}

/// These rules and no others, of the first organisation or of the one that `org` names.
pub(super) fn change(state: &mut State, call: &Call) -> Result {
    let Rules { rules } = body(call)?;
    if let Some(rule) = rules.iter().find(|rule| ModuleName::parse(rule.module()).is_none()) {
        return Err(format!("{} is no module", rule.module()));
    }
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    state.organisations[place].automations.set(rules);
    show(state, call)
}

pub(super) fn show(state: &mut State, call: &Call) -> Result {
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    let automations = &state.organisations[place].automations;
    let rules = serde_json::to_value(automations.rules()).map_err(|error| error.to_string())?;
    Ok(Answer::json(
        200,
        object! {"rules" => Json::from(rules), "made" => automations.made},
    ))
}
