//! Links between records that no field holds, such as the products of a contact (contract, section 6.3).

use std::collections::BTreeMap;

use super::desk::Desk;
use super::write::about;
use crate::answer::{Answer, Refusal};
use crate::json::{Object, object};
use crate::metadata::ModuleName;

/// One end of a link.
type End = (ModuleName, u64);

/// All links, seen from both ends.
#[derive(Debug, Default)]
pub(crate) struct Links(BTreeMap<End, Vec<End>>);

impl Links {
    /// What a record is linked to in a module, in the order of linking.
    pub(crate) fn of(&self, from: End, module: ModuleName) -> Vec<u64> {
        self.0
            .get(&from)
            .into_iter()
            .flatten()
            .filter(|(other, _)| *other == module)
            .map(|(_, id)| *id)
            .collect()
    }

    /// Tells whether the link is new.
    fn add(&mut self, one: End, other: End) -> bool {
        let ends = self.0.entry(one).or_default();
        if ends.contains(&other) {
            return false;
        }
        ends.push(other);
        self.0.entry(other).or_default().push(one);
        true
    }

    /// Tells whether there was such a link.
    fn remove(&mut self, one: End, other: End) -> bool {
        let existed = self.0.get(&one).is_some_and(|ends| ends.contains(&other));
        for (from, to) in [(one, other), (other, one)] {
            if let Some(ends) = self.0.get_mut(&from) {
                ends.retain(|end| *end != to);
            }
        }
        existed
    }

    /// Removes all links of a record.
    pub(super) fn forget(&mut self, module: ModuleName, id: u64) {
        for other in self.0.remove(&(module, id)).unwrap_or_default() {
            if let Some(ends) = self.0.get_mut(&other) {
                ends.retain(|end| *end != (module, id));
            }
        }
    }
}

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
