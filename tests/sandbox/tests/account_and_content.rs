//! Faults that depend on what a call contains, what the account does not allow, and metadata that changes while a program
//! runs.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Method;
use serde_json::{Value, json};
use support::Zoho;

fn people(names: &[&str]) -> Value {
    let people: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, name)| json!({"Last_Name": name, "Email": format!("p{number}@x.example")}))
        .collect();
    json!({"data": people})
}

fn limit(zoho: &Zoho, limits: Value) {
    let answer = zoho.console("PUT", "/console/limits", limits);
    assert!(answer.get("error").is_none(), "{answer}");
}

#[tokio::test]
async fn a_poisoned_record_makes_its_call_fail_for_ever_and_no_other() {
    let zoho = Zoho::start().await;
    for fault in [
        json!({"kind": "status", "status": 500}),
        json!({"kind": "html", "status": 403}),
        json!({"kind": "status", "status": 502, "body": "<html>"}),
    ] {
        zoho.faults(json!([{"when": {"text": "poison"}, "fault": fault}]));
        let status = fault["status"].as_u64().unwrap();
        for _ in 0..3 {
            let reply = zoho.post("Contacts/upsert", people(&["Doe", "a poisoned one"])).await;
            assert_eq!(u64::from(reply.status), status);
            assert_eq!(zoho.post("Contacts/upsert", people(&["Doe"])).await.status, 200);
        }
        let query = json!({"select_query": "select id from Contacts where Last_Name = 'poison'"});
        assert_eq!(u64::from(zoho.post("coql", query).await.status), status);
        let reply = zoho.get("Contacts/search?criteria=(Last_Name:equals:poison)").await;
        assert_eq!(u64::from(reply.status), status);
    }
    zoho.faults(json!([]));
    assert_eq!(
        zoho.post("Contacts/upsert", people(&["a poisoned one"])).await.status,
        200
    );
}

#[tokio::test]
async fn a_connection_is_cut_by_content_before_or_after_the_commit() {
    let zoho = Zoho::start().await;
    for (after_commit, written) in [(false, 0), (true, 2)] {
        zoho.faults(
            json!([{"when": {"values": {"Last_Name": "Roe"}}, "fault": {"kind": "cut", "after_commit": after_commit}}]),
        );
        let cut = zoho
            .try_call(Method::POST, "Contacts", Some(&people(&["Doe", "Roe"])))
            .await;
        assert!(cut.is_err());
        assert_eq!(zoho.sandbox.state()["records"]["Contacts"], written);
    }
}

#[tokio::test]
async fn a_rule_strikes_as_often_as_it_says_and_is_lifted_by_its_name() {
    let zoho = Zoho::start().await;
    zoho.faults(
        json!([{"name": "twice", "count": 2, "when": {"endpoint": "upsert", "min_records": 2},
                        "fault": {"kind": "status", "status": 500}}]),
    );
    let more =
        json!({"rules": [{"name": "org", "when": {"endpoint": "org"}, "fault": {"kind": "status", "status": 418}}]});
    let rules = zoho.console("POST", "/console/faults", more);
    assert_eq!(rules["rules"].as_array().unwrap().len(), 2);
    let mut statuses = Vec::new();
    for names in [&["Doe"][..], &["Doe", "Roe"], &["Doe", "Roe"], &["Doe", "Roe"]] {
        statuses.push(zoho.post("Contacts/upsert", people(names)).await.status);
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
    assert_eq!(zoho.get("org").await.status, 418);
    let rules = zoho.console("DELETE", "/console/faults/org", Value::Null);
    assert_eq!(
        (rules["rules"].as_array().unwrap().len(), &rules["rules"][0]["struck"]),
        (1, &json!(2))
    );
    assert_eq!(zoho.get("org").await.status, 200);
    assert!(zoho.console("DELETE", "/console/faults/org", Value::Null)["error"].is_string());
}

#[tokio::test]
async fn an_answer_comes_compressed_and_with_headers_as_ordered() {
    let zoho = Zoho::start().await;
    let rule = |fault: Value| json!([{"when": {"module": "Contacts"}, "fault": fault}]);
    zoho.faults(rule(json!({"kind": "gzip"})));
    let reply = bytes(&zoho, "Contacts/upsert", &people(&["Doe"])).await;
    assert_eq!((reply.0, reply.1.as_deref()), (200, Some("gzip")));
    assert_eq!(unpacked(&reply.2)["data"][0]["code"], "SUCCESS");
    zoho.faults(rule(json!([
        {"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS", "headers": {"retry-after": "7"}},
        {"kind": "gzip"},
        {"kind": "headers", "headers": {"X-Cache": "no", "content-type": "text/plain"}},
    ])));
    let reply = bytes(&zoho, "Contacts/upsert", &people(&["Doe"])).await;
    assert_eq!((reply.0, reply.1.as_deref()), (429, Some("gzip")));
    assert_eq!(unpacked(&reply.2)["code"], "TOO_MANY_REQUESTS");
    let reply = zoho.post("Contacts/upsert", people(&["Doe"])).await;
    assert_eq!(
        (
            reply.header("retry-after"),
            reply.header("x-cache"),
            reply.header("content-type")
        ),
        (Some("7"), Some("no"), Some("text/plain"))
    );
    assert_eq!(reply.headers.get_all("content-type").iter().count(), 1);
}

async fn bytes(zoho: &Zoho, path: &str, body: &Value) -> (u16, Option<String>, Vec<u8>) {
    let url = format!("{}/bigin/v2/{path}", zoho.sandbox.url());
    let request = zoho.http.post(url).json(body);
    let request = request.header("authorization", format!("Zoho-oauthtoken {}", zoho.access));
    let response = request.send().await.unwrap();
    let encoding = response
        .headers()
        .get("content-encoding")
        .map(|value| value.to_str().unwrap().to_owned());
    (
        response.status().as_u16(),
        encoding,
        response.bytes().await.unwrap().to_vec(),
    )
}

fn unpacked(bytes: &[u8]) -> Value {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_record_is_refused_by_its_content_and_its_neighbours_are_written() {
    let zoho = Zoho::start().await;
    let fault = json!({"kind": "records", "code": "NO_PERMISSION", "when": {"text": "Roe"}});
    zoho.faults(json!([{"fault": fault}]));
    let reply = zoho.post("Contacts", people(&["Doe", "Roe", "Poe"])).await;
    assert_eq!(
        (reply.status, reply.codes()),
        (207, vec!["SUCCESS", "NO_PERMISSION", "SUCCESS"])
    );
    let (one, other) = (reply.id(0), reply.id(2));
    zoho.faults(json!([{"fault": {"kind": "records", "code": "RECORD_LOCKED", "when": {"values": {"id": one}}}}]));
    let reply = zoho.delete(&format!("Contacts?ids={one},{other}")).await;
    assert_eq!((reply.status, reply.codes()), (207, vec!["RECORD_LOCKED", "SUCCESS"]));
}

#[tokio::test]
async fn a_full_account_inserts_nothing_and_updates_as_before() {
    let zoho = Zoho::start().await;
    limit(&zoho, json!({"record_limit": 2}));
    let reply = zoho.post("Contacts/upsert", people(&["One", "Two", "Three"])).await;
    assert_eq!(
        (reply.status, reply.codes()),
        (207, vec!["SUCCESS", "SUCCESS", "MAX_RECORDS_LIMIT_REACHED"])
    );
    assert_eq!(zoho.post("Contacts/upsert", people(&["One", "Two"])).await.status, 200);
    assert_eq!(
        zoho.post("Accounts", json!({"data": [{"Account_Name": "Acme"}]}))
            .await
            .code(),
        "MAX_RECORDS_LIMIT_REACHED"
    );
    limit(
        &zoho,
        json!({"record_limit": 2, "over_limit": "call", "over_limit_status": 402}),
    );
    let reply = zoho.post("Contacts", people(&["Four"])).await;
    assert_eq!((reply.status, reply.code()), (402, "MAX_RECORDS_LIMIT_REACHED"));
    assert!(reply.json.get("data").is_none(), "{}", reply.text);
    zoho.delete(&format!(
        "Contacts/{}",
        zoho.sandbox.records("Contacts")[0]["id"].as_str().unwrap()
    ))
    .await;
    assert_eq!(
        zoho.post("Contacts", json!({"data": [{"Last_Name": "Four"}]}))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn what_the_licence_or_a_profile_forbids_is_refused_by_record_or_by_call() {
    let zoho = Zoho::start().await;
    let id = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let other = zoho.insert("Contacts", json!({"Last_Name": "Roe"})).await;
    let update = json!({"data": [{"id": id, "Title": "x"}, {"id": other, "Title": "y"}]});
    limit(
        &zoho,
        json!({"restrictions": [{"code": "NO_PERMISSION", "operations": ["update", "delete"], "ids": [id]}]}),
    );
    let reply = zoho.put("Contacts", update.clone()).await;
    assert_eq!((reply.status, reply.codes()), (207, vec!["NO_PERMISSION", "SUCCESS"]));
    let reply = zoho.delete(&format!("Contacts/{id}")).await;
    assert_eq!((reply.status, reply.code()), (400, "NO_PERMISSION"));
    assert_eq!(zoho.get(&format!("Contacts/{id}")).await.status, 200);
    for (code, answers, status) in [
        ("LICENSE_LIMIT_EXCEEDED", "records", 400),
        ("FEATURE_NOT_SUPPORTED", "call", 403),
        ("ANYTHING_NEW", "call", 402),
    ] {
        let restriction = json!({"code": code, "answers": answers, "status": status, "modules": ["Contacts"]});
        limit(&zoho, json!({"restrictions": [restriction]}));
        let reply = zoho.put("Contacts", update.clone()).await;
        assert_eq!(
            (u64::from(reply.status), reply.code()),
            (status, code),
            "{}",
            reply.text
        );
        assert_eq!(reply.json.get("data").is_some(), answers == "records");
        assert_eq!(zoho.get("Accounts?fields=Phone").await.status, 204, "another module");
    }
    let daily = json!({"code": "API_LIMIT_EXCEEDED", "answers": "call", "status": 402});
    limit(&zoho, json!({"restrictions": [daily]}));
    for path in ["org", "users", "settings/modules", "Accounts?fields=Phone"] {
        let reply = zoho.get(path).await;
        assert_eq!((reply.status, reply.code()), (402, "API_LIMIT_EXCEEDED"), "{path}");
    }
    limit(&zoho, json!({}));
    assert_eq!(zoho.get("org").await.status, 200);
}

#[tokio::test]
async fn a_module_that_may_not_be_read_is_403_and_a_hidden_record_is_nowhere() {
    let zoho = Zoho::start().await;
    let hidden = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let shown = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    zoho.advance(60);
    limit(
        &zoho,
        json!({"restrictions": [{"code": "NO_PERMISSION", "operations": ["read"], "ids": [hidden]}]}),
    );
    let query = json!({"select_query": "select id from Contacts where Last_Name = 'Doe'"});
    for reply in [
        zoho.get("Contacts?fields=Last_Name").await,
        zoho.get("Contacts/search?word=Doe").await,
        zoho.post("coql", query).await,
    ] {
        let ids: Vec<_> = reply.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(ids, [&json!(shown)]);
    }
    assert_eq!(zoho.get(&format!("Contacts/{hidden}")).await.status, 204);
    limit(
        &zoho,
        json!({"restrictions": [{"code": "NO_PERMISSION", "operations": ["read"], "modules": ["Contacts"]}]}),
    );
    let reply = zoho.get("Contacts?fields=Last_Name").await;
    assert_eq!(
        (reply.status, reply.code(), &reply.json["details"]["permissions"][0]),
        (403, "NO_PERMISSION", &json!("Crm_Implied_View_Contacts"))
    );
    assert_eq!(
        zoho.post("Contacts", people(&["Poe"])).await.status,
        201,
        "writing is another matter"
    );
}

#[tokio::test]
async fn a_deactivated_user_is_refused_as_the_switches_say() {
    let zoho = Zoho::start().await;
    let users = zoho.get("users?type=CurrentUser").await;
    let email = users.json["users"][0]["email"].as_str().unwrap().to_owned();
    let user = format!("/console/users/{email}");
    assert_eq!(
        zoho.console("PUT", &user, json!({"active": false}))["status"],
        "deactive"
    );
    let reply = zoho.get("org").await;
    assert_eq!((reply.status, reply.code()), (401, "INACTIVE_USER"));
    assert!(zoho.renew().await.json["access_token"].is_string());
    zoho.console(
        "PUT",
        "/console/settings",
        json!({"inactive_user_status": 403, "inactive_user_code": "USER_INACTIVE", "inactive_user_refreshes": false}),
    );
    let reply = zoho.get("org").await;
    assert_eq!((reply.status, reply.code()), (403, "USER_INACTIVE"));
    assert_eq!(zoho.renew().await.json, json!({"error": "invalid_code"}));
    zoho.console("PUT", &user, json!({"active": true}));
    assert_eq!(zoho.get("org").await.status, 200);
}

#[tokio::test]
async fn fields_change_while_a_program_runs() {
    let zoho = Zoho::start().await;
    let id = zoho
        .insert(
            "Contacts",
            json!({"Last_Name": "Doe", "Nickname": "Jo", "Remarks": "x"}),
        )
        .await;
    let change = |field: &str, change: Value| zoho.console("PUT", &format!("/console/fields/Contacts/{field}"), change);
    change("Nickname", json!({"api_name": "Byname", "length": 2}));
    change("Remarks", json!({"removed": true}));
    change("Title", json!({"mandatory": true}));
    change("Level", json!({"add_picks": ["Platinum"]}));
    let added = json!({"api_name": "Shoe_Size", "data_type": "integer", "label": "Shoe size"});
    assert_eq!(
        zoho.console("POST", "/console/fields/Contacts", added)["custom_field"],
        true
    );
    let record = zoho.record("Contacts", &id).await;
    assert_eq!(
        (
            &record["Byname"],
            record.get("Nickname"),
            record.get("Remarks"),
            &record["Shoe_Size"]
        ),
        (&json!("Jo"), None, None, &Value::Null)
    );
    let write = async |more: Value| {
        let mut record =
            json!({"Last_Name": "Roe", "Title": "Dr", "Shoe_Size": 42, "Nickname": "gone", "Remarks": "gone"});
        record
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        zoho.post("Contacts", json!({"data": [record]})).await
    };
    let reply = write(json!({})).await;
    assert_eq!(reply.code(), "SUCCESS", "{}", reply.text);
    let record = zoho.record("Contacts", &reply.id(0)).await;
    assert_eq!(
        (&record["Shoe_Size"], &record["Byname"]),
        (&json!(42), &Value::Null),
        "silence"
    );
    assert_eq!(write(json!({"Title": null})).await.code(), "MANDATORY_NOT_FOUND");
    assert_eq!(write(json!({"Byname": "Joe"})).await.code(), "INVALID_DATA");
    change("Byname", json!({"length": 3}));
    assert_eq!(write(json!({"Byname": "Joe"})).await.code(), "SUCCESS");
    let fields = zoho.get("settings/fields?module=Contacts").await;
    let level = fields.json["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["api_name"] == "Level")
        .unwrap()
        .clone();
    assert_eq!(level["pick_list_values"][3]["actual_value"], "Platinum");
}

#[tokio::test]
async fn a_rule_changes_a_field_between_two_calls() {
    let zoho = Zoho::start().await;
    zoho.faults(json!([{"when": {"endpoint": "insert"}, "skip": 1, "count": 1,
                        "fault": {"kind": "field", "module": "Contacts", "field": "Title", "change": {"length": 1}}}]));
    let long = json!({"data": [{"Last_Name": "Doe", "Title": "Dr"}]});
    assert_eq!(zoho.post("Contacts", long.clone()).await.status, 201);
    assert_eq!(zoho.post("Contacts", long).await.code(), "INVALID_DATA");
}

#[tokio::test]
async fn read_scopes_of_a_whole_family_read_and_do_not_write() {
    let zoho = Zoho::with_scopes("ZohoBigin.settings.READ,ZohoBigin.modules.READ").await;
    assert_eq!(zoho.get("settings/fields?module=Contacts").await.status, 200);
    assert_eq!(zoho.get("Contacts?fields=Last_Name").await.status, 204);
    let reply = zoho.post("Contacts", people(&["Doe"])).await;
    assert_eq!((reply.status, reply.code()), (401, "OAUTH_SCOPE_MISMATCH"));
    assert_eq!(zoho.get("org").await.status, 401);
}
