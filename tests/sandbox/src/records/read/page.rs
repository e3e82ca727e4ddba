//! What paged reads have in common: the fields asked for, the page's size and number.

use super::{MOST_A_PAGE, MOST_FIELDS};
use crate::answer::Refusal;
use crate::http::Call;
use crate::json::object;

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
pub(super) fn per_page(call: &Call) -> Result<usize, Refusal> {
    number(call, "per_page", MOST_A_PAGE, MOST_A_PAGE)
}

/// `page`, 1 unless it is given.
pub(super) fn page(call: &Call) -> Result<usize, Refusal> {
    number(call, "page", 1, usize::MAX)
}

fn number(call: &Call, name: &'static str, default: usize, most: usize) -> Result<usize, Refusal> {
    let Some(text) = call.query.get(name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Refusal::invalid_param(name))
}
