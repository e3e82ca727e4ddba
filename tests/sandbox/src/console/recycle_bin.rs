//! `/console/recycle-bin/<Module>`: what a person does with deleted records, for which the API has no call.

use serde::Deserialize;

use super::answer::{Result, body};
use crate::answer::Answer;
use crate::clock::written;
use crate::http::Call;
use crate::json::{Json, object};
use crate::metadata::ModuleName;
use crate::organisation::Organisation;
use crate::state::{FIRST_ORGANISATION, State};
use crate::store::{Deletion, Store};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    /// All that are in the bin without it.
    #[serde(default)]
    ids: Option<Vec<String>>,
    /// Whether a restored record counts as changed now.
    #[serde(default)]
    touch: bool,
}

impl Chosen {
    fn is_meant(&self, id: u64) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&id.to_string()))
    }
}

/// Deleted records, the latest first, one a line.
pub(super) fn list(state: &mut State, call: &Call, module: &str) -> Result {
    let now = state.clock.now();
    let store = store(state, call, module)?;
    let line = |binned: &crate::store::Binned, deletion| {
        let line = object! {
            "id" => binned.record.id.to_string(),
            "display_name" => binned.name.clone(),
            "type" => if deletion == Deletion::Recycle { "recycle" } else { "permanent" },
            "deleted_time" => written(binned.at),
        };
        Json::from(line).to_text() + "\n"
    };
    let lines: String = store
        .bin
        .latest_first(now)
        .map(|(binned, deletion)| line(binned, deletion))
        .collect();
    Ok(Answer::text(200, "application/x-ndjson", lines))
}

/// Brings records back as they were, with the time of their last change.
pub(super) fn restore(state: &mut State, call: &Call, module: &str) -> Result {
    let chosen: Chosen = body(call)?;
    let now = state.clock.now();
    let store = store(state, call, module)?;
    let restored = store.bin.take(now, |id| chosen.is_meant(id));
    let count = restored.len();
    for mut record in restored {
        if chosen.touch {
            record.modified.at = now;
        }
        store.put(record, now);
    }
    Ok(Answer::json(200, object! {"restored" => count}))
}

/// Deletes records for good.
pub(super) fn purge(state: &mut State, call: &Call, module: &str) -> Result {
    let chosen: Chosen = body(call)?;
    let now = state.clock.now();
    let purged = store(state, call, module)?.bin.purge(now, |id| chosen.is_meant(id));
    Ok(Answer::json(200, object! {"purged" => purged}))
}

fn store<'a>(state: &'a mut State, call: &Call, module: &str) -> std::result::Result<&'a mut Store, String> {
    let module = ModuleName::parse(module).ok_or_else(|| format!("{module} is no module"))?;
    let place = state.organisation(call.query.get("org").unwrap_or(FIRST_ORGANISATION));
    let organisation: &mut Organisation = &mut state.organisations[place];
    Ok(organisation.store_mut(module))
}
