//! Lookups in files.

use std::fmt::Write as _;

use push::context::Settings;
use push::import::Step;
use push::report::RunStatus;
use serde_json::{Value, json};
use shared::state::credits;

use crate::support::{World, adds_up, small_slices};
use crate::{LISTS, QUERIES, calls, companies, company_of, import_with, record, rejects_of};

const NAMES: [&str; 6] = [
    "O'Reilly GmbH",
    "Müller & Söhne GmbH",
    "株式会社ソラー",
    "ООО Ромашка",
    "شركة النور",
    "back\\slash Ltd",
];

#[tokio::test]
async fn a_company_by_name_becomes_the_company_and_never_another_one() {
    for quote in ["both", "backslash", "doubled"] {
        let world = World::with(json!({"coql_quote": quote}), Settings::default()).await;
        companies(&world, &NAMES).await;
        let mut text = String::from("Last Name,Email,Company\n");
        for (number, name) in NAMES.iter().enumerate() {
            writeln!(
                text,
                "Rao,a{number}@example.com,{name}\nRao,b{number}@example.com, {}",
                name.to_uppercase()
            )
            .unwrap();
        }
        let report = import_with(&world, "", &text).await;
        adds_up(&report);
        assert_eq!(
            (report.status, report.counts.inserted),
            (RunStatus::Complete, 12),
            "{report:?}"
        );
        for (number, name) in NAMES.iter().enumerate() {
            assert_eq!(company_of(&world, &format!("a{number}@example.com")), *name, "{quote}");
            assert_eq!(company_of(&world, &format!("b{number}@example.com")), *name, "{quote}");
        }
        assert_eq!(world.records("Accounts").len(), NAMES.len());
        assert_eq!((calls(&world, QUERIES), calls(&world, LISTS)), (1, 1), "{quote}");
    }
}

#[tokio::test]
async fn every_question_is_counted() {
    let world = World::new().await;
    companies(&world, &NAMES).await;
    let mapping = "[lookup.Account_Name]\non_missing = 'create'";
    let mut text = String::from("Last Name,Email,Company,Contact Owner\n");
    for number in 0..25 {
        writeln!(
            text,
            "Rao,a{number}@example.com,New Company {number},sam@sandbox-company.example"
        )
        .unwrap();
    }
    text += "Rao,b@example.com,O'Reilly GmbH,\n";
    let report = import_with(&world, mapping, &text).await;
    assert_eq!(report.counts.inserted, 26, "{report:?}");
    // A query, a list, the users, the companies in one call of 3 credits, the contacts in one of 3.
    assert_eq!((report.api_calls, report.credits), (5, 9));
    let spent = world.sandbox.state()["credits"]["spent"].as_u64().unwrap();
    assert_eq!(credits::spent(&world.table, world.context.now()).await.unwrap(), spent);
}

#[tokio::test]
async fn a_missing_company_is_rejected_made_or_left_out_as_the_mapping_says() {
    let text = "Last Name,Email,Company\nRao,a@example.com,Nobody Ltd\nRao,b@example.com,D'Arc SARL\n\
                Rao,c@example.com,NOBODY LTD\nRao,d@example.com,\n";
    let world = World::new().await;
    let report = import_with(&world, "", text).await;
    adds_up(&report);
    assert_eq!((report.counts.inserted, report.counts.rejected), (1, 3));
    assert_eq!(report.counts.rejects_by_code["LOOKUP_NOT_FOUND"], 3);
    let rejects = rejects_of(&world, &report);
    assert!(
        rejects.contains("Nobody Ltd") && rejects.contains("Account_Name"),
        "{rejects}"
    );
    assert!(!format!("{:?}", report.warnings).contains("Nobody"));

    let world = World::new().await;
    let report = import_with(&world, "[lookup.Account_Name]\non_missing = 'create'", text).await;
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 4),
        "{report:?}"
    );
    assert_eq!(world.records("Accounts").len(), 2, "each is made once");
    assert_eq!(company_of(&world, "c@example.com"), "Nobody Ltd");
    assert_eq!(company_of(&world, "b@example.com"), "D'Arc SARL");

    let world = World::new().await;
    let report = import_with(&world, "[lookup.Account_Name]\non_missing = 'empty'", text).await;
    assert_eq!(report.counts.inserted, 4);
    assert!(
        world
            .records("Contacts")
            .iter()
            .all(|contact| contact["Account_Name"] == Value::Null)
    );
    assert_eq!(world.records("Accounts").len(), 0);
}

#[tokio::test]
async fn of_several_companies_the_mapping_says_which() {
    let world = World::new().await;
    let rows = "Account Name,Nickname\nFirst,Twin\nSecond,twin\nThird,Only";
    world.import(&world.put("inbox/Accounts/a.csv", rows)).await;
    let text = "Last Name,Email,Company\nRao,a@example.com,Twin\nRao,b@example.com,Only\n";
    let by = |policy: &str| format!("[lookup.Account_Name]\nby = 'Nickname'\non_ambiguous = '{policy}'");
    let report = import_with(&world, &by("reject"), text).await;
    assert_eq!(
        (
            report.counts.inserted,
            report.counts.rejects_by_code["AMBIGUOUS_LOOKUP"]
        ),
        (1, 1),
        "{report:?}"
    );
    let report = import_with(&world, &by("empty"), text).await;
    assert_eq!((report.counts.inserted, report.counts.updated), (1, 1));
    assert_eq!(company_of(&world, "a@example.com"), Value::Null);
    let report = import_with(&world, &by("oldest"), text).await;
    assert_eq!(report.counts.updated, 2);
    assert_eq!(company_of(&world, "a@example.com"), "First");
    assert_eq!(company_of(&world, "b@example.com"), "Third");
    // By a field that is not unique nothing is made.
    let create = "[lookup.Account_Name]\nby = 'Nickname'\non_missing = 'create'";
    let report = import_with(&world, create, "Last Name,Email,Company\nRao,c@example.com,Other\n").await;
    assert_eq!(report.counts.rejects_by_code["LOOKUP_NOT_MADE"], 1, "{report:?}");
    let report = import_with(&world, "[lookup.Account_Name]\nby = 'Nikname'", text).await;
    assert_eq!(report.counts.rejects_by_code["LOOKUP_FIELD_UNKNOWN"], 2, "{report:?}");
}

#[tokio::test]
async fn owners_are_active_users_and_pipelines_have_names() {
    let world = World::new().await;
    let owner = |name: &str| format!("{name}@sandbox-company.example");
    let text = format!(
        "Last Name,Email,Contact Owner\nRao,a@example.com,{}\nRao,b@example.com,{}\nRao,c@example.com,x@example.com\n",
        owner("Sam").to_uppercase(),
        owner("lee")
    );
    let report = import_with(&world, "", &text).await;
    assert_eq!(
        (
            report.counts.inserted,
            report.counts.rejects_by_code["LOOKUP_NOT_FOUND"]
        ),
        (1, 2),
        "{report:?}"
    );
    assert_eq!(
        record(&world, "Contacts", "Email", "a@example.com")["Owner"]["email"],
        owner("sam")
    );
    let deals = "Deal Name,Pipeline,Sub-Pipeline,Stage,Contact Name\n\
                 Roof,service pipeline,Service Pipeline Standard,New Request,a@example.com\n\
                 Other,No Pipeline,Service Pipeline Standard,New Request,a@example.com\n";
    world.bucket.set("mappings/Pipelines.toml", "operation = 'insert'");
    let report = world.import(&world.put("inbox/Pipelines/deals.csv", deals)).await;
    assert_eq!((report.counts.inserted, report.counts.rejected), (1, 1), "{report:?}");
    let deal = record(&world, "Pipelines", "Deal_Name", "Roof");
    assert_eq!(deal["Pipeline"]["name"], "Service Pipeline");
    assert_eq!(deal["Contact_Name"]["name"], "Rao");
}

#[tokio::test]
async fn a_name_costs_one_question_however_often_it_comes_and_calls_stay_within_their_number() {
    let settings = Settings {
        bigin_concurrency: 4,
        ..Settings::default()
    };
    let world = World::with(json!({"latency_ms": 5}), settings).await;
    let mut text = String::from("Last Name,Email,Company\n");
    for row in 0..3_000_u32 {
        // New names in every stretch, some of which no query can have.
        let quote = if row.is_multiple_of(7) { "'" } else { "" };
        writeln!(text, "Rao,a{row}@example.com,Company{quote} {}", row / 10).unwrap();
    }
    let report = import_with(&world, "[lookup.Account_Name]\non_missing = 'create'", &text).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.inserted),
        (RunStatus::Complete, 3_000),
        "{report:?}"
    );
    let names: std::collections::HashSet<_> = text
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap())
        .collect();
    assert_eq!(world.records("Accounts").len(), names.len());
    for contact in world.records("Contacts").iter().take(500) {
        let row: u32 = contact["Email"].as_str().unwrap()[1..]
            .split('@')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let quote = if row.is_multiple_of(7) { "'" } else { "" };
        assert_eq!(contact["Account_Name"]["name"], format!("Company{quote} {}", row / 10));
    }
    assert!(calls(&world, QUERIES) <= 12, "{}", calls(&world, QUERIES));
    let most = world.sandbox.state()["most_in_flight"].as_u64().unwrap();
    assert!(most <= 2, "{most} calls in flight");
}

#[tokio::test]
async fn a_parent_that_comes_while_the_import_runs_is_found_at_its_end() {
    let world = World::with(json!({"latency_ms": 30}), small_slices()).await;
    let mut text = String::from("Last Name,Email,Company\nRao,first@example.com,Late Ltd\nRao,odd@example.com,L'Ate\n");
    for row in 0..1_500 {
        writeln!(text, "Rao,a{row}@example.com,").unwrap();
    }
    // The first row's address comes once more: that row must not overtake it.
    text += "Doe,FIRST@example.com,\n";
    let mut execution = world.start(&world.put("inbox/Contacts/people.csv", text));
    execution.run_until(&world, |next| next.next == Step::Slice).await;
    execution
        .run_until(&world, |next| {
            next.next == Step::Slice && !world.records("Contacts").is_empty()
        })
        .await;
    assert!(
        world
            .records("Contacts")
            .iter()
            .all(|contact| contact["Email"] != "first@example.com")
    );
    // Somebody else makes them.
    let access = shared::tokens::Tokens::pass(&*world.context.tokens)
        .await
        .unwrap()
        .access;
    let shape = bigin::CallShape {
        module: bigin::ModuleName::parse("Accounts").unwrap(),
        operation: bigin::Operation::Insert,
        match_on: Vec::new(),
        trigger: Vec::new(),
    };
    for name in ["Late Ltd", "L'Ate"] {
        let made = bigin::Record::from_object(json!({ "Account_Name": name }).as_object().unwrap());
        world.context.bigin.write(&access, &shape, &[&made]).await.unwrap();
    }
    let report = world.run(execution).await;
    adds_up(&report);
    assert_eq!(
        (report.status, report.counts.inserted, report.counts.updated),
        (RunStatus::Complete, 1_502, 1),
        "{report:?}"
    );
    assert_eq!(company_of(&world, "odd@example.com"), "L'Ate");
    let first = world
        .records("Contacts")
        .into_iter()
        .find(|contact| contact["Last_Name"] == "Doe")
        .unwrap();
    assert_eq!(first["Account_Name"]["name"], "Late Ltd");
}
