//! Lookups and keys in messages.

use serde_json::{Value, json};

use crate::post::Post;
use crate::{QUERIES, calls, companies, company_of, record};

const NONE: [&str; 0] = [];

fn person(email: &str, company: &str) -> Value {
    json!({"module": "Contacts", "record": {"Last_Name": "Rao", "Email": email, "Company": company}})
}

#[tokio::test]
async fn messages_that_arrive_together_are_looked_into_together() {
    let post = Post::open().await;
    companies(&post.world, &["Acme", "Other", "O'Reilly GmbH"]).await;
    for (number, name) in ["acme", "OTHER", "O'Reilly GmbH", "Acme", "Nobody"].iter().enumerate() {
        post.queue.put(person(&format!("a{number}@example.com"), name));
    }
    assert_eq!(post.consume().await, NONE);
    assert_eq!(
        calls(&post.world, QUERIES),
        1 + 1,
        "once, and once more for what was missing"
    );
    assert_eq!(company_of(&post.world, "a2@example.com"), "O'Reilly GmbH");
    assert_eq!(company_of(&post.world, "a3@example.com"), "Acme");
    let report = post.last_report();
    assert_eq!((report.counts.inserted, report.counts.rejected), (4, 1));
    assert_eq!(post.rejects()[0]["_code"], "LOOKUP_NOT_FOUND");
    // Two queries, a list, the contacts.
    assert_eq!((report.api_calls, report.credits), (4, 4), "{report:?}");
}

#[tokio::test]
async fn a_company_behind_its_contact_is_found_without_a_further_question() {
    let post = Post::open().await;
    for (number, name) in ["Late Ltd", "L'Ate"].iter().enumerate() {
        post.queue.put(person(&format!("a{number}@example.com"), name));
        post.queue
            .put(json!({"module": "Accounts", "record": {"Account_Name": name.to_uppercase()}}));
    }
    // It is newer, and must not be overtaken by the one that waits for its company.
    post.queue
        .put(json!({"module": "Contacts", "record": {"Last_Name": "Doe", "Email": "A0@example.com"}}));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(calls(&post.world, QUERIES), 1);
    assert_eq!(company_of(&post.world, "a1@example.com"), "L'ATE");
    let contacts = post.world.records("Contacts");
    assert_eq!(contacts.len(), 2);
    let first = contacts
        .iter()
        .find(|contact| contact["Last_Name"] == "Doe")
        .expect("the newer name stands");
    assert_eq!(first["Account_Name"]["name"], "LATE LTD");
}

#[tokio::test]
async fn keys_are_looked_up_when_what_came_before_has_been_delivered() {
    let post = Post::open().await;
    let with = |operation: &str, record: Value| json!({"module": "Contacts", "operation": operation, "record": record});
    post.queue
        .put(with("upsert", json!({"Last_Name": "Rao", "Email": "a@example.com"})));
    post.queue
        .put(with("update", json!({"Email": "A@example.com", "Title": "Roofer"})));
    post.queue
        .put(with("upsert", json!({"Last_Name": "Doe", "Email": "b@example.com"})));
    post.queue.put(with("delete", json!({"Email": "b@example.com"})));
    post.queue.put(with("delete", json!({"Email": "B@example.com"})));
    post.queue
        .put(with("update", json!({"Email": "nobody@example.com", "Title": "Ghost"})));
    assert_eq!(post.consume().await, NONE);
    let report = post.last_report();
    let counts = &report.counts;
    assert_eq!(
        (
            counts.inserted,
            counts.updated,
            counts.deleted,
            counts.unchanged,
            counts.rejected
        ),
        (2, 1, 1, 1, 1),
        "{report:?}"
    );
    assert_eq!(
        record(&post.world, "Contacts", "Email", "A@example.com")["Title"],
        "Roofer"
    );
    assert_eq!(post.world.records("Contacts").len(), 1);
    assert_eq!(post.rejects()[0]["_code"], "NOT_FOUND");
}

#[tokio::test]
async fn companies_need_their_cascade_in_messages_too() {
    let post = Post::open().await;
    companies(&post.world, &["Acme"]).await;
    let delete = |cascade: Value| json!({"module": "Accounts", "operation": "delete", "cascade": cascade, "record": {"Account_Name": "acme"}});
    post.queue.put(delete(json!(null)));
    post.queue.put(delete(json!(false)));
    post.queue.put(delete(json!("yes")));
    assert_eq!(post.consume().await, NONE);
    let codes: Vec<_> = post.rejects().iter().map(|reject| reject["_code"].clone()).collect();
    assert_eq!(codes, ["CASCADE_NEEDED", "CASCADE_NEEDED", "MALFORMED_MESSAGE"]);
    assert_eq!(post.world.records("Accounts").len(), 1);
    post.queue.put(delete(json!(true)));
    assert_eq!(post.consume().await, NONE);
    assert_eq!(post.world.records("Accounts").len(), 0);
}

#[tokio::test]
async fn what_cannot_be_asked_for_now_goes_back_and_is_delivered_later() {
    let post = Post::open().await;
    companies(&post.world, &["Acme"]).await;
    post.queue.put(person("a@example.com", "Acme"));
    post.queue
        .put(json!({"module": "Products", "record": {"Product_Name": "Tile"}}));
    let scope = json!({"kind": "status", "status": 401, "code": "OAUTH_SCOPE_MISMATCH"});
    post.world.faults(json!([
        {"path": "/bigin/v2/coql", "fault": scope},
        {"path": "/bigin/v2/Accounts", "method": "GET", "fault": scope},
    ]));
    assert_eq!(post.consume().await, NONE);
    let held = || post.world.bucket.keys("deferred/held/");
    assert_eq!(held().len(), 1, "the module is held, and no other: {:?}", held());
    assert!(held()[0].starts_with("deferred/held/Contacts/"), "{:?}", held());
    assert_eq!(post.world.records("Products").len(), 1);
    assert_eq!(post.world.records("Contacts").len(), 0);
    post.world.faults(json!([]));
    post.world.clock.advance(1_000);
    assert_eq!(post.by_hand(json!({"upkeep": true})).await.unwrap()["brought_back"], 1);
    post.drain().await;
    assert_eq!(company_of(&post.world, "a@example.com"), "Acme");
    assert_eq!(held().len(), 0);
}

#[tokio::test]
async fn a_group_keeps_its_order_around_a_record_that_waits_for_its_parent() {
    let post = Post::open().await;
    let put = |body: Value| post.queue.put_into(Some("orders"), body);
    put(json!({"module": "Accounts", "record": {"Account_Name": "Acme"}}));
    put(person("a@example.com", "Acme"));
    put(json!({"module": "Contacts", "operation": "delete", "record": {"Email": "a@example.com"}}));
    put(json!({"module": "Accounts", "operation": "delete", "cascade": true, "record": {"Account_Name": "acme"}}));
    assert_eq!(post.consume().await, NONE);
    let counts = post.last_report().counts;
    assert_eq!(
        (counts.inserted, counts.deleted, counts.rejected),
        (2, 2, 0),
        "{counts:?}"
    );
    assert_eq!(
        (
            post.world.records("Accounts").len(),
            post.world.records("Contacts").len()
        ),
        (0, 0)
    );
}
