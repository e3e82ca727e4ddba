//! Lookups when Bigin throttles, refuses and loses answers, and when the invocation dies.

use std::fmt::Write as _;

use push::context::Settings;
use push::import::{Next, Step};
use push::report::RunStatus;
use serde_json::{Value, json};

use crate::support::{Invocation, World, adds_up, seeds, small_slices};
use crate::{LISTS, QUERIES, calls, companies, company_of, import_with};

const CREATE: &str = "[lookup.Account_Name]\non_missing = 'create'";

#[tokio::test]
async fn without_the_scope_for_queries_lists_are_walked_through_and_the_report_says_so() {
    let world = World::new().await;
    companies(&world, &["Acme", "O'Reilly"]).await;
    let scope = json!({"kind": "status", "status": 401, "code": "OAUTH_SCOPE_MISMATCH"});
    world.faults(json!([{"path": "/bigin/v2/coql", "fault": scope}]));
    let text = "Last Name,Email,Company\nRao,a@example.com,Acme\nDoe,b@example.com,o'reilly\n";
    let report = import_with(&world, "", text).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 2),
        "{report:?}"
    );
    assert!(
        report.warnings.iter().any(|warning| warning.contains("whole lists")),
        "{:?}",
        report.warnings
    );
    assert_eq!((calls(&world, QUERIES), calls(&world, LISTS)), (1, 1));
}

#[tokio::test]
async fn a_token_that_is_revoked_and_throttling_only_delay_a_lookup() {
    let world = World::with(json!({}), small_slices()).await;
    companies(&world, &["Acme", "O'Reilly"]).await;
    world.faults(json!([
        {"path": "/bigin/v2/coql", "count": 1, "fault": {"kind": "revoke_token"}},
        {"path": "/bigin/v2/coql", "count": 2, "fault": {"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}},
        {"path": "/bigin/v2/Accounts", "method": "GET", "count": 2, "fault": {"kind": "cut"}},
    ]));
    let text = "Last Name,Email,Company\nRao,a@example.com,Acme\nDoe,b@example.com,o'reilly\n";
    let report = import_with(&world, "", text).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 2),
        "{report:?}"
    );
    assert_eq!(company_of(&world, "b@example.com"), "O'Reilly");
    assert!(report.retries >= 4, "{report:?}");
}

#[tokio::test]
async fn a_module_that_may_not_be_read_holds_the_import_until_it_may() {
    let world = World::with(json!({}), small_slices()).await;
    companies(&world, &["Acme"]).await;
    let refusal = json!({"kind": "status", "status": 403, "code": "NO_PERMISSION"});
    world.faults(json!([
        {"path": "/bigin/v2/coql", "fault": refusal},
        {"path": "/bigin/v2/Accounts", "method": "GET", "fault": refusal},
    ]));
    let mut execution = world.start(&world.put(
        "inbox/Contacts/a.csv",
        "Last Name,Email,Company\nRao,a@example.com,Acme\n",
    ));
    execution.run_until(&world, Next::waits).await;
    let report = world
        .bucket
        .keys("reports/Contacts/")
        .iter()
        .find_map(|key| world.report_at(key))
        .unwrap();
    assert_eq!(
        (report.status, report.reason.unwrap().code.as_str()),
        (RunStatus::Paused, "NO_PERMISSION")
    );
    assert_eq!(report.counts.rejected, 0, "the fault is not the row's");
    world.faults(json!([]));
    world.clock.advance(1_000);
    let report = world.run(execution).await;
    assert_eq!((report.status, report.counts.inserted), (RunStatus::Complete, 1));
}

#[tokio::test]
async fn an_answer_lost_over_making_a_company_makes_no_second_one() {
    let world = World::with(json!({}), small_slices()).await;
    world.faults(json!([
        {"path": "/bigin/v2/Accounts/upsert", "count": 2, "fault": {"kind": "cut", "after_commit": true}},
        {"path": "/bigin/v2/Accounts/upsert", "skip": 2, "count": 1, "fault": {"kind": "garbage", "after_commit": true}},
    ]));
    let report = import_with(
        &world,
        CREATE,
        "Last Name,Email,Company\nRao,a@example.com,Acme\nDoe,b@example.com,D'Arc\n",
    )
    .await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 2),
        "{report:?}"
    );
    assert_eq!(world.records("Accounts").len(), 2);
}

#[tokio::test]
async fn what_bigin_will_not_make_is_rejected_with_its_reason() {
    let world = World::new().await;
    let too_long = "x".repeat(150);
    let text = format!("Last Name,Email,Company\nRao,a@example.com,{too_long}\nDoe,b@example.com,Acme\n");
    let report = import_with(&world, CREATE, &text).await;
    assert_eq!(
        (report.counts.inserted, report.counts.rejects_by_code["LOOKUP_NOT_MADE"]),
        (1, 1),
        "{report:?}"
    );
    let rejects = crate::rejects_of(&world, &report);
    assert!(rejects.contains("INVALID_DATA Account_Name"), "{rejects}");
}

#[tokio::test]
async fn an_import_that_dies_anywhere_gives_every_contact_its_company_and_makes_each_once() {
    for seed in 0..seeds(24) {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::with(
            json!({"latency_ms": 2}),
            Settings {
                look_every: std::time::Duration::ZERO,
                ..small_slices()
            },
        )
        .await;
        let path = "/bigin/v2/*";
        let kinds = [
            json!({"kind": "status", "status": 500, "after_commit": true}),
            json!({"kind": "status", "status": 429, "code": "TOO_MANY_REQUESTS"}),
            json!({"kind": "cut", "after_commit": true}),
        ];
        let rules: Vec<Value> = kinds
            .iter()
            .map(|fault| json!({"path": path, "probability": 0.1 * random.f64(), "fault": fault}))
            .collect();
        world.bucket.set("mappings/Contacts.toml", CREATE);
        let rows = random.u32(1..900);
        let company = |row: u32| format!("Company{} {}", if row.is_multiple_of(5) { "'" } else { "" }, row % 40);
        let mut text = String::from("Last Name,Email,Company\n");
        for row in 0..rows {
            writeln!(text, "Rao,a{row}@example.com,{}", company(row)).unwrap();
        }
        let mut execution = world.start(&world.put("inbox/Contacts/people.csv", text));
        execution.run_until(&world, |next| next.next == Step::Slice).await;
        world.faults(json!(rules));
        for _ in 0..random.u8(0..6) {
            world.crash.at(random.i64(1..60));
            let died = execution.invoke(&world).await == Invocation::Died;
            world.crash.never();
            world.clock.advance(if died { 200 } else { 1 });
        }
        world.faults(json!([]));
        let report = world.run(execution).await;
        adds_up(&report);
        let counts = &report.counts;
        assert_eq!(
            (counts.read, counts.inserted + counts.updated),
            (u64::from(rows), u64::from(rows)),
            "seed {seed}: {report:?}"
        );
        let contacts = world.records("Contacts");
        assert_eq!(contacts.len(), rows as usize, "seed {seed}");
        for contact in &contacts {
            let row: u32 = contact["Email"].as_str().unwrap()[1..]
                .split('@')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            assert_eq!(contact["Account_Name"]["name"], company(row), "seed {seed}");
        }
        let made: std::collections::HashSet<_> = (0..rows).map(company).collect();
        assert_eq!(world.records("Accounts").len(), made.len(), "seed {seed}");
    }
}
