//! `GET /console/records/<Module>`: everything a module holds, one record a line.

use super::answer::Result;
use crate::answer::Answer;
use crate::http::Call;
use crate::metadata::ModuleName;
use crate::records::whole;
use crate::state::State;

/// All records of a module by ascending id; of the first organisation, or of the one that `org` names.
pub(super) fn records(state: &State, call: &Call, module: &str) -> Result {
    let module = ModuleName::parse(module).ok_or_else(|| format!("{module} is no module"))?;
    let wanted = call.query.get("org");
    let organisation = match wanted {
        None => state.organisations.first(),
        Some(wanted) => state
            .organisations
            .iter()
            .find(|org| org.name == wanted || org.id.to_string() == wanted),
    };
    let organisation = organisation.ok_or("there is no such organisation")?;
    let schema = organisation.schema(module);
    let mut lines = String::new();
    for record in organisation.store(module).iter() {
        lines.push_str(&crate::json::Json::from(whole(organisation, schema, record)).to_text());
        lines.push('\n');
    }
    Ok(Answer::text(200, "application/x-ndjson", lines))
}
