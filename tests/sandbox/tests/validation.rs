//! Every field type against good and bad values.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use serde_json::{Value, json};
use support::Zoho;

/// What a contact with that value is answered with.
async fn with(zoho: &Zoho, field: &str, value: Value) -> Result<String, Value> {
    let reply = zoho
        .post("Contacts", json!({"data": [{"Last_Name": "Doe", field: value}]}))
        .await;
    if reply.status == 201 {
        Ok(reply.id(0))
    } else {
        Err(reply.json["data"][0].clone())
    }
}

#[tokio::test]
async fn good_values_come_back_as_bigin_shows_them() {
    let zoho = Zoho::start().await;
    for (field, sent, shown) in [
        ("Title", json!("Ünïcode 屋根"), json!("Ünïcode 屋根")),
        ("Title", json!("ü".repeat(100)), json!("ü".repeat(100))),
        ("Remarks", json!("a\nb"), json!("a\nb")),
        ("Second_Email", json!("a@b.example"), json!("a@b.example")),
        (
            "Mobile",
            json!("+49 (30) 12-34; ext. 5"),
            json!("+49 (30) 12-34; ext. 5"),
        ),
        ("Profile_Page", json!("www.x.example"), json!("www.x.example")),
        ("Level", json!("Platinum"), json!("Platinum")),
        ("Interests", json!(["Solar", "Boats"]), json!(["Solar", "Boats"])),
        ("Newsletter", json!(true), json!(true)),
        ("Loyalty_Points", json!(-999_999_999), json!(-999_999_999)),
        (
            "Ledger_Number",
            json!("1234567890123456789"),
            json!("1234567890123456789"),
        ),
        ("Score", json!(1.5), json!(1.5)),
        ("Turnover", json!(1200), json!(1200)),
        ("Discount", json!(12.5), json!(12.5)),
        ("Birthday", json!("2028-02-29"), json!("2028-02-29")),
        (
            "Last_Visit",
            json!("2026-12-31T09:30:00+01:00"),
            json!("2026-12-31T11:30:00+03:00"),
        ),
        ("Title", json!(""), Value::Null),
        ("Interests", json!([]), Value::Null),
    ] {
        let id = with(&zoho, field, sent.clone())
            .await
            .unwrap_or_else(|fault| panic!("{field} {sent}: {fault}"));
        assert_eq!(zoho.record("Contacts", &id).await[field], shown, "{field} {sent}");
    }
}

#[tokio::test]
async fn bad_values_are_named_with_what_was_expected() {
    let zoho = Zoho::start().await;
    for (field, sent, key, expected) in [
        ("Title", json!(5), "expected_data_type", json!("string")),
        ("Title", json!("ü".repeat(101)), "maximum_length", json!(100)),
        ("Remarks", json!("x".repeat(2001)), "maximum_length", json!(2000)),
        ("Email", json!("nobody"), "expected_data_type", json!("email")),
        ("Mobile", json!("call me!"), "expected_data_type", json!("phone")),
        ("Mobile", json!("1".repeat(31)), "maximum_length", json!(30)),
        ("Profile_Page", json!("x"), "expected_data_type", json!("website")),
        ("Level", json!(1), "expected_data_type", json!("string")),
        ("Interests", json!("Solar"), "expected_data_type", json!("jsonarray")),
        ("Newsletter", json!("true"), "expected_data_type", json!("boolean")),
        ("Loyalty_Points", json!("5"), "expected_data_type", json!("integer")),
        ("Loyalty_Points", json!(1_000_000_000), "maximum_length", json!(9)),
        ("Ledger_Number", json!(5), "expected_data_type", json!("bigint")),
        ("Score", json!("1.5"), "expected_data_type", json!("double")),
        ("Turnover", json!(1e16), "maximum_length", json!(16)),
        ("Birthday", json!("31.12.2026"), "expected_data_type", json!("date")),
        (
            "Last_Visit",
            json!("2026-12-31T09:30:00Z"),
            "expected_data_type",
            json!("datetime"),
        ),
        ("Account_Name", json!(5), "expected_data_type", json!("jsonobject")),
        ("Tag", json!(["VIP"]), "expected_data_type", json!("jsonobject")),
    ] {
        let fault = with(&zoho, field, sent.clone()).await.expect_err(field);
        assert_eq!(fault["code"], "INVALID_DATA", "{field} {sent}: {fault}");
        assert_eq!(fault["details"][key], expected, "{field} {sent}: {fault}");
        assert_eq!(fault["details"]["json_path"], format!("$.data[0].{field}"), "{fault}");
        assert_eq!(fault["details"]["api_name"], field);
    }
    assert_eq!(zoho.sandbox.state()["writes"]["Contacts"]["rejected"], 19);
}

#[tokio::test]
async fn lookups_and_owners_must_exist() {
    let zoho = Zoho::start().await;
    for field in ["Account_Name", "Recommended_By", "Owner", "Caretaker"] {
        let fault = with(&zoho, field, json!({"id": "4711"})).await.expect_err(field);
        assert_eq!(fault["message"], "the id given seems to be invalid", "{field}");
        assert_eq!(fault["details"]["json_path"], format!("$.data[0].{field}.id"));
    }
    let state = zoho.sandbox.state();
    let users = state["organisations"][0]["users"].as_array().unwrap();
    let id = |active: bool| users.iter().rfind(|user| user["active"] == active).unwrap()["id"].clone();
    assert!(
        with(&zoho, "Owner", json!({"id": id(false)})).await.is_err(),
        "an inactive user owns nothing new"
    );
    let contact = with(&zoho, "Owner", json!({"id": id(true)})).await.unwrap();
    assert_eq!(
        zoho.record("Contacts", &contact).await["Owner"]["email"],
        "sam@sandbox-company.example"
    );
}

#[tokio::test]
async fn what_cannot_be_written_or_is_no_field_is_dropped_without_a_word() {
    let zoho = Zoho::start().await;
    let contact = json!({"Last_Name": "Doe", "Created_Time": "2020-01-01T00:00:00+00:00", "Full_Name": "X", "Emial": "x@y.z", "Serial_Number": "9"});
    let id = zoho.insert("Contacts", contact.clone()).await;
    let record = zoho.record("Contacts", &id).await;
    assert_eq!(
        (&record["Full_Name"], &record["Serial_Number"], record.get("Emial")),
        (&json!("Doe"), &json!("N-1"), None)
    );
    assert!(!record["Created_Time"].as_str().unwrap().starts_with("2020"));
    zoho.console("PUT", "/console/settings", json!({"unknown_fields": "refuse"}));
    let refused = zoho.post("Contacts", json!({"data": [contact]})).await;
    assert_eq!(refused.json["data"][0]["details"]["api_name"], "Emial");
}

#[tokio::test]
async fn values_that_a_pick_list_lacked_are_added_to_it() {
    let zoho = Zoho::start().await;
    with(&zoho, "Level", json!("Platinum")).await.unwrap();
    let fields = zoho.get("settings/fields?module=Contacts").await;
    let level = fields.json["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["api_name"] == "Level")
        .unwrap();
    let values: Vec<_> = level["pick_list_values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["actual_value"].as_str().unwrap())
        .collect();
    assert_eq!(values, ["Gold", "Silver", "Bronze", "Platinum"]);
}

#[tokio::test]
async fn a_multi_select_list_is_replaced_unless_values_are_appended() {
    let zoho = Zoho::start().await;
    let id = with(&zoho, "Interests", json!(["Solar", "Heating"])).await.unwrap();
    zoho.put(
        &format!("Contacts/{id}"),
        json!({"data": [{"Interests": ["Windows", "Solar"], "$append_values": {"Interests": true}}]}),
    )
    .await;
    assert_eq!(
        zoho.record("Contacts", &id).await["Interests"],
        json!(["Solar", "Heating", "Windows"])
    );
    zoho.put(&format!("Contacts/{id}"), json!({"data": [{"Interests": ["Roofing"]}]}))
        .await;
    assert_eq!(zoho.record("Contacts", &id).await["Interests"], json!(["Roofing"]));
}

#[tokio::test]
async fn a_deal_needs_pipeline_sub_pipeline_and_stage_that_fit() {
    let zoho = Zoho::start().await;
    let layouts = zoho.get("settings/layouts?module=Pipelines").await;
    let pipeline = |name: &str| {
        let layouts = layouts.json["layouts"].as_array().unwrap();
        layouts.iter().find(|layout| layout["name"] == name).unwrap()["id"].clone()
    };
    let deal = |pipeline: &Value, sub_pipeline: &str, stage: &str| json!({"Deal_Name": "Roof", "Pipeline": {"id": pipeline}, "Sub_Pipeline": sub_pipeline, "Stage": stage, "Amount": 1200.5});
    let sales = pipeline("Sales Pipeline");
    let id = zoho
        .insert("Pipelines", deal(&sales, "Sales Pipeline Standard", "Qualification"))
        .await;
    assert_eq!(
        zoho.record("Pipelines", &id).await["Pipeline"],
        json!({"name": "Sales Pipeline", "id": sales})
    );
    let refused = async |record: Value| {
        let reply = zoho.post("Pipelines", json!({"data": [record]})).await;
        (
            reply.code().to_owned(),
            reply.json["data"][0]["details"]["api_name"].clone(),
        )
    };
    let standard = "Sales Pipeline Standard";
    assert_eq!(
        refused(deal(&sales, standard, "In Repair")).await,
        ("MAPPING_MISMATCH".to_owned(), json!("Stage"))
    );
    assert_eq!(
        refused(deal(&pipeline("Service Pipeline"), standard, "Qualification")).await,
        ("MAPPING_MISMATCH".to_owned(), json!("Sub_Pipeline"))
    );
    let mut without = deal(&sales, standard, "Qualification");
    without.as_object_mut().unwrap().remove("Pipeline");
    assert_eq!(
        refused(without).await,
        ("MANDATORY_NOT_FOUND".to_owned(), json!("Pipeline"))
    );
    assert_eq!(
        refused(json!({"Deal_Name": "Roof"})).await.0,
        "MULTIPLE_OR_MULTI_ERRORS"
    );
    let moved = zoho
        .put("Pipelines", json!({"data": [{"id": id, "Stage": "Closed Won"}]}))
        .await;
    assert_eq!(moved.status, 200);
    let moved = zoho
        .put("Pipelines", json!({"data": [{"id": id, "Stage": "Delivered"}]}))
        .await;
    assert_eq!(moved.code(), "MAPPING_MISMATCH", "the record's own sub-pipeline counts");
    let listed = zoho
        .get(&format!(
            "Pipelines?fields=Deal_Name&pipeline_id={}",
            sales.as_str().unwrap()
        ))
        .await;
    assert_eq!(listed.json["info"]["count"], 1);
}

#[tokio::test]
async fn secondary_contacts_are_taken_on_update_alone() {
    let zoho = Zoho::start().await;
    let contact = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let deal = json!({"Deal_Name": "Roof", "Pipeline": {"id": "5876876000000700001"}, "Sub_Pipeline": "Sales Pipeline Standard", "Stage": "Qualification"});
    let mut early = deal.clone();
    early["Secondary_Contacts"] = json!([{"id": contact}]);
    assert_eq!(
        zoho.post("Pipelines", json!({"data": [early]})).await.code(),
        "INVALID_DATA"
    );
    let id = zoho.insert("Pipelines", deal).await;
    assert_eq!(
        zoho.put(
            &format!("Pipelines/{id}"),
            json!({"data": [{"Secondary_Contacts": [{"id": contact}]}]})
        )
        .await
        .status,
        200
    );
    assert_eq!(
        zoho.record("Pipelines", &id).await["Secondary_Contacts"],
        json!([{"name": "Doe", "id": contact}])
    );
    assert_eq!(
        zoho.get(&format!("Pipelines/{id}/Contacts?fields=Last_Name"))
            .await
            .json["data"][0]["id"],
        contact
    );
}

#[tokio::test]
async fn activities_say_in_which_module_their_parent_is() {
    let zoho = Zoho::start().await;
    let contact = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let task = |more: Value| {
        let mut task = json!({"Subject": "Call back", "Due_Date": "2026-12-31", "Related_To": {"id": contact}});
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        task
    };
    let id = zoho.insert("Tasks", task(json!({"$related_module": "Contacts"}))).await;
    let record = zoho.record("Tasks", &id).await;
    assert_eq!(
        (&record["Related_To"]["id"], &record["$related_module"]),
        (&json!(contact), &json!("Contacts"))
    );
    let missing = zoho.post("Tasks", json!({"data": [task(json!({}))]})).await;
    assert_eq!(missing.code(), "EXPECTED_FIELD_MISSING");
    let wrong = zoho
        .post(
            "Tasks",
            json!({"data": [task(json!({"$related_module": "Pipelines"}))]}),
        )
        .await;
    assert_eq!(
        wrong.json["data"][0]["details"]["supported_values"],
        json!(["Contacts", "Accounts", "Deals"])
    );
}

#[tokio::test]
async fn calls_and_events_need_what_they_need() {
    let zoho = Zoho::start().await;
    let call = |kind: &str, duration: Value| json!({"Call_Type": kind, "Call_Start_Time": "2026-12-31T09:30:00+01:00", "Call_Duration": duration});
    for duration in [json!(10), json!("10:00")] {
        let id = zoho.insert("Calls", call("Outbound", duration.clone())).await;
        assert_eq!(zoho.record("Calls", &id).await["Call_Duration"], duration);
    }
    assert_eq!(
        zoho.post("Calls", json!({"data": [call("Inbound", json!(0))]}))
            .await
            .code(),
        "DEPENDENT_MISMATCH"
    );
    zoho.insert("Calls", call("Missed", json!(0))).await;
    let event = zoho.post("Events", json!({"data": [{"Event_Title": "Visit"}]})).await;
    assert_eq!(event.code(), "MULTIPLE_OR_MULTI_ERRORS");
    let event = json!({"Event_Title": "Visit", "Start_DateTime": "2026-12-31T09:30:00+01:00", "End_DateTime": "2026-12-31T10:30:00+01:00",
        "Participants": [{"type": "email", "participant": "a@b.example"}], "Remind_At": [{"unit": 1, "period": "days"}]});
    zoho.insert("Events", event).await;
}

#[tokio::test]
async fn a_note_needs_a_parent_in_the_path_or_in_the_body() {
    let zoho = Zoho::start().await;
    let contact = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let note = zoho
        .post(
            &format!("Contacts/{contact}/Notes"),
            json!({"data": [{"Note_Title": "t", "Note_Content": "c"}]}),
        )
        .await;
    assert_eq!(note.status, 201);
    assert_eq!(zoho.record("Notes", &note.id(0)).await["Parent_Id"]["id"], contact);
    assert_eq!(
        zoho.get(&format!("Contacts/{contact}/Notes?fields=Note_Content"))
            .await
            .json["data"][0]["Note_Content"],
        "c"
    );
    zoho.insert(
        "Notes",
        json!({"Note_Content": "c", "Parent_Id": {"module": {"api_name": "Contacts"}, "id": contact}}),
    )
    .await;
    zoho.insert(
        "Notes",
        json!({"Note_Content": "c", "Parent_Id": contact, "se_module": "Contacts"}),
    )
    .await;
    assert_eq!(
        zoho.post("Notes", json!({"data": [{"Note_Content": "c"}]}))
            .await
            .code(),
        "MANDATORY_NOT_FOUND"
    );
    assert_eq!(
        zoho.post("Contacts/1/Notes", json!({"data": [{"Note_Content": "c"}]}))
            .await
            .status,
        400
    );
    let path = format!("Contacts/{contact}/Notes/{}", note.id(0));
    assert_eq!(
        zoho.put(&path, json!({"data": [{"Note_Content": "d"}]})).await.status,
        200
    );
    assert_eq!(zoho.delete(&path).await.status, 200);
    assert_eq!(zoho.sandbox.state()["records"]["Notes"], 2);
}
