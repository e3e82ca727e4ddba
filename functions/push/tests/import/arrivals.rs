//! Files that arrive: once, twice, overwritten, mended, for a look.

use std::collections::HashSet;

use bigin::Operation;
use push::import::Step;
use push::report::RunStatus;
use serde_json::json;

use crate::support::{World, adds_up, contacts, faulty_file, small_slices};

#[tokio::test]
async fn a_file_is_imported_and_every_row_accounted_for() {
    let world = World::new().await;
    let event = world.put("inbox/Contacts/customers.csv", faulty_file());
    let report = world.import(&event).await;
    adds_up(&report);
    assert_eq!(report.status, RunStatus::Partial, "{report:?}");
    assert_eq!(
        (report.counts.read, report.counts.rejected, report.counts.inserted),
        (1_000, 5, 995),
        "{report:?}"
    );
    assert_eq!(world.records("Contacts").len(), 995);
    assert_eq!(report.module.as_deref(), Some("Contacts"));
    assert_eq!(report.match_on, ["Email"]);
    assert!(report.org_id.is_some() && report.api_calls >= 10 && report.credits >= 100);
    let rejects = world.text(report.rejects_key.as_ref().unwrap());
    assert!(
        rejects.starts_with("_line,_message_id,_operation,_match_on,_code,"),
        "{rejects}"
    );
    assert_eq!(rejects.matches("+49 30 123456").count(), 5);
    assert!(rejects.contains(",+49 30 123456,too,many,cells"));
    let outcomes = world.outcomes(&report);
    let lines: HashSet<_> = outcomes.iter().map(|row| row[0].clone()).collect();
    assert_eq!((outcomes.len(), lines.len()), (1_000, 1_000));
    assert_eq!(
        outcomes
            .iter()
            .filter(|row| row[1] == "inserted" && !row[2].is_empty())
            .count(),
        995
    );
    assert!(report.report_key.as_ref().unwrap().starts_with("reports/Contacts/"));
    assert!(world.bucket.keys("work/").is_empty(), "the parts were removed");
    assert!(world.context.ledger().line().await.unwrap().is_empty());
}

#[tokio::test]
async fn rejects_are_put_back_as_what_they_were_whatever_the_mapping_says_now() {
    let world = World::new().await;
    let contacts = "Last Name,Email,External ID\nRao,rao@example.com,K-1\nDoe,doe@example.com,K-2\n";
    world.import(&world.put("inbox/Contacts/customers.csv", contacts)).await;
    world.bucket.set(
        "mappings/Contacts.toml",
        "operation = 'update'\nmatch_on = ['External_ID']",
    );
    let changes = "External ID,Email\nK-1,ann@example.com\nK-2,no address\nK-9,new@example.com\n";
    let report = world.import(&world.put("inbox/Contacts/changes.csv", changes)).await;
    assert_eq!((report.counts.updated, report.counts.rejected), (1, 2), "{report:?}");
    let rejects = world.text(report.rejects_key.as_ref().unwrap());
    world.bucket.set("mappings/Contacts.toml", "");
    // One row is mended, one is added by hand, and one says something of its own.
    let mended = rejects
        .replace("no address", "jo@example.com")
        .replace("K-9,new@", "K-1,rao@")
        + ",,,,,,,,,K-1,ann@example.com\n,,delete,,,,,,,K-1,\n";
    let again = world.import(&world.put("inbox/Contacts/mended.csv", mended)).await;
    adds_up(&again);
    assert_eq!(
        (again.operation, again.match_on.as_slice()),
        (Some(Operation::Update), ["External_ID".to_owned()].as_slice())
    );
    assert_eq!((again.counts.updated, again.counts.rejected), (3, 1), "{again:?}");
    assert_eq!(again.counts.rejects_by_code["OTHER_OPERATION"], 1);
    let mut there: Vec<_> = world
        .records("Contacts")
        .iter()
        .map(|contact| contact["Email"].clone())
        .collect();
    there.sort_by_key(ToString::to_string);
    assert_eq!(there, ["ann@example.com", "jo@example.com"]);
}

#[tokio::test]
async fn mended_rejects_go_back_into_the_inbox_as_they_are() {
    let world = World::new().await;
    let report = world
        .import(&world.put("inbox/Contacts/customers.csv", faulty_file()))
        .await;
    let rejects = world.text(report.rejects_key.as_ref().unwrap());
    let mended: String = rejects
        .lines()
        .filter(|line| !line.contains("too,many"))
        .map(|line| {
            let line = line
                .replace("not an address", "mended@example.com")
                .replace(&"x".repeat(500), "short");
            line.replace(",,+49", ",late@example.com,+49")
                .replace(",noname@", "Mended,noname@")
                + "\r\n"
        })
        .collect();
    let again = world.import(&world.put("inbox/Contacts/rejects.csv", mended)).await;
    adds_up(&again);
    assert!(again.counts.inserted >= 2, "{again:?}");
}

#[tokio::test]
async fn a_check_plans_and_sends_nothing() {
    let world = World::new().await;
    let report = world
        .import(&world.put("check/Contacts/customers.csv", faulty_file()))
        .await;
    assert_eq!((report.status, report.counts.read), (RunStatus::Planned, 1_000));
    let plan = report.plan.unwrap();
    assert_eq!(plan["rows"], 1_000);
    assert!(plan["rejected"].as_u64().unwrap() >= 3, "{plan}");
    assert_eq!(plan["columns"][0], json!({"column": "Last Name", "field": "Last_Name"}));
    assert!(plan["examples"][0]["line"].is_u64());
    assert_eq!(world.write_calls(), 0);
    assert!(world.records("Contacts").is_empty());
}

#[tokio::test]
async fn the_same_event_twice_changes_nothing_and_force_repeats() {
    let world = World::new().await;
    let event = world.put("inbox/Contacts/a.csv", contacts(0..150));
    assert_eq!(world.import(&event).await.status, RunStatus::Complete);
    let calls = world.write_calls();
    let mut again = world.start(&event);
    assert_eq!(again.step(&world).await.next, Step::Done);
    assert!(
        world.report(&again).await.is_none(),
        "an event that comes twice says nothing"
    );
    assert_eq!(world.write_calls(), calls);
    let by_hand = json!({"bucket": "data", "key": "inbox/Contacts/a.csv"});
    assert_eq!(world.import(&by_hand).await.status, RunStatus::Duplicate);
    let forced = world
        .import(&json!({"bucket": "data", "key": "inbox/Contacts/a.csv", "force": true}))
        .await;
    adds_up(&forced);
    assert_eq!((forced.status, forced.counts.updated), (RunStatus::Complete, 150));
    assert_eq!(world.records("Contacts").len(), 150);
}

#[tokio::test]
async fn an_event_that_comes_twice_at_once_is_imported_once() {
    let world = World::with(json!({}), small_slices()).await;
    let event = world.put("inbox/Contacts/a.csv", contacts(0..150));
    let mut first = world.start(&event);
    first.step(&world).await;
    let mut twin = world.start(&event);
    assert_eq!(twin.step(&world).await.next, Step::Done);
    assert_eq!(
        world.context.ledger().line().await.unwrap().len(),
        1,
        "and touches nothing"
    );
    assert_eq!(world.run(first).await.status, RunStatus::Complete);
}

#[tokio::test]
async fn a_file_without_rows_is_complete_and_says_so() {
    let world = World::new().await;
    let report = world
        .import(&world.put("inbox/Contacts/a.csv", "Last Name,Email\n"))
        .await;
    assert_eq!((report.status, report.counts.read), (RunStatus::Complete, 0));
    assert_eq!((report.rejects_key, report.outcomes_key), (None, None));
    assert!(report.warnings.iter().any(|warning| warning.contains("no rows")));
}

#[tokio::test]
async fn a_file_that_turns_out_to_be_western_is_read_again_as_such() {
    let world = World::with(json!({}), small_slices()).await;
    let mut file = contacts(0..30_000).into_bytes();
    assert!(file.len() > push::decode::FIRST_STRETCH, "its first bytes do not tell");
    for row in 0..50 {
        file.extend_from_slice(
            format!("M\u{fc}ller {row},mueller{row}@example.com\n")
                .replace('\u{fc}', "~")
                .as_bytes(),
        );
    }
    let western: Vec<u8> = file
        .iter()
        .map(|byte| if *byte == b'~' { 0xfc } else { *byte })
        .collect();
    let report = world.import(&world.put("check/Contacts/a.csv", western)).await;
    let plan = report.plan.unwrap();
    assert_eq!(
        (&plan["rows"], &plan["rejected"]),
        (&json!(30_050), &json!(0)),
        "{plan}"
    );
    assert!(
        report.warnings.iter().any(|warning| warning.contains("1252")),
        "{:?}",
        report.warnings
    );
}
