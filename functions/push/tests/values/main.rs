//! Values as people's files and programs really hold them, in files and in messages: each arrives as it was meant, or is
//! rejected with the reason.

#![allow(clippy::format_collect, reason = "the files of these tests are small")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../post/mod.rs"]
mod post;
#[path = "../support/mod.rs"]
mod support;

mod advice;
mod columns;
mod doubts;
mod generated;
mod html;
mod keys;
mod lines;
mod names;
mod numbers;
mod round_trip;
mod structure;

use push::report::Report;
use serde_json::{Value, json};

use post::Post;
use support::World;

/// Imports a file of contacts with that mapping.
async fn import_with(world: &World, mapping: &str, text: impl Into<Vec<u8>>) -> Report {
    world.bucket.set("mappings/Contacts.toml", mapping);
    world.import(&world.put("inbox/Contacts/people.csv", text)).await
}

/// Sends records of contacts as one message, with that mapping; answers with the report.
async fn send_with(post: &Post, mapping: &str, records: &[Value]) -> Value {
    post.world.bucket.set("mappings/Contacts.toml", mapping);
    post.by_hand(json!({"module": "Contacts", "records": records}))
        .await
        .unwrap()
}

/// A contact by its last name.
fn contact_named(world: &World, name: &str) -> Option<Value> {
    world
        .records("Contacts")
        .into_iter()
        .find(|record| record["Last_Name"] == name)
}
