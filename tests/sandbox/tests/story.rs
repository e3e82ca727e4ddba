//! From a code to records, the way a client goes.

mod support;

use std::time::Duration;

use serde_json::json;
use support::Zoho;

#[tokio::test]
async fn a_code_becomes_tokens_and_tokens_write_contacts() {
    let zoho = Zoho::start().await;
    let body = json!({"data": [
        {"Last_Name": "Rao", "Email": "rao@example.com"},
        {"Last_Name": "Doe", "Email": "RAO@example.com", "Title": "Roofer"},
    ], "duplicate_check_fields": ["Email"], "trigger": []});
    let reply = zoho.post("Contacts/upsert", body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.json["data"][0]["action"], "insert");
    assert_eq!(reply.json["data"][1]["action"], "update");
    assert_eq!(reply.json["data"][1]["duplicate_field"], "Email");
    assert_eq!(reply.id(0), reply.id(1));
    let record = zoho.record("Contacts", &reply.id(0)).await;
    assert_eq!(
        (&record["Last_Name"], &record["Title"]),
        (&json!("Doe"), &json!("Roofer"))
    );
    let state = zoho.sandbox.state();
    assert_eq!(state["records"]["Contacts"], 1);
    assert_eq!(state["tokens"]["minted"], 1);
    assert_eq!(state["most_in_flight"], 1);
    assert_eq!(state["calls"]["POST /bigin/v2/Contacts/upsert"]["200"], 1);
}

#[tokio::test]
async fn the_fields_of_contacts_say_what_may_be_written() {
    let zoho = Zoho::start().await;
    let reply = zoho.get("settings/fields?module=Contacts").await;
    let field = |name: &str| {
        reply.json["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["api_name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(field("Email")["unique"], json!({"casesensitive": "0"}));
    assert_eq!(field("Title")["unique"], json!({}));
    assert_eq!(field("Account_Name")["lookup"]["module"]["api_name"], "Accounts");
    assert_eq!(
        (
            &field("Owner")["field_read_only"],
            &field("Owner")["view_type"]["create"]
        ),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (
            &field("Created_Time")["read_only"],
            &field("Created_Time")["view_type"]["edit"]
        ),
        (&json!(false), &json!(false))
    );
    assert_eq!(field("Last_Name")["system_mandatory"], true);
}

#[tokio::test]
async fn a_restart_cuts_what_is_under_way_and_forgets_nothing() {
    let mut zoho = Zoho::start().await;
    let body = json!({"data": [{"Last_Name": "Rao", "Email": "rao@example.com"}]});
    assert_eq!(zoho.post("Contacts/upsert", body).await.status, 200);
    zoho.sandbox
        .console("PUT", "/console/settings", &json!({"latency_ms": 300}));
    let url = format!("{}/bigin/v2/Contacts?fields=Email", zoho.sandbox.url());
    let call = |url: &str| {
        let token = format!("Zoho-oauthtoken {}", zoho.access);
        zoho.http.get(url).header("Authorization", token).send()
    };
    let under_way = tokio::spawn(call(&url));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let away = zoho.sandbox.restart(Duration::from_millis(200));
    let refused = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        call(&url).await.is_err()
    };
    let (restarted, refused) = tokio::join!(away, refused);
    restarted.unwrap();
    assert!(refused, "nobody listens while it is away");
    assert!(under_way.await.unwrap().is_err(), "what was under way was cut");
    let reply = zoho.get("Contacts?fields=Email").await;
    assert_eq!(
        (reply.status, &reply.json["data"][0]["Email"]),
        (200, &json!("rao@example.com"))
    );
}
