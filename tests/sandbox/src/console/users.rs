//! `PUT /console/users/<id or e-mail address>`: an administrator activates or deactivates a user.

use serde::Deserialize;

use super::answer::{Result, body};
use crate::answer::Answer;
use crate::http::Call;
use crate::state::{FIRST_ORGANISATION, State};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserChange {
    active: bool,
}

/// Changes a user of the first organisation, or of the one that `org` names.
pub(super) fn change(state: &mut State, call: &Call, user: &str) -> Result {
    let UserChange { active } = body(call)?;
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    let users = &mut state.organisations[place].users;
    let found = users
        .iter_mut()
        .find(|one| one.email == user || one.id.to_string() == user);
    let found = found.ok_or("no user of that organisation has that id or e-mail address")?;
    found.active = active;
    Ok(Answer::json(200, found.describe()))
}
