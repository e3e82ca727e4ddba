//! `PUT /console/fields/<Module>/<api_name>` and `POST /console/fields/<Module>`: an administrator changes or adds a
//! field.

use super::answer::{Result, body};
use crate::answer::Answer;
use crate::http::Call;
use crate::metadata::{ModuleName, describe_field};
use crate::state::{FIRST_ORGANISATION, State};

/// Changes a field of the first organisation, or of the one that `org` names.
pub(super) fn change(state: &mut State, call: &Call, module: &str, api_name: &str) -> Result {
    let change = body(call)?;
    let module = ModuleName::parse(module).ok_or("no such module")?;
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    let field = state.organisations[place].change_field(module, api_name, change);
    Ok(Answer::json(
        200,
        describe_field(field.ok_or("the module has no such field")?),
    ))
}

/// Adds a field.
pub(super) fn add(state: &mut State, call: &Call, module: &str) -> Result {
    let field = body(call)?;
    let module = ModuleName::parse(module).ok_or("no such module")?;
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    let field = state.organisations[place].add_field(module, field)?;
    Ok(Answer::json(200, describe_field(field)))
}
