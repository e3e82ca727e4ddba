//! What push writes to modules that are pulled is noted for pull, one item a call, beside the delivery.
#![allow(clippy::unwrap_used, reason = "tests")]

mod post;
mod support;

use std::collections::BTreeMap;

use jiff::Timestamp;
use push::context::Settings;
use push::report::RunStatus;
use serde_json::{Value, json};
use shared::pulled_modules::PulledModules;
use shared::state::own_writes::OwnWrites;

use post::{Post, contact, impatient, on_contacts};
use support::{World, contacts};

const NONE: [&str; 0] = [];

fn pulling(modules: &str) -> Settings {
    Settings {
        pulled: PulledModules::read(Some(modules)),
        ..impatient()
    }
}

/// What is noted about a module.
fn noted(world: &World, module: &str) -> Vec<OwnWrites> {
    let items = world.table.inner.dump().into_iter();
    let own = items.filter(|(key, _)| key.pk.starts_with(&format!("own-writes/{module}/")));
    own.map(|(_, document)| serde_json::from_str(&document).unwrap())
        .collect()
}

/// When each record was written last, as Bigin has it and as is noted.
fn times(world: &World) -> (BTreeMap<u64, i64>, BTreeMap<u64, i64>) {
    let id = |record: &Value| record["id"].as_str().unwrap().parse().unwrap();
    let at = |record: &Value| {
        record["Modified_Time"]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap()
            .as_second()
    };
    let there = world
        .records("Contacts")
        .iter()
        .map(|record| (id(record), at(record)))
        .collect();
    let mut known = BTreeMap::new();
    for writes in noted(world, "Contacts") {
        for (second, ids) in writes.written {
            for id in ids {
                let latest = known.entry(id).or_insert(second);
                *latest = second.max(*latest);
            }
        }
    }
    (there, known)
}

#[tokio::test]
async fn each_call_of_an_import_leaves_one_item_with_the_times_that_bigin_has() {
    let world = World::with(json!({}), pulling("Contacts, Companies")).await;
    let event = world.put("inbox/Contacts/a.csv", contacts(0..250));
    let report = world.import(&event).await;
    assert_eq!(report.status, RunStatus::Complete);
    assert_eq!(
        (report.api_calls, report.credits),
        (3, 25),
        "it costs neither calls nor credits"
    );
    let items = noted(&world, "Contacts");
    assert_eq!(items.len(), 3);
    assert!(
        items
            .iter()
            .all(|writes| writes.by.is_some() && writes.lost_since.is_none())
    );
    let (there, known) = times(&world);
    assert_eq!(there.len(), 250);
    assert_eq!(known, there);
}

#[tokio::test]
async fn nothing_is_noted_of_a_module_that_is_not_pulled() {
    for modules in ["", "Companies"] {
        let post = Post::with(json!({}), pulling(modules)).await;
        post.contacts((0..30).map(contact));
        assert_eq!(post.consume().await, NONE);
        assert_eq!(noted(&post.world, "Contacts"), []);
    }
}

#[tokio::test]
async fn deletes_are_noted_by_id_and_what_starts_automation_or_adds_tags_as_touched() {
    let post = Post::with(json!({}), pulling("all")).await;
    post.contacts((0..3).map(contact));
    assert_eq!(post.consume().await, NONE);
    let ids: Vec<String> = post
        .world
        .records("Contacts")
        .iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect();
    let before = noted(&post.world, "Contacts").len();
    post.queue
        .put(json!({"module": "Contacts", "operation": "delete", "record": {"id": ids[0]}}));
    post.queue.put(json!({"module": "Contacts", "operation": "update", "trigger": ["workflow"], "record": {"id": ids[1], "Title": "Dr"}}));
    assert_eq!(post.consume().await, NONE);
    let items = noted(&post.world, "Contacts");
    assert_eq!(items.len() - before, 2);
    let gather =
        |of: fn(&OwnWrites) -> &Vec<u64>| items.iter().flat_map(|writes| of(writes).clone()).collect::<Vec<_>>();
    assert_eq!(gather(|writes| &writes.deleted), [ids[0].parse::<u64>().unwrap()]);
    assert_eq!(gather(|writes| &writes.touched), [ids[1].parse::<u64>().unwrap()]);
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_is_noted_as_one_that_may_have_written_anything() {
    let post = Post::with(json!({}), pulling("all")).await;
    post.world.faults(on_contacts(
        json!({"count": 1, "fault": {"kind": "cut", "after_commit": true}}),
    ));
    post.contacts((0..5).map(contact));
    assert_eq!(post.consume().await, NONE);
    let items = noted(&post.world, "Contacts");
    assert_eq!(items.iter().filter(|writes| writes.lost_since.is_some()).count(), 1);
    let (there, known) = times(&post.world);
    assert_eq!(known, there, "what was sent again is noted like anything else");
}

#[tokio::test]
async fn companies_that_are_made_for_contacts_are_noted_too() {
    let post = Post::with(json!({}), pulling("all")).await;
    post.world
        .bucket
        .set("mappings/Contacts.toml", "[lookup.Account_Name]\non_missing = 'create'");
    post.contacts([json!({"Last_Name": "A", "Email": "a@example.com", "Account_Name": "Acme"})]);
    assert_eq!(post.consume().await, NONE);
    let [company] = post
        .world
        .records("Accounts")
        .try_into()
        .unwrap_or_else(|_| panic!("one company"));
    let ids: Vec<u64> = noted(&post.world, "Accounts")
        .into_iter()
        .flat_map(|writes| writes.written.into_values().flatten())
        .collect();
    assert_eq!(ids, [company["id"].as_str().unwrap().parse::<u64>().unwrap()]);
}
