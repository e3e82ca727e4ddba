//! Activities and notes, which are about other records, and pipeline records with line items and secondary contacts.

use std::fmt::Write as _;

use push::import::Next;
use push::report::{Report, RunStatus};
use serde_json::{Value, json};

use crate::post::Post;
use crate::support::{World, adds_up, small_slices};
use crate::{calls, companies, import_with, record, rejects_of};

/// A world with two contacts and two companies.
async fn world() -> World {
    let world = World::with(json!({}), small_slices()).await;
    companies(&world, &["Acme", "O'Reilly"]).await;
    import_with(
        &world,
        "",
        "Last Name,Email\nRao,rao@example.com\nDoe,doe@example.com\n",
    )
    .await;
    world
}

fn id_of(world: &World, module: &str, field: &str, value: &str) -> String {
    record(world, module, field, value)["id"]
        .as_str()
        .map(str::to_owned)
        .unwrap_or_default()
}

/// Inserts a file into a module.
async fn insert(world: &World, module: &str, mapping: &str, text: &str) -> Report {
    let mapping = format!("operation = 'insert'\n{mapping}");
    world.bucket.set(&format!("mappings/{module}.toml"), mapping);
    let report = world
        .import(&world.put(&format!("inbox/{module}/file.csv"), text))
        .await;
    adds_up(&report);
    report
}

fn done(report: &Report) -> (RunStatus, u64, u64) {
    (report.status, report.counts.inserted, report.counts.rejected)
}

#[tokio::test]
async fn an_activity_names_what_it_is_about_in_the_module_that_its_own_row_names() {
    let world = world().await;
    let acme = id_of(&world, "Accounts", "Account_Name", "Acme");
    let text = format!(
        "Subject,Related To,Related Module\nBy name,o'reilly,Companies\nBy address,RAO@example.com,contact\n\
         By id,{acme},Accounts\nAbout nothing,,\nNobody,nobody@example.com,Contacts\nNowhere,Acme,\n"
    );
    let report = insert(&world, "Tasks", "", &text).await;
    assert_eq!(done(&report), (RunStatus::Partial, 4, 2), "{report:?}");
    assert_eq!(
        json!(report.counts.rejects_by_code),
        json!({"LOOKUP_NOT_FOUND": 1, "MANDATORY_EMPTY": 1})
    );
    for (subject, module, name) in [
        ("By name", "Accounts", "O'Reilly"),
        ("By address", "Contacts", "Rao"),
        ("By id", "Accounts", "Acme"),
    ] {
        let task = record(&world, "Tasks", "Subject", subject);
        assert_eq!(
            (&task["$related_module"], &task["Related_To"]["name"]),
            (&json!(module), &json!(name)),
            "{task}"
        );
    }
}

#[tokio::test]
async fn a_constant_may_say_in_which_module_all_activities_are() {
    let world = world().await;
    let mapping = "[constants]\n'$related_module' = 'Companies'";
    let report = insert(&world, "Tasks", mapping, "Subject,Related To\nCall,Acme\n").await;
    assert_eq!(done(&report), (RunStatus::Complete, 1, 0), "{report:?}");
    assert_eq!(record(&world, "Tasks", "Subject", "Call")["Related_To"]["name"], "Acme");
}

#[tokio::test]
async fn notes_are_sent_to_the_record_they_belong_to() {
    let world = world().await;
    let acme = id_of(&world, "Accounts", "Account_Name", "Acme");
    let mut text = String::from("Note Content,Parent,Parent Module\n");
    for number in 0..150 {
        writeln!(text, "About Rao {number},rao@example.com,Contacts").unwrap();
    }
    writeln!(text, "About Acme,{acme},Companies\nAbout nobody,,Contacts").unwrap();
    let report = insert(&world, "Notes", "", &text).await;
    assert_eq!(done(&report), (RunStatus::Partial, 151, 1), "{report:?}");
    let notes = world.records("Notes");
    assert_eq!(notes.len(), 151);
    let of = |name: &str| notes.iter().filter(|note| note["Parent_Id"]["name"] == name).count();
    assert_eq!((of("Rao"), of("Acme")), (150, 1), "{}", notes[0]);
    assert_eq!(calls(&world, "POST /bigin/v2/Contacts/{id}/Notes"), 2);
    assert_eq!(calls(&world, "POST /bigin/v2/Accounts/{id}/Notes"), 1);
    assert_eq!(calls(&world, "POST /bigin/v2/Notes"), 0);
}

#[tokio::test]
async fn notes_of_records_that_are_gone_hurt_nobody_else() {
    let world = world().await;
    let mut text = String::from("Note Content,Parent,Parent Module\n");
    for number in 0..30 {
        writeln!(text, "Gone,58768760000099990{number:02},Contacts").unwrap();
    }
    text += "Good,rao@example.com,Contacts\n";
    let report = insert(&world, "Notes", "", &text).await;
    assert_eq!(done(&report), (RunStatus::Partial, 1, 30), "{report:?}");
    assert_eq!(world.records("Notes")[0]["Note_Content"], "Good");
}

#[tokio::test]
async fn a_file_of_notes_that_does_not_say_whose_is_refused() {
    let world = world().await;
    let report = insert(&world, "Notes", "", "Note Content,Parent\nHello,rao@example.com\n").await;
    let code = report.reason.map(|reason| reason.code);
    assert_eq!(
        (report.status, code.as_deref()),
        (RunStatus::Refused, Some("RELATED_MODULE_MISSING"))
    );
}

#[tokio::test]
async fn messages_carry_notes_in_zohos_own_form_too() {
    let post = Post::open().await;
    post.contacts([json!({"Last_Name": "Rao", "Email": "rao@example.com"})]);
    post.consume().await;
    let id = id_of(&post.world, "Contacts", "Email", "rao@example.com");
    let notes = json!([
        {"Note_Content": "By id", "Parent_Id": {"module": {"api_name": "Contacts"}, "id": id}},
        {"Note_Content": "By address", "Parent_Id": "rao@example.com", "$se_module": "Contacts"},
        {"Note_Content": "Nobody's"},
    ]);
    post.queue
        .put(json!({"module": "Notes", "operation": "insert", "records": notes}));
    assert_eq!(post.consume().await, Vec::<String>::new());
    let report = post.last_report();
    assert_eq!(done(&report), (RunStatus::Partial, 2, 1), "{report:?}");
    assert_eq!(calls(&post.world, "POST /bigin/v2/Contacts/{id}/Notes"), 1);
}

#[tokio::test]
async fn attachments_are_refused_by_name() {
    let world = World::new().await;
    let report = world
        .import(&world.put("inbox/Attachments/file.csv", "Name\nx\n"))
        .await;
    assert_eq!(report.status, RunStatus::Refused, "{report:?}");
    let code = report.reason.map(|reason| reason.code);
    assert_eq!(code.as_deref(), Some("MODULE_NOT_WRITABLE"));
}

const DEAL: &str = "Deal Name,Pipeline,Sub Pipeline,Stage,Secondary Contacts,Associated Products,Tags\n";

fn deal(name: &str, contacts: &str, products: &str) -> String {
    format!("{name},Sales Pipeline,Sales Pipeline Standard,Qualification,{contacts},{products},roof\n")
}

async fn product(world: &World) -> String {
    world
        .import(&world.put("inbox/Products/p.csv", "Product Name\nNail\n"))
        .await;
    id_of(world, "Products", "Product_Name", "Nail")
}

fn ids(deal: &Value, field: &str) -> Vec<String> {
    let items = deal[field].as_array().into_iter().flatten();
    items
        .filter_map(|item| item["id"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn line_items_and_secondary_contacts_follow_in_a_second_call() {
    let world = world().await;
    let (nail, rao, doe) = (
        product(&world).await,
        id_of(&world, "Contacts", "Email", "rao@example.com"),
        id_of(&world, "Contacts", "Email", "doe@example.com"),
    );
    let text = [
        DEAL.to_owned(),
        deal("Roof", &format!("{rao};{doe}"), &nail),
        deal("Shed", "", ""),
        deal("Barn", "5876876000009999000", ""),
        deal("Attic", "Rao", ""),
    ];
    let report = insert(&world, "Pipelines", "", &text.concat()).await;
    assert_eq!(done(&report), (RunStatus::Partial, 3, 1), "{report:?}");
    assert_eq!(json!(report.counts.incomplete), json!({"INVALID_DATA": 1}));
    assert_eq!(json!(report.counts.rejects_by_code), json!({"LOOKUP_NEEDS_ID": 1}));
    let roof = record(&world, "Pipelines", "Deal_Name", "Roof");
    assert_eq!(ids(&roof, "Secondary_Contacts"), [rao, doe]);
    assert_eq!(ids(&roof, "Associated_Products"), [nail]);
    // New records are tagged at once.
    assert_eq!(roof["Tag"][0]["name"], "roof");
    let calls = |endpoint: &str| calls(&world, &format!("{endpoint} /bigin/v2/Pipelines"));
    assert_eq!((calls("POST"), calls("PUT")), (1, 1));
    let rejects = rejects_of(&world, &report);
    assert!(
        rejects.contains("the record is in Bigin (inserted), but not all of its fields were written"),
        "{rejects}"
    );
}

#[tokio::test]
async fn an_update_takes_line_items_in_its_own_call() {
    let world = world().await;
    let nail = product(&world).await;
    insert(&world, "Pipelines", "", &format!("{DEAL}{}", deal("Roof", "", ""))).await;
    let id = id_of(&world, "Pipelines", "Deal_Name", "Roof");
    world.bucket.set("mappings/Pipelines.toml", "operation = 'update'");
    let text = format!("id,Associated Products\n{id},{nail}\n");
    let report = world.import(&world.put("inbox/Pipelines/update.csv", text)).await;
    assert_eq!((report.counts.updated, report.api_calls), (1, 1), "{report:?}");
    assert_eq!(
        ids(&record(&world, "Pipelines", "Deal_Name", "Roof"), "Associated_Products"),
        [nail]
    );
}

#[tokio::test]
async fn an_insert_that_stops_before_its_second_call_is_not_repeated() {
    let world = world().await;
    let rao = id_of(&world, "Contacts", "Email", "rao@example.com");
    world.bucket.set("mappings/Pipelines.toml", "operation = 'insert'");
    world.faults(json!([{"method": "PUT", "path": "/bigin/v2/Pipelines", "fault": {"kind": "html", "status": 503}}]));
    let text = format!("{DEAL}{}", deal("Roof", &rao, ""));
    let mut execution = world.start(&world.put("inbox/Pipelines/file.csv", text));
    execution.run_until(&world, Next::waits).await;
    assert_eq!(world.records("Pipelines").len(), 1);
    world.faults(json!([]));
    world.clock.advance(1_000);
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!(done(&report), (RunStatus::Complete, 1, 0), "{report:?}");
    let [roof] = <[Value; 1]>::try_from(world.records("Pipelines")).unwrap();
    assert_eq!(ids(&roof, "Secondary_Contacts"), [rao]);
}
