//! Whole imports against the sandbox.

mod support;

use std::collections::HashSet;
use std::time::Duration;

use push::import::Step;
use push::relay::Settings;
use push::report::Status;
use serde_json::json;
use shared::state::{Cause, credits};
use shared::state::pause::{self, SetCause};
use support::{Invocation, World, adds_up, contacts, small_slices};

fn faulty_file() -> String {
    let mut text = String::from("Last Name,Email,Phone\r\n");
    for row in 0..1_000 {
        let (name, email) = match row {
            13 => (String::new(), "noname@example.com".to_owned()),
            57 => (format!("Contact {row}"), "not an address".to_owned()),
            200 => ("x".repeat(500), format!("contact{row}@example.com")),
            333 => (format!("\"Con\r\ntact {row}\""), format!("contact{row}@example.com")),
            700 => (format!("Contact {row}"), String::new()),
            _ => (format!("Contact {row}"), format!("contact{row}@example.com")),
        };
        let more = if row == 444 { ",too,many,cells" } else { "" };
        text.push_str(&format!("{name},{email},+49 30 123456{more}\r\n"));
    }
    text
}

#[tokio::test]
async fn a_file_is_imported_and_every_row_accounted_for() {
    let world = World::new().await;
    let event = world.put("inbox/Contacts/customers.csv", faulty_file());
    let report = world.import(&event).await;
    adds_up(&report);
    assert_eq!(report.status, Status::Partial, "{report:?}");
    assert_eq!((report.counts.read, report.counts.rejected, report.counts.inserted), (1_000, 5, 995), "{report:?}");
    assert_eq!(world.records("Contacts").len(), 995);
    assert_eq!(report.module.as_deref(), Some("Contacts"));
    assert_eq!(report.match_on, ["Email"]);
    assert!(report.org_id.is_some() && report.api_calls >= 10 && report.credits >= 100);
    let rejects = world.text(report.rejects_key.as_ref().unwrap());
    assert!(rejects.starts_with("_line,_message_id,_operation,_match_on,_code,"), "{rejects}");
    assert_eq!(rejects.matches("+49 30 123456").count(), 5);
    assert!(rejects.contains(",+49 30 123456,too,many,cells"));
    let outcomes = world.outcomes(&report);
    let lines: HashSet<_> = outcomes.iter().map(|row| row[0].clone()).collect();
    assert_eq!((outcomes.len(), lines.len()), (1_000, 1_000));
    assert_eq!(outcomes.iter().filter(|row| row[1] == "inserted" && !row[2].is_empty()).count(), 995);
    assert!(report.report_key.as_ref().unwrap().starts_with("reports/Contacts/"));
    assert!(world.bucket.keys("work/").is_empty(), "the parts were removed");
    assert!(world.relay.ledger.line().await.unwrap().is_empty());
}

#[tokio::test]
async fn mended_rejects_go_back_into_the_inbox_as_they_are() {
    let world = World::new().await;
    let report = world.import(&world.put("inbox/Contacts/customers.csv", faulty_file())).await;
    let rejects = world.text(report.rejects_key.as_ref().unwrap());
    let mended: String = rejects.lines().filter(|line| !line.contains("too,many")).map(|line| {
        let line = line.replace("not an address", "mended@example.com").replace(&"x".repeat(500), "short");
        line.replace(",,+49", ",late@example.com,+49").replace(",noname@", "Mended,noname@") + "\r\n"
    }).collect();
    let again = world.import(&world.put("inbox/Contacts/rejects.csv", mended)).await;
    adds_up(&again);
    assert!(again.counts.inserted >= 2, "{again:?}");
}

#[tokio::test]
async fn a_check_plans_and_sends_nothing() {
    let world = World::new().await;
    let report = world.import(&world.put("check/Contacts/customers.csv", faulty_file())).await;
    assert_eq!((report.status, report.counts.read), (Status::Planned, 1_000));
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
    assert_eq!(world.import(&event).await.status, Status::Complete);
    let calls = world.write_calls();
    let again = world.import(&event).await;
    assert_eq!((again.status, world.write_calls()), (Status::Duplicate, calls));
    let by_hand = json!({"bucket": "data", "key": "inbox/Contacts/a.csv"});
    assert_eq!(world.import(&by_hand).await.status, Status::Duplicate);
    let forced = world.import(&json!({"bucket": "data", "key": "inbox/Contacts/a.csv", "force": true})).await;
    adds_up(&forced);
    assert_eq!((forced.status, forced.counts.updated), (Status::Complete, 150));
    assert_eq!(world.records("Contacts").len(), 150);
}

#[tokio::test]
async fn an_event_that_comes_twice_at_once_is_imported_once() {
    let world = World::with(json!({}), small_slices()).await;
    let event = world.put("inbox/Contacts/a.csv", contacts(0..150));
    let mut first = world.start(&event);
    first.step(&world).await;
    assert_eq!(world.import(&event).await.status, Status::Duplicate);
    assert_eq!(world.run(first).await.status, Status::Complete);
}

#[tokio::test]
async fn an_older_version_never_overwrites_a_newer_one() {
    let world = World::new().await;
    let key = "inbox/Contacts/a.csv";
    let older = world.put(key, "Last Name,Email\nOld,ann@example.com\n");
    let newer = world.put(key, "Last Name,Email\nNew,ann@example.com\n");
    assert_eq!(world.import(&newer).await.status, Status::Complete);
    let late = world.import(&older).await;
    assert_eq!((late.status, late.reason.unwrap().code.as_str()), (Status::Refused, "SUPERSEDED"));
    assert_eq!(world.records("Contacts")[0]["Last_Name"], "New");
}

#[tokio::test]
async fn versions_that_come_in_order_are_imported_in_order() {
    let world = World::new().await;
    let key = "inbox/Contacts/a.csv";
    let older = world.start(&world.put(key, "Last Name,Email\nOld,ann@example.com\nBoth,bob@example.com\n"));
    let newer = world.start(&world.put(key, "Last Name,Email\nNew,ann@example.com\n"));
    let (mut older, mut newer) = (older, newer);
    older.step(&world).await;
    newer.step(&world).await;
    assert_eq!(newer.step, Step::Claim, "it waits its turn");
    assert_eq!(world.run(older).await.status, Status::Complete);
    assert_eq!(world.run(newer).await.status, Status::Complete);
    let ann = world.records("Contacts").into_iter().find(|record| record["Email"] == "ann@example.com").unwrap();
    assert_eq!(ann["Last_Name"], "New");
    assert_eq!(world.records("Contacts").len(), 2);
}

#[tokio::test]
async fn a_bad_file_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    for (key, text, code, place) in [
        ("inbox/Contacts/a.csv", "Last Name,Emial\nRao,rao@example.com\n", "", "line 1, column 2"),
        ("inbox/Contacts/b.csv", "", "", ""),
        ("inbox/Contacts/c.xlsx", "PK\u{3}\u{4}", "", ""),
        ("inbox/Contacts/d.pdf", "%PDF", "", ""),
        ("inbox/Invoices/e.csv", "Name\nx\n", "UNKNOWN_MODULE", ""),
        ("inbox/f.csv", "Last Name\nx\n", "MISPLACED", ""),
        ("inbox/Contacts/a/b/g.csv", "Last Name\nx\n", "MISPLACED", ""),
        ("inbox/Contacts/shop/h.csv", "Last Name,Email\nx,x@example.com\n", "NO_MAPPING", ""),
        ("inbox/Tasks/i.csv", "Subject\nx\n", "", ""),
    ] {
        let report = world.import(&world.put(key, text)).await;
        let reason = report.reason.clone().unwrap_or_else(|| panic!("{key}: {report:?}"));
        assert_eq!(report.status, Status::Refused, "{key}: {report:?}");
        assert!(code.is_empty() || reason.code == code, "{key}: {reason:?}");
        assert!(reason.message.contains(place), "{key}: {reason:?}");
        assert!(!reason.action.is_empty(), "{key}");
        adds_up(&report);
        assert_eq!(report.counts.read, 0, "{key}");
    }
    assert_eq!(world.write_calls(), 0);
    assert!(world.relay.ledger.line().await.unwrap().is_empty());
    let unknown = world.bucket.keys("reports/_unknown/");
    assert_eq!(unknown.len(), 3, "{unknown:?}");
}

#[tokio::test]
async fn a_wrong_mapping_is_refused_with_its_line_and_a_right_one_is_used() {
    let world = World::new().await;
    world.bucket.set("mappings/Contacts.toml", "operation = \"upsert\"\nmatch_onn = [\"Email\"]\n");
    let file = "Nachname,Adresse\nRao,rao@example.com\n";
    let refused = world.import(&world.put("inbox/contacts/a.csv", file)).await;
    let reason = refused.reason.unwrap();
    assert_eq!(reason.code, "BAD_MAPPING");
    assert!(reason.message.contains("line 2"), "{reason:?}");
    world.bucket.set("mappings/Contacts.toml", "[columns]\nNachname = \"Last_Name\"\nAdresse = \"Email\"\n");
    let report = world.import(&world.put("inbox/contacts/a.csv", file)).await;
    assert_eq!(report.status, Status::Complete, "{report:?}");
    assert_eq!(report.mapping.as_deref(), Some("mappings/Contacts.toml"));
}

#[tokio::test]
async fn what_names_no_file_says_so_and_a_folder_of_the_console_is_no_file() {
    let world = World::new().await;
    let gone = world.put("inbox/Contacts/a.csv", contacts(0..3));
    world.bucket.forget("inbox/Contacts/a.csv");
    let report = world.import(&gone).await;
    assert_eq!((report.status, report.reason.unwrap().code.as_str()), (Status::Refused, "OBJECT_GONE"));
    let other = world.import(&json!({"bucket": "another", "key": "inbox/Contacts/a.csv"})).await;
    assert_eq!(other.reason.unwrap().code, "OTHER_BUCKET");
    let nothing = world.import(&json!({"hello": "world"})).await;
    assert_eq!((nothing.status, nothing.reason.unwrap().code.as_str()), (Status::Refused, "NOTHING_ASKED"));
    let reports = world.bucket.keys("reports/").len();
    let mut folder = world.start(&world.put("inbox/Contacts/", ""));
    assert_eq!(folder.step(&world).await.next, Step::Done);
    assert_eq!(world.bucket.keys("reports/").len(), reports, "a folder gets no report");
}

#[tokio::test]
async fn a_file_without_rows_is_complete_and_says_so() {
    let world = World::new().await;
    let report = world.import(&world.put("inbox/Contacts/a.csv", "Last Name,Email\n")).await;
    assert_eq!((report.status, report.counts.read), (Status::Complete, 0));
    assert_eq!((report.rejects_key, report.outcomes_key), (None, None));
    assert!(report.warnings.iter().any(|warning| warning.contains("no rows")));
}

#[tokio::test]
async fn an_invocation_that_dies_between_part_and_checkpoint_loses_and_repeats_nothing_in_the_files() {
    let world = World::new().await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", faulty_file()));
    execution.run_until(&world, |next| next.next == Step::Slice).await;
    // Count the touches of a slice that lives, in a world of its own, to know where its last checkpoint is.
    let touches = {
        let other = World::new().await;
        let mut same = other.start(&other.put("inbox/Contacts/a.csv", faulty_file()));
        same.run_until(&other, |next| next.next == Step::Slice).await;
        let before = other.crash.touches();
        same.step(&other).await;
        other.crash.touches() - before
    };
    let mut deaths = 0;
    for touch in [touches - 5, touches - 4, touches - 3, touches - 2] {
        world.crash.at(touch);
        if execution.invoke(&world).await == Invocation::Died {
            deaths += 1;
        }
        world.crash.never();
        world.clock.advance(200);
    }
    assert!(deaths > 0);
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.counts.read, report.counts.rejected), (1_000, 5));
    let outcomes = world.outcomes(&report);
    let lines: HashSet<_> = outcomes.iter().map(|row| row[0].clone()).collect();
    assert_eq!((outcomes.len(), lines.len()), (1_000, 1_000), "each row is there once");
    assert_eq!(world.text(report.rejects_key.as_ref().unwrap()).matches("+49 30 123456").count(), 5);
    assert_eq!(world.records("Contacts").len(), 995);
}

#[tokio::test]
async fn a_pause_in_the_middle_waits_and_goes_on_where_it_stopped() {
    let world = World::with(json!({"latency_ms": 25}), Settings { bigin_concurrency: 3, ..small_slices() }).await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_500)));
    execution.run_until(&world, |_| world.records("Contacts").len() >= 300).await;
    let now = world.relay.now();
    let cause = SetCause { cause: Cause::Operator, message: "maintenance".into(), since: now, by: "ops".into(), resumes_at: None };
    pause::set(&world.table, &cause).await.unwrap();
    execution.run_until(&world, |next| next.wait_seconds > 0).await;
    let sent = world.records("Contacts").len();
    let report = world.only_report();
    assert_eq!((report.status, report.reason.unwrap().code.as_str()), (Status::Paused, "operator"));
    assert_eq!(report.counts.read, 1_500);
    assert_eq!(report.counts.deferred, 1_500 - sent as u64);
    assert!(report.counts.add_up() && sent < 1_500);
    for _ in 0..5 {
        assert!(execution.step(&world).await.wait_seconds > 0);
    }
    assert_eq!(world.records("Contacts").len(), sent, "nothing is sent while it is paused");
    pause::clear(&world.table, &[Cause::Operator]).await.unwrap();
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.inserted), (Status::Complete, 1_500));
    assert_eq!(report.reason, None);
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_costs_one_refresh() {
    let world = World::with(json!({"latency_ms": 20}), small_slices()).await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_500)));
    execution.run_until(&world, |_| world.records("Contacts").len() >= 300).await;
    world.sandbox.console("PUT", "/console/clock", &json!({"advance_s": 3_700}));
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.inserted), (Status::Complete, 1_500));
    assert_eq!(world.sandbox.state()["tokens"]["refreshed"], 1);
}

#[tokio::test]
async fn credits_that_run_out_pause_the_import_until_there_are_more() {
    let patient = Settings { slice_budget: Duration::from_secs(5), ..small_slices() };
    let world = World::with(json!({"credits": 60, "credits_header": "always"}), patient).await;
    credits::note_left(&world.table, world.relay.now(), 60).await.unwrap();
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_000)));
    execution.run_until(&world, |next| next.wait_seconds > 0).await;
    let report = world.only_report();
    assert_eq!(report.status, Status::Paused, "{report:?}");
    assert_eq!(report.reason.unwrap().code, "CREDITS_EXHAUSTED");
    assert!(report.counts.deferred > 0 && report.counts.rejected == 0 && report.counts.add_up());
    assert!(report.warnings.iter().any(|warning| warning.contains("credits")), "{:?}", report.warnings);
    world.switch(json!({"credits": 5_000}));
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.inserted), (Status::Complete, 1_000));
}

#[tokio::test]
async fn a_held_module_lets_another_pass_and_its_own_files_stay_in_order() {
    let world = World::with(json!({}), small_slices()).await;
    world.faults(json!([{"path": "/bigin/v2/Contacts/upsert",
        "fault": {"kind": "status", "status": 403, "code": "NO_PERMISSION"}}]));
    let mut contact = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    contact.run_until(&world, |next| next.wait_seconds > 0).await;
    let held = world.only_report();
    assert_eq!((held.status, held.counts.rejected, held.counts.deferred), (Status::Paused, 0, 10), "{held:?}");
    assert_eq!(held.reason.unwrap().code, "NO_PERMISSION");
    let mut later = world.start(&world.put("inbox/Contacts/b.csv", contacts(0..5)));
    assert!(later.step(&world).await.wait_seconds > 0);
    let other = world.import(&world.put("inbox/Companies/c.csv", "Company Name\nAcme\n")).await;
    assert_eq!((other.status, other.module.as_deref()), (Status::Complete, Some("Accounts")), "{other:?}");
    world.faults(json!([]));
    world.clock.advance(1_000);
    assert_eq!(world.run(contact).await.counts.inserted, 10);
    assert_eq!(world.run(later).await.counts.updated, 5);
}

#[tokio::test]
async fn a_fault_of_the_whole_stops_the_import_instead_of_rejecting_everything() {
    let world = World::with(json!({"latency_ms": 5}), Settings { bigin_concurrency: 3, ..Settings::default() }).await;
    world.faults(json!([{"path": "/bigin/v2/Contacts/upsert",
        "fault": {"kind": "records", "every": 1, "code": "MANDATORY_NOT_FOUND"}}]));
    let report = world.import(&world.put("inbox/Contacts/a.csv", contacts(0..5_000))).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.read), (Status::Stopped, 5_000), "{report:?}");
    assert!(report.counts.rejected < 1_500 && report.counts.deferred > 3_500, "{report:?}");
    let reason = report.reason.unwrap();
    assert!(reason.message.contains("MANDATORY_NOT_FOUND"), "{reason:?}");
}

#[tokio::test]
async fn a_check_does_not_wait_for_the_import_under_way() {
    let world = World::with(json!({"latency_ms": 20}), small_slices()).await;
    let mut long = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..2_000)));
    long.run_until(&world, |next| next.next == Step::Slice).await;
    long.step(&world).await;
    let mut check = world.start(&world.put("check/Contacts/b.csv", contacts(0..10)));
    check.step(&world).await;
    assert_eq!(check.step, Step::Plan);
    assert_eq!(world.run(check).await.status, Status::Planned);
    assert_eq!(world.run(long).await.status, Status::Complete);
}

#[tokio::test]
async fn calls_in_flight_stay_within_what_imports_may_have() {
    let world = World::with(json!({"latency_ms": 30}), Settings::default()).await;
    let report = world.import(&world.put("inbox/Contacts/a.csv", contacts(0..2_000))).await;
    assert_eq!(report.status, Status::Complete);
    assert_eq!(world.sandbox.state()["most_in_flight"], 3, "five in all, two of them are the queue's");
}

#[tokio::test]
async fn an_import_that_fails_for_good_says_so_and_goes_on_where_it_stopped() {
    let world = World::with(json!({"latency_ms": 25}), Settings { bigin_concurrency: 3, ..small_slices() }).await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_200)));
    execution.run_until(&world, |_| world.records("Contacts").len() >= 300).await;
    execution.step = Step::Abandon;
    let abandoned = execution.step(&world).await;
    assert_eq!(abandoned.next, Step::Abandon);
    let report = world.report(&execution).await.unwrap();
    let done = report.counts.ended();
    adds_up(&report);
    assert_eq!((report.status, report.counts.read), (Status::Failed, 1_200));
    assert_eq!(world.outcomes(&report).len() as u64, done);
    let calls = world.write_calls();
    let report = world.import(&json!({"bucket": "data", "key": "inbox/Contacts/a.csv"})).await;
    adds_up(&report);
    assert_eq!((report.status, report.counts.inserted), (Status::Complete, 1_200), "{report:?}");
    assert_eq!(world.outcomes(&report).len(), 1_200);
    let spent = world.write_calls() - calls;
    assert!(spent <= (1_200 - done).div_ceil(100) + 8, "{spent} calls for {} rows", 1_200 - done);
}

#[tokio::test]
async fn an_abandoned_import_that_was_done_is_not_called_failed() {
    let world = World::new().await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..10)));
    execution.run_until(&world, |next| next.next == Step::Finish).await;
    execution.step(&world).await;
    execution.step = Step::Abandon;
    assert_eq!(execution.step(&world).await.next, Step::Done);
    assert_eq!(world.report(&execution).await.unwrap().status, Status::Complete);
}

#[tokio::test]
async fn two_invocations_of_one_slice_do_not_send_beside_each_other() {
    let world = World::with(json!({"latency_ms": 50}), Settings::default()).await;
    let mut execution = world.start(&world.put("inbox/Contacts/a.csv", contacts(0..1_000)));
    execution.run_until(&world, |next| next.next == Step::Slice).await;
    let mut twin = execution.clone();
    let (first, second) = tokio::join!(execution.step(&world), twin.step(&world));
    let steps = [first.next, second.next];
    assert!(steps.contains(&Step::Finish) && steps.contains(&Step::Claim), "{steps:?}");
    assert_eq!(world.write_calls(), 10);
    assert!(world.sandbox.state()["most_in_flight"].as_u64().unwrap() <= 3);
}
