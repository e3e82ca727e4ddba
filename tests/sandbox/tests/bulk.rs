//! Bulk read and bulk write: uploads, jobs over time, results, limits.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use std::io::Read;

use axum::Router;
use axum::routing::post;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use support::{Reply, Zoho};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

/// An archive with files that are stored as they are.
fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    let length = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    for (name, text) in files {
        let mut crc = Crc::new();
        crc.update(text.as_bytes());
        let mut about = vec![10, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        about.extend(crc.sum().to_le_bytes());
        about.extend([length(text.len()), length(text.len()), length(name.len())].concat());
        let at = archive.len();
        archive.extend([b"PK\x03\x04", about.as_slice(), name.as_bytes(), text.as_bytes()].concat());
        directory.extend(
            [
                b"PK\x01\x02\x14\x00",
                about.as_slice(),
                &[0; 10],
                &length(at),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let begins = archive.len();
    archive.extend(&directory);
    archive.extend([b"PK\x05\x06\0\0\0\0", count.as_slice(), &count].concat());
    archive.extend([length(directory.len()), length(begins)].concat());
    archive.extend([0, 0]);
    archive
}

/// The rows of the only file of an archive, cells apart.
fn unzip(archive: &[u8]) -> Vec<Vec<String>> {
    let short = |at: usize| usize::from(u16::from_le_bytes([archive[at], archive[at + 1]]));
    assert_eq!(&archive[..4], b"PK\x03\x04");
    let mut text = String::new();
    DeflateDecoder::new(&archive[30 + short(26) + short(28)..])
        .read_to_string(&mut text)
        .unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

async fn start(settings: Value) -> Zoho {
    let mut all = json!({"access_token_life_s": 100_000_000, "bulk_write_s": 60, "bulk_read_s": 60});
    all.as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    Zoho::with_settings(all).await
}

async fn post_file(zoho: &Zoho, bytes: Vec<u8>, with_headers: bool) -> Reply {
    let part = Part::bytes(bytes)
        .file_name("rows.zip")
        .mime_str("application/zip")
        .unwrap();
    let mut request = zoho
        .http
        .post(format!("{}/bigin/v2/upload", zoho.sandbox.url()))
        .multipart(Form::new().part("file", part))
        .header("authorization", format!("Zoho-oauthtoken {}", zoho.access));
    if with_headers {
        let zgid = zoho.sandbox.state()["organisations"][0]["zgid"]
            .as_str()
            .unwrap()
            .to_owned();
        request = request.header("feature", "bulk-write").header("x-crm-org", zgid);
    }
    Reply::read(request.send().await.unwrap()).await
}

/// Uploads a CSV; gives the id of the file.
async fn upload(zoho: &Zoho, csv: &str) -> String {
    let reply = post_file(zoho, zip(&[("rows.csv", csv)]), true).await;
    assert_eq!(
        (reply.status, &reply.json["code"], &reply.json["message"]),
        (200, &json!("FILE_UPLOAD_SUCCESS"), &json!("file uploaded."))
    );
    reply.json["details"]["file_id"].as_str().unwrap().to_owned()
}

async fn bulk(zoho: &Zoho, method: Method, path: &str, body: Option<&Value>) -> Reply {
    let url = format!("{}/bigin/bulk/v2/{path}", zoho.sandbox.url());
    let mut request = zoho.http.request(method, url);
    request = request.header("authorization", format!("Zoho-oauthtoken {}", zoho.access));
    if let Some(body) = body {
        request = request.json(body);
    }
    Reply::read(request.send().await.unwrap()).await
}

/// Makes a job of an operation on Contacts by e-mail address.
async fn write(zoho: &Zoho, file: &str, operation: &str, more: Value) -> Reply {
    let mut resource = json!({"type": "data", "module": "Contacts", "file_id": file, "find_by": "Email",
        "field_mappings": [{"api_name": "Last_Name", "index": 0}, {"api_name": "Email", "index": 1},
                           {"api_name": "Newsletter", "index": 2}, {"api_name": "Score", "index": 3}]});
    resource
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let body = json!({"operation": operation, "resource": [resource]});
    bulk(zoho, Method::POST, "write", Some(&body)).await
}

fn id(reply: &Reply) -> String {
    let id = reply
        .json
        .pointer("/details/id")
        .or_else(|| reply.json.pointer("/data/0/details/id"));
    id.and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{}", reply.text))
        .to_owned()
}

async fn download(zoho: &Zoho, url: &str) -> (u16, Vec<u8>) {
    let url = if url.starts_with('/') {
        format!("{}{url}", zoho.sandbox.url())
    } else {
        url.to_owned()
    };
    let request = zoho
        .http
        .get(url)
        .header("authorization", format!("Zoho-oauthtoken {}", zoho.access));
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

const ROWS: &str = "Name,Mail,News,Points\nDoe,doe@x.example,true,1.5\nRoe,roe@x.example,no,2\n,poe@x.example,,\n";

#[tokio::test]
async fn a_file_is_upserted_over_time_and_every_row_is_answered() {
    let zoho = start(json!({})).await;
    zoho.insert(
        "Contacts",
        json!({"Last_Name": "Old", "Email": "DOE@x.example", "Nickname": "Jo"}),
    )
    .await;
    let spent = || zoho.sandbox.state()["credits"]["spent"].as_u64().unwrap();
    let before = spent();
    let file = upload(&zoho, ROWS).await;
    assert_eq!(spent() - before, 1);
    let made = write(&zoho, &file, "upsert", json!({})).await;
    assert_eq!(
        (
            made.status,
            &made.json["code"],
            &made.json["details"]["created_by"]["name"]
        ),
        (201, &json!("SUCCESS"), &json!("Ann Admin"))
    );
    assert_eq!(spent() - before, 501);
    let path = format!("write/{}", id(&made));
    let state = async || bulk(&zoho, Method::GET, &path, None).await;
    assert_eq!(state().await.json["status"], "ADDED");
    zoho.advance(30);
    let going = state().await;
    assert_eq!(
        (
            &going.json["status"],
            going.json.get("result"),
            &going.json["resource"][0]["file"]["total_count"]
        ),
        (&json!("IN PROGRESS"), None, &json!(0))
    );
    zoho.advance(30);
    let done = state().await;
    let file = &done.json["resource"][0]["file"];
    assert_eq!(
        (&done.json["status"], file),
        (
            &json!("COMPLETED"),
            &json!({"status": "COMPLETED", "name": "rows.csv", "added_count": 0, "skipped_count": 2,
                                      "updated_count": 1, "total_count": 3})
        )
    );
    assert_eq!(done.json["resource"][0]["module"], "Contacts");
    let url = done.json["result"]["download_url"].as_str().unwrap();
    let (status, archive) = download(&zoho, url).await;
    let updated = zoho.sandbox.records("Contacts")[0].clone();
    let id_of_it = updated["id"].as_str().unwrap();
    assert_eq!(status, 200);
    assert_eq!(
        unzip(&archive),
        [
            vec!["Name", "Mail", "News", "STATUS", "RECORD_ID", "ERRORS"],
            vec!["Doe", "doe@x.example", "true", "updated", id_of_it, ""],
            vec!["Roe", "roe@x.example", "no", "skipped", "", "INVALID_DATA-Newsletter"],
            vec!["", "poe@x.example", "", "skipped", "", "MANDATORY_NOT_FOUND-Last_Name"],
        ]
    );
    assert_eq!(
        (
            &updated["Last_Name"],
            &updated["Newsletter"],
            &updated["Score"],
            &updated["Nickname"]
        ),
        (&json!("Doe"), &json!(true), &json!(1.5), &json!("Jo"))
    );
    let state = zoho.sandbox.state();
    assert_eq!(
        (&state["writes"]["Contacts"], &state["organisations"][0]["bulk_writes"]),
        (
            &json!({"inserted": 1, "updated": 1, "deleted": 0, "rejected": 2}),
            &json!({"made": 1, "open": 0})
        )
    );
    assert_eq!(state["calls"]["GET /bigin/bulk/v2/write/{id}"]["200"], 3);
    assert_eq!(state["calls"]["GET /v2/crm/{id}/bulk-write/{id}/{id}.zip"]["200"], 1);
    zoho.advance(7 * 86_400);
    assert_eq!(download(&zoho, url).await.0, 404, "kept for a week");
}

#[tokio::test]
async fn inserts_and_updates_do_what_their_rows_say() {
    let zoho = start(json!({"bulk_write_s": 0})).await;
    let company = zoho.insert("Accounts", json!({"Account_Name": "Acme"})).await;
    let rows = "Last_Name;Email;Account_Name.Account_Name;Birthday;Interests;Unknown\r\n\
                Doe;doe@x.example;acme;31/12/1980;Solar;x\r\nRoe;doe@x.example;acme;;;\r\nPoe;;Nobody Ltd.;;;\r\n";
    let file = upload(&zoho, rows).await;
    let by_header =
        json!({"operation": "insert", "resource": [{"type": "data", "module": "Contacts", "file_id": file}]});
    let made = bulk(&zoho, Method::POST, "write", Some(&by_header)).await;
    let done = bulk(&zoho, Method::GET, &format!("write/{}", id(&made)), None).await;
    let (_, archive) = download(&zoho, done.json["result"]["download_url"].as_str().unwrap()).await;
    let errors: Vec<_> = unzip(&archive).iter().skip(1).map(|row| row[5].clone()).collect();
    assert_eq!(errors[0], "INVALID_DATA-Birthday", "a form that was not named");
    assert_eq!(errors[2], "INVALID_DATA-Account_Name");
    assert_eq!(errors[1], "");
    let mappings = json!([{"api_name": "Email", "index": 1}, {"api_name": "Birthday", "index": 3, "format": "dd/MM/yyyy"},
                          {"api_name": "Interests", "index": 4, "default_value": {"value": "Roofing;Heating"}}]);
    let file = upload(&zoho, rows).await;
    let made = write(
        &zoho,
        &file,
        "update",
        json!({"field_mappings": mappings, "ignore_empty": true}),
    )
    .await;
    let done = bulk(&zoho, Method::GET, &format!("write/{}", id(&made)), None).await;
    assert_eq!(
        (
            &done.json["resource"][0]["file"]["updated_count"],
            &done.json["resource"][0]["file"]["skipped_count"]
        ),
        (&json!(2), &json!(1)),
        "{}",
        done.text
    );
    let record = &zoho.sandbox.records("Contacts")[0];
    assert_eq!(
        (
            &record["Last_Name"],
            &record["Birthday"],
            &record["Interests"],
            &record["Account_Name"]["id"]
        ),
        (
            &json!("Roe"),
            &json!("1980-12-31"),
            &json!(["Roofing", "Heating"]),
            &json!(company)
        ),
        "the later row, whose empty cell was ignored"
    );
    zoho.set(json!({"bulk_ignore_empty": "top"}));
    let made = write(
        &zoho,
        &file,
        "update",
        json!({"field_mappings": mappings, "ignore_empty": true}),
    )
    .await;
    bulk(&zoho, Method::GET, &format!("write/{}", id(&made)), None).await;
    assert_eq!(
        zoho.sandbox.records("Contacts")[0]["Birthday"],
        Value::Null,
        "it counts at the top alone"
    );
}

#[tokio::test]
async fn an_upload_is_a_zip_with_one_csv_and_says_for_what_it_is() {
    let zoho = start(json!({})).await;
    let good = || zip(&[("rows.csv", ROWS)]);
    let reply = post_file(&zoho, good(), false).await;
    assert!(
        reply.status == 400 && reply.header("x-error").unwrap().contains("feature"),
        "{reply:?}"
    );
    for bad in [
        b"no zip".to_vec(),
        zip(&[("a.csv", ROWS), ("b.csv", ROWS)]),
        zip(&[("rows.txt", ROWS)]),
        zip(&[]),
    ] {
        let reply = post_file(&zoho, bad, true).await;
        assert_eq!((reply.status, reply.code()), (200, "INVALID_FILE_FORMAT"));
    }
    let large = "x".repeat((25 << 20) + 1);
    let reply = post_file(&zoho, zip(&[("rows.csv", &large)]), true).await;
    assert_eq!((reply.status, reply.code()), (200, "FILE_TOO_LARGE"));
    zoho.set(json!({"upload_errors_are_200": false, "upload_headers_needed": false}));
    let reply = post_file(&zoho, b"no zip".to_vec(), false).await;
    assert_eq!((reply.status, reply.code()), (400, "INVALID_FILE_FORMAT"));
    let reply = post_file(&zoho, zip(&[("rows.csv", &large)]), false).await;
    assert_eq!((reply.status, reply.code()), (413, "FILE_TOO_LARGE"));
    assert_eq!(post_file(&zoho, good(), false).await.status, 200);
}

#[tokio::test]
async fn a_job_that_cannot_be_made_says_why_and_is_paid_for() {
    let zoho = start(json!({})).await;
    let file = upload(&zoho, ROWS).await;
    let many_columns = upload(&zoho, &vec!["c"; 201].join(",")).await;
    let many_rows = upload(&zoho, &format!("Last_Name\n{}", "x\n".repeat(25_001))).await;
    for (operation, more, code) in [
        ("upsert", json!({"find_by": null}), "MANDATORY_NOT_FOUND"),
        ("merge", json!({}), "INVALID_FORMAT"),
        ("upsert", json!({"find_by": "Last_Name"}), "INVALID_FIELD"),
        ("upsert", json!({"file_id": "17"}), "INVALID_FILE_ID"),
        ("upsert", json!({"module": "Notes"}), "MODULE_NOT_AVAILABLE"),
        ("upsert", json!({"file_id": many_columns}), "HEADER_LIMIT_EXCEEDED"),
        ("upsert", json!({"file_id": many_rows}), "LIMIT_EXCEEDED"),
        (
            "upsert",
            json!({"field_mappings": [{"api_name": "Nothing", "index": 0}]}),
            "INVALID_FIELD_NAME",
        ),
        (
            "upsert",
            json!({"field_mappings": [{"api_name": "Tag", "index": 0}]}),
            "INVALID_FIELD_NAME",
        ),
        (
            "upsert",
            json!({"field_mappings": [{"api_name": "Email", "index": 9}]}),
            "COLUMN_INDEX_NOT_FOUND",
        ),
        (
            "insert",
            json!({"field_mappings": [{"api_name": "Email", "index": 1}]}),
            "MANDATORY_FIELDS_NOT_MAPPED",
        ),
    ] {
        let reply = write(&zoho, &file, operation, more.clone()).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{more}");
    }
    assert_eq!(zoho.sandbox.state()["organisations"][0]["bulk_writes"]["made"], 0);
    let reply = bulk(&zoho, Method::GET, "write/5876876000000999999", None).await;
    assert_eq!((reply.status, reply.code()), (404, "RESOURCE_NOT_FOUND"));
    zoho.set(json!({"credits": 400}));
    assert_eq!(
        write(&zoho, &file, "upsert", json!({})).await.status,
        429,
        "500 are not left"
    );
    let scoped = Zoho::with_scopes("ZohoBigin.modules.accounts.ALL,ZohoBigin.bulk.ALL,ZohoFiles.files.ALL").await;
    let file = upload(&scoped, ROWS).await;
    assert_eq!(
        write(&scoped, &file, "upsert", json!({})).await.code(),
        "OAUTH_SCOPE_MISMATCH"
    );
}

#[tokio::test]
async fn what_is_not_known_of_bulk_writes_is_a_switch() {
    let zoho = start(json!({"bulk_write_module": "object", "bulk_in_progress": "INPROGRESS"})).await;
    let file = upload(&zoho, ROWS).await;
    let reply = write(&zoho, &file, "upsert", json!({})).await;
    assert_eq!(
        (reply.status, reply.code(), &reply.json["details"]["json_path"]),
        (400, "INVALID_DATA", &json!("$.resource[0].module"))
    );
    let object = json!({"module": {"api_name": "Contacts"}});
    let made = write(&zoho, &file, "upsert", object.clone()).await;
    zoho.advance(30);
    let path = format!("write/{}", id(&made));
    let going = bulk(&zoho, Method::GET, &path, None).await;
    assert_eq!(
        (&going.json["status"], &going.json["resource"][0]["module"]),
        (&json!("INPROGRESS"), &object["module"])
    );
    zoho.advance(30);
    let url = async || {
        bulk(&zoho, Method::GET, &path, None).await.json["result"]["download_url"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    zoho.set(json!({"bulk_download_url": "absolute"}));
    assert!(url().await.starts_with(zoho.sandbox.url()), "{}", url().await);
    assert_eq!(download(&zoho, &url().await).await.0, 200);
    zoho.set(json!({"bulk_download_url": "other"}));
    assert!(url().await.starts_with("https://download-accl.zoho.com/v2/crm/"));
    zoho.set(json!({"bulk_write_module": "string"}));
    assert_eq!(write(&zoho, &file, "upsert", object).await.code(), "INVALID_DATA");
}

#[tokio::test]
async fn a_job_fails_skips_loses_rows_or_hangs_as_ordered() {
    let zoho = start(json!({})).await;
    let file = upload(
        &zoho,
        "a,b,c,d\nDoe,d@x.example,,\nRoe,r@x.example,,\nPoe,p@x.example,,\n",
    )
    .await;
    let ordered = async |job: Value| {
        zoho.faults(json!([{"when": {"endpoint": "bulk_write"}, "count": 1, "fault": {"kind": "job", "job": job}}]));
        let made = write(&zoho, &file, "upsert", json!({})).await;
        zoho.advance(60);
        bulk(&zoho, Method::GET, &format!("write/{}", id(&made)), None)
            .await
            .json
    };
    let failed = ordered(json!({"fails": true, "code": "INTERNAL_ERROR"})).await;
    assert_eq!(
        (&failed["status"], failed.get("result"), &failed["resource"][0]["code"]),
        (&json!("FAILED"), None, &json!("INTERNAL_ERROR"))
    );
    assert_eq!(zoho.sandbox.state()["records"]["Contacts"], 0);
    let skipped = ordered(json!({"skips_all": true, "code": "NOT_APPROVED"})).await;
    assert_eq!(
        (&skipped["status"], &skipped["resource"][0]["file"]["skipped_count"]),
        (&json!("COMPLETED"), &json!(3))
    );
    let some = ordered(json!({"unprocessed_every": 2, "missing_every": 3})).await;
    let (_, archive) = download(&zoho, some["result"]["download_url"].as_str().unwrap()).await;
    let statuses: Vec<_> = unzip(&archive).iter().map(|row| row[3].clone()).collect();
    assert_eq!(statuses, ["STATUS", "added", "unprocessed"]);
    assert_eq!(
        zoho.sandbox.state()["records"]["Contacts"],
        2,
        "the missing row was written all the same"
    );
    assert_eq!(ordered(json!({"lasts_s": 86_400})).await["status"], "ADDED");
}

#[tokio::test]
async fn a_large_job_is_done_piece_by_piece_and_does_not_end_before_its_last_row() {
    let zoho = start(json!({"bulk_write_s": 1})).await;
    let rows: Vec<_> = (0..12_000)
        .map(|number| format!("N{number},n{number}@x.example,,"))
        .collect();
    let file = upload(&zoho, &format!("a,b,c,d\n{}\n", rows.join("\n"))).await;
    let made = write(&zoho, &file, "upsert", json!({})).await;
    zoho.advance(3600);
    let path = format!("write/{}", id(&made));
    let done = loop {
        let reply = bulk(&zoho, Method::GET, &path, None).await.json;
        if reply["status"] == "COMPLETED" {
            break reply;
        }
        assert_eq!((&reply["status"], reply.get("result")), (&json!("IN PROGRESS"), None));
    };
    assert_eq!(done["resource"][0]["file"]["added_count"], 12_000);
    let (_, archive) = download(&zoho, done["result"]["download_url"].as_str().unwrap()).await;
    let rows = unzip(&archive);
    assert_eq!(rows.len(), 12_001);
    assert!(
        (1..=12_000).all(|row| rows[row][0] == format!("N{}", row - 1)),
        "in the order of the file"
    );
}

#[tokio::test]
async fn a_job_ends_by_itself_and_calls_back() {
    let zoho = start(json!({"bulk_write_s": 1})).await;
    let (said, mut heard) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/done", listener.local_addr().unwrap());
    let router = Router::new().route("/done", post(async move |body: String| drop(said.send(body))));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let file = upload(&zoho, ROWS).await;
    let body = json!({"operation": "upsert", "callback": {"url": url, "method": "post"},
        "resource": [{"type": "data", "module": "Contacts", "file_id": file, "find_by": "Email", "field_mappings":
            [{"api_name": "Last_Name", "index": 0}, {"api_name": "Email", "index": 1}]}]});
    let made = bulk(&zoho, Method::POST, "write", Some(&body)).await;
    let told: Value = serde_json::from_str(&heard.recv().await.unwrap()).unwrap();
    assert_eq!((&told["id"], &told["status"]), (&json!(id(&made)), &json!("COMPLETED")));
    assert_eq!(zoho.sandbox.state()["records"]["Contacts"], 2);
    for (callback, code) in [
        (json!({"url": "nowhere", "method": "post"}), "INVALID_CALLBACK_URL"),
        (json!({"url": url, "method": "get"}), "INVALID_CALLBACK_METHOD"),
    ] {
        let mut body = body.clone();
        body["callback"] = callback;
        assert_eq!(bulk(&zoho, Method::POST, "write", Some(&body)).await.code(), code);
    }
}

#[tokio::test]
async fn a_full_account_skips_the_rows_of_a_job() {
    let zoho = start(json!({"bulk_write_s": 0})).await;
    zoho.console("PUT", "/console/limits", json!({"record_limit": 1}));
    let file = upload(&zoho, "a,b,c,d\nDoe,d@x.example,,\nRoe,r@x.example,,\n").await;
    let made = write(&zoho, &file, "upsert", json!({})).await;
    let done = bulk(&zoho, Method::GET, &format!("write/{}", id(&made)), None).await;
    let (_, archive) = download(&zoho, done.json["result"]["download_url"].as_str().unwrap()).await;
    assert_eq!(unzip(&archive)[2][3..], ["skipped", "", "MAX_RECORDS_LIMIT_REACHED"]);
}

async fn read(zoho: &Zoho, query: Value) -> Reply {
    bulk(zoho, Method::POST, "read", Some(&json!({"query": query}))).await
}

#[tokio::test]
async fn a_module_is_read_by_a_job_whose_file_is_gone_after_a_day() {
    let zoho = start(json!({})).await;
    let company = zoho.insert("Accounts", json!({"Account_Name": "Acme, Inc."})).await;
    let doe = json!({"Last_Name": "Doe", "Account_Name": {"id": company}, "Tag": [{"name": "VIP"}], "Remarks": "a\nb", "Newsletter": true});
    let doe = zoho.insert("Contacts", doe).await;
    let roe = zoho.insert("Contacts", json!({"Last_Name": "Roe", "Score": 1.5})).await;
    let spent = zoho.sandbox.state()["credits"]["spent"].as_u64().unwrap();
    let fields = [
        "Last_Name",
        "Owner",
        "Owner.last_name",
        "Account_Name",
        "Account_Name.Account_Name",
        "Tag",
        "Remarks",
        "Newsletter",
        "Score",
        "Modified_Time",
    ];
    let made = read(&zoho, json!({"module": "Contacts", "fields": fields})).await;
    assert_eq!(
        (
            made.status,
            &made.json["data"][0]["code"],
            &made.json["data"][0]["details"]["state"],
            &made.json["info"]
        ),
        (201, &json!("ADDED_SUCCESSFULLY"), &json!("ADDED"), &json!({}))
    );
    assert_eq!(zoho.sandbox.state()["credits"]["spent"].as_u64().unwrap() - spent, 50);
    let path = format!("read/{}", id(&made));
    let job = async || bulk(&zoho, Method::GET, &path, None).await.json["data"][0].clone();
    let mut states = vec![job().await["state"].clone()];
    for seconds in [10, 10, 39] {
        zoho.advance(seconds);
        states.push(job().await["state"].clone());
    }
    assert_eq!(json!(states), json!(["ADDED", "QUEUED", "IN PROGRESS", "IN PROGRESS"]));
    assert_eq!(
        bulk(&zoho, Method::GET, &format!("{path}/result"), None).await.status,
        404,
        "not yet"
    );
    zoho.advance(2);
    let ended = job().await;
    assert_eq!(
        (&ended["state"], &ended["result"]),
        (
            &json!("COMPLETED"),
            &json!({"page": 1, "per_page": 200_000, "count": 2, "more_records": false,
            "download_url": format!("/bigin/bulk/v2/{path}/result")})
        )
    );
    let url = ended["result"]["download_url"].as_str().unwrap();
    let rows = unzip(&download(&zoho, url).await.1);
    let owner = zoho.record("Contacts", &doe).await["Owner"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(rows[0][..2], ["id", "Last_Name"]);
    assert_eq!(
        rows[1][..10],
        [
            &doe,
            "Doe",
            &owner,
            "Admin",
            &company,
            "Acme, Inc.",
            "VIP",
            "a\nb",
            "true",
            ""
        ]
    );
    assert_eq!(
        (&rows[2][0], &rows[2][5], &rows[2][9]),
        (&roe, &String::new(), &"1.5".to_owned())
    );
    assert!(rows[1][10].ends_with("+03:00"));
    let mut statuses = Vec::new();
    for _ in 0..9 {
        statuses.push(download(&zoho, url).await.0);
    }
    assert_eq!(statuses, [[200; 8].as_slice(), &[429]].concat(), "ten in a minute");
    zoho.advance(60);
    assert_eq!(download(&zoho, url).await.0, 200);
    zoho.advance(86_400);
    assert_eq!(download(&zoho, url).await.0, 404);
}

#[tokio::test]
async fn a_bulk_read_takes_criteria_in_either_form_and_fails_on_order() {
    let zoho = start(json!({"bulk_read_s": 0})).await;
    for (name, score) in [("Doe", 1), ("Roe", 2), ("Poe", 3)] {
        zoho.insert("Contacts", json!({"Last_Name": name, "Score": score}))
            .await;
    }
    let count = async |criteria: Value| {
        let made = read(
            &zoho,
            json!({"module": {"api_name": "Contacts"}, "fields": ["Last_Name"], "criteria": criteria}),
        )
        .await;
        let done = bulk(&zoho, Method::GET, &format!("read/{}", id(&made)), None).await;
        done.json["data"][0]["result"]["count"].as_u64().unwrap()
    };
    let named = json!({"api_name": "Last_Name", "comparator": "equal", "value": "Doe"});
    let high = json!({"field": {"api_name": "Score"}, "comparator": "greater_equal", "value": 2});
    assert_eq!(count(named.clone()).await, 1);
    assert_eq!(count(json!({"group_operator": "or", "group": [named, high]})).await, 3);
    assert_eq!(count(json!({"group_operator": "and", "group": [named, high]})).await, 0);
    for (query, code) in [
        (json!({"module": "Nothing"}), "INVALID_MODULE"),
        (json!({}), "MANDATORY_NOT_FOUND"),
        (json!({"module": "Contacts", "fields": ["Nothing"]}), "INVALID_FIELD"),
        (json!({"module": "Contacts", "page": 0}), "INVALID_DATA"),
        (
            json!({"module": "Contacts", "criteria": {"comparator": "equal"}}),
            "INVALID_DATA",
        ),
    ] {
        assert_eq!(read(&zoho, query.clone()).await.code(), code, "{query}");
    }
    let url = format!("{}/bigin/bulk/v2/read", zoho.sandbox.url());
    let request = zoho
        .http
        .post(url)
        .header("authorization", format!("Zoho-oauthtoken {}", zoho.access));
    let reply = Reply::read(request.body("{}").send().await.unwrap()).await;
    assert_eq!((reply.status, reply.code()), (415, "MEDIA_TYPE_NOT_SUPPORTED"));
    zoho.faults(json!([{"when": {"module": "Contacts", "endpoint": "bulk_read"}, "fault": {"kind": "job", "job": {"fails": true}}}]));
    let made = read(&zoho, json!({"module": "Contacts"})).await;
    let done = bulk(&zoho, Method::GET, &format!("read/{}", id(&made)), None).await;
    assert_eq!(
        (&done.json["data"][0]["state"], done.json["data"][0].get("result")),
        (&json!("FAILURE"), None)
    );
}

#[tokio::test]
async fn a_bulk_read_shows_records_as_they_are_when_it_comes_to_them() {
    let zoho = start(json!({})).await;
    let answer = zoho.console(
        "POST",
        "/console/generate/Contacts",
        json!({"count": 3, "record": {"Last_Name": "N{n}"}}),
    );
    let first = answer["first_id"].as_str().unwrap();
    let last = answer["last_id"].as_str().unwrap();
    let made = read(&zoho, json!({"module": "Contacts", "fields": ["Last_Name"]})).await;
    zoho.delete(&format!("Contacts/{first}")).await;
    zoho.put(&format!("Contacts/{last}"), json!({"data": [{"Last_Name": "Changed"}]}))
        .await;
    zoho.insert("Contacts", json!({"Last_Name": "New"})).await;
    zoho.advance(60);
    let done = bulk(&zoho, Method::GET, &format!("read/{}", id(&made)), None).await;
    let url = done.json["data"][0]["result"]["download_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let names: Vec<_> = unzip(&download(&zoho, &url).await.1)
        .iter()
        .skip(1)
        .map(|row| row[1].clone())
        .collect();
    assert_eq!(names, ["N2", "Changed"], "what came later is not chosen");
}
