//! What a program that reads changes leans on: switches of the list, page tokens, deleted records, COQL windows, large
//! modules.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Reply, Zoho};

fn generate(zoho: &Zoho, pattern: Value) {
    let answer = zoho.console("POST", "/console/generate/Contacts", pattern);
    assert!(answer["first_id"].is_string(), "{answer}");
}

fn names(reply: &Reply) -> Vec<&str> {
    let data = reply.json["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    data.iter().map(|one| one["Last_Name"].as_str().unwrap()).collect()
}

fn ids(reply: &Reply) -> Vec<String> {
    let data = reply.json["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    data.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn query(zoho: &Zoho, condition: &str) -> Reply {
    let query = format!("select id, Modified_Time from Contacts where {condition} limit 200");
    zoho.post("coql", json!({"select_query": query})).await
}

#[tokio::test]
async fn ids_and_if_modified_since_do_what_the_switches_say() {
    let zoho = Zoho::start().await;
    let old = zoho.insert("Contacts", json!({"Last_Name": "Old"})).await;
    zoho.advance(3600);
    let since = zoho.sandbox.state()["now"].as_str().unwrap().to_owned();
    zoho.advance(3600);
    zoho.renew().await;
    let mut zoho = zoho;
    zoho.renew().await.json["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut zoho.access);
    zoho.insert("Contacts", json!({"Last_Name": "New"})).await;
    let later = async || {
        zoho.get_with("Contacts?fields=Last_Name", "if-modified-since", &since)
            .await
    };
    let chosen = format!("Contacts?fields=Last_Name&ids={old},1");
    assert_eq!(names(&later().await), ["New"]);
    assert_eq!(names(&zoho.get(&chosen).await), ["Old"]);
    zoho.set(json!({"list_if_modified_since": "ignored", "list_ids": "ignored"}));
    assert_eq!(names(&later().await), ["New", "Old"]);
    assert_eq!(names(&zoho.get(&chosen).await), ["New", "Old"]);
    zoho.set(json!({"list_if_modified_since": "refused", "list_ids": "refused"}));
    for reply in [later().await, zoho.get(&chosen).await] {
        assert_eq!((reply.status, reply.code()), (400, "INVALID_REQUEST"));
    }
    assert_eq!(zoho.get("Contacts?fields=Last_Name").await.status, 200);
    zoho.set(json!({"list_ids": "honoured"}));
    let many: Vec<_> = (0..101).map(|number| number.to_string()).collect();
    let reply = zoho
        .get(&format!("Contacts?fields=Last_Name&ids={}", many.join(",")))
        .await;
    assert_eq!(reply.code(), "LIMIT_EXCEEDED");
}

/// Reads five records by pages of two; the last of the first page is deleted before the second is asked for.
async fn read_while_one_is_deleted(kind: &str) -> Vec<String> {
    let zoho = Zoho::with_settings(json!({"page_tokens": kind})).await;
    generate(&zoho, json!({"count": 5, "record": {"Last_Name": "N{n}"}}));
    let mut path = "Contacts?fields=Last_Name&sort_order=asc&per_page=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let reply = zoho.get(&path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        seen.extend(names(&reply).into_iter().map(str::to_owned));
        if seen.len() == 2 {
            zoho.delete(&format!("Contacts/{}", ids(&reply)[1])).await;
            let third = &zoho.sandbox.records("Contacts")[1];
            zoho.put(
                "Contacts",
                json!({"data": [{"id": third["id"], "Last_Name": "N3 changed"}]}),
            )
            .await;
        }
        let Some(token) = reply.json["info"]["next_page_token"].as_str() else {
            break;
        };
        path = format!("Contacts?fields=Last_Name&sort_order=asc&page_token={token}");
    }
    seen
}

#[tokio::test]
async fn a_page_token_stands_for_a_record_a_number_or_a_list_of_its_time() {
    assert_eq!(
        read_while_one_is_deleted("keyset").await,
        ["N1", "N2", "N3 changed", "N4", "N5"]
    );
    assert_eq!(
        read_while_one_is_deleted("offset").await,
        ["N1", "N2", "N4", "N5"],
        "one was shifted away"
    );
    assert_eq!(
        read_while_one_is_deleted("snapshot").await,
        ["N1", "N2", "N3 changed", "N4", "N5"]
    );
}

#[tokio::test]
async fn a_snapshot_shows_nothing_that_came_later_and_leaves_no_gap_for_what_went() {
    let zoho = Zoho::with_settings(json!({"page_tokens": "snapshot", "page_token_life_s": 60})).await;
    generate(&zoho, json!({"count": 6, "record": {"Last_Name": "N{n}"}}));
    let first = zoho.get("Contacts?fields=Last_Name&sort_order=asc&per_page=2").await;
    let all = zoho.sandbox.records("Contacts");
    zoho.delete(&format!(
        "Contacts?ids={},{}",
        all[2]["id"].as_str().unwrap(),
        all[3]["id"].as_str().unwrap()
    ))
    .await;
    zoho.insert("Contacts", json!({"Last_Name": "Newcomer"})).await;
    let token = first.json["info"]["next_page_token"].as_str().unwrap();
    let path = format!("Contacts?fields=Last_Name&sort_order=asc&page_token={token}");
    let second = zoho.get(&path).await;
    assert_eq!(
        (names(&second), &second.json["info"]["more_records"]),
        (vec!["N5", "N6"], &json!(false))
    );
    zoho.advance(61);
    assert_eq!(zoho.get(&path).await.code(), "EXPIRED_VALUE");
}

#[tokio::test]
async fn deleted_records_are_listed_latest_first_with_what_has_become_of_them() {
    let zoho = Zoho::with_settings(json!({"access_token_life_s": 100_000_000})).await;
    generate(
        &zoho,
        json!({"count": 5, "record": {"First_Name": "Ann", "Last_Name": "N{n}"}}),
    );
    let all = zoho.sandbox.records("Contacts");
    let id = |at: usize| all[at]["id"].as_str().unwrap().to_owned();
    zoho.delete(&format!("Contacts?ids={},{}", id(0), id(1))).await;
    zoho.advance(10);
    let since = zoho.sandbox.state()["now"].as_str().unwrap().to_owned();
    zoho.advance(10);
    zoho.delete(&format!("Contacts/{}", id(2))).await;
    let reply = zoho.get("Contacts/deleted?type=all").await;
    assert_eq!(ids(&reply), [id(2), id(1), id(0)]);
    let one = &reply.json["data"][0];
    assert_eq!(
        (
            &one["display_name"],
            &one["type"],
            &one["deleted_by"]["name"],
            one["deleted_time"].is_string()
        ),
        (&json!("Ann N3"), &json!("recycle"), &json!("Ann Admin"), true)
    );
    let page = zoho.get("Contacts/deleted?type=recycle&page=2&per_page=2").await;
    assert_eq!(
        (ids(&page), &page.json["info"]),
        (
            vec![id(0)],
            &json!({"per_page": 2, "count": 1, "page": 2, "more_records": false})
        )
    );
    assert_eq!(zoho.get("Contacts/deleted?type=permanent").await.status, 204);
    assert_eq!(zoho.get("Contacts/deleted?type=gone").await.status, 400);
    let later = async || zoho.get_with("Contacts/deleted", "if-modified-since", &since).await;
    assert_eq!(ids(&later().await), [id(2)]);
    zoho.set(json!({"deleted_if_modified_since": "ignored", "deleted_reach": 2}));
    assert_eq!(ids(&later().await).len(), 3);
    let reply = zoho.get("Contacts/deleted?page=2&per_page=2").await;
    assert_eq!(
        (reply.status, reply.code()),
        (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
    );
    let answer = zoho.console("POST", "/console/recycle-bin/Contacts/purge", json!({"ids": [id(0)]}));
    assert_eq!(answer, json!({"purged": 1}));
    let reply = zoho.get("Contacts/deleted?type=permanent").await;
    let one = &reply.json["data"][0];
    assert_eq!(
        (&one["id"], &one["display_name"], &one["deleted_by"], &one["created_by"]),
        (&json!(id(0)), &Value::Null, &Value::Null, &Value::Null)
    );
    zoho.advance(60 * 86_400);
    assert_eq!(ids(&zoho.get("Contacts/deleted?type=permanent").await).len(), 3);
    zoho.advance(60 * 86_400);
    assert_eq!(zoho.get("Contacts/deleted").await.status, 204);
}

#[tokio::test]
async fn a_record_comes_back_from_the_bin_as_it_was_with_the_time_it_had() {
    let zoho = Zoho::start().await;
    let id = zoho
        .insert(
            "Contacts",
            json!({"Last_Name": "Doe", "Email": "doe@x.example", "Tag": [{"name": "VIP"}]}),
        )
        .await;
    let before = zoho.record("Contacts", &id).await;
    zoho.advance(60);
    zoho.delete(&format!("Contacts/{id}")).await;
    assert!(
        zoho.console("GET", "/console/recycle-bin/Contacts", Value::Null)
            .as_str()
            .unwrap()
            .contains(&id)
    );
    let restore = |body| zoho.console("POST", "/console/recycle-bin/Contacts/restore", body);
    assert_eq!(restore(json!({"ids": [id]})), json!({"restored": 1}));
    assert_eq!(zoho.record("Contacts", &id).await, before);
    assert_eq!(zoho.get("Contacts/deleted").await.status, 204);
    let again = zoho
        .post(
            "Contacts",
            json!({"data": [{"Last_Name": "Roe", "Email": "DOE@x.example"}]}),
        )
        .await;
    assert_eq!(again.code(), "DUPLICATE_DATA", "it is in the index again");
    zoho.delete(&format!("Contacts/{id}")).await;
    assert_eq!(restore(json!({"touch": true})), json!({"restored": 1}));
    assert_ne!(
        zoho.record("Contacts", &id).await["Modified_Time"],
        before["Modified_Time"]
    );
}

#[tokio::test]
async fn every_answer_tells_the_time_of_the_sandbox() {
    let zoho = Zoho::start().await;
    zoho.advance(400 * 86_400);
    let reply = zoho.renew().await;
    let date = reply.header("date").unwrap();
    assert_eq!(reply.headers.get_all("date").iter().count(), 1);
    let now = zoho.sandbox.state()["now"].as_str().unwrap()[..4].to_owned();
    assert!(date.ends_with(" GMT") && date.contains(&now), "{date} {now}");
    let machine = zoho.get("org").await;
    assert_eq!(machine.status, 401, "the token is long dead");
    assert!(machine.header("date").unwrap().contains(&now));
}

#[tokio::test]
async fn the_organisation_is_described_key_by_key_as_recorded() {
    let zoho = Zoho::start().await;
    let reply = zoho.get("org").await;
    let recorded = [
        "country",
        "hierarchy_preferences",
        "photo_id",
        "city",
        "description",
        "mc_status",
        "gapps_enabled",
        "lite_users_enabled",
        "domain_name",
        "translation_enabled",
        "street",
        "alias",
        "currency",
        "deletable_org_account",
        "id",
        "state",
        "fax",
        "employee_count",
        "zip",
        "website",
        "currency_symbol",
        "mobile",
        "currency_locale",
        "primary_zuid",
        "zia_portal_id",
        "time_zone",
        "zgid",
        "country_code",
        "license_details",
        "phone",
        "company_name",
        "privacy_settings",
        "primary_email",
        "hipaa_compliance_enabled",
        "iso_code",
    ];
    let at = |name: &str| {
        reply
            .text
            .find(&format!("\"{name}\":"))
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert!(recorded.map(at).is_sorted(), "{}", reply.text);
    assert_eq!(reply.json["org"][0].as_object().unwrap().len(), recorded.len());
    let licence = |reply: &Reply| reply.json["org"][0]["license_details"].clone();
    assert_eq!(
        licence(&reply).as_object().unwrap().keys().collect::<Vec<_>>(),
        [
            "paid",
            "paid_expiry",
            "paid_type",
            "portal_users_license_purchased",
            "trial_expiry",
            "trial_type",
            "users_license_purchased"
        ]
    );
    zoho.set(json!({"trial": true, "users_licensed": 20}));
    let trial = licence(&zoho.get("org").await);
    assert_eq!(
        (
            &trial["paid"],
            &trial["paid_type"],
            &trial["trial_type"],
            &trial["users_license_purchased"]
        ),
        (&json!(false), &json!("free"), &json!("biginpremier"), &json!(20))
    );
    assert_eq!(
        zoho.sandbox.state()["credits"]["limit"],
        55_000,
        "a trial counts as what is tried"
    );
}

#[tokio::test]
async fn windows_of_time_with_an_id_inside_go_through_everything_once() {
    let zoho = Zoho::start().await;
    let from = "2026-03-29T00:59:58Z";
    generate(
        &zoho,
        json!({"count": 700, "record": {"Last_Name": "N{n}"}, "modified_from": from, "step_ms": 5}),
    );
    generate(&zoho, json!({"count": 50, "record": {"Last_Name": "Later"}}));
    let (mut seen, mut last) = (Vec::new(), "0".to_owned());
    loop {
        let window = "(Modified_Time >= '2026-03-29T01:59:58+01:00' and Modified_Time < '2026-03-29T04:00:01+03:00')";
        let reply = query(&zoho, &format!("({window} and id > '{last}')")).await;
        if reply.status == 204 {
            break;
        }
        let page = ids(&reply);
        assert!(page.is_sorted() && page.len() <= 200);
        last = page.last().unwrap().clone();
        seen.extend(page);
    }
    let expected = 600;
    assert_eq!(
        (seen.len(), seen.is_sorted()),
        (expected, true),
        "200 a second, the end not included"
    );
    let unquoted = query(&zoho, &format!("id > {}", seen[0])).await;
    assert_eq!(ids(&unquoted)[0], seen[1], "19 digits are compared digit by digit");
    assert_eq!(query(&zoho, "(id > '5' and id < '4')").await.status, 204);
    let none = "(Modified_Time > '2026-03-29T04:00:01+03:00' and Modified_Time < '2026-03-29T04:00:01+03:00')";
    assert_eq!(query(&zoho, none).await.status, 204);
}

#[tokio::test]
async fn what_a_query_cannot_have_is_refused() {
    let zoho = Zoho::start().await;
    for field in ["Description", "Tag", "Remarks", "Contract"] {
        let query = format!("select {field} from Contacts where id > '1'");
        let reply = zoho.post("coql", json!({"select_query": query})).await;
        assert_eq!((reply.status, reply.code()), (400, "INVALID_QUERY"), "{field}");
    }
}

#[tokio::test]
async fn a_query_is_ordered_by_as_many_columns_as_the_switch_allows() {
    let zoho = Zoho::start().await;
    generate(
        &zoho,
        json!({"count": 3, "record": {"Last_Name": "N{n}"}, "modified_from": "2026-01-01T00:00:00Z"}),
    );
    let query =
        json!({"select_query": "select Last_Name from Contacts where id > '0' order by Modified_Time asc, id desc"});
    assert_eq!(zoho.post("coql", query.clone()).await.code(), "LIMIT_EXCEEDED");
    zoho.set(json!({"coql_order_columns": 2}));
    assert_eq!(names(&zoho.post("coql", query).await), ["N3", "N2", "N1"]);
}

#[tokio::test]
async fn whole_seconds_are_compared_as_they_are_shown() {
    let zoho = Zoho::with_settings(json!({"whole_seconds": true})).await;
    let id = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let shown = zoho.record("Contacts", &id).await["Modified_Time"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(query(&zoho, &format!("Modified_Time = '{shown}'")).await.status, 200);
    assert_eq!(query(&zoho, &format!("Modified_Time > '{shown}'")).await.status, 204);
}

#[tokio::test]
async fn a_page_of_a_large_module_costs_what_a_page_of_a_small_one_does() {
    let zoho = Zoho::with_settings(json!({"credits": 1_000_000})).await;
    generate(
        &zoho,
        json!({"count": 30_000, "record": {"Last_Name": "N{n}"}, "modified_from": "2026-01-01T00:00:00Z", "step_ms": 1000}),
    );
    let all = zoho.sandbox.state()["records"]["Contacts"].clone();
    assert_eq!(all, 30_000);
    let began = Instant::now();
    for round in 0..20 {
        let token =
            zoho.get("Contacts?fields=Last_Name&sort_by=Modified_Time").await.json["info"]["next_page_token"].clone();
        let next = format!(
            "Contacts?fields=Last_Name&sort_by=Modified_Time&page_token={}",
            token.as_str().unwrap()
        );
        assert_eq!(zoho.get(&next).await.json["info"]["count"], 200);
        let since = format!("2026-01-01T0{}:00:00Z", 1 + round % 8);
        let window = format!("((Modified_Time >= '{since}' and Modified_Time < '2026-01-01T10:00:00Z') and id > '0')");
        assert_eq!(ids(&query(&zoho, &window).await).len(), 200);
        assert_eq!(
            query(
                &zoho,
                "((Modified_Time >= '2025-01-01T00:00:00Z' and Modified_Time < '2027-01-01T10:00:00Z') and id > '0')"
            )
            .await
            .json["info"]["count"],
            200
        );
    }
    // 80 pages; looking at every record for each takes ten times as long.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
