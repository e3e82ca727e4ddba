//! Seeded runs of messages through trouble: the counts add up, nothing is lost, each key's last version stands.
//!
//! `BIGIN_RELAY_SEEDS=500 cargo test -p push --test queue_seeds` runs more of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod post;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use push::relay::Settings;
use serde_json::{Value, json};

use post::{Post, impatient};

fn seeds() -> u64 {
    std::env::var("BIGIN_RELAY_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(40)
}

/// Trouble of all kinds, each now and then.
fn trouble(random: &mut fastrand::Rng) -> Value {
    let kinds = [
        json!({"kind": "status", "status": 500}),
        json!({"kind": "status", "status": 500, "after_commit": true}),
        json!({"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}),
        json!({"kind": "cut"}),
        json!({"kind": "cut", "after_commit": true}),
        json!({"kind": "cut", "after_commit": true, "after_bytes": 40}),
        json!({"kind": "garbage", "after_commit": true}),
        json!({"kind": "html", "status": 503}),
        json!({"kind": "revoke_token"}),
        json!({"kind": "mixed_status", "status": 202}),
        json!({"kind": "records", "probability": 0.1, "code": "RECORD_LOCKED"}),
        json!({"kind": "status", "status": 400, "code": "INVALID_DATA", "message": "body"}),
    ];
    // Minting is limited to ten in ten minutes, so tokens are revoked but rarely.
    let rule = |fault: &Value, random: &mut fastrand::Rng| {
        let probability = if fault["kind"] == "revoke_token" {
            0.02
        } else {
            0.25 * random.f64()
        };
        json!({"path": "/bigin/v2/Contacts*", "probability": probability, "fault": fault})
    };
    let mut rules = Vec::new();
    for fault in &kinds {
        if random.bool() {
            rules.push(rule(fault, random));
        }
    }
    rules.push(json!({"path": "/bigin/v2/Contacts*", "fault": {"kind": "latency", "ms": 0, "jitter_ms": 3}}));
    json!(rules)
}

async fn run(seed: u64) {
    let random = &mut fastrand::Rng::with_seed(seed);
    let settings = Settings {
        patience: Duration::from_millis(random.u64(5..200)),
        ..impatient()
    };
    let post = Post::with(json!({}), settings).await;
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    let (mut sent, mut poison) = (0, 0);
    for message in 0..random.u32(1..40) {
        // One group: only then does the queue promise an order over deliveries.
        if random.u8(0..10) == 0 {
            post.queue.put_into(Some("g"), "poison");
            poison += 1;
            continue;
        }
        let records = (0..random.usize(1..30)).map(|place| {
            let key = format!("key{}@example.com", random.u8(0..60));
            let name = format!("{message}/{place}");
            newest.insert(key.clone(), name.clone());
            let key = if random.bool() { key.to_uppercase() } else { key };
            json!({"Last_Name": name, "Email": key})
        });
        let records: Vec<_> = records.collect();
        sent += records.len() as u64;
        post.queue
            .put_into(Some("g"), json!({"module": "Contacts", "records": records}));
    }
    post.world.sandbox.console(
        "PUT",
        "/console/faults",
        &json!({"seed": seed, "rules": trouble(random)}),
    );
    let mut rounds = 0;
    while !post.queue.lying().is_empty() {
        rounds += 1;
        if rounds == 25 {
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
    let (mut ended, mut rejected) = (0, 0);
    for report in post.reports() {
        assert!(report.counts.add_up(), "seed {seed}: {report:?}");
        ended += report.counts.read - report.counts.deferred;
        rejected += report.counts.rejected;
    }
    assert_eq!(ended, sent + poison, "seed {seed}: every record ends once");
    assert_eq!(
        rejected,
        post.rejects().len() as u64,
        "seed {seed}: every reject is written"
    );
    // A record that was rejected (locked for too long, refused alone) leaves an older version behind; all others are new.
    let spoilt: BTreeSet<_> = post
        .rejects()
        .iter()
        .filter_map(|reject| Some(reject["Email"].as_str()?.to_lowercase()))
        .collect();
    for record in post.world.records("Contacts") {
        let email = record["Email"].as_str().unwrap().to_lowercase();
        if !spoilt.contains(&email) {
            assert_eq!(record["Last_Name"], newest[&email], "seed {seed}: {email}");
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
    for email in newest.keys().filter(|email| !spoilt.contains(*email)) {
        assert!(there.contains(email), "seed {seed}: {email} is lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_come_through_any_trouble() {
    for seed in 0..seeds() {
        run(seed).await;
    }
}
