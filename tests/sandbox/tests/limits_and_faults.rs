//! Credits, calls in flight, latency, and everything that goes wrong on order.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use support::{SCOPES, Zoho};

fn people(count: usize) -> Value {
    let people: Vec<_> = (0..count)
        .map(|number| json!({"Last_Name": "Doe", "Email": format!("p{number}@x.example")}))
        .collect();
    json!({"data": people})
}

#[tokio::test]
async fn a_call_costs_what_the_contract_says() {
    let zoho = Zoho::start().await;
    let mut before = 0;
    let mut spent = || {
        let now = zoho.sandbox.state()["credits"]["spent"].as_u64().unwrap();
        now - std::mem::replace(&mut before, now)
    };
    for (records, credits) in [(1, 1), (10, 1), (11, 2), (100, 10)] {
        zoho.post("Contacts/upsert", people(records)).await;
        assert_eq!(spent(), credits, "{records} records");
    }
    zoho.get("Contacts?fields=Last_Name").await;
    assert_eq!(spent(), 1);
    zoho.get("Contacts?fields=Last_Name&cvid=1").await;
    assert_eq!(spent(), 3);
    zoho.delete("Contacts?ids=1,2,3").await;
    assert_eq!(spent(), 1);
    zoho.get("settings/fields?module=Contacts").await;
    assert_eq!(spent(), 1);
    zoho.post("Contacts", json!({"data": 5})).await;
    assert_eq!(spent(), 1, "a refused call costs too");
}

#[tokio::test]
async fn without_credits_everything_is_429_until_the_window_moves() {
    let zoho =
        Zoho::with_settings(json!({"credits": 12, "access_token_life_s": 200_000, "credits_header": "half"})).await;
    let reply = zoho.post("Contacts", people(40)).await;
    assert_eq!(
        (reply.status, reply.header("x-api-credits-remaining")),
        (201, None),
        "not half used yet"
    );
    zoho.advance(3600);
    let reply = zoho.get("org").await;
    assert_eq!((reply.status, reply.header("x-api-credits-remaining")), (200, None));
    let reply = zoho.post("Contacts", people(1)).await;
    assert_eq!(reply.header("x-api-credits-remaining"), Some("6"));
    let reply = zoho.post("Contacts", people(100)).await;
    assert_eq!(
        (reply.status, reply.code(), reply.header("retry-after")),
        (429, "TOO_MANY_REQUESTS", None)
    );
    assert_eq!(zoho.get("org").await.status, 200, "what is left may still be spent");
    zoho.advance(23 * 3600);
    assert_eq!(
        zoho.post("Contacts/upsert", people(90)).await.status,
        200,
        "the first four came back"
    );
    zoho.console(
        "PUT",
        "/console/settings",
        json!({"credits": 0, "throttle_code": "RATE_LIMIT_EXCEEDED"}),
    );
    assert_eq!(zoho.get("org").await.code(), "RATE_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn calls_beyond_the_number_in_flight_are_429_and_the_most_is_counted() {
    let zoho = Arc::new(Zoho::with_settings(json!({"concurrency": 3, "latency_ms": 300})).await);
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let zoho = Arc::clone(&zoho);
            tokio::spawn(async move { zoho.get("org").await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let state = zoho.sandbox.state();
    assert!((4..=5).contains(&state["most_in_flight"].as_u64().unwrap()), "{state}");
    assert_eq!(
        (&state["in_flight"], &state["credits"]["spent"]),
        (&json!(0), &json!(3))
    );
}

#[tokio::test]
async fn one_call_after_the_other_is_never_two_in_flight() {
    let zoho = Zoho::start().await;
    for _ in 0..300 {
        assert_eq!(zoho.get("org").await.status, 200);
    }
    assert_eq!(zoho.sandbox.state()["most_in_flight"], 1);
}

#[tokio::test]
async fn waiting_holds_no_lock() {
    let zoho = Arc::new(Zoho::with_settings(json!({"latency_ms": 400})).await);
    let began = Instant::now();
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let zoho = Arc::clone(&zoho);
            tokio::spawn(async move { zoho.get("org").await.status })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(400) && took < Duration::from_millis(1600),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_cut_before_the_commit_writes_nothing_and_one_after_it_writes_all() {
    let zoho = Zoho::start().await;
    let fault = |after_commit: bool, after_bytes: usize| json!([{"path": "/bigin/v2/Contacts/upsert", "count": 1, "fault": {"kind": "cut", "after_commit": after_commit, "after_bytes": after_bytes}}]);
    zoho.faults(fault(false, 0));
    assert!(
        zoho.try_call(Method::POST, "Contacts/upsert", Some(&people(3)))
            .await
            .is_err()
    );
    assert_eq!(zoho.sandbox.state()["records"]["Contacts"], 0);
    zoho.faults(fault(true, 0));
    assert!(
        zoho.try_call(Method::POST, "Contacts/upsert", Some(&people(3)))
            .await
            .is_err()
    );
    assert_eq!(zoho.sandbox.state()["records"]["Contacts"], 3);
    zoho.faults(fault(true, 700));
    assert!(
        zoho.try_call(Method::POST, "Contacts/upsert", Some(&people(5)))
            .await
            .is_err(),
        "in the middle of the answer"
    );
    let state = zoho.sandbox.state();
    assert_eq!(
        (
            &state["records"]["Contacts"],
            &state["calls"]["POST /bigin/v2/Contacts/upsert"]["cut"]
        ),
        (&json!(5), &json!(3))
    );
    assert_eq!(
        zoho.post("Contacts/upsert", people(5)).await.status,
        200,
        "and then all is well"
    );
}

#[tokio::test]
async fn answers_are_replaced_as_ordered() {
    let zoho = Zoho::start().await;
    let upsert = async |fault: Value| {
        zoho.faults(json!([{"count": 1, "fault": fault}]));
        zoho.post("Contacts/upsert", people(1)).await
    };
    let reply = upsert(json!({"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS", "retry_after": 3})).await;
    assert_eq!(
        (reply.status, reply.code(), reply.header("retry-after")),
        (429, "TOO_MANY_REQUESTS", Some("3"))
    );
    let reply = upsert(json!({"kind": "status", "status": 200, "code": "INTERNAL_ERROR"})).await;
    assert_eq!(
        (reply.status, reply.code(), &reply.json["status"]),
        (200, "INTERNAL_ERROR", &json!("error"))
    );
    let reply = upsert(
        json!({"kind": "status", "status": 403, "body": {"data": [{"code": "NO_PERMISSION", "status": "error"}]}}),
    )
    .await;
    assert_eq!((reply.status, reply.code()), (403, "NO_PERMISSION"));
    let reply = upsert(json!({"kind": "html"})).await;
    assert!(reply.status == 503 && reply.header("content-type").unwrap().starts_with("text/html"));
    let reply = upsert(json!({"kind": "garbage"})).await;
    assert_eq!((reply.status, &reply.json), (200, &Value::Null));
    assert_eq!(
        zoho.sandbox.state()["records"]["Contacts"],
        0,
        "none of these was carried out"
    );
    let reply = upsert(json!({"kind": "status", "status": 500, "after_commit": true})).await;
    assert_eq!((reply.status, reply.code()), (500, "INTERNAL_ERROR"));
    assert_eq!(zoho.sandbox.state()["records"]["Contacts"], 1);
    let faults = zoho.console("GET", "/console/faults", Value::Null);
    assert_eq!(
        (&faults["rules"][0]["matched"], &faults["rules"][0]["struck"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn records_fail_as_ordered_under_the_ordered_status() {
    let zoho = Zoho::start().await;
    zoho.faults(json!([
        {"fault": {"kind": "records", "every": 3, "code": "RECORD_LOCKED", "message": "locked", "details": {"x": 1}}},
        {"fault": {"kind": "mixed_status", "status": 202}},
    ]));
    let reply = zoho.post("Contacts", people(6)).await;
    assert_eq!(reply.status, 202);
    assert_eq!(
        reply.codes(),
        [
            "SUCCESS",
            "SUCCESS",
            "RECORD_LOCKED",
            "SUCCESS",
            "SUCCESS",
            "RECORD_LOCKED"
        ]
    );
    assert_eq!(reply.json["data"][2]["details"], json!({"x": 1}));
    assert_eq!(
        zoho.sandbox.state()["writes"]["Contacts"],
        json!({"inserted": 4, "updated": 0, "deleted": 0, "rejected": 2})
    );
}

#[tokio::test]
async fn tokens_are_revoked_in_the_middle() {
    let zoho = Zoho::start().await;
    zoho.faults(json!([{"path": "/bigin/*", "skip": 1, "count": 1, "fault": {"kind": "revoke_token"}}]));
    assert_eq!(zoho.get("org").await.status, 200);
    assert_eq!(zoho.get("org").await.code(), "INVALID_TOKEN");
    assert_eq!(zoho.get("org").await.code(), "INVALID_TOKEN");
    assert!(
        zoho.renew().await.json["access_token"].is_string(),
        "the refresh token lives"
    );
    zoho.faults(json!([{"path": "/oauth/v2/token", "fault": {"kind": "revoke_token"}}]));
    assert_eq!(zoho.renew().await.json["error"], "invalid_code");
}

#[tokio::test]
async fn the_accounts_server_fails_in_its_own_words() {
    let zoho = Zoho::start().await;
    let renew = async |fault: Value| {
        zoho.faults(json!([{"path": "/oauth/v2/token", "fault": fault}]));
        zoho.renew().await
    };
    let reply = renew(json!({"kind": "status", "status": 200, "code": "general_error"})).await;
    assert_eq!((reply.status, &reply.json), (200, &json!({"error": "general_error"})));
    let reply = renew(json!({"kind": "status", "status": 400, "code": "Access Denied"})).await;
    assert_eq!(
        (reply.status, &reply.json["error"], &reply.json["status"]),
        (400, &json!("Access Denied"), &json!("failure"))
    );
    let reply = renew(json!({"kind": "html", "status": 502})).await;
    assert_eq!(reply.status, 502);
    assert_eq!(zoho.sandbox.state()["tokens"]["refreshed"], 0);
}

#[tokio::test]
async fn a_slow_call_is_slow_before_or_after_its_commit() {
    let zoho = Arc::new(Zoho::start().await);
    for (after_commit, written_meanwhile) in [(false, 0), (true, 1)] {
        zoho.console("POST", "/console/reset", json!({"counters_only": true}));
        zoho.faults(
            json!([{"method": "POST", "fault": {"kind": "latency", "ms": 1500, "after_commit": after_commit}}]),
        );
        let call = tokio::spawn({
            let zoho = Arc::clone(&zoho);
            async move { zoho.post("Contacts/upsert", people(1)).await.status }
        });
        let deadline = Instant::now() + Duration::from_secs(5);
        while zoho.console("GET", "/console/faults", Value::Null)["rules"][0]["matched"] == 0 {
            assert!(Instant::now() < deadline, "the call never arrived");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let writes = || zoho.sandbox.state()["writes"]["Contacts"].clone();
        let written = writes()["inserted"].as_u64().unwrap() + writes()["updated"].as_u64().unwrap();
        // The commit follows the match within the same moment, or comes a second and a half later.
        let settled = if after_commit {
            wait_for_write(&zoho).await
        } else {
            written
        };
        assert_eq!(settled, written_meanwhile);
        assert_eq!(zoho.sandbox.state()["in_flight"], 1);
        assert_eq!(call.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_call_is_carried_out_halfway_through_its_latency() {
    let zoho = Arc::new(Zoho::with_settings(json!({"latency_ms": 3000})).await);
    let began = Instant::now();
    let call = tokio::spawn({
        let zoho = Arc::clone(&zoho);
        async move { zoho.post("Contacts/upsert", people(1)).await.status }
    });
    while zoho.sandbox.state()["writes"]["Contacts"]["inserted"] != 1 {
        assert!(!call.is_finished(), "answered without a write");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(began.elapsed() >= Duration::from_millis(1500));
    // As long again, less what it took to see the write.
    let written = Instant::now();
    assert_eq!(call.await.unwrap(), 200);
    assert!(written.elapsed() >= Duration::from_millis(500));
    assert!(began.elapsed() >= Duration::from_secs(3));
}

async fn wait_for_write(zoho: &Zoho) -> u64 {
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        let writes = &zoho.sandbox.state()["writes"]["Contacts"];
        let written = writes["inserted"].as_u64().unwrap() + writes["updated"].as_u64().unwrap();
        if written > 0 || Instant::now() > deadline {
            return written;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_is_no_longer_in_flight() {
    let zoho = Zoho::with_settings(json!({"latency_ms": 60_000})).await;
    let url = format!("{}/bigin/v2/org", zoho.sandbox.url());
    let request = zoho
        .http
        .get(url)
        .header("authorization", format!("Zoho-oauthtoken {}", zoho.access));
    assert!(request.timeout(Duration::from_millis(200)).send().await.is_err());
    let deadline = Instant::now() + Duration::from_secs(5);
    while zoho.sandbox.state()["in_flight"] != 0 {
        assert!(Instant::now() < deadline, "still in flight");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(zoho.sandbox.state()["calls"]["GET /bigin/v2/org"]["abandoned"], 1);
}

#[tokio::test]
async fn the_console_speaks_http_and_refuses_what_it_does_not_know() {
    let zoho = Zoho::start().await;
    let url = |path: &str| format!("{}/console/{path}", zoho.sandbox.url());
    zoho.insert("Contacts", json!({"Last_Name": "A"})).await;
    zoho.insert("Contacts", json!({"Last_Name": "B"})).await;
    let records = zoho
        .http
        .get(url("records/Contacts"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let names: Vec<_> = records
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["Last_Name"].clone())
        .collect();
    assert_eq!(names, ["A", "B"]);
    for (path, body) in [
        ("faults", json!({"rules": [{"fault": {"kind": "html"}, "oftn": 1}]})),
        ("settings", json!({"latency": 1})),
        ("clock", json!({"advance": 1})),
        ("fields/Contacts/Nothing", json!({"unique": true})),
    ] {
        let reply = zoho.http.put(url(path)).json(&body).send().await.unwrap();
        assert_eq!(reply.status(), 400, "{path}");
        assert!(reply.json::<Value>().await.unwrap()["error"].is_string(), "{path}");
    }
    let calls = zoho.http.get(url("calls")).send().await.unwrap().text().await.unwrap();
    assert_eq!(calls.lines().count(), 3);
    assert_eq!(zoho.http.post(url("reset")).send().await.unwrap().status(), 200);
    let state = zoho
        .http
        .get(url("state"))
        .send()
        .await
        .unwrap()
        .json::<Value>()
        .await
        .unwrap();
    assert_eq!(
        (&state["calls_total"], &state["records"]["Contacts"], &state["clients"]),
        (&json!(0), &json!(0), &json!([]))
    );
    assert!(
        zoho.sandbox.code(&zoho.keys.client_id, SCOPES)["error"].is_string(),
        "the client is gone"
    );
}

#[tokio::test]
async fn a_hundred_thousand_records_are_no_burden() {
    let zoho = Zoho::with_settings(json!({"credits": 1_000_000})).await;
    let began = Instant::now();
    for call in 0..1_000 {
        let some: Vec<_> = (0..100)
            .map(
                |number| json!({"Last_Name": "Doe", "Email": format!("p{call}-{number}@x.example"), "Title": "Roofer"}),
            )
            .collect();
        assert_eq!(zoho.post("Contacts/upsert", json!({"data": some})).await.status, 200);
    }
    let each = began.elapsed() / 1_000;
    assert_eq!(zoho.sandbox.state()["records"]["Contacts"], 100_000);
    // Far above what it takes, far below what a scan for each record would take.
    assert!(each < Duration::from_millis(100), "{each:?} a call");
    let began = Instant::now();
    assert_eq!(
        zoho.post(
            "coql",
            json!({"select_query": "select id from Contacts where Email in ('p999-99@x.example')"})
        )
        .await
        .json["info"]["count"],
        1
    );
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_stopped_sandbox_answers_nobody_on_old_connections_either() {
    let zoho = Zoho::start().await;
    assert_eq!(zoho.get("org").await.status, 200);
    let Zoho {
        sandbox, http, access, ..
    } = zoho;
    let url = format!("{}/bigin/v2/org", sandbox.url());
    sandbox.stop().await;
    let request = http
        .get(url)
        .header("authorization", format!("Zoho-oauthtoken {access}"));
    assert!(request.send().await.is_err());
}
