//! Notifications, edits by hand and automations.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use reqwest::Method;
use serde_json::{Value, json};
use support::Zoho;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// An address that hears notifications.
async fn ear() -> (String, UnboundedReceiver<Value>) {
    let (said, heard) = unbounded_channel();
    let hear = move |body: String| {
        let said = said.clone();
        async move {
            said.send(serde_json::from_str(&body).unwrap()).unwrap();
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret/hook?source=bigin", listener.local_addr().unwrap());
    let router = Router::new().route("/secret/hook", post(hear));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, heard)
}

async fn next(heard: &mut UnboundedReceiver<Value>) -> Value {
    let heard = tokio::time::timeout(Duration::from_secs(20), heard.recv()).await;
    heard.unwrap().unwrap()
}

fn channel(id: &str, events: &[&str], url: &str) -> Value {
    json!({"watch": [{"channel_id": id, "events": events, "notify_url": url}]})
}

/// Waits until the counter of notifications has reached a number.
async fn counted(zoho: &Zoho, counter: &str, least: u64) -> Value {
    for _ in 0..400 {
        let counters = zoho.sandbox.state()["notifications"].clone();
        if counters[counter].as_u64().unwrap() >= least {
            return counters;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{}", zoho.sandbox.state()["notifications"]);
}

#[tokio::test]
async fn a_channel_is_made_listed_and_ended_in_the_recorded_shapes() {
    let zoho = Zoho::start().await;
    assert_eq!(zoho.get("actions/watch").await.status, 204);
    let made = zoho
        .post(
            "actions/watch",
            channel("90210", &["Contacts.create"], "https://example.com/webhook"),
        )
        .await;
    assert_eq!(made.status, 201);
    let event = &made.json["watch"][0]["details"]["events"][0];
    let expiry = event["channel_expiry"].as_str().unwrap();
    assert_eq!(
        made.text,
        format!(
            "{{\"watch\":[{{\"code\":\"SUCCESS\",\"details\":{{\"events\":[{{\"channel_expiry\":\"{expiry}\",\
             \"resource_uri\":\"https://www.zohoapis.com/bigin/v1/Contacts\",\"resource_id\":\"{}\",\
             \"resource_name\":\"Contacts\",\"channel_id\":\"90210\"}}]}},\"message\":\"Successfully subscribed for \
             actions-watch of the given module\",\"status\":\"success\"}}]}}",
            event["resource_id"].as_str().unwrap()
        )
    );
    let listed = zoho.get("actions/watch").await;
    assert!(
        listed
            .text
            .starts_with("{\"watch\":[{\"notify_on_related_action\":false,\"channel_expiry\":\""),
        "{}",
        listed.text
    );
    assert_eq!(
        listed.json,
        json!({"watch": [{"notify_on_related_action": false, "channel_expiry": expiry,
                          "return_affected_field_values": false, "resource_uri": event["resource_uri"],
                          "resource_id": event["resource_id"], "notify_url": "https://example.com/webhook",
                          "resource_name": "Contacts", "fields": null, "channel_id": "90210",
                          "events": ["Contacts.create"], "token": null}],
               "info": {"per_page": 200, "count": 1, "page": 1, "more_records": false}})
    );
    let ended = zoho.delete("actions/watch?channel_ids=90210").await;
    assert_eq!(
        (ended.status, &ended.json["watch"][0]),
        (
            200,
            &json!({"code": "SUCCESS", "message": "Successfully un-subscribed from actions-watch", "status": "success",
                      "details": {"resource_uri": event["resource_uri"], "resource_id": event["resource_id"], "channel_id": "90210"}})
        )
    );
    let again = zoho.delete("actions/watch?channel_ids=90210").await;
    assert_eq!(
        (
            again.status,
            &again.json["watch"][0]["code"],
            &again.json["watch"][0]["details"]
        ),
        (202, &json!("NOT_SUBSCRIBED"), &json!({}))
    );
}

#[tokio::test]
async fn a_channel_lives_two_hours_or_as_long_as_it_says_up_to_a_day() {
    let zoho = Zoho::with_settings(json!({"access_token_life_s": 1_000_000})).await;
    let live = async |expiry: Value| {
        let mut body = channel("1", &["Contacts.all"], "https://example.com/x");
        body["watch"][0]["channel_expiry"] = expiry;
        let reply = zoho.post("actions/watch", body).await;
        let expiry = reply.json["watch"][0]["details"]["events"][0]["channel_expiry"]
            .as_str()
            .unwrap()
            .to_owned();
        let now = zoho.sandbox.state()["now"].as_str().unwrap().to_owned();
        let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        seconds(&expiry) - seconds(&now)
    };
    let ahead = |hours: i64| {
        let now: jiff::Timestamp = zoho.sandbox.state()["now"].as_str().unwrap().parse().unwrap();
        json!((now + jiff::SignedDuration::from_hours(hours)).to_string())
    };
    for (expiry, hours) in [(Value::Null, 2), (ahead(23), 23), (ahead(25), 2), (ahead(-1), 2)] {
        let lives = live(expiry.clone()).await;
        assert!((hours * 3600 - lives).abs() <= 2, "{expiry}: {lives}");
    }
    zoho.advance(2 * 3600 + 1);
    assert_eq!(zoho.get("actions/watch").await.status, 204, "dead without a word");
    assert_eq!(zoho.sandbox.state()["organisations"][0]["channels"], 0);
}

#[tokio::test]
async fn a_subscription_that_lacks_something_is_refused_at_its_place() {
    let zoho = Zoho::start().await;
    let url = "https://example.com/x";
    for (body, code, path) in [
        (
            json!({"events": ["Contacts.all"], "notify_url": url}),
            "MANDATORY_NOT_FOUND",
            "$.watch[0].channel_id",
        ),
        (
            json!({"channel_id": "1", "notify_url": url}),
            "MANDATORY_NOT_FOUND",
            "$.watch[0].events",
        ),
        (
            json!({"channel_id": 1, "events": ["Contacts.all"]}),
            "MANDATORY_NOT_FOUND",
            "$.watch[0].notify_url",
        ),
        (
            json!({"channel_id": "x1", "events": ["Contacts.all"], "notify_url": url}),
            "INVALID_DATA",
            "$.watch[0].channel_id",
        ),
        (
            json!({"channel_id": "1", "events": ["Notes.all"], "notify_url": url}),
            "INVALID_DATA",
            "$.watch[0].events[0]",
        ),
        (
            json!({"channel_id": "1", "events": ["Contacts.all"], "notify_url": "hook"}),
            "INVALID_DATA",
            "$.watch[0].notify_url",
        ),
        (
            json!({"channel_id": "1", "events": ["Contacts.all"], "notify_url": url, "token": "t".repeat(51)}),
            "INVALID_DATA",
            "$.watch[0].token",
        ),
    ] {
        let reply = zoho.post("actions/watch", json!({"watch": [body]})).await;
        let result = &reply.json["watch"][0];
        assert_eq!(
            (reply.status, &result["code"], &result["details"]["json_path"]),
            (400, &json!(code), &json!(path))
        );
    }
    let good = json!({"channel_id": 7, "events": ["Contacts.all"], "notify_url": url, "token": "t".repeat(50)});
    let reply = zoho
        .post("actions/watch", json!({"watch": [good, {"channel_id": "x"}]}))
        .await;
    assert_eq!(reply.status, 207);
    assert_eq!(
        zoho.post("actions/watch", json!({"watch": {}})).await.code(),
        "INVALID_DATA"
    );
    let scoped = Zoho::with_scopes("ZohoBigin.modules.ALL,ZohoBigin.notifications.READ").await;
    assert_eq!(scoped.get("actions/watch").await.status, 204);
    assert_eq!(
        scoped.post("actions/watch", json!({})).await.code(),
        "OAUTH_SCOPE_MISMATCH"
    );
}

#[tokio::test]
async fn a_channel_is_overwritten_or_changed_in_parts() {
    let zoho = Zoho::start().await;
    let url = "https://example.com/x";
    zoho.post("actions/watch", channel("1", &["Contacts.create", "Accounts.all"], url))
        .await;
    let patch =
        json!({"watch": [{"channel_id": "1", "events": ["Contacts.create"], "_delete_events": true, "token": "t"}]});
    let reply = zoho.call(Method::PATCH, "actions/watch", Some(&patch)).await;
    assert_eq!(
        (reply.status, &reply.json["watch"][0]["status"]),
        (200, &json!("success"))
    );
    let listed = zoho.get("actions/watch?channel_id=1").await;
    assert_eq!(listed.json["watch"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed.json["watch"][0]["events"], &listed.json["watch"][0]["token"]),
        (&json!(["Accounts.all"]), &json!("t"))
    );
    let reply = zoho.put("actions/watch", channel("1", &["Tasks.delete"], url)).await;
    assert_eq!(
        reply.json["watch"][0]["message"],
        "Successfully updated the subscribe details"
    );
    let listed = zoho.get("actions/watch?module=Tasks").await;
    assert_eq!(
        (&listed.json["watch"][0]["events"], &listed.json["watch"][0]["token"]),
        (&json!(["Tasks.delete"]), &Value::Null)
    );
    let reply = zoho.put("actions/watch", channel("2", &["Tasks.delete"], url)).await;
    assert_eq!(
        (reply.status, &reply.json["watch"][0]["code"]),
        (400, &json!("NOT_SUBSCRIBED"))
    );
}

#[tokio::test]
async fn a_change_is_told_with_ids_alone_and_the_token_of_the_channel() {
    let zoho = Zoho::start().await;
    let (url, mut heard) = ear().await;
    let mut body = channel("90210", &["Contacts.all"], &url);
    body["watch"][0]["token"] = json!("s3cret");
    body["watch"][0]["return_affected_field_values"] = json!(true);
    zoho.post("actions/watch", body).await;
    let reply = zoho
        .post(
            "Contacts",
            json!({"data": [{"Last_Name": "Doe"}, {"Last_Name": "Roe"}]}),
        )
        .await;
    let (one, other) = (reply.id(0), reply.id(1));
    let told = next(&mut heard).await;
    assert_eq!(
        (
            &told["ids"],
            &told["operation"],
            &told["module"],
            &told["channel_id"],
            &told["token"]
        ),
        (
            &json!([one, other]),
            &json!("insert"),
            &json!("Contacts"),
            &json!("90210"),
            &json!("s3cret")
        )
    );
    assert_eq!(told["query_params"], json!({"source": "bigin"}));
    assert_eq!(told["resource_uri"], "https://www.zohoapis.com/bigin/v2/Contacts");
    assert_eq!(told["server_time"].to_string().len(), 13);
    assert_eq!(told["affected_fields"], json!([]));
    zoho.put(&format!("Contacts/{one}"), json!({"data": [{"Mobile": "123"}]}))
        .await;
    let told = next(&mut heard).await;
    assert_eq!(
        (&told["operation"], &told["affected_fields"], &told["affected_values"]),
        (
            &json!("update"),
            &json!([{one.clone(): ["Mobile"]}]),
            &json!([{"record_id": one, "values": {"Mobile": "123"}}])
        )
    );
    zoho.delete(&format!("Contacts/{one}")).await;
    assert_eq!(next(&mut heard).await["operation"], "delete");
    zoho.insert("Accounts", json!({"Account_Name": "Acme"})).await;
    zoho.put(&format!("Contacts/{other}"), json!({"data": [{"Last_Name": "Poe"}]}))
        .await;
    assert_eq!(next(&mut heard).await["operation"], "update", "nothing of the company");
    assert_eq!(counted(&zoho, "delivered", 4).await["made"], 4);
}

#[tokio::test]
async fn an_edit_of_a_contact_tells_of_its_company_where_that_is_asked_for() {
    let zoho = Zoho::start().await;
    let (url, mut heard) = ear().await;
    let mut body = channel("1", &["Accounts.edit"], &url);
    body["watch"][0]["notify_on_related_action"] = json!(true);
    zoho.post("actions/watch", body).await;
    let company = zoho.insert("Accounts", json!({"Account_Name": "Acme"})).await;
    zoho.insert("Contacts", json!({"Last_Name": "Doe", "Account_Name": {"id": company}}))
        .await;
    let told = next(&mut heard).await;
    assert_eq!((&told["module"], &told["ids"]), (&json!("Accounts"), &json!([company])));
}

#[tokio::test]
async fn notifications_are_lost_repeated_or_undeliverable_as_ordered() {
    let zoho = Zoho::with_settings(json!({"watch_drop_share": 1.0})).await;
    let (url, mut heard) = ear().await;
    zoho.post("actions/watch", channel("1", &["Contacts.create"], &url))
        .await;
    zoho.insert("Contacts", json!({"Last_Name": "Lost"})).await;
    assert_eq!(counted(&zoho, "dropped", 1).await["delivered"], 0);
    zoho.set(json!({"watch_drop_share": 0.0, "watch_twice_share": 1.0}));
    let id = zoho.insert("Contacts", json!({"Last_Name": "Twice"})).await;
    for _ in 0..2 {
        assert_eq!(next(&mut heard).await["ids"], json!([id]));
    }
    zoho.set(json!({"watch_twice_share": 0.0}));
    zoho.post(
        "actions/watch",
        channel("2", &["Accounts.all"], "https://example.com/x"),
    )
    .await;
    zoho.insert("Accounts", json!({"Account_Name": "Acme"})).await;
    let counters = counted(&zoho, "failed", 1).await;
    assert_eq!((&counters["made"], &counters["repeated"]), (&json!(3), &json!(1)));
    let log = zoho.console("GET", "/console/notices", Value::Null);
    assert!(
        log.as_str()
            .unwrap()
            .contains("not a plain address on the loopback interface")
    );
}

#[tokio::test]
async fn what_a_person_changes_costs_nothing_and_is_told() {
    let zoho = Zoho::start().await;
    let (url, mut heard) = ear().await;
    zoho.post("actions/watch", channel("1", &["Contacts.all"], &url)).await;
    let spent = zoho.sandbox.state()["credits"]["spent"].clone();
    let lines = "{\"Last_Name\": \"Doe\"}\n{\"Email\": \"no name\"}\n";
    let added = zoho.console(
        "POST",
        "/console/records/Contacts?user=sam@sandbox-company.example",
        json!(lines),
    );
    assert_eq!(
        (&added["written"], &added["rejected"][0]["line"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(next(&mut heard).await["operation"], "insert");
    let id = added["ids"][0].as_str().unwrap();
    let edit = json!({"id": id, "Title": "Dr", "Modified_Time": "2026-01-01T00:00:00Z"}).to_string();
    assert_eq!(
        zoho.console("PUT", "/console/records/Contacts", json!(edit))["written"],
        1
    );
    assert_eq!(next(&mut heard).await["operation"], "update");
    let record = zoho.record("Contacts", id).await;
    assert_eq!(
        (
            &record["Created_By"]["name"],
            &record["Modified_By"]["name"],
            &record["Modified_Time"]
        ),
        (
            &json!("Sam Seller"),
            &json!("Ann Admin"),
            &json!("2026-01-01T03:00:00+03:00")
        )
    );
    assert_eq!(
        zoho.console("DELETE", "/console/records/Contacts", Value::Null),
        json!({"deleted": 1})
    );
    assert_eq!(next(&mut heard).await["operation"], "delete");
    let state = zoho.sandbox.state();
    assert_eq!(
        (
            state["credits"]["spent"].as_u64().unwrap(),
            &state["writes"]["Contacts"]
        ),
        (
            spent.as_u64().unwrap() + 1,
            &json!({"inserted": 0, "updated": 0, "deleted": 0, "rejected": 0})
        ),
        "but for the one call that read it"
    );
    assert!(zoho.console("POST", "/console/records/Contacts", json!("no json"))["error"].is_string());
}

#[tokio::test]
async fn an_automation_edits_what_was_written_some_seconds_later_unless_it_is_kept_quiet() {
    let zoho = Zoho::start().await;
    let rule = json!({"module": "Contacts", "on": ["insert"], "after_s": 30, "set": {"Remarks": "by a workflow"}});
    let set = zoho.console("PUT", "/console/automations", json!({"rules": [rule]}));
    assert_eq!(set["rules"][0]["after_s"], 30);
    let one = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let quiet = json!({"data": [{"Last_Name": "Roe"}], "trigger": []});
    let other = zoho.post("Contacts", quiet).await.id(0);
    let written = zoho.record("Contacts", &one).await;
    zoho.advance(20);
    assert_eq!(zoho.record("Contacts", &one).await["Remarks"], Value::Null);
    zoho.advance(10);
    let edited = zoho.record("Contacts", &one).await;
    assert_eq!(
        (&edited["Remarks"], &edited["Modified_By"]),
        (&json!("by a workflow"), &written["Modified_By"])
    );
    let seconds = |record: &Value| {
        let at: jiff::Timestamp = record["Modified_Time"].as_str().unwrap().parse().unwrap();
        at.as_second()
    };
    assert_eq!(
        seconds(&edited) - seconds(&written),
        30,
        "at its own time, whoever calls next"
    );
    assert_eq!(zoho.record("Contacts", &other).await["Remarks"], Value::Null);
    assert_eq!(zoho.console("GET", "/console/automations", Value::Null)["made"], 1);
}

#[tokio::test]
async fn an_automation_happens_and_is_told_although_nobody_calls() {
    let zoho = Zoho::start().await;
    let (url, mut heard) = ear().await;
    zoho.post("actions/watch", channel("1", &["Contacts.edit"], &url)).await;
    let rule =
        json!({"module": "Contacts", "after_s": 1, "set": {"Title": "Dr"}, "user": "sam@sandbox-company.example"});
    zoho.console("PUT", "/console/automations", json!({"rules": [rule]}));
    let id = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let told = next(&mut heard).await;
    assert_eq!(
        (&told["ids"], &told["affected_fields"]),
        (&json!([id]), &json!([{id.clone(): ["Title"]}]))
    );
    assert_eq!(zoho.record("Contacts", &id).await["Modified_By"]["name"], "Sam Seller");
}
