//! Fields that an administrator changes in Bigin while files wait or are under way.

use std::time::Duration;

use push::context::Settings;
use push::report::{Report, RunStatus};
use serde_json::{Value, json};

use crate::support::{World, adds_up, seeds, small_slices};

/// How often the fields of contacts were read.
fn readings(world: &World) -> u64 {
    let state = world.sandbox.state();
    let calls = state["calls"].as_object().unwrap();
    let of_fields = calls
        .iter()
        .filter(|(endpoint, _)| endpoint.contains("settings/fields"));
    let endings = of_fields.flat_map(|(_, endings)| endings.as_object().unwrap().values());
    endings.filter_map(Value::as_u64).sum()
}

fn change(world: &World, field: &str, change: &Value) {
    world
        .sandbox
        .console("PUT", &format!("/console/fields/Contacts/{field}"), change);
}

fn add(world: &World, field: &Value) {
    world.sandbox.console("POST", "/console/fields/Contacts", field);
}

async fn import(world: &World, name: &str, text: &str) -> Report {
    world.import(&world.put(&format!("inbox/Contacts/{name}"), text)).await
}

fn told(report: &Report) -> bool {
    let is_reason = report
        .reason
        .as_ref()
        .is_some_and(|reason| reason.code == "FIELD_VANISHED");
    is_reason || report.warnings.iter().any(|warning| warning.contains("\"Remarks\""))
}

#[tokio::test]
async fn what_an_administrator_has_just_allowed_rejects_and_refuses_nothing() {
    type Change = fn(&World);
    let cases: [(&str, &str, Change); 5] = [
        (
            "b.csv",
            "Last Name,Email,Level\nRao,rao@example.com,Platinum\n",
            |world| {
                change(world, "Level", &json!({"add_picks": ["Platinum"]}));
            },
        ),
        (
            "b.csv",
            "Last Name,Email,Nickname\nRao,rao@example.com,This byname is longer than the forty characters it was\n",
            |world| change(world, "Nickname", &json!({"length": 80})),
        ),
        (
            "b.ndjson",
            "{\"Last_Name\": \"Rao\", \"Email\": \"rao@example.com\", \"Shoe_Size\": 42}\n",
            |world| add(world, &json!({"api_name": "Shoe_Size", "data_type": "integer"})),
        ),
        (
            "b.csv",
            "Last Name,Email,Shoe_Size\nRao,rao@example.com,42\n",
            |world| {
                add(world, &json!({"api_name": "Shoe_Size", "data_type": "integer"}));
            },
        ),
        ("b.csv", "Last Name,Email,Title\nRao,rao@example.com,\n", |world| {
            change(world, "Title", &json!({"mandatory": false}));
        }),
    ];
    for (name, text, allow) in cases {
        let world = World::new().await;
        change(&world, "Title", &json!({"mandatory": true}));
        let first = import(&world, "a.csv", "Last Name,Email,Title\nDoe,doe@example.com,Dr\n").await;
        assert_eq!(first.status, RunStatus::Complete, "{first:?}");
        change(&world, "Title", &json!({"mandatory": false}));
        allow(&world);
        let report = import(&world, name, text).await;
        assert_eq!(
            (report.status, report.counts.inserted),
            (RunStatus::Complete, 1),
            "{text}: {report:?}"
        );
        assert_eq!(
            readings(&world),
            2,
            "once for the first file, and once because of the doubt"
        );
    }
}

#[tokio::test]
async fn a_row_in_doubt_is_not_overtaken_by_a_later_row_of_its_key() {
    let world = World::new().await;
    import(&world, "a.csv", "Last Name,Email,Level\nDoe,doe@example.com,Gold\n").await;
    change(&world, "Level", &json!({"add_picks": ["Platinum"]}));
    let rows = "Last Name,Email,Level\nEarlier,rao@example.com,Platinum\nLater,rao@example.com,Gold\n";
    let report = import(&world, "b.csv", rows).await;
    assert_eq!(report.status, RunStatus::Complete, "{report:?}");
    let contacts = world.records("Contacts");
    let stands = contacts.iter().find(|contact| contact["Email"] == "rao@example.com");
    assert_eq!(stands.unwrap()["Last_Name"], "Later", "{contacts:?}");
}

#[tokio::test]
async fn of_a_doubt_the_fields_are_read_once_a_minute_at_most_however_many_rows_and_files_there_are() {
    let world = World::new().await;
    world.bucket.set("mappings/Contacts.toml", "stop_after = \"never\"");
    let mut bad = String::from("Last Name,Email,Level\n");
    for row in 0..250 {
        let level = if row % 2 == 0 { "Gold" } else { "Lead" };
        bad += &format!("Contact {row},contact{row}@example.com,{level}\n");
    }
    for (file, read) in [(0, 2), (1, 2)] {
        let report = import(&world, &format!("{file}.csv"), &bad).await;
        adds_up(&report);
        assert_eq!((report.counts.read, report.counts.rejected), (250, 125), "{report:?}");
        assert_eq!(readings(&world), read, "file {file}");
    }
    world.clock.advance(60);
    import(&world, "2.csv", &bad).await;
    assert_eq!(readings(&world), 3, "after a minute they are read again");
    import(&world, "good.csv", "Last Name,Email,Level\nDoe,doe@example.com,Gold\n").await;
    assert_eq!(readings(&world), 3, "where nothing is in doubt, nothing is read");
}

#[tokio::test]
async fn rows_in_doubt_wait_and_calls_in_flight_stay_within_what_imports_may_have() {
    for seed in 0..seeds(12) {
        let random = &mut fastrand::Rng::with_seed(seed);
        let world = World::with(json!({"latency_ms": 5}), small_slices()).await;
        import(&world, "a.csv", "Last Name,Email\nDoe,doe@example.com\n").await;
        let rows = random.u64(200..1_500);
        let mut text = String::from("Last Name,Email,Level\n");
        for row in 0..rows {
            let level = ["Gold", "Platinum", ""][random.usize(..3)];
            text += &format!("Contact {row},contact{row}@example.com,{level}\n");
        }
        world.bucket.set("mappings/Contacts.toml", "stop_after = \"never\"");
        let mut execution = world.start(&world.put("inbox/Contacts/b.csv", text));
        // The list gets its value at some moment before the first row is sent.
        for _ in 0..random.usize(..3) {
            execution.step(&world).await;
            if !world.records("Contacts").is_empty() {
                break;
            }
        }
        if world.records("Contacts").len() <= 1 {
            change(&world, "Level", &json!({"add_picks": ["Platinum"]}));
            let report = world.run(execution).await;
            adds_up(&report);
            assert_eq!(
                (report.status, report.counts.inserted),
                (RunStatus::Complete, rows),
                "seed {seed}: {report:?}"
            );
        }
        let most = world.sandbox.state()["most_in_flight"].as_u64().unwrap();
        assert!(
            most <= small_slices().import_width() as u64,
            "seed {seed}: {most} at once"
        );
    }
}

#[tokio::test]
async fn a_field_that_vanishes_while_its_file_is_imported_is_never_lost_in_silence() {
    let mut stopped_early = 0;
    for seed in 0..seeds(16) {
        let random = &mut fastrand::Rng::with_seed(seed);
        let settings = Settings {
            slice_budget: Duration::from_millis(200),
            bigin_concurrency: 3,
            ..small_slices()
        };
        let world = World::with(json!({"latency_ms": 40}), settings).await;
        let goes_on = random.bool();
        let rows: usize = 2_000;
        if goes_on {
            world.bucket.set("mappings/Contacts.toml", "vanished_field = \"warn\"");
        }
        let mut text = String::from("Last Name,Email,Remarks\n");
        for row in 0..rows {
            text += &format!("Contact {row},contact{row}@example.com,remark {row}\n");
        }
        let mut execution = world.start(&world.put("inbox/Contacts/a.csv", text));
        let vanishes_at = random.usize(1..rows);
        execution
            .run_until(&world, |_| world.records("Contacts").len() >= vanishes_at)
            .await;
        world.clock.advance(61);
        change(&world, "Remarks", &json!({"removed": true}));
        let written_whole = world.records("Contacts").len();
        let report = world.run(execution).await;
        adds_up(&report);
        if written_whole < rows {
            assert!(
                told(&report),
                "seed {seed}: rows from {written_whole} on lost a value: {report:?}"
            );
        }
        if written_whole < rows {
            let status = if goes_on {
                RunStatus::Complete
            } else {
                RunStatus::Stopped
            };
            assert_eq!(report.status, status, "seed {seed}: {report:?}");
        }
        if goes_on {
            assert_eq!(report.counts.inserted, rows as u64, "seed {seed}");
        }
        stopped_early += u32::from(report.counts.deferred > 0);
    }
    assert!(stopped_early > 0, "no import ever stopped in the middle");
}

#[tokio::test]
async fn an_import_of_a_moment_reads_no_fields_at_its_end() {
    let world = World::new().await;
    for file in 0..3 {
        import(&world, &format!("{file}.csv"), "Last Name,Email\nDoe,doe@example.com\n").await;
        world.clock.advance(120);
    }
    assert_eq!(readings(&world), 1, "of ten minutes once");
}
