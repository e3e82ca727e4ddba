//! Records that refer to others by name, updates and deletes by match key, and what is left to be done for records once
//! Bigin has them, against the sandbox.

#[path = "../post/mod.rs"]
mod post;
#[path = "../support/mod.rs"]
mod support;

mod files;
mod keys;
mod messages;
mod related;
mod tags;
mod trouble;

use push::report::Report;
use serde_json::Value;

use support::World;

/// Puts companies into Bigin by importing them.
async fn companies(world: &World, names: &[&str]) {
    let rows: Vec<_> = names
        .iter()
        .map(|name| serde_json::json!({ "Account_Name": name }))
        .collect();
    let file = world.put("inbox/Accounts/companies.json", Value::from(rows).to_string());
    let report = world.import(&file).await;
    assert_eq!(report.counts.inserted, names.len() as u64, "{report:?}");
}

/// Imports a file of contacts with that mapping.
async fn import_with(world: &World, mapping: &str, text: &str) -> Report {
    if !mapping.is_empty() {
        world.bucket.set("mappings/Contacts.toml", mapping);
    }
    world.import(&world.put("inbox/Contacts/people.csv", text)).await
}

/// How many calls of an endpoint there were.
fn calls(world: &World, endpoint: &str) -> u64 {
    let state = world.sandbox.state();
    let endings = state["calls"].get(endpoint).and_then(Value::as_object);
    endings
        .into_iter()
        .flatten()
        .filter_map(|(_, count)| count.as_u64())
        .sum()
}

const QUERIES: &str = "POST /bigin/v2/coql";
const LISTS: &str = "GET /bigin/v2/Accounts";

/// A record by the value of a field.
fn record(world: &World, module: &str, field: &str, value: &str) -> Value {
    let found = world.records(module).into_iter().find(|record| record[field] == value);
    found.unwrap_or_else(|| panic!("there is no record of {module} with {value} in {field}"))
}

/// The name of a contact's company; null where there is none.
fn company_of(world: &World, email: &str) -> Value {
    record(world, "Contacts", "Email", email)["Account_Name"]["name"].clone()
}

fn rejects_of(world: &World, report: &Report) -> String {
    let Some(key) = &report.rejects_key else {
        panic!("there are no rejects: {report:?}");
    };
    world.text(key)
}
