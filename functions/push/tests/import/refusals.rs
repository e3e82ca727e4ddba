//! Files that are refused before anything is sent.

use push::context::Settings;
use push::import::Step;
use push::report::RunStatus;
use serde_json::json;

use crate::support::{World, adds_up, contacts, small_slices};

#[tokio::test]
async fn a_bad_file_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    for (key, text, code, place) in [
        (
            "inbox/Contacts/a.csv",
            "Last Name,Emial\nRao,rao@example.com\n",
            "",
            "line 1, column 2",
        ),
        ("inbox/Contacts/b.csv", "", "", ""),
        ("inbox/Contacts/c.xlsx", "PK\u{3}\u{4}", "", ""),
        ("inbox/Contacts/d.pdf", "%PDF", "", ""),
        ("inbox/Invoices/e.csv", "Name\nx\n", "UNKNOWN_MODULE", ""),
        ("inbox/f.csv", "Last Name\nx\n", "MISPLACED", ""),
        ("inbox/Contacts/a/b/g.csv", "Last Name\nx\n", "MISPLACED", ""),
        (
            "inbox/Contacts/shop/h.csv",
            "Last Name,Email\nx,x@example.com\n",
            "NO_MAPPING",
            "",
        ),
        ("inbox/Tasks/i.csv", "Subject\nx\n", "", ""),
    ] {
        let report = world.import(&world.put(key, text)).await;
        let reason = report.reason.clone().unwrap_or_else(|| panic!("{key}: {report:?}"));
        assert_eq!(report.status, RunStatus::Refused, "{key}: {report:?}");
        assert!(code.is_empty() || reason.code == code, "{key}: {reason:?}");
        assert!(reason.message.contains(place), "{key}: {reason:?}");
        assert!(!reason.action.is_empty(), "{key}");
        adds_up(&report);
        assert_eq!(report.counts.read, 0, "{key}");
    }
    assert_eq!(world.write_calls(), 0);
    assert!(world.context.ledger().line().await.unwrap().is_empty());
    let unknown = world.bucket.keys("reports/_unknown/");
    assert_eq!(unknown.len(), 3, "{unknown:?}");
}

#[tokio::test]
async fn a_wrong_mapping_is_refused_with_its_line_and_a_right_one_is_used() {
    let world = World::new().await;
    world.bucket.set(
        "mappings/Contacts.toml",
        "operation = \"upsert\"\nmatch_onn = [\"Email\"]\n",
    );
    let file = "Nachname,Adresse\nRao,rao@example.com\n";
    let refused = world.import(&world.put("inbox/contacts/a.csv", file)).await;
    let reason = refused.reason.unwrap();
    assert_eq!(reason.code, "BAD_MAPPING");
    assert!(reason.message.contains("line 2"), "{reason:?}");
    world.bucket.set(
        "mappings/Contacts.toml",
        "[columns]\nNachname = \"Last_Name\"\nAdresse = \"Email\"\n",
    );
    let report = world.import(&world.put("inbox/contacts/a.csv", file)).await;
    assert_eq!(report.status, RunStatus::Complete, "{report:?}");
    assert_eq!(report.mapping.as_deref(), Some("mappings/Contacts.toml"));
}

#[tokio::test]
async fn what_names_no_file_says_so_and_a_folder_of_the_console_is_no_file() {
    let world = World::new().await;
    let gone = world.put("inbox/Contacts/a.csv", contacts(0..3));
    world.bucket.forget("inbox/Contacts/a.csv");
    let report = world.import(&gone).await;
    assert_eq!(
        (report.status, report.reason.unwrap().code.as_str()),
        (RunStatus::Refused, "OBJECT_GONE")
    );
    let other = world
        .import(&json!({"bucket": "another", "key": "inbox/Contacts/a.csv"}))
        .await;
    assert_eq!(other.reason.unwrap().code, "OTHER_BUCKET");
    let nothing = world.import(&json!({"hello": "world"})).await;
    assert_eq!(
        (nothing.status, nothing.reason.unwrap().code.as_str()),
        (RunStatus::Refused, "NOTHING_ASKED")
    );
    let reports = world.bucket.keys("reports/").len();
    let mut folder = world.start(&world.put("inbox/Contacts/", ""));
    assert_eq!(folder.step(&world).await.next, Step::Done);
    assert_eq!(world.bucket.keys("reports/").len(), reports, "a folder gets no report");
}

#[tokio::test]
async fn what_cannot_be_read_does_not_wait_for_its_turn() {
    let world = World::with(
        json!({"latency_ms": 20}),
        Settings {
            bigin_concurrency: 3,
            ..small_slices()
        },
    )
    .await;
    let mut long = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..3_000)));
    long.run_until(&world, |_| !world.records("Contacts").is_empty()).await;
    let mut wrong = world.start(&world.put("inbox/Contacts/b.xlsx", "PK\u{3}\u{4}"));
    assert_eq!(wrong.step(&world).await.next, Step::Done);
    assert_eq!(world.report(&wrong).await.unwrap().status, RunStatus::Refused);
    assert_eq!(world.run(long).await.status, RunStatus::Complete);
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_refused_at_once_keeps_nobody_waiting_and_is_not_done() {
    let world = World::new().await;
    let key = "inbox/Contacts/archived.csv";
    let event = world.put(key, "Last Name,Email\nRao,rao@example.com\n");
    world.bucket.forbidden.lock().unwrap().insert(key.to_owned());
    let report = world.import(&event).await;
    assert_eq!(report.status, RunStatus::Refused);
    let reason = report.reason.unwrap();
    assert_eq!(reason.code, "UNREADABLE");
    assert!(
        reason.action.starts_with("restore the object from its archive"),
        "{reason:?}"
    );
    assert!(world.context.ledger().line().await.unwrap().is_empty());
    let other = world.put("inbox/Contacts/b.csv", "Last Name,Email\nDoe,doe@example.com\n");
    assert_eq!(world.import(&other).await.status, RunStatus::Complete);
    world.bucket.forbidden.lock().unwrap().clear();
    let again = world.import(&json!({"bucket": "data", "key": key})).await;
    assert_eq!(
        (again.status, again.counts.inserted),
        (RunStatus::Complete, 1),
        "{again:?}"
    );
}
