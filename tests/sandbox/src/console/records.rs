//! `/console/records/<Module>`: everything a module holds, one record a line, and what a person changes by hand. That
//! costs no credits and is no call, and the counters of writes do not show it; those who watch hear of it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::answer::Result;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::faults::Spoilt;
use crate::http::Call;
use crate::json::{Json, object};
use crate::metadata::ModuleName;
use crate::records::{Desk, deleting, whole, write};
use crate::state::{FIRST_ORGANISATION, State};

/// All records of a module by ascending id; of the first organisation, or of the one that `org` names.
pub(super) fn records(state: &State, call: &Call, module: &str) -> Result {
    let module = module_of(module)?;
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
        lines.push_str(&Json::from(whole(organisation, schema, record)).to_text());
        lines.push('\n');
    }
    Ok(Answer::text(200, "application/x-ndjson", lines))
}

/// Records that a person adds, one a line.
pub(super) fn insert(state: &mut State, call: &Call, module: &str) -> Result {
    let module = module_of(module)?;
    each(state, call, |desk, number, element| {
        write::insert_one(desk, module, number, element)
    })
}

/// Records that a person edits, one a line, each with its `id`.
pub(super) fn update(state: &mut State, call: &Call, module: &str) -> Result {
    let module = module_of(module)?;
    each(state, call, |desk, number, element| {
        let id = element.get("id").and_then(write::id);
        let id = id.filter(|id| desk.organisation.store(module).contains(*id));
        let unknown = || {
            Fault::new(
                "INVALID_DATA",
                object! {"api_name" => "id"},
                "the id given seems to be invalid",
            )
        };
        let id = id.ok_or_else(unknown)?;
        write::update_one(desk, module, number, id, element, None)?;
        Ok(id)
    })
}

/// Records that a person deletes: those of `ids`, or all.
pub(super) fn delete(state: &mut State, call: &Call, module: &str) -> Result {
    let module = module_of(module)?;
    by_hand(state, call, |desk| {
        let ids: Vec<String> = match call.query.get("ids") {
            Some(ids) => ids.split(',').map(|id| id.trim().to_owned()).collect(),
            None => desk
                .organisation
                .store(module)
                .iter()
                .map(|record| record.id.to_string())
                .collect(),
        };
        let gone = ids.iter().filter(|id| deleting::delete(desk, module, id).is_ok());
        Ok(Answer::json(200, object! {"deleted" => gone.count()}))
    })
}

pub(super) fn module_of(name: &str) -> std::result::Result<ModuleName, String> {
    ModuleName::parse(name).ok_or_else(|| format!("{name} is no module"))
}

/// Lets the user that `user` names, or the first one, do something in the organisation that `org` names, or the first.
pub(super) fn by_hand(state: &mut State, call: &Call, act: impl FnOnce(&mut Desk<'_>) -> Result) -> Result {
    let now = state.clock.now();
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    let organisation = &state.organisations[place];
    let counts = organisation.counts();
    let mut users = organisation.users.iter();
    let user = match call.query.get("user") {
        None => users.next(),
        Some(email) => users.find(|user| user.email == email),
    };
    let user = user.ok_or("no user of that organisation has that e-mail address")?.id;
    let mut spoilt = Spoilt::default();
    let desk = state.desk(place, user, now, &mut spoilt);
    let mut desk = desk.ok_or("there is no such organisation")?;
    desk.quiet = call.query.get("quiet") == Some("true");
    let answer = act(&mut desk);
    desk.organisation.restore_counts(&counts);
    answer
}

/// Does the same with every line. `Modified_Time` in a line is the time at which it is done.
fn each(
    state: &mut State,
    call: &Call,
    mut write: impl FnMut(&mut Desk<'_>, usize, &Map<String, Value>) -> std::result::Result<u64, Fault>,
) -> Result {
    let lines = lines(&call.body)?;
    by_hand(state, call, |desk| {
        let now = desk.now;
        let (mut ids, mut rejected) = (Vec::new(), Vec::new());
        for (number, line) in lines.iter().enumerate() {
            let at = line.get("Modified_Time").and_then(Value::as_str);
            desk.now = at.and_then(|at| at.parse::<Timestamp>().ok()).unwrap_or(now);
            match write(desk, number, line) {
                Ok(id) => ids.push(id.to_string()),
                Err(fault) => rejected.push(object! {"line" => number + 1, "fault" => Json::from(fault)}),
            }
        }
        let answer = object! {"written" => ids.len(), "ids" => ids, "rejected" => rejected};
        Ok(Answer::json(200, answer))
    })
}

fn lines(body: &[u8]) -> std::result::Result<Vec<Map<String, Value>>, String> {
    let lines = body.split(|byte| *byte == b'\n').enumerate();
    lines
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(number, line)| {
            serde_json::from_slice(line).map_err(|error| format!("line {} is no JSON object: {error}", number + 1))
        })
        .collect()
}
