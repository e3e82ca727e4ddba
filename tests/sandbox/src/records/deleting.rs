//! Deleting, with what goes along: a company takes its contacts, deals, notes and activities.

use super::desk::Desk;
use super::render::display_name;
use super::write::{MOST_RECORDS, Outcomes, Verb, about};
use crate::answer::{Answer, Refusal};
use crate::fault::Fault;
use crate::http::Call;
use crate::json::object;
use crate::limits::Operation;
use crate::metadata::{Kind, ModuleName};
use crate::store::Binned;
use crate::store::Cell;
use crate::store::Happening;

/// `DELETE /{module}?ids=a,b,c`.
pub(crate) fn many(desk: &mut Desk<'_>, call: &Call, module: ModuleName) -> Result<Answer, Refusal> {
    let ids: Vec<_> = call
        .query
        .get("ids")
        .ok_or_else(|| Refusal::missing_param("ids"))?
        .split(',')
        .map(str::trim)
        .collect();
    if ids.len() > MOST_RECORDS {
        let details = object! {"limit" => MOST_RECORDS, "param_name" => "ids"};
        return Err(Refusal::limit(details, "the limit of records in one call is exceeded"));
    }
    let mut outcomes = Outcomes::default();
    for (number, id) in ids.into_iter().enumerate() {
        let spoilt = desk.spoilt.record_fault(number, &serde_json::json!({"id": id}));
        let gone = spoilt.map_or_else(|| delete(desk, module, id), Err);
        if gone.is_err() {
            desk.organisation.store_mut(module).written.rejected += 1;
        }
        outcomes.add(gone.map(|()| about(id, "record deleted")));
    }
    Ok(outcomes.answer(desk, Verb::Delete))
}

/// `DELETE /{module}/{id}`.
pub(crate) fn by_path(desk: &mut Desk<'_>, module: ModuleName, id: &str) -> Result<Answer, Refusal> {
    let mut outcomes = Outcomes::default();
    match delete(desk, module, id) {
        Err(fault) if fault.code == "INVALID_DATA" => return Err(Refusal::no_such_record("record not deleted")),
        gone => outcomes.add(gone.map(|()| about(id, "record deleted"))),
    }
    Ok(outcomes.answer(desk, Verb::Delete))
}

/// Deletes a record with what goes along.
pub(crate) fn delete(desk: &mut Desk<'_>, module: ModuleName, id: &str) -> Result<(), Fault> {
    let known = id
        .parse()
        .ok()
        .filter(|id| desk.organisation.store(module).contains(*id));
    let Some(known) = known else {
        return Err(Fault::new(
            "INVALID_DATA",
            object! {"id" => id.to_owned()},
            "record not deleted",
        ));
    };
    desk.allow(module, Operation::Delete, Some(known))?;
    let mut going = vec![(module, known)];
    while let Some((module, id)) = going.pop() {
        going.extend(company(desk, module, id));
        take(desk, module, id);
        // Those that live by the record go too, those that merely point to it stop pointing.
        going.extend(dependants(desk, module, id));
        unpoint(desk, module, id);
        desk.organisation.links.forget(module, id);
    }
    Ok(())
}

/// The contacts and deals of a company.
fn company(desk: &Desk<'_>, module: ModuleName, id: u64) -> Vec<(ModuleName, u64)> {
    if module != ModuleName::Accounts {
        return Vec::new();
    }
    let company = Cell::Record(module, id);
    let mut found = Vec::new();
    for member in [ModuleName::Contacts, ModuleName::Pipelines] {
        let Some(place) = desk.organisation.schema(member).place("Account_Name") else {
            continue;
        };
        let members = desk
            .organisation
            .store(member)
            .iter()
            .filter(|record| record.get(place) == Some(&company));
        found.extend(members.map(|record| (member, record.id)));
    }
    found
}

/// Notes and activities of a record.
fn dependants(desk: &Desk<'_>, module: ModuleName, id: u64) -> Vec<(ModuleName, u64)> {
    let parent = Cell::Record(module, id);
    let mut found = Vec::new();
    for child in [
        ModuleName::Notes,
        ModuleName::Tasks,
        ModuleName::Events,
        ModuleName::Calls,
    ] {
        let fields = desk.fields(child);
        let Some(place) = fields
            .iter()
            .position(|field| matches!(field.kind, Kind::Parent | Kind::RelatedTo))
        else {
            continue;
        };
        let children = desk
            .organisation
            .store(child)
            .iter()
            .filter(|record| record.get(place) == Some(&parent));
        found.extend(children.map(|record| (child, record.id)));
    }
    found
}

fn take(desk: &mut Desk<'_>, module: ModuleName, id: u64) {
    let (now, user) = (desk.now, desk.user);
    let owner = desk.organisation.module_mut(module);
    let Some(record) = owner.store.take(id, now) else {
        return;
    };
    let name = display_name(&owner.schema, &record).unwrap_or_default();
    owner.store.bin.add(Binned::new(record, name, user, now));
    owner.store.written.deleted += 1;
    desk.note(module, id, Happening::Deleted);
}

/// Clears lookups to a record that is gone.
fn unpoint(desk: &mut Desk<'_>, module: ModuleName, id: u64) {
    let (gone, now) = (Cell::Record(module, id), desk.now);
    for other in ModuleName::ALL {
        let fields = desk.fields(other);
        let points = |kind: Kind| matches!(kind, Kind::Lookup(target) | Kind::Several(target) if target == module);
        let places: Vec<_> = (0..fields.len()).filter(|place| points(fields[*place].kind)).collect();
        if places.is_empty() {
            continue;
        }
        let store = desk.organisation.store_mut(other);
        let lists = |cell: &Cell| matches!(cell, Cell::Records(_, ids) if ids.contains(&id));
        let concerns = |cell: &Cell| *cell == gone || lists(cell);
        let concerned = store
            .iter()
            .filter(|record| places.iter().any(|place| record.get(*place).is_some_and(concerns)));
        let concerned: Vec<_> = concerned.cloned().collect();
        for mut record in concerned {
            for place in &places {
                let left = match record.get(*place) {
                    Some(cell) if *cell == gone => None,
                    Some(Cell::Records(target, ids)) => {
                        let rest: Vec<_> = ids.iter().copied().filter(|other| *other != id).collect();
                        (!rest.is_empty()).then(|| Cell::Records(*target, rest.into()))
                    }
                    _ => continue,
                };
                record.set(*place, left);
            }
            store.put(record, now);
        }
    }
}
