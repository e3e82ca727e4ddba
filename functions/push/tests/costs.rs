//! What records cost: as few calls as Bigin allows, and no credit more than they need.
#![allow(clippy::unwrap_used, reason = "tests")]

mod post;
mod support;

use push::report::RunStatus;
use serde_json::{Value, json};

use post::{Post, contact};
use support::{World, contacts};

/// Credits of so many records that go together: calls of 100, a credit for each started ten of a call.
fn credits(records: u64) -> u64 {
    let (full, rest) = (records / 100, records % 100);
    full * 10 + rest.div_ceil(10)
}

/// Credits that the sandbox took for writes: all but one for each question.
fn spent_on_writes(world: &World) -> u64 {
    let state = world.sandbox.state();
    let questions: u64 = state["calls"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(endpoint, _)| endpoint.starts_with("GET /bigin/"))
        .flat_map(|(_, endings)| endings.as_object().unwrap().values())
        .filter_map(Value::as_u64)
        .sum();
    state["credits"]["spent_ever"].as_u64().unwrap() - questions
}

#[tokio::test]
async fn n_rows_of_a_file_cost_a_call_for_each_hundred_and_a_credit_for_each_ten() {
    for rows in [1, 9, 10, 11, 99, 100, 101, 250, 1_000, 1_001] {
        let world = World::new().await;
        let event = world.put("inbox/Contacts/a.csv", contacts(0..rows));
        let report = world.import(&event).await;
        assert_eq!(report.status, RunStatus::Complete, "{report:?}");
        let rows = u64::from(rows);
        assert_eq!(world.write_calls(), rows.div_ceil(100), "calls for {rows} rows");
        assert_eq!(spent_on_writes(&world), credits(rows), "credits for {rows} rows");
        assert_eq!((report.api_calls, report.credits), (rows.div_ceil(100), credits(rows)));
    }
}

#[tokio::test]
async fn a_thousand_messages_of_one_record_sent_at_once_cost_a_hundred_credits() {
    let post = Post::open().await;
    for first in (0..1_000).step_by(100) {
        for number in first..first + 100 {
            post.contacts([contact(number)]);
        }
        assert!(post.consume().await.is_empty());
    }
    assert_eq!(post.world.write_calls(), 10);
    assert_eq!(spent_on_writes(&post.world), 100);
}

#[tokio::test]
async fn records_share_a_call_by_module_operation_and_match_key() {
    let post = Post::open().await;
    let put = |count: u32, message: &dyn Fn(u32) -> Value| {
        for number in 0..count {
            post.queue.put(message(number));
        }
    };
    put(
        101,
        &|number| json!({"module": "Contacts", "record": {"Last_Name": "A", "Email": format!("a{number}@example.com")}}),
    );
    put(25, &|number| {
        json!({"module": "Contacts", "operation": "insert",
            "record": {"Last_Name": "B", "Email": format!("b{number}@example.com")}})
    });
    put(11, &|number| {
        json!({"module": "Contacts", "match_on": ["External_ID"],
            "record": {"Last_Name": "C", "External_ID": format!("c{number}")}})
    });
    put(
        7,
        &|number| json!({"module": "Accounts", "record": {"Account_Name": format!("Company {number}")}}),
    );
    assert!(post.consume().await.is_empty());
    let groups = [101, 25, 11, 7];
    assert_eq!(
        post.world.write_calls(),
        groups.iter().map(|records: &u64| records.div_ceil(100)).sum::<u64>()
    );
    assert_eq!(
        spent_on_writes(&post.world),
        groups.iter().map(|records| credits(*records)).sum::<u64>()
    );
}
