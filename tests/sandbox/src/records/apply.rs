//! Carries a checked record out.

use super::desk::Desk;
use super::pending::{Change, Draft};
use super::tags;
use crate::metadata::{Kind, ModuleName};
use crate::store::Happening;
use crate::store::{Cell, Record};

/// Adds a record; gives its id.
pub(super) fn insert(desk: &mut Desk<'_>, module: ModuleName, draft: Draft) -> u64 {
    let mut record = Record::new(desk.names.id(), desk.stamp());
    let schema = desk.organisation.schema(module);
    let owner = schema.place("Owner");
    let counted: Vec<_> = schema
        .present()
        .filter(|(_, field)| field.kind == Kind::AutoNumber)
        .map(|(at, _)| at)
        .collect();
    if let Some(owner) = owner {
        record.set(owner, Some(Cell::User(desk.user)));
    }
    for place in counted {
        let store = desk.organisation.store_mut(module);
        store.last_number += 1;
        let number = format!("N-{}", store.last_number);
        record.set(place, Some(Cell::Text(number.into())));
    }
    let id = record.id;
    write(desk, module, record, draft);
    desk.organisation.store_mut(module).written.inserted += 1;
    desk.note(module, id, Happening::Created);
    id
}

/// Changes a record: fields that the draft does not name stay as they are.
pub(super) fn update(desk: &mut Desk<'_>, module: ModuleName, id: u64, draft: Draft) {
    let Some(mut record) = desk.organisation.store(module).get(id).cloned() else {
        return;
    };
    record.modified = desk.stamp();
    let fields = desk.fields(module);
    let written = draft.changes.iter().map(|(place, _)| fields[*place].api_name);
    let written = Happening::Edited(written.collect());
    write(desk, module, record, draft);
    desk.organisation.store_mut(module).written.updated += 1;
    desk.note(module, id, written);
}

fn write(desk: &mut Desk<'_>, module: ModuleName, mut record: Record, draft: Draft) {
    for (place, change) in draft.changes {
        let cell = match change {
            Change::Clear => None,
            Change::Set(cell) => Some(cell),
            Change::Append(more) => {
                let mut all = match record.get(place) {
                    Some(Cell::List(values)) => values.to_vec(),
                    _ => Vec::new(),
                };
                let new: Vec<_> = more.into_iter().filter(|value| !all.contains(value)).collect();
                all.extend(new);
                Some(Cell::List(all.into()))
            }
            Change::Tags(names) => {
                let ids: Vec<_> = names
                    .iter()
                    .map(|name| tags::find_or_make(desk, module, name))
                    .collect();
                (!ids.is_empty()).then(|| Cell::Tags(ids.into()))
            }
            Change::NewCompany(name) => Some(Cell::Record(ModuleName::Accounts, new_company(desk, &name))),
        };
        remember_picks(desk, module, place, cell.as_ref());
        record.set(place, cell);
    }
    let (now, lag) = (desk.now, desk.settings.search_lag_s);
    let store = desk.organisation.store_mut(module);
    store.notice(now, lag);
    store.put(record, now);
}

/// Values that a pick list did not have are added to it.
fn remember_picks(desk: &mut Desk<'_>, module: ModuleName, place: usize, cell: Option<&Cell>) {
    let field = &mut desk.organisation.module_mut(module).schema.fields[place];
    let values: &[String] = match (field.kind, cell) {
        (Kind::PickList, Some(Cell::Text(text))) => &[text.to_string()],
        (Kind::MultiPickList, Some(Cell::List(values))) => values,
        _ => return,
    };
    for value in values {
        if !field.picks.contains(value) {
            field.picks.push(value.clone());
        }
    }
}

fn new_company(desk: &mut Desk<'_>, name: &str) -> u64 {
    let place = desk.organisation.schema(ModuleName::Accounts).place("Account_Name");
    let name = Change::Set(Cell::Text(name.into()));
    let changes = place.map(|place| (place, name)).into_iter().collect();
    insert(desk, ModuleName::Accounts, Draft { changes })
}
