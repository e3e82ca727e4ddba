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
use push::context::Settings;
use push::import::Step;
use push::report::{Report, RunStatus};
use serde_json::{Value, json};

use crate::support::{Execution, Invocation, World, adds_up, each_seed, seeds, small_slices, trouble};

/// A file, and what must come of it.
struct File {
    ending: &'static str,
    bytes: Vec<u8>,
    rows: u64,
    /// The name and the company that each address has last.
    newest: BTreeMap<String, (String, Option<String>)>,
    /// All tags that the rows of an address have.
    tags: BTreeMap<String, BTreeSet<String>>,
    /// Rows that are rejected before they are sent.
    bad: u64,
}

/// What a row says.
struct Said {
    name: String,
    email: String,
    company: Option<String>,
    tags: Vec<String>,
}

impl Said {
    fn push(&self, text: &mut String, is_json: bool) {
        let (name, email) = (&self.name, &self.email);
        let company = self.company.as_deref().unwrap_or_default();
        if is_json {
            let mut row = json!({"Last_Name": name, "Email": email, "Company": company});
            // An empty array would clear them.
            if !self.tags.is_empty() {
                row["Tag"] = json!(self.tags);
            }
            writeln!(text, "{row}").unwrap();
        } else {
            writeln!(text, "{name},{email},{company},{}", self.tags.join(";")).unwrap();
        }
    }
}

fn file(random: &mut fastrand::Rng) -> File {
    let (json, packed) = (random.bool(), random.u8(0..3) == 0);
    let (has_companies, has_tags) = (random.bool(), random.bool());
    let rows = random.u64(0..700);
    let mut text = String::new();
    if !json {
        text.push_str("Last Name,Email,Company,Tags\n");
    }
    let (mut newest, mut tags, mut bad) = (BTreeMap::new(), BTreeMap::<_, BTreeSet<_>>::new(), 0);
    for row in 0..rows {
        let key = format!("key{}@example.com", random.u16(0..250));
        let quote = if random.bool() { "'" } else { "" };
        let mut said = Said {
            name: format!("row {row}"),
            email: if random.bool() { key.to_uppercase() } else { key.clone() },
            company: has_companies.then(|| format!("Company{quote} {}", random.u8(0..20))),
            tags: Vec::new(),
        };
        for _ in 0..random.u8(0..3) * u8::from(has_tags) {
            said.tags.push(format!("tag {}", random.u8(0..4)));
        }
        if random.u8(0..40) == 0 {
            bad += 1;
            "no address".clone_into(&mut said.email);
            said.push(&mut text, json);
            continue;
        }
        said.push(&mut text, json);
        tags.entry(key.clone()).or_default().extend(said.tags.clone());
        // A row without a company leaves that of the row before alone; here all rows have one or none has.
        newest.insert(key, (said.name, said.company));
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
        tags,
        bad,
    }
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

/// What came of a run.
struct Ran {
    report: Report,
    deaths: u32,
    /// How many answers of calls for contacts were lost.
    lost: u64,
}

/// Runs an execution whose invocations die now and then, as the state machine would repeat them.
async fn run(world: &mut World, mut execution: Execution, random: &mut fastrand::Rng, most_deaths: u32) -> Ran {
    let (mut deaths, mut steps, mut lost) = (0, 0, 0);
    loop {
        steps += 1;
        assert!(
            steps < 3_000,
            "the import does not come to an end: {:?}",
            execution.step
        );
        if steps == 60 {
            lost = world.answers_lost(PATHS[0]);
            world.faults(json!([]));
            // A slice of milliseconds may be too short for even one question on a busy machine.
            world.context.settings.slice_budget = Duration::from_secs(20);
        }
        if deaths < most_deaths && random.u8(0..3) > 0 {
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
                return Ran {
                    report: world.report(&execution).await.unwrap(),
                    deaths,
                    lost: lost + world.answers_lost(PATHS[0]),
                };
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

/// Where trouble strikes: what writes and tags contacts, what is looked up, and what is made for them.
const PATHS: [&str; 4] = [
    "/bigin/v2/Contacts*",
    "/bigin/v2/coql",
    "/bigin/v2/Accounts*",
    "/bigin/v2/settings/tags",
];

async fn seed(seed: u64) -> u32 {
    let random = &mut fastrand::Rng::with_seed(seed);
    let settings = settings(random);
    let width = u64::try_from(settings.import_width()).unwrap();
    let mut world = World::with(json!({}), settings).await;
    world.bucket.set(
        "mappings/Contacts.toml",
        "same_key = 'warn'\n[lookup.Account_Name]\non_missing = 'create'",
    );
    let file = file(random);
    world.sandbox.console(
        "PUT",
        "/console/faults",
        &json!({"seed": seed, "rules": trouble(&PATHS, random)}),
    );
    // An invocation that dies sends again what had not been settled and checkpointed; without that, only calls are
    // repeated whose answer was lost.
    let most_deaths = if random.u8(0..3) == 0 { 0 } else { 12 };
    let key = format!("inbox/Contacts/file.{}", file.ending);
    let execution = world.start(&world.put(&key, file.bytes.clone()));
    let Ran { report, deaths, lost } = run(&mut world, execution, random, most_deaths).await;

    adds_up(&report);
    let counts = &report.counts;
    assert_eq!(
        (counts.read, counts.rejected, counts.deferred),
        (file.rows, file.bad, 0),
        "seed {seed}: {report:?}"
    );
    assert_eq!(
        report.status == RunStatus::Complete,
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
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let contacts = world.records("Contacts");
    let there: Vec<_> = contacts
        .iter()
        .map(|record| {
            let newest = (
                record["Last_Name"].as_str().unwrap().to_owned(),
                text(&record["Account_Name"]["name"]),
            );
            (record["Email"].as_str().unwrap().to_lowercase(), newest)
        })
        .collect();
    for record in &contacts {
        let email = record["Email"].as_str().unwrap().to_lowercase();
        assert_eq!(
            World::tags(record),
            file.tags[&email],
            "seed {seed}: the tags of all rows"
        );
    }
    let companies = world.records("Accounts");
    let names: BTreeSet<_> = companies
        .iter()
        .map(|company| company["Account_Name"].to_string())
        .collect();
    assert_eq!(companies.len(), names.len(), "seed {seed}: no company twice");
    let held: BTreeMap<_, _> = there.iter().cloned().collect();
    assert_eq!(there.len(), held.len(), "seed {seed}: no address twice");
    assert_eq!(held, file.newest, "seed {seed}: each key's last version stands");
    assert!(
        world.sandbox.state()["most_in_flight"].as_u64().unwrap() <= width,
        "seed {seed}"
    );
    assert!(world.bucket.keys("reports/").len() == 1, "seed {seed}");
    if deaths == 0 {
        let sent = world.written("Contacts");
        let good = file.rows - file.bad;
        assert!(
            (good..=good + 100 * lost).contains(&sent),
            "seed {seed}: {sent} records were written for {good} rows, with {lost} answers lost"
        );
    }
    deaths
}

#[tokio::test]
async fn every_row_ends_once_and_the_last_version_stands_whatever_happens() {
    let seeds = seeds(90);
    let deaths: u32 = each_seed(seeds, seed).await.into_iter().sum();
    println!("{deaths} deaths in {seeds} runs");
    assert!(deaths > 0, "nothing ever died, so nothing was proved");
}

/// Without a unique field nothing tells a repeated insert from a new one: it is said how many may be there twice.
async fn seed_of_inserts(seed: u64) -> u64 {
    let random = &mut fastrand::Rng::with_seed(seed);
    let mut world = World::with(json!({}), settings(random)).await;
    world.bucket.set("mappings/Tasks.toml", "operation = \"insert\"\n");
    let rows = random.u64(1..400);
    let mut text = String::from("Subject\n");
    for row in 0..rows {
        writeln!(text, "task {row}").unwrap();
    }
    world.sandbox.console(
        "PUT",
        "/console/faults",
        &json!({"seed": seed, "rules": trouble(&["/bigin/v2/Tasks*"], random)}),
    );
    let execution = world.start(&world.put("inbox/Tasks/file.csv", text));
    let Ran { report, .. } = run(&mut world, execution, random, 12).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, rows),
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
    let twice: u64 = each_seed(seeds(90) / 2, seed_of_inserts).await.into_iter().sum();
    assert!(twice > 0, "nothing was ever there twice, so nothing was proved");
}
