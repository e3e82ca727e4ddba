//! `GET /{module}/{id}` and `GET /{module}/actions/count`.

use super::page::chosen_fields;
use crate::answer::{Answer, Refusal};
use crate::http::Call;
use crate::json::object;
use crate::metadata::ModuleName;
use crate::records::{Desk, render, whole};

/// One record; 204 for an id that is unknown, deleted or malformed.
pub(crate) fn one(desk: &Desk<'_>, call: &Call, module: ModuleName, id: &str) -> Result<Answer, Refusal> {
    let names = chosen_fields(call)?;
    let organisation = &*desk.organisation;
    let found = id.parse().ok().and_then(|id| organisation.store(module).get(id));
    let Some(record) = found.filter(|record| !organisation.limits.hides(record.id)) else {
        return Ok(Answer::nothing());
    };
    let schema = organisation.schema(module);
    let shown = match names {
        Some(names) => render(organisation, schema, record, &names),
        None => whole(organisation, schema, record),
    };
    Ok(Answer::json(200, object! {"data" => vec![shown]}))
}

/// How many records a module has.
pub(crate) fn count(desk: &Desk<'_>, module: ModuleName) -> Answer {
    Answer::json(200, object! {"count" => desk.organisation.store(module).len()})
}
