//! What paged reads have in common: the fields asked for, the page's size and number.

use jiff::Timestamp;

use super::{MOST_A_PAGE, MOST_FIELDS, MOST_IDS};
use crate::answer::Refusal;
use crate::http::Call;
use crate::json::object;
use crate::settings::Support;

/// The `fields` parameter, which lists must have.
pub(super) fn fields(call: &Call) -> Result<Vec<&str>, Refusal> {
    chosen_fields(call)?.ok_or_else(|| Refusal::missing_param("fields"))
}

/// The `fields` parameter, if there is one.
pub(super) fn chosen_fields(call: &Call) -> Result<Option<Vec<&str>>, Refusal> {
    let Some(fields) = call.query.get("fields") else {
        return Ok(None);
    };
    let mut names: Vec<&str> = Vec::new();
    for name in fields
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "id")
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MOST_FIELDS {
        let details = object! {"limit" => MOST_FIELDS, "param_name" => "fields"};
        return Err(Refusal::limit(details, "the limit of fields is exceeded"));
    }
    Ok(Some(names))
}

/// `per_page`, 200 unless it is given.
pub(crate) fn per_page(call: &Call) -> Result<usize, Refusal> {
    number(call, "per_page", MOST_A_PAGE, MOST_A_PAGE)
}

/// `page`, 1 unless it is given.
pub(crate) fn page(call: &Call) -> Result<usize, Refusal> {
    number(call, "page", 1, usize::MAX)
}

/// The header `If-Modified-Since`, where it counts.
pub(super) fn modified_since(call: &Call, support: Support) -> Result<Option<Timestamp>, Refusal> {
    let since = call.header("if-modified-since").and_then(|since| since.parse().ok());
    if support == Support::Refused && since.is_some() {
        let details = object! {"header" => "If-Modified-Since"};
        return Err(Refusal::new(
            400,
            "INVALID_REQUEST",
            details,
            "the header is not supported here",
        ));
    }
    Ok(since.filter(|_| support == Support::Honoured))
}

/// The parameter `ids`, where it counts.
pub(super) fn ids(call: &Call, support: Support) -> Result<Option<Vec<u64>>, Refusal> {
    let Some(ids) = call.query.get("ids").filter(|_| support != Support::Ignored) else {
        return Ok(None);
    };
    if support == Support::Refused {
        let details = object! {"param_name" => "ids"};
        return Err(Refusal::new(
            400,
            "INVALID_REQUEST",
            details,
            "the parameter is not supported here",
        ));
    }
    let mut ids: Vec<u64> = ids.split(',').filter_map(|id| id.trim().parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > MOST_IDS {
        let details = object! {"limit" => MOST_IDS, "param_name" => "ids"};
        return Err(Refusal::limit(details, "the limit of ids is exceeded"));
    }
    Ok(Some(ids))
}

fn number(call: &Call, name: &'static str, default: usize, most: usize) -> Result<usize, Refusal> {
    let Some(text) = call.query.get(name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Refusal::invalid_param(name))
}
