//! Seeded runs of messages through trouble: the counts add up, nothing is lost, each key's last version stands.
//!
//! `BIGIN_RELAY_SEEDS=500 cargo test -p push --test queue_seeds` runs more of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod post;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use push::context::Settings;
use serde_json::{Value, json};

use post::{Post, impatient};
use support::{World, each_seed, seeds, trouble};

/// Where trouble strikes.
const PATHS: [&str; 4] = [
    "/bigin/v2/Contacts*",
    "/bigin/v2/coql",
    "/bigin/v2/Accounts*",
    "/bigin/v2/settings/tags",
];

/// Trouble of all kinds, each now and then.
fn rules(random: &mut fastrand::Rng) -> Value {
    let mut rules = trouble(&PATHS, random);
    for fault in [
        json!({"kind": "revoke_token"}),
        json!({"kind": "records", "probability": 0.1, "code": "RECORD_LOCKED"}),
        json!({"kind": "status", "status": 400, "code": "INVALID_DATA", "message": "body"}),
    ] {
        // Minting is limited to ten in ten minutes, so tokens are revoked but rarely.
        let probability = if fault["kind"] == "revoke_token" {
            0.02
        } else {
            0.25 * random.f64()
        };
        if random.bool() {
            rules.push(json!({"path": PATHS[0], "probability": probability, "fault": fault}));
        }
    }
    json!(rules)
}

/// What was put onto the queue.
#[derive(Default)]
struct Sent {
    records: u64,
    poison: u64,
    /// The name and the company that each address has last.
    newest: BTreeMap<String, (Value, Value)>,
    /// All tags that the records of an address have.
    tags: BTreeMap<String, BTreeSet<String>>,
}

fn put_messages(post: &Post, random: &mut fastrand::Rng) -> Sent {
    let mut sent = Sent::default();
    let (has_companies, has_tags) = (random.bool(), random.bool());
    for message in 0..random.u32(1..40) {
        // One group: only then does the queue promise an order over deliveries.
        if random.u8(0..10) == 0 {
            post.queue.put_into(Some("g"), "poison");
            sent.poison += 1;
            continue;
        }
        let records = (0..random.usize(1..30)).map(|place| {
            let key = format!("key{}@example.com", random.u8(0..60));
            let name = format!("{message}/{place}");
            let quote = if random.bool() { "'" } else { "" };
            let company = has_companies.then(|| format!("Company{quote} {}", random.u8(0..20)));
            sent.newest.insert(key.clone(), (json!(name), json!(company)));
            let mut record = json!({"Last_Name": name, "Account_Name": company,
                "Email": if random.bool() { key.to_uppercase() } else { key.clone() }});
            if has_tags && random.bool() {
                let tag = format!("tag {}", random.u8(0..4));
                record["Tag"] = json!([tag]);
                sent.tags.entry(key).or_default().insert(tag);
            }
            record
        });
        let records: Vec<_> = records.collect();
        sent.records += records.len() as u64;
        post.queue
            .put_into(Some("g"), json!({"module": "Contacts", "records": records}));
    }
    sent
}

async fn run(seed: u64) {
    let random = &mut fastrand::Rng::with_seed(seed);
    let settings = Settings {
        patience: Duration::from_millis(random.u64(5..200)),
        ..impatient()
    };
    let post = Post::with(json!({}), settings).await;
    let mapping = "[lookup.Account_Name]\non_missing = 'create'";
    post.world.bucket.set("mappings/Contacts.toml", mapping);
    let sent = put_messages(&post, random);
    post.world
        .sandbox
        .console("PUT", "/console/faults", &json!({"seed": seed, "rules": rules(random)}));
    let (mut rounds, mut lost) = (0, 0);
    while !post.queue.lying().is_empty() {
        rounds += 1;
        if rounds == 25 {
            lost = post.world.answers_lost(PATHS[0]);
            post.world.faults(json!([]));
        }
        assert!(rounds < 60, "seed {seed} never ends: {:?}", post.reports().last());
        let back = post.consume().await;
        let longest = back
            .iter()
            .filter_map(|id| post.queue.hidden(id))
            .max()
            .unwrap_or_default();
        post.world.clock.advance(longest.as_secs() + 1);
        if post.minted() > 5 {
            post.world
                .sandbox
                .console("PUT", "/console/clock", &json!({"advance_s": 601}));
        }
    }
    let (mut ended, mut rejected, mut incomplete) = (0, 0, 0);
    for report in post.reports() {
        assert!(report.counts.add_up(), "seed {seed}: {report:?}");
        ended += report.counts.read - report.counts.deferred;
        rejected += report.counts.rejected;
        incomplete += report.counts.incomplete.values().sum::<u64>();
    }
    assert_eq!(ended, sent.records + sent.poison, "seed {seed}: every record ends once");
    assert_eq!(
        rejected + incomplete,
        post.rejects().len() as u64,
        "seed {seed}: every reject is written"
    );
    let (written, accepted) = (post.world.written("Contacts"), sent.records + sent.poison - rejected);
    lost += post.world.answers_lost(PATHS[0]);
    assert!(
        (accepted..=accepted + 100 * lost).contains(&written),
        "seed {seed}: {written} records were written for {accepted} that were accepted, with {lost} answers lost"
    );
    let most = post.world.sandbox.state()["most_in_flight"].as_u64().unwrap();
    assert!(most <= 1, "seed {seed}: {most} calls in flight");
    holds_the_newest(&post, &sent, seed);
}

/// Bigin holds the last version of each record, with all tags, and each once.
fn holds_the_newest(post: &Post, sent: &Sent, seed: u64) {
    // A record that was rejected (locked for too long, refused alone) leaves an older version behind; all others are new.
    let spoilt: BTreeSet<_> = post
        .rejects()
        .iter()
        .filter_map(|reject| Some(reject["Email"].as_str()?.to_lowercase()))
        .collect();
    for record in post.world.records("Contacts") {
        let email = record["Email"].as_str().unwrap().to_lowercase();
        if !spoilt.contains(&email) {
            let held = (record["Last_Name"].clone(), record["Account_Name"]["name"].clone());
            assert_eq!(held, sent.newest[&email], "seed {seed}: {email}");
            let tags = sent.tags.get(&email).cloned().unwrap_or_default();
            assert_eq!(
                World::tags(&record),
                tags,
                "seed {seed}: the tags of all records of {email}"
            );
        }
    }
    let there: BTreeSet<_> = post
        .world
        .records("Contacts")
        .iter()
        .map(|record| record["Email"].as_str().unwrap().to_lowercase())
        .collect();
    assert_eq!(
        there.len(),
        post.world.records("Contacts").len(),
        "seed {seed}: nobody is there twice"
    );
    for email in sent.newest.keys().filter(|email| !spoilt.contains(*email)) {
        assert!(there.contains(email), "seed {seed}: {email} is lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_come_through_any_trouble() {
    each_seed(seeds(100), run).await;
}
