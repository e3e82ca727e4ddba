//! Lists, single records, search, COQL, related lists, tags, metadata and people.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "so do the helpers of tests"
)]

mod support;

use serde_json::{Value, json};
use support::{Reply, Zoho};

async fn contacts(zoho: &Zoho, count: usize) {
    for start in (0..count).step_by(100) {
        let some: Vec<_> = (start..count.min(start + 100))
            .map(|number| json!({"Last_Name": format!("N{number:05}"), "Loyalty_Points": number}))
            .collect();
        assert_eq!(zoho.post("Contacts", json!({"data": some})).await.status, 201);
    }
}

fn names(reply: &Reply) -> Vec<&str> {
    reply.json["data"]
        .as_array()
        .map(|data| data.iter().map(|one| one["Last_Name"].as_str().unwrap()).collect())
        .unwrap_or_default()
}

#[tokio::test]
async fn a_list_without_fields_is_refused_and_an_empty_one_is_204() {
    let zoho = Zoho::start().await;
    let reply = zoho.get("Contacts").await;
    assert_eq!(
        (reply.status, reply.code(), &reply.json["details"]),
        (400, "REQUIRED_PARAM_MISSING", &json!({"param_name": "fields"}))
    );
    let empty = zoho.get("Contacts?fields=Last_Name").await;
    assert_eq!((empty.status, empty.text.as_str()), (204, ""));
    assert_eq!(empty.header("content-type"), Some("application/json;charset=UTF-8"));
    let many: Vec<_> = (0..51).map(|number| format!("F{number}")).collect();
    assert_eq!(
        zoho.get(&format!("Contacts?fields={}", many.join(","))).await.code(),
        "LIMIT_EXCEEDED"
    );
}

#[tokio::test]
async fn a_list_shows_the_asked_fields_and_the_recorded_info() {
    let zoho = Zoho::start().await;
    contacts(&zoho, 3).await;
    let reply = zoho.get("Contacts?fields=Last_Name,Email,Nothing&per_page=2").await;
    assert_eq!(
        reply.json["data"][0].as_object().unwrap().len(),
        3,
        "an unknown name is left out, the id always comes"
    );
    assert_eq!(reply.json["data"][0]["Email"], Value::Null);
    assert_eq!(names(&reply), ["N00002", "N00001"], "by descending id");
    assert!(
        reply.text.contains(r#""info":{"per_page":2,"next_page_token":""#),
        "{}",
        reply.text
    );
    let info = &reply.json["info"];
    assert_eq!(
        (&info["count"], &info["page"], &info["more_records"], &info["sort_by"]),
        (&json!(2), &json!(1), &json!(true), &json!("id"))
    );
    assert_eq!(info["next_page_token"].as_str().unwrap().len(), 256);
    let last = zoho
        .get("Contacts?fields=Last_Name&per_page=2&page=2&sort_order=asc")
        .await;
    assert_eq!(names(&last), ["N00002"]);
    assert_eq!(
        (
            &last.json["info"]["next_page_token"],
            &last.json["info"]["more_records"]
        ),
        (&Value::Null, &json!(false))
    );
}

#[tokio::test]
async fn page_tokens_go_through_everything_and_are_bound_to_their_question() {
    let zoho = Zoho::start().await;
    contacts(&zoho, 2_300).await;
    let beyond = zoho.get("Contacts?fields=Last_Name&page=11").await;
    assert_eq!(
        (beyond.status, beyond.code()),
        (400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED")
    );
    let (mut path, mut seen) = (
        "Contacts?fields=Last_Name&sort_by=Created_Time&sort_order=asc".to_owned(),
        Vec::new(),
    );
    let mut tokens = Vec::new();
    loop {
        let reply = zoho.get(&path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        seen.extend(names(&reply).into_iter().map(str::to_owned));
        let Some(token) = reply.json["info"]["next_page_token"].as_str() else {
            break;
        };
        tokens.push(token.to_owned());
        path = format!("Contacts?fields=Last_Name&sort_by=Created_Time&sort_order=asc&page_token={token}");
    }
    assert_eq!((seen.len(), seen.is_sorted()), (2_300, true));
    let with = async |more: &str| {
        zoho.get(&format!(
            "Contacts?fields=Last_Name&sort_by=Created_Time&sort_order=asc&page_token={}{more}",
            tokens[0]
        ))
        .await
    };
    assert_eq!(with("&page=2").await.code(), "AMBIGUITY_DURING_PROCESSING");
    assert_eq!(with("&approved=both").await.code(), "TOKEN_BOUND_DATA_MISMATCH");
    let same_size = with("&per_page=5").await;
    assert_eq!(same_size.json["info"]["per_page"], 200, "the token fixes the size");
    let back = same_size.json["info"]["previous_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let first = zoho
        .get(&format!(
            "Contacts?fields=Last_Name&sort_by=Created_Time&sort_order=asc&page_token={back}"
        ))
        .await;
    assert_eq!(names(&first)[0], "N00000");
    zoho.console("PUT", "/console/settings", json!({"access_token_life_s": 1_000_000}));
    let mut zoho = zoho;
    zoho.renew().await.json["access_token"]
        .as_str()
        .unwrap()
        .clone_into(&mut zoho.access);
    zoho.advance(24 * 3600);
    let path = format!(
        "Contacts?fields=Last_Name&sort_by=Created_Time&sort_order=asc&page_token={}",
        tokens[0]
    );
    assert_eq!(zoho.get(&path).await.code(), "EXPIRED_VALUE");
}

#[tokio::test]
async fn chosen_records_and_later_changes_can_be_listed() {
    let zoho = Zoho::start().await;
    let (one, _, two) = (
        zoho.insert("Contacts", json!({"Last_Name": "A"})).await,
        zoho.insert("Contacts", json!({"Last_Name": "B"})).await,
        zoho.insert("Contacts", json!({"Last_Name": "C"})).await,
    );
    assert_eq!(
        names(&zoho.get(&format!("Contacts?fields=Last_Name&ids={one},{two},9")).await),
        ["C", "A"]
    );
    let since = |time: &str| {
        let url = format!("{}/bigin/v2/Contacts?fields=Last_Name", zoho.sandbox.url());
        zoho.http
            .get(url)
            .header("authorization", format!("Zoho-oauthtoken {}", zoho.access))
            .header("if-modified-since", time)
            .send()
    };
    assert_eq!(
        Reply::read(since("2020-01-01T00:00:00+00:00").await.unwrap())
            .await
            .json["info"]["count"],
        3
    );
    assert_eq!(since("2099-01-01T00:00:00+00:00").await.unwrap().status(), 304);
    assert_eq!(zoho.get("Contacts/actions/count").await.json, json!({"count": 3}));
}

#[tokio::test]
async fn one_record_shows_everything_and_an_unknown_one_is_204() {
    let zoho = Zoho::start().await;
    let id = zoho.insert("Contacts", json!({"Last_Name": "Doe", "Score": 2.5})).await;
    let reply = zoho.get(&format!("Contacts/{id}")).await;
    assert_eq!(reply.json.as_object().unwrap().len(), 1, "no info");
    let record = &reply.json["data"][0];
    assert_eq!(
        (&record["Owner"]["email"], &record["Weighted_Score"]),
        (&json!("ann@sandbox-company.example"), &json!(5.0))
    );
    assert_eq!(record["Mailing_City"], Value::Null, "empty fields come as null");
    assert_eq!(
        zoho.get(&format!("Contacts/{id}?fields=Last_Name")).await.json["data"][0],
        json!({"Last_Name": "Doe", "id": id})
    );
    for unknown in ["5876876000000999999", "nonsense"] {
        assert_eq!(zoho.get(&format!("Contacts/{unknown}")).await.status, 204);
    }
}

#[tokio::test]
async fn search_lags_behind_and_equals_means_contains_the_words() {
    let zoho = Zoho::start().await;
    zoho.insert("Products", json!({"Product_Name": "Solar Test Panel"}))
        .await;
    zoho.insert("Products", json!({"Product_Name": "Solar Roof Test Panel"}))
        .await;
    let search = "Products/search?criteria=(Product_Name:equals:solar%20test%20panel)";
    assert_eq!(zoho.get(search).await.status, 204, "not in the index yet");
    zoho.advance(15);
    let reply = zoho.get(search).await;
    assert_eq!(reply.json["info"]["count"], 2, "{}", reply.text);
    assert!(reply.json["info"].get("next_page_token").is_none());
    assert_eq!(reply.json["data"][0]["$taxable"], true, "all fields");
    let id = reply.json["data"][0]["id"].as_str().unwrap().to_owned();
    zoho.put(&format!("Products/{id}"), json!({"data": [{"Product_Name": "Boiler"}]}))
        .await;
    assert_eq!(
        zoho.get(search).await.json["info"]["count"],
        2,
        "search still sees it as it was"
    );
    zoho.advance(15);
    assert_eq!(zoho.get(search).await.json["info"]["count"], 1);
}

#[tokio::test]
async fn searches_by_address_phone_and_word_find_what_they_should() {
    let zoho = Zoho::with_settings(json!({"search_lag_s": 0})).await;
    zoho.insert(
        "Contacts",
        json!({"Last_Name": "Doe", "Second_Email": "Doe@x.example", "Mobile": "123", "Loyalty_Points": 7}),
    )
    .await;
    zoho.insert(
        "Contacts",
        json!({"Last_Name": "Roe", "Email": "roe@x.example", "Loyalty_Points": 9}),
    )
    .await;
    for (question, found) in [
        ("email=doe@x.example", vec!["Doe"]),
        ("phone=123", vec!["Doe"]),
        ("word=x.exa", vec!["Roe", "Doe"]),
        (
            "criteria=((Loyalty_Points:between:5,8)or(Last_Name:starts_with:ro))",
            vec!["Roe", "Doe"],
        ),
        (
            "criteria=((Loyalty_Points:greater_than:7)and(Last_Name:starts_with:ro))&email=doe@x.example",
            vec!["Roe"],
        ),
        ("criteria=(Last_Name:in:Doe,Poe)", vec!["Doe"]),
        ("criteria=(Last_Name:not_equal:Doe)", vec!["Roe"]),
        ("word=x.exa&per_page=1&page=2", vec!["Doe"]),
    ] {
        assert_eq!(
            names(&zoho.get(&format!("Contacts/search?{question}")).await),
            found,
            "{question}"
        );
    }
    for (module, question, code) in [
        ("Contacts", "", "EXPECTED_PARAM_MISSING"),
        ("Contacts", "word=x", "INVALID_DATA"),
        ("Contacts", "criteria=(Nothing:equals:x)", "INVALID_QUERY"),
        ("Contacts", "criteria=(Description:equals:x)", "INVALID_QUERY"),
        ("Contacts", "criteria=(Last_Name:greater_than:x)", "INVALID_QUERY"),
        ("Contacts", "criteria=(Last_Name:equals:x", "INVALID_QUERY"),
        ("Tasks", "email=a@b.example", "INVALID_DATA"),
    ] {
        let reply = zoho.get(&format!("{module}/search?{question}")).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{question}");
    }
}

#[tokio::test]
async fn coql_answers_what_it_is_asked() {
    let zoho = Zoho::start().await;
    let acme = zoho.insert("Accounts", json!({"Account_Name": "O'Neil \\ Sons"})).await;
    zoho.insert(
        "Contacts",
        json!({"Last_Name": "Doe", "Email": "doe@x.example", "Account_Name": {"id": acme}, "Loyalty_Points": 5}),
    )
    .await;
    zoho.insert(
        "Contacts",
        json!({"Last_Name": "Roe", "Email": "roe@x.example", "Newsletter": true}),
    )
    .await;
    let query = async |text: &str| zoho.post("coql", json!({"select_query": text})).await;
    let reply =
        query("select Last_Name, Account_Name, Account_Name.Account_Name from Contacts where Email = 'DOE@x.example'")
            .await;
    assert_eq!(reply.json["data"][0]["Account_Name"], json!({"id": acme}));
    assert_eq!(reply.json["data"][0]["Account_Name.Account_Name"], "O'Neil \\ Sons");
    assert_eq!(reply.json["info"], json!({"count": 1, "more_records": false}));
    for (condition, found) in [
        ("Email in ('doe@x.example', 'roe@x.example')", vec!["Doe", "Roe"]),
        ("(Email like 'd%' or Loyalty_Points > 4)", vec!["Doe"]),
        ("Loyalty_Points is null", vec!["Roe"]),
        ("Loyalty_Points is not null", vec!["Doe"]),
        ("Newsletter = true", vec!["Roe"]),
        ("Last_Name != 'Doe' and Email not in ('x')", vec!["Roe"]),
        (
            "((Last_Name = 'Doe' and Loyalty_Points between 1 and 9) or Last_Name = 'Roe') order by Last_Name desc",
            vec!["Roe", "Doe"],
        ),
        ("Account_Name.Account_Name = 'O\\'Neil \\\\ Sons'", vec!["Doe"]),
        ("Account_Name.Account_Name = 'O''Neil \\\\ Sons'", vec!["Doe"]),
        ("id is not null limit 1 offset 1", vec!["Roe"]),
        ("Created_Time > '2020-01-01T00:00:00+00:00' limit 1", vec!["Doe"]),
    ] {
        let reply = query(&format!("select Last_Name from Contacts where {condition}")).await;
        assert_eq!(names(&reply), found, "{condition}: {}", reply.text);
    }
    let by_company = query(&format!("select Last_Name from Contacts where Account_Name = '{acme}'")).await;
    assert_eq!(names(&by_company), ["Doe"]);
    assert_eq!(
        query("select Last_Name from Contacts where Last_Name = 'Nobody'")
            .await
            .status,
        204
    );
    for (text, code) in [
        ("select Last_Name from Contacts", "SYNTAX_ERROR"),
        ("select Nothing from Contacts where id is not null", "INVALID_QUERY"),
        ("select id from Contacts where Description = 'x'", "INVALID_QUERY"),
        ("select id from Leads where id is not null", "INVALID_MODULE"),
        (
            "select id from Contacts where id is not null limit 500",
            "LIMIT_EXCEEDED",
        ),
    ] {
        let reply = query(text).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{text}");
    }
    assert_eq!(zoho.post("coql", json!({})).await.code(), "MANDATORY_NOT_FOUND");
}

#[tokio::test]
async fn links_are_made_seen_from_both_ends_and_undone() {
    let zoho = Zoho::start().await;
    let contact = zoho.insert("Contacts", json!({"Last_Name": "Doe"})).await;
    let product = zoho.insert("Products", json!({"Product_Name": "Panel"})).await;
    let path = format!("Contacts/{contact}/Products/{product}");
    for message in ["relation added", "relation updated"] {
        let reply = zoho.put(&path, json!({"data": [{}]})).await;
        assert_eq!(
            (&reply.json["data"][0]["message"], &reply.json["data"][0]["details"]),
            (&json!(message), &json!({"id": product}))
        );
    }
    let listed = zoho
        .get(&format!("Contacts/{contact}/Products?fields=Product_Name"))
        .await;
    assert_eq!(listed.json["data"][0]["Product_Name"], "Panel");
    assert!(listed.json["info"].get("sort_by").is_none() && listed.json["info"].get("next_page_token").is_some());
    assert_eq!(
        zoho.get(&format!("Products/{product}/Contacts?fields=Last_Name"))
            .await
            .json["info"]["count"],
        1
    );
    assert_eq!(
        zoho.get("Contacts/1/Products?fields=Product_Name").await.status,
        400,
        "no such parent"
    );
    assert_eq!(
        zoho.put(&format!("Contacts/1/Products/{product}"), json!({"data": [{}]}))
            .await
            .status,
        500
    );
    assert_eq!(
        zoho.put(&format!("Contacts/{contact}/Products/1"), json!({"data": [{}]}))
            .await
            .status,
        400
    );
    assert_eq!(zoho.delete(&path).await.json["data"][0]["message"], "relation removed");
    assert_eq!(zoho.delete(&path).await.status, 400);
}

#[tokio::test]
async fn tags_are_replaced_by_writes_and_added_by_their_own_call() {
    let zoho = Zoho::start().await;
    let id = zoho
        .insert(
            "Contacts",
            json!({"Last_Name": "Doe", "Tag": [{"name": "VIP"}, {"name": "Old"}]}),
        )
        .await;
    let tags = async || {
        let record = zoho.record("Contacts", &id).await;
        record["Tag"]
            .as_array()
            .map(|tags| {
                tags.iter()
                    .map(|tag| tag["name"].as_str().unwrap().to_owned())
                    .collect::<Vec<_>>()
            })
            .unwrap_or_default()
    };
    assert_eq!(tags().await, ["VIP", "Old"]);
    zoho.put(&format!("Contacts/{id}"), json!({"data": [{"Tag": [{"name": "New"}]}]}))
        .await;
    assert_eq!(tags().await, ["New"]);
    let reply = zoho
        .post(
            "Contacts/actions/add_tags",
            json!({"tags": [{"name": "VIP"}], "ids": [id, "1"]}),
        )
        .await;
    assert_eq!(
        (reply.status, &reply.json["data"][0]["message"]),
        (207, &json!("tags updated successfully"))
    );
    assert_eq!(tags().await, ["New", "VIP"]);
    let unknown = zoho
        .post(
            &format!("Contacts/{id}/actions/add_tags"),
            json!({"tags": [{"name": "Never made"}]}),
        )
        .await;
    assert_eq!(unknown.status, 400, "only a record's own Tag makes new ones");
    zoho.post(
        &format!("Contacts/{id}/actions/remove_tags"),
        json!({"tags": [{"name": "New"}]}),
    )
    .await;
    assert_eq!(tags().await, ["VIP"]);
    zoho.put(&format!("Contacts/{id}"), json!({"data": [{"Tag": []}]}))
        .await;
    assert!(tags().await.is_empty());
    let made = zoho
        .post(
            "settings/tags?module=Contacts",
            json!({"tags": [{"name": "Fresh"}, {"name": "vip"}]}),
        )
        .await;
    assert_eq!(
        (
            made.status,
            &made.json["tags"][0]["code"],
            &made.json["tags"][1]["code"]
        ),
        (207, &json!("SUCCESS"), &json!("DUPLICATE_DATA"))
    );
    assert_eq!(zoho.get("settings/tags?module=Contacts").await.json["info"]["count"], 4);
}

#[tokio::test]
async fn metadata_names_eleven_modules_and_every_field_type() {
    let zoho = Zoho::start().await;
    let modules = zoho.get("settings/modules").await;
    let modules = modules.json["modules"].as_array().unwrap().clone();
    assert_eq!(modules.len(), 11);
    let companies = modules.iter().find(|module| module["api_name"] == "Accounts").unwrap();
    assert_eq!(
        (&companies["plural_label"], &companies["parent_module"]),
        (&json!("Companies"), &json!({}))
    );
    assert_eq!(
        zoho.get("settings/modules/Accounts").await.json["modules"][0]["api_name"],
        "Accounts"
    );
    for module in ["Contacts", "Accounts", "Pipelines"] {
        let fields = zoho.get(&format!("settings/fields?module={module}")).await;
        let fields = fields.json["fields"].as_array().unwrap();
        for data_type in [
            "text",
            "textarea",
            "email",
            "phone",
            "website",
            "picklist",
            "multiselectpicklist",
            "boolean",
            "integer",
            "bigint",
            "double",
            "currency",
            "percent",
            "date",
            "datetime",
            "lookup",
            "ownerlookup",
            "fileupload",
            "formula",
            "autonumber",
        ] {
            assert!(
                fields
                    .iter()
                    .any(|field| field["data_type"] == data_type && field["custom_field"] == true),
                "{module} {data_type}"
            );
        }
    }
    assert_eq!(zoho.get("settings/fields").await.code(), "REQUIRED_PARAM_MISSING");
    assert_eq!(
        zoho.get("settings/fields?module=contacts").await.code(),
        "INVALID_MODULE",
        "letter case counts"
    );
}

#[tokio::test]
async fn the_organisation_and_its_users_are_known() {
    let zoho = Zoho::start().await;
    let org = zoho.get("org").await.json["org"][0].clone();
    assert_eq!(
        (&org["company_name"], &org["license_details"]["paid"]),
        (&json!("Sandbox Company"), &json!(true))
    );
    assert!(org["zgid"].is_string());
    let current = zoho.get("users?type=CurrentUser").await;
    assert_eq!(current.json["users"][0]["email"], "ann@sandbox-company.example");
    assert_eq!(
        current.json["info"],
        json!({"per_page": 200, "count": 1, "page": 1, "more_records": false})
    );
    assert_eq!(zoho.get("users?type=AllUsers").await.json["info"]["count"], 3);
    assert_eq!(
        zoho.get("users?type=DeactiveUsers").await.json["users"][0]["status"],
        "deactive"
    );
    let id = current.json["users"][0]["id"].as_str().unwrap();
    let one = zoho.get(&format!("users/{id}")).await;
    assert!(one.json.get("info").is_none() && one.json["users"][0]["zuid"].is_string());
}
