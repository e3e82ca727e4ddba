//! `GET /{module}/{id}/{list}`: records that belong to a record, by a field or by a link.

use super::page::{fields, page, per_page};
use crate::answer::{Answer, Refusal};
use crate::http::Call;
use crate::json::{Json, object};
use crate::metadata::{Kind, ModuleName};
use crate::records::{Desk, render};
use crate::store::{Cell, Record};

/// `GET /{module}/{id}/{list}`.
pub(crate) fn related(
    desk: &Desk<'_>,
    call: &Call,
    parent: (ModuleName, &str),
    module: ModuleName,
) -> Result<Answer, Refusal> {
    let names = fields(call)?;
    let (per_page, page) = (per_page(call)?, page(call)?);
    let organisation = &*desk.organisation;
    let parent_id = parent
        .1
        .parse()
        .ok()
        .filter(|id| organisation.store(parent.0).contains(*id));
    // A parent that does not exist is an error, not an empty list.
    let parent_id = parent_id.ok_or_else(|| Refusal::no_such_record("the id given seems to be invalid"))?;
    let mut found = members(desk, (parent.0, parent_id), module);
    found.retain(|record| !organisation.limits.hides(record.id));
    found.sort_by_key(|record| std::cmp::Reverse(record.id));
    let mut rest = found.into_iter().skip((page - 1).saturating_mul(per_page));
    let schema = organisation.schema(module);
    let shown: Vec<_> = rest
        .by_ref()
        .take(per_page)
        .map(|record| render(organisation, schema, record, &names))
        .collect();
    if shown.is_empty() {
        return Ok(Answer::nothing());
    }
    let info = object! {
        "per_page" => per_page,
        "next_page_token" => Json::Null,
        "count" => shown.len(),
        "page" => page,
        "previous_page_token" => Json::Null,
        "page_token_expiry" => Json::Null,
        "more_records" => rest.next().is_some(),
    };
    Ok(Answer::json(200, object! {"data" => shown, "info" => info}))
}

fn members<'a>(desk: &'a Desk<'_>, parent: (ModuleName, u64), module: ModuleName) -> Vec<&'a Record> {
    let store = desk.organisation.store(module);
    let points = |kind: Kind| match kind {
        Kind::Lookup(target) => target == parent.0,
        Kind::RelatedTo | Kind::Parent => true,
        _ => false,
    };
    let fields = desk.fields(module);
    let places: Vec<_> = (0..fields.len()).filter(|place| points(fields[*place].kind)).collect();
    let wanted = Cell::Record(parent.0, parent.1);
    let mut found: Vec<_> = store
        .iter()
        .filter(|record| places.iter().any(|place| record.get(*place) == Some(&wanted)))
        .collect();
    let mut listed = desk.organisation.links.of(parent, module);
    listed.extend(in_lists(desk, parent, module));
    for id in listed {
        if let Some(record) = store
            .get(id)
            .filter(|record| found.iter().all(|other| other.id != record.id))
        {
            found.push(record);
        }
    }
    found
}

/// Records that the parent lists in a field of its own, such as a deal's secondary contacts.
fn in_lists(desk: &Desk<'_>, parent: (ModuleName, u64), module: ModuleName) -> Vec<u64> {
    let record = desk.organisation.store(parent.0).get(parent.1);
    let cells = record.into_iter().flat_map(Record::cells);
    let lists = cells.filter_map(|(_, cell)| match cell {
        Cell::Records(target, ids) if *target == module => Some(ids.to_vec()),
        _ => None,
    });
    lists.flatten().collect()
}
