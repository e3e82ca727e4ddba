//! `PUT /console/fields/<Module>/<api_name>`: an administrator changes a field.

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
    let module = state.organisations[place].module_mut(module);
    let field = module.schema.place(api_name).ok_or("the module has no such field")?;
    module.schema.fields[field].change(change);
    let unique = module.schema.unique();
    module.store.index_anew(&unique);
    Ok(Answer::json(200, describe_field(&module.schema.fields[field])))
}
