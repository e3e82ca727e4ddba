//! Insert, update, upsert and delete: results, statuses, semantics.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::Zoho;

#[tokio::test]
async fn an_insert_answers_201_with_the_recorded_shape() {
    let zoho = Zoho::start().await;
    let reply = zoho.post("Contacts", json!({"data": [{"Last_Name": "Doe"}]})).await;
    assert_eq!(reply.status, 201);
    let result = &reply.json["data"][0];
    assert_eq!(
        (&result["code"], &result["message"], &result["status"]),
        (&json!("SUCCESS"), &json!("record added"), &json!("success"))
    );
    assert_eq!(result["details"].get("$approval_state"), None, "contacts have none");
    assert_eq!(result["details"]["Created_By"].as_object().unwrap().len(), 2);
    assert_eq!(reply.id(0).len(), 19);
    let order = [
        "\"code\"",
        "Modified_Time",
        "Modified_By",
        "Created_Time",
        "\"id\":\"5876876000000",
        "Created_By",
        "\"message\"",
    ];
    let places: Vec<_> = order.map(|key| reply.text.find(key).unwrap()).into();
    assert_eq!(places[0], reply.text.find("\"code\"").unwrap());
    assert!(
        places[1] < places[2] && places[2] < places[3] && places[5] < places[6],
        "{}",
        reply.text
    );
    let company = zoho.post("Accounts", json!({"data": [{"Account_Name": "Acme"}]})).await;
    assert_eq!(company.json["data"][0]["details"]["$approval_state"], "approved");
}

#[tokio::test]
async fn results_come_in_input_order_and_the_status_tells_some_from_all() {
    let zoho = Zoho::start().await;
    let (good, bad) = (json!({"Last_Name": "Doe"}), json!({"First_Name": "Ann"}));
    let mixed = zoho.post("Contacts", json!({"data": [bad, good, bad]})).await;
    assert_eq!(
        (mixed.status, mixed.codes()),
        (207, vec!["MANDATORY_NOT_FOUND", "SUCCESS", "MANDATORY_NOT_FOUND"])
    );
    assert_eq!(mixed.json["data"][2]["details"]["json_path"], "$.data[2].Last_Name");
    let failed = zoho.post("Contacts", json!({"data": [bad]})).await;
    assert_eq!((failed.status, failed.codes()), (400, vec!["MANDATORY_NOT_FOUND"]));
    let updated = zoho
        .put("Contacts", json!({"data": [{"id": mixed.id(1), "Title": "x"}]}))
        .await;
    assert_eq!(
        (updated.status, &updated.json["data"][0]["message"]),
        (200, &json!("record updated"))
    );
    zoho.console(
        "PUT",
        "/console/settings",
        json!({"mixed_status": 202, "all_failed_status": 200}),
    );
    assert_eq!(zoho.post("Contacts", json!({"data": [bad, good]})).await.status, 202);
    assert_eq!(zoho.post("Contacts", json!({"data": [bad]})).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_no_write_is_refused_as_a_whole() {
    let zoho = Zoho::start().await;
    for (body, details) in [
        (json!([]), json!({"expected_data_type": "jsonobject"})),
        (
            json!({"records": []}),
            json!({"expected_data_type": "jsonarray", "api_name": "data"}),
        ),
        (
            json!({"data": {}}),
            json!({"expected_data_type": "jsonarray", "api_name": "data"}),
        ),
        (
            json!({"data": []}),
            json!({"expected_data_type": "jsonarray", "api_name": "data"}),
        ),
    ] {
        let reply = zoho.post("Contacts", body.clone()).await;
        assert_eq!(
            (reply.status, reply.code(), &reply.json["details"]),
            (400, "INVALID_DATA", &details),
            "{body}"
        );
    }
    let many = vec![json!({"Last_Name": "Doe"}); 101];
    let reply = zoho.post("Contacts", json!({"data": many})).await;
    assert_eq!((reply.status, reply.code()), (400, "LIMIT_EXCEEDED"));
    assert_eq!(
        reply.json["details"],
        json!({"maximum_length": 100, "api_name": "data"})
    );
    assert_eq!(zoho.sandbox.state()["records"]["Contacts"], 0);
    assert_eq!(zoho.post("Leads", json!({"data": [{}]})).await.code(), "INVALID_MODULE");
    assert_eq!(
        zoho.call(Method::PATCH, "Contacts", None).await.code(),
        "INVALID_REQUEST_METHOD"
    );
    let nowhere = zoho.get("Contacts/1/2/3/4").await;
    assert_eq!((nowhere.status, nowhere.code()), (404, "INVALID_URL_PATTERN"));
}

#[tokio::test]
async fn an_update_is_a_merge_and_null_clears() {
    let zoho = Zoho::start().await;
    let id = zoho
        .insert(
            "Contacts",
            json!({"Last_Name": "Doe", "Title": "Roofer", "Mobile": "+49 30 1"}),
        )
        .await;
    zoho.put(
        &format!("Contacts/{id}"),
        json!({"data": [{"Title": null, "First_Name": "Ann"}]}),
    )
    .await;
    let record = zoho.record("Contacts", &id).await;
    assert_eq!(
        (&record["Title"], &record["Mobile"], &record["Full_Name"]),
        (&Value::Null, &json!("+49 30 1"), &json!("Ann Doe"))
    );
    let refused = zoho
        .put(&format!("Contacts/{id}"), json!({"data": [{"Last_Name": null}]}))
        .await;
    assert_eq!((refused.status, refused.code()), (400, "MANDATORY_NOT_FOUND"));
    assert_eq!(zoho.record("Contacts", &id).await["Last_Name"], "Doe");
}

#[tokio::test]
async fn an_update_of_what_is_not_there_says_where() {
    let zoho = Zoho::start().await;
    let many = zoho
        .put("Contacts", json!({"data": [{"id": "1", "Title": "x"}, {"Title": "x"}]}))
        .await;
    assert_eq!(
        (many.status, many.codes()),
        (400, vec!["INVALID_DATA", "MANDATORY_NOT_FOUND"])
    );
    assert_eq!(
        many.json["data"][0]["details"],
        json!({"api_name": "id", "json_path": "$.data[0].id"})
    );
    let one = zoho.put("Contacts/1", json!({"data": [{"Title": "x"}]})).await;
    assert_eq!((one.status, one.code()), (400, "INVALID_DATA"));
    assert_eq!(
        one.json["details"],
        json!({"resource_path_index": 1}),
        "at the top level"
    );
}

#[tokio::test]
async fn a_duplicate_names_the_record_that_is_in_the_way() {
    let zoho = Zoho::start().await;
    let id = zoho
        .insert("Contacts", json!({"Last_Name": "Doe", "Email": "Doe@Example.com"}))
        .await;
    let reply = zoho
        .post(
            "Contacts",
            json!({"data": [{"Last_Name": "Roe", "Email": "doe@example.COM"}]}),
        )
        .await;
    assert_eq!((reply.status, reply.code()), (400, "DUPLICATE_DATA"));
    let details = &reply.json["data"][0]["details"];
    assert_eq!(
        (&details["duplicate_record"]["id"], &details["id"]),
        (&json!(id), &json!(id))
    );
    assert_eq!(details["duplicate_record"]["module"]["api_name"], "Contacts");
    assert!(details["duplicate_record"]["Owner"]["zuid"].is_string());
    assert_eq!(
        (&details["json_path"], &details["more_records"]),
        (&json!("$.data[0].Email"), &json!(false))
    );
    let itself = zoho
        .put("Contacts", json!({"data": [{"id": id, "Email": "DOE@example.com"}]}))
        .await;
    assert_eq!(itself.status, 200, "a record may keep its own value");
}

#[tokio::test]
async fn two_faults_of_a_record_come_together() {
    let zoho = Zoho::start().await;
    zoho.insert("Contacts", json!({"Last_Name": "Doe", "Email": "doe@example.com"}))
        .await;
    let reply = zoho
        .post(
            "Contacts",
            json!({"data": [{"Last_Name": "x".repeat(81), "Email": "doe@example.com"}]}),
        )
        .await;
    assert_eq!(reply.code(), "MULTIPLE_OR_MULTI_ERRORS");
    let errors = reply.json["data"][0]["details"]["errors"].as_array().unwrap();
    let codes: Vec<_> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["INVALID_DATA", "DUPLICATE_DATA"]);
    assert!(errors.iter().all(|error| error["status"] == "error"));
}

#[tokio::test]
async fn an_upsert_looks_at_the_named_fields_in_their_order() {
    let zoho = Zoho::start().await;
    let by_mail = zoho
        .insert("Contacts", json!({"Last_Name": "A", "Email": "a@example.com"}))
        .await;
    let by_number = zoho
        .insert("Contacts", json!({"Last_Name": "B", "External_ID": "b-1"}))
        .await;
    let both = json!({"Last_Name": "C", "Email": "A@example.com", "External_ID": "B-2"});
    let upsert = |element: &Value, checks: Value| {
        let body = if checks.is_null() {
            json!({"data": [element]})
        } else {
            json!({"data": [element], "duplicate_check_fields": checks})
        };
        zoho.post("Contacts/upsert", body)
    };
    let reply = upsert(&both, Value::Null).await;
    assert_eq!(
        (reply.id(0), &reply.json["data"][0]["duplicate_field"]),
        (by_mail.clone(), &json!("Email"))
    );
    let clash = json!({"Last_Name": "C", "Email": "a@example.com", "External_ID": "b-1"});
    let reply = upsert(&clash, json!(["External_ID", "Email"])).await;
    assert_eq!(
        reply.code(),
        "DUPLICATE_DATA",
        "found by number, and the address belongs to another"
    );
    let custom_only = json!({"Last_Name": "D", "Email": "d@example.com", "External_ID": "b-1"});
    let reply = upsert(&custom_only, json!(["External_ID"])).await;
    assert_eq!((reply.id(0), reply.status), (by_number, 200));
    let reply = upsert(
        &json!({"Last_Name": "E", "Email": "a@example.com"}),
        json!(["External_ID"]),
    )
    .await;
    assert_eq!(
        reply.code(),
        "DUPLICATE_DATA",
        "without a value for the named field it is inserted, and that clashes"
    );
    let reply = upsert(&json!({"Last_Name": "F"}), json!(["Email"])).await;
    assert_eq!(
        (
            &reply.json["data"][0]["action"],
            &reply.json["data"][0]["duplicate_field"]
        ),
        (&json!("insert"), &Value::Null)
    );
    assert_eq!(
        (reply.status, &reply.json["data"][0]["message"]),
        (200, &json!("record added"))
    );
    let reply = upsert(&json!({"Last_Name": "G"}), json!(["Title"])).await;
    assert_eq!((reply.status, reply.code()), (400, "INVALID_DATA"));
    assert_eq!(reply.json["details"]["json_path"], "$.duplicate_check_fields[0]");
}

#[tokio::test]
async fn a_field_that_is_no_longer_unique_cannot_be_matched() {
    let zoho = Zoho::start().await;
    let body = json!({"data": [{"Last_Name": "A", "External_ID": "1"}], "duplicate_check_fields": ["External_ID"]});
    assert_eq!(zoho.post("Contacts/upsert", body.clone()).await.status, 200);
    zoho.console("PUT", "/console/fields/Contacts/External_ID", json!({"unique": false}));
    assert_eq!(zoho.post("Contacts/upsert", body.clone()).await.code(), "INVALID_DATA");
    zoho.console("PUT", "/console/fields/Contacts/External_ID", json!({"unique": true}));
    assert_eq!(
        zoho.post("Contacts/upsert", body).await.json["data"][0]["action"],
        "update",
        "indexed anew"
    );
    zoho.console("PUT", "/console/fields/Contacts/Title", json!({"mandatory": true}));
    assert_eq!(
        zoho.post("Contacts", json!({"data": [{"Last_Name": "A"}]}))
            .await
            .code(),
        "MANDATORY_NOT_FOUND"
    );
}

#[tokio::test]
async fn an_update_that_comes_too_late_is_refused_on_request() {
    let zoho = Zoho::start().await;
    let id = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let url = format!("{}/bigin/v2/Contacts/{id}", zoho.sandbox.url());
    let request = zoho
        .http
        .put(url)
        .header("authorization", format!("Zoho-oauthtoken {}", zoho.access));
    let request = request
        .header("if-unmodified-since", "2020-01-01T00:00:00+00:00")
        .json(&json!({"data": [{"Title": "x"}]}));
    let reply = support::Reply::read(request.send().await.unwrap()).await;
    assert_eq!((reply.status, reply.code()), (412, "ALREADY_MODIFIED"));
}

#[tokio::test]
async fn deleting_answers_for_each_id_and_for_the_path() {
    let zoho = Zoho::start().await;
    let (one, two) = (
        zoho.insert("Contacts", json!({"Last_Name": "A"})).await,
        zoho.insert("Contacts", json!({"Last_Name": "B"})).await,
    );
    let many = zoho.delete(&format!("Contacts?ids={one},77&wf_trigger=false")).await;
    assert_eq!((many.status, many.codes()), (207, vec!["SUCCESS", "INVALID_DATA"]));
    assert_eq!(
        (&many.json["data"][0]["message"], &many.json["data"][0]["details"]),
        (&json!("record deleted"), &json!({"id": one}))
    );
    assert_eq!(many.json["data"][1]["details"], json!({"id": "77"}));
    assert_eq!(zoho.delete(&format!("Contacts/{two}")).await.status, 200);
    let again = zoho.delete(&format!("Contacts/{two}")).await;
    assert_eq!(
        (again.status, &again.json["message"]),
        (400, &json!("record not deleted"))
    );
    assert_eq!(zoho.get(&format!("Contacts/{two}")).await.status, 204);
    assert_eq!(zoho.delete("Contacts").await.code(), "REQUIRED_PARAM_MISSING");
    let deleted = zoho.get("Contacts/deleted?type=recycle").await;
    assert_eq!(
        (
            deleted.json["data"].as_array().unwrap().len(),
            &deleted.json["data"][0]["display_name"]
        ),
        (2, &json!("B"))
    );
    zoho.advance(61 * 24 * 3600);
    let mut zoho = zoho;
    zoho.renew().await.json["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut zoho.access);
    let gone = zoho.get("Contacts/deleted?type=permanent").await;
    assert_eq!(
        (&gone.json["data"][0]["display_name"], &gone.json["info"]["count"]),
        (&Value::Null, &json!(2))
    );
    assert_eq!(zoho.get("Contacts/deleted?type=recycle").await.status, 204);
}

#[tokio::test]
async fn deleting_a_company_takes_its_contacts_and_their_notes_along() {
    let zoho = Zoho::start().await;
    let company = zoho.insert("Accounts", json!({"Account_Name": "Acme"})).await;
    let contact = zoho
        .insert("Contacts", json!({"Last_Name": "Doe", "Account_Name": {"id": company}}))
        .await;
    zoho.insert("Contacts", json!({"Last_Name": "Free"})).await;
    zoho.post(
        &format!("Contacts/{contact}/Notes"),
        json!({"data": [{"Note_Content": "x"}]}),
    )
    .await;
    assert_eq!(zoho.delete(&format!("Accounts/{company}")).await.status, 200);
    let records = &zoho.sandbox.state()["records"];
    assert_eq!(
        (&records["Accounts"], &records["Contacts"], &records["Notes"]),
        (&json!(0), &json!(1), &json!(0))
    );
}

#[tokio::test]
async fn deleting_a_contact_clears_what_points_to_it() {
    let zoho = Zoho::start().await;
    let contact = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let company = zoho
        .insert(
            "Accounts",
            json!({"Account_Name": "Acme", "Recommended_By": {"id": contact}}),
        )
        .await;
    assert_eq!(
        zoho.record("Accounts", &company).await["Recommended_By"],
        json!({"name": "Doe", "id": contact})
    );
    zoho.delete(&format!("Contacts/{contact}")).await;
    assert_eq!(zoho.record("Accounts", &company).await["Recommended_By"], Value::Null);
}

#[tokio::test]
async fn a_company_given_by_name_makes_another_company() {
    let zoho = Zoho::start().await;
    let acme = zoho.insert("Accounts", json!({"Account_Name": "Acme"})).await;
    zoho.insert("Contacts", json!({"Last_Name": "A", "Account_Name": "Acme"}))
        .await;
    assert_eq!(
        zoho.sandbox.state()["records"]["Accounts"],
        2,
        "although there was one of that name"
    );
    let contact = zoho
        .insert("Contacts", json!({"Last_Name": "B", "Account_Name": acme}))
        .await;
    assert_eq!(
        zoho.record("Contacts", &contact).await["Account_Name"],
        json!({"name": "Acme", "id": acme})
    );
    assert_eq!(
        zoho.sandbox.state()["records"]["Accounts"],
        2,
        "a company's id as bare text is that company"
    );
}
