//! Seeded runs of whole imports through trouble at Bigin and deaths of the invocation at any touch of bucket or table:
//! every row ends once, the counts add up, each key's last version is what Bigin holds.
//!
//! `BIGIN_RELAY_SEEDS=500 cargo test -p push --test import seeds` runs more of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use push::import::Step;
use push::relay::Settings;
use push::report::{Report, Status};
use serde_json::{Value, json};

use crate::support::{Execution, Invocation, World, adds_up, small_slices};

fn seeds() -> u64 {
    let asked = std::env::var("BIGIN_RELAY_SEEDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(40)
}

/// A file, and what must come of it.
struct File {
    ending: &'static str,
    bytes: Vec<u8>,
    rows: u64,
    /// The name that each address has last, and the number of its rows.
    newest: BTreeMap<String, String>,
    /// Rows that are rejected before they are sent.
    bad: u64,
}

fn push_row(text: &mut String, is_json: bool, name: &str, email: &str) {
    if is_json {
        writeln!(text, "{}", json!({"Last_Name": name, "Email": email})).unwrap();
    } else {
        writeln!(text, "{name},{email}").unwrap();
    }
}

fn file(random: &mut fastrand::Rng) -> File {
    let (json, packed) = (random.bool(), random.u8(0..3) == 0);
    let rows = random.u64(0..700);
    let mut text = String::new();
    if !json {
        text.push_str("Last Name,Email\n");
    }
    let (mut newest, mut bad) = (BTreeMap::new(), 0);
    for row in 0..rows {
        let key = format!("key{}@example.com", random.u16(0..250));
        let name = format!("row {row}");
        let written = if random.bool() { key.to_uppercase() } else { key.clone() };
        if random.u8(0..40) == 0 {
            bad += 1;
            push_row(&mut text, json, &name, "no address");
            continue;
        }
        newest.insert(key, name.clone());
        push_row(&mut text, json, &name, &written);
    }
    let mut bytes = text.into_bytes();
    if packed {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&bytes).unwrap();
        bytes = gzip.finish().unwrap();
    }
    let ending = match (json, packed) {
        (true, true) => "ndjson.gz",
        (true, false) => "ndjson",
        (false, true) => "csv.gz",
        (false, false) => "csv",
    };
    File {
        ending,
        bytes,
        rows,
        newest,
        bad,
    }
}

/// Trouble that passes: it delays, and loses answers.
fn trouble(module: &str, random: &mut fastrand::Rng) -> Value {
    let path = format!("/bigin/v2/{module}*");
    let kinds = [
        json!({"kind": "status", "status": 500}),
        json!({"kind": "status", "status": 500, "after_commit": true}),
        json!({"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}),
        json!({"kind": "cut"}),
        json!({"kind": "cut", "after_commit": true}),
        json!({"kind": "cut", "after_commit": true, "after_bytes": 40}),
        json!({"kind": "garbage", "after_commit": true}),
        json!({"kind": "html", "status": 503}),
        json!({"kind": "mixed_status", "status": 202}),
    ];
    let mut rules: Vec<_> = Vec::new();
    for fault in &kinds {
        if random.bool() {
            rules.push(json!({"path": path, "probability": 0.25 * random.f64(), "fault": fault}));
        }
    }
    rules.push(json!({"path": path, "fault": {"kind": "latency", "ms": 0, "jitter_ms": 4}}));
    json!(rules)
}

/// Waits until no call of a dead invocation is under way any more.
async fn settle_down(world: &World) {
    for _ in 0..2_000 {
        if world.sandbox.state()["in_flight"] == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("calls are under way for ever");
}

/// Runs an execution whose invocations die now and then, as the state machine would repeat them.
async fn run(world: &World, mut execution: Execution, random: &mut fastrand::Rng) -> (Report, u32) {
    let (mut deaths, mut steps) = (0, 0);
    loop {
        steps += 1;
        assert!(
            steps < 3_000,
            "the import does not come to an end: {:?}",
            execution.step
        );
        if steps == 60 {
            world.faults(json!([]));
        }
        if deaths < 12 && random.u8(0..3) > 0 {
            world.crash.at(random.i64(1..60));
        }
        let invocation = execution.invoke(world).await;
        world.crash.never();
        match invocation {
            Invocation::Died => {
                deaths += 1;
                settle_down(world).await;
                // The dead one's turn runs out.
                world.clock.advance(120);
            }
            Invocation::Answered(next) if next.next == Step::Done => {
                return (world.report(&execution).await.unwrap(), deaths);
            }
            Invocation::Answered(_) => {}
        }
    }
}

fn settings(random: &mut fastrand::Rng) -> Settings {
    Settings {
        bigin_concurrency: random.usize(3..8),
        slice_budget: Duration::from_millis(random.u64(5..200)),
        patience: Duration::from_millis(random.u64(5..200)),
        checkpoint_every: Duration::from_millis(random.u64(2..50)),
        checkpoint_rows: random.u64(1..400),
        ..small_slices()
    }
}

async fn seed(seed: u64) -> u32 {
    let random = &mut fastrand::Rng::with_seed(seed);
    let settings = settings(random);
    let width = u64::try_from(settings.import_width()).unwrap();
    let world = World::with(json!({}), settings).await;
    let file = file(random);
    world.sandbox.console(
        "PUT",
        "/console/faults",
        &json!({"seed": seed, "rules": trouble("Contacts", random)}),
    );
    let key = format!("inbox/Contacts/file.{}", file.ending);
    let execution = world.start(&world.put(&key, file.bytes.clone()));
    let (report, deaths) = run(&world, execution, random).await;

    adds_up(&report);
    let counts = &report.counts;
    assert_eq!(
        (counts.read, counts.rejected, counts.deferred),
        (file.rows, file.bad, 0),
        "seed {seed}: {report:?}"
    );
    assert_eq!(
        report.status == Status::Complete,
        file.bad == 0,
        "seed {seed}: {report:?}"
    );
    let outcomes = if file.rows > 0 {
        world.outcomes(&report)
    } else {
        Vec::new()
    };
    let lines: BTreeSet<_> = outcomes.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(
        (outcomes.len() as u64, lines.len() as u64),
        (file.rows, file.rows),
        "seed {seed}: each row once"
    );
    let rejects = report
        .rejects_key
        .as_ref()
        .map(|key| world.text(key))
        .unwrap_or_default();
    assert_eq!(
        rejects.matches("no address").count() as u64,
        file.bad,
        "seed {seed}: {rejects}"
    );
    let there: Vec<_> = world
        .records("Contacts")
        .iter()
        .map(|record| {
            (
                record["Email"].as_str().unwrap().to_lowercase(),
                record["Last_Name"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let held: BTreeMap<_, _> = there.iter().cloned().collect();
    assert_eq!(there.len(), held.len(), "seed {seed}: no address twice");
    assert_eq!(held, file.newest, "seed {seed}: each key's last version stands");
    assert!(
        world.sandbox.state()["most_in_flight"].as_u64().unwrap() <= width,
        "seed {seed}"
    );
    assert!(world.bucket.keys("reports/").len() == 1, "seed {seed}");
    deaths
}

#[tokio::test]
async fn every_row_ends_once_and_the_last_version_stands_whatever_happens() {
    let mut deaths = 0;
    for number in 0..seeds() {
        deaths += seed(number).await;
    }
    println!("{deaths} deaths in {} runs", seeds());
    assert!(deaths > 0, "nothing ever died, so nothing was proved");
}

/// Without a unique field nothing tells a repeated insert from a new one: it is said how many may be there twice.
async fn seed_of_inserts(seed: u64) -> u64 {
    let random = &mut fastrand::Rng::with_seed(seed);
    let world = World::with(json!({}), settings(random)).await;
    world.bucket.set("mappings/Tasks.toml", "operation = \"insert\"\n");
    let rows = random.u64(1..400);
    let mut text = String::from("Subject\n");
    for row in 0..rows {
        writeln!(text, "task {row}").unwrap();
    }
    world.sandbox.console(
        "PUT",
        "/console/faults",
        &json!({"seed": seed, "rules": trouble("Tasks", random)}),
    );
    let execution = world.start(&world.put("inbox/Tasks/file.csv", text));
    let (report, _) = run(&world, execution, random).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.inserted),
        (Status::Complete, rows),
        "seed {seed}: {report:?}"
    );
    let mut times: BTreeMap<String, u64> = BTreeMap::new();
    for record in world.records("Tasks") {
        *times.entry(record["Subject"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(times.len() as u64, rows, "seed {seed}: every row is there");
    // A row may be there more than twice, yet it counts once.
    let twice = times.values().filter(|times| **times > 1).count() as u64;
    let said = report.counts.possibly_duplicated;
    assert!(
        twice <= said,
        "seed {seed}: {twice} rows are there more than once, and {said} were said to be"
    );
    twice
}

#[tokio::test]
async fn inserts_that_may_be_there_twice_are_counted() {
    let mut twice = 0;
    for number in 0..seeds() / 2 {
        twice += seed_of_inserts(number).await;
    }
    assert!(twice > 0, "nothing was ever there twice, so nothing was proved");
}
