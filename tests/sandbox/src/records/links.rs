//! Linking records to each other where no field does (contract, section 6.3).

use super::desk::Desk;
use super::write::about;
use crate::answer::{Answer, Refusal};
use crate::json::{Object, object};
use crate::metadata::ModuleName;
use crate::store::End;

/// `PUT /{module}/{id}/{list}/{related_id}`.
pub(crate) fn link(desk: &mut Desk<'_>, from: (ModuleName, &str), to: (ModuleName, &str)) -> Result<Answer, Refusal> {
    let Some(one) = end(desk, from) else {
        // Linking to a parent that is not there was seen to end in a 5xx.
        return Err(Refusal::new(
            500,
            "INTERNAL_ERROR",
            Object::new(),
            "Internal Server Error",
        ));
    };
    let other = end(desk, to).ok_or_else(|| unknown(to.1))?;
    let message = if desk.organisation.links.add(one, other) {
        "relation added"
    } else {
        "relation updated"
    };
    Ok(Answer::json(200, object! {"data" => vec![about(to.1, message)]}))
}

/// `DELETE /{module}/{id}/{list}/{related_id}`.
pub(crate) fn unlink(desk: &mut Desk<'_>, from: (ModuleName, &str), to: (ModuleName, &str)) -> Result<Answer, Refusal> {
    let ends = end(desk, from).zip(end(desk, to));
    let removed = ends.is_some_and(|(one, other)| desk.organisation.links.remove(one, other));
    if !removed {
        return Err(unknown(to.1));
    }
    Ok(Answer::json(
        200,
        object! {"data" => vec![about(to.1, "relation removed")]},
    ))
}

fn end(desk: &Desk<'_>, (module, id): (ModuleName, &str)) -> Option<End> {
    let id = id
        .parse()
        .ok()
        .filter(|id| desk.organisation.store(module).contains(*id))?;
    Some((module, id))
}

fn unknown(id: &str) -> Refusal {
    Refusal::invalid_data(
        object! {"id" => id.to_owned(), "resource_path_index" => 3_u64},
        "the relation is not valid",
    )
}
