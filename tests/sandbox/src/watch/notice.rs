//! What goes to a channel when records change.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::serve::host;
use crate::channels::{Channel, resource_uri};
use crate::json::Json;
use crate::metadata::ModuleName;
use crate::organisation::Organisation;
use crate::records::field_json;
use crate::store::{Cell, Event, Happening};

/// Something to be brought to somebody.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notice {
    pub(crate) url: String,
    pub(crate) body: Value,
}

/// The notices of what happened in one call. Records of one module to which the same happened come together.
pub(crate) fn notices(organisation: &Organisation, data_center: &str, events: &[Event], now: Timestamp) -> Vec<Notice> {
    let mut notices = Vec::new();
    for channel in organisation.channels.alive(now) {
        let related = events
            .iter()
            .filter(|_| channel.related)
            .filter_map(|event| of_company(organisation, event));
        let heard = events.iter().cloned().chain(related);
        let heard: Vec<_> = heard
            .filter(|event| channel.hears(event.module, &event.happening))
            .collect();
        for group in grouped(&heard) {
            notices.push(notice(organisation, data_center, channel, &group, now));
        }
    }
    notices
}

/// Events of one module and operation, in the order of the first of each.
fn grouped(events: &[Event]) -> Vec<Vec<&Event>> {
    let mut groups: Vec<Vec<&Event>> = Vec::new();
    for event in events {
        let same = |other: &Event| other.module == event.module && operation(other) == operation(event);
        match groups.iter_mut().find(|group| same(group[0])) {
            Some(group) => group.push(event),
            None => groups.push(vec![event]),
        }
    }
    groups
}

/// The edit of a company that a change to one of its records is taken for.
fn of_company(organisation: &Organisation, event: &Event) -> Option<Event> {
    if !matches!(event.module, ModuleName::Contacts | ModuleName::Pipelines) {
        return None;
    }
    let place = organisation.schema(event.module).place("Account_Name")?;
    let record = organisation.store(event.module).get(event.id)?;
    let Some(Cell::Record(ModuleName::Accounts, company)) = record.get(place) else {
        return None;
    };
    Some(Event {
        module: ModuleName::Accounts,
        id: *company,
        happening: Happening::Edited(Vec::new()),
        ..event.clone()
    })
}

fn operation(event: &Event) -> &'static str {
    match event.happening {
        Happening::Created => "insert",
        Happening::Edited(_) => "update",
        Happening::Deleted => "delete",
    }
}

fn notice(
    organisation: &Organisation,
    data_center: &str,
    channel: &Channel,
    events: &[&Event],
    now: Timestamp,
) -> Notice {
    let first = events[0];
    let mut ids: Vec<String> = Vec::new();
    let (mut fields, mut values) = (Vec::new(), Vec::new());
    for event in events {
        let id = event.id.to_string();
        if let Happening::Edited(written) = &event.happening
            && !written.is_empty()
        {
            fields.push(json!({ id.as_str(): written }));
            values.push(json!({"record_id": id, "values": new_values(organisation, event, written)}));
        }
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let url = url::Url::parse(&channel.notify_url).ok();
    let query: Map<String, Value> = url
        .iter()
        .flat_map(url::Url::query_pairs)
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect();
    let mut body = json!({
        "server_time": now.as_millisecond(),
        "query_params": query,
        "module": first.module.api_name(),
        "resource_uri": resource_uri(&host(data_center), "v2", first.module),
        "ids": ids,
        "affected_fields": fields,
        "operation": operation(first),
        "channel_id": channel.id.to_string(),
        "token": channel.token,
    });
    if channel.values {
        body["affected_values"] = values.into();
    }
    Notice {
        url: channel.notify_url.clone(),
        body,
    }
}

fn new_values(organisation: &Organisation, event: &Event, written: &[&'static str]) -> Value {
    let schema = organisation.schema(event.module);
    let record = organisation.store(event.module).get(event.id);
    let value = |name: &&'static str| {
        let json = field_json(organisation, schema, record?, schema.place(name)?);
        Some(((*name).to_owned(), as_value(&json)))
    };
    Value::Object(written.iter().filter_map(value).collect())
}

fn as_value(json: &Json) -> Value {
    serde_json::from_str(&json.to_text()).unwrap_or_default()
}
