//! The relay's own writes among the changes of others: marked, never dropped, and a two-way application that goes by the mark
//! does not loop.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use bigin::{CallShape, ModuleName, Operation, Record, RecordOutcome};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::pulled_modules::PulledModules;
use shared::state::own_writes::{self, OwnWrites};
use shared::tokens::Tokens;
use support::World;
use support::consumer::lines_of;

/// So long that what was changed before is settled.
const SETTLED: u64 = 180;

/// The relay writes, as push does it, and notes what it wrote; answers with the ids.
async fn relay_writes(world: &World, operation: Operation, records: &[Value], is_noted: bool) -> Vec<String> {
    let module = ModuleName::parse("Contacts").unwrap();
    let shape = CallShape {
        module: module.clone(),
        operation,
        match_on: Vec::new(),
        trigger: Vec::new(),
    };
    let records: Vec<_> = records
        .iter()
        .map(|record| Record::from_object(record.as_object().unwrap()))
        .collect();
    let access = world.tokens.pass().await.unwrap().access;
    let bigin = world.pull.context.bigin.bigin();
    let answer = bigin
        .write(&access, &shape, &records.iter().collect::<Vec<_>>())
        .await
        .unwrap();
    let now = world.clock.now();
    if is_noted {
        let writes = OwnWrites::of(&shape, &answer, now).unwrap();
        own_writes::note(&world.table, &module, &writes, now).await.unwrap();
    }
    let id = |outcome: &RecordOutcome| match outcome {
        RecordOutcome::Accepted { id, .. } => id.clone(),
        RecordOutcome::Refused(errors) => panic!("{errors:?}"),
    };
    answer.outcomes.iter().map(id).collect()
}

/// A run, and its lines.
async fn pulled(world: &World) -> Vec<Value> {
    world.advance(SETTLED);
    let manifest = world.run("Contacts").await;
    let files = manifest["files"].as_array().unwrap().iter();
    files
        .flat_map(|file| lines_of(&world.bucket, file["key"].as_str().unwrap()))
        .collect()
}

fn origins(lines: &[Value]) -> BTreeMap<String, String> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    lines
        .iter()
        .map(|line| (text(line, "record_id"), text(line, "origin")))
        .collect()
}

fn expected<const N: usize>(pairs: [(&String, &str); N]) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|(id, origin)| (id.clone(), origin.to_owned()))
        .collect()
}

#[tokio::test]
async fn writes_of_the_relay_are_told_apart_from_those_of_people() {
    let world = World::new().await;
    pulled(&world).await;
    let people = world.add("Contacts", &[json!({"Last_Name": "P"}), json!({"Last_Name": "Q"})]);
    let own = relay_writes(
        &world,
        Operation::Insert,
        &[json!({"Last_Name": "R"}), json!({"Last_Name": "S"})],
        true,
    )
    .await;
    // Once more in the same name, half a minute later, and it was not the relay's call.
    world.advance(30);
    relay_writes(
        &world,
        Operation::Update,
        &[json!({"id": own[1], "Title": "Dr"})],
        false,
    )
    .await;
    let wanted = expected([
        (&people[0], "bigin"),
        (&people[1], "bigin"),
        (&own[0], "relay"),
        (&own[1], "unsure"),
    ]);
    assert_eq!(origins(&pulled(&world).await), wanted);

    // A person edits what the relay wrote, and the relay's own user works by hand.
    world.edit("Contacts", &[json!({"id": own[0], "Title": "Dr"})]);
    relay_writes(
        &world,
        Operation::Update,
        &[json!({"id": people[0], "Title": "Dr"})],
        false,
    )
    .await;
    assert_eq!(
        origins(&pulled(&world).await),
        expected([(&own[0], "bigin"), (&people[0], "bigin")])
    );

    relay_writes(&world, Operation::Delete, &[json!({"id": own[0]})], true).await;
    relay_writes(&world, Operation::Delete, &[json!({"id": own[1]})], false).await;
    world.delete("Contacts", &people[..1]);
    let wanted = expected([(&own[0], "relay"), (&own[1], "unsure"), (&people[0], "bigin")]);
    assert_eq!(origins(&pulled(&world).await), wanted);
}

#[tokio::test]
async fn after_a_long_pause_what_was_noted_is_known_and_the_rest_is_unsure() {
    let world = World::new().await;
    pulled(&world).await;
    let own = relay_writes(&world, Operation::Insert, &[json!({"Last_Name": "R"})], true).await;
    let other = relay_writes(&world, Operation::Insert, &[json!({"Last_Name": "S"})], false).await;
    world.advance(30 * 24 * 3600);
    assert_eq!(
        origins(&pulled(&world).await),
        expected([(&own[0], "relay"), (&other[0], "unsure")])
    );
}

#[tokio::test]
async fn where_push_does_not_note_its_writes_none_in_its_name_is_taken_for_somebody_elses() {
    let mut world = World::new().await;
    world.set(|settings| settings.modules = PulledModules::Off);
    pulled(&world).await;
    let own = relay_writes(&world, Operation::Insert, &[json!({"Last_Name": "R"})], false).await;
    assert_eq!(origins(&pulled(&world).await), expected([(&own[0], "unsure")]));
}

#[tokio::test]
async fn a_two_way_application_goes_through_a_hundred_rounds_without_a_loop() {
    let world = World::new().await;
    let ids = world.add("Contacts", &[json!({"Last_Name": "A"}), json!({"Last_Name": "B"})]);
    pulled(&world).await;
    let mut writes = 0;
    for round in 0..100 {
        // People change one in Bigin, the application the other, in the same minute.
        let title = format!("round {round}");
        world.edit("Contacts", &[json!({"id": ids[0], "Title": title})]);
        relay_writes(
            &world,
            Operation::Update,
            &[json!({"id": ids[1], "Title": title})],
            true,
        )
        .await;
        writes += 1;
        let lines = pulled(&world).await;
        assert_eq!(
            origins(&lines),
            expected([(&ids[0], "bigin"), (&ids[1], "relay")]),
            "round {round}"
        );
        // What others changed it takes over, and says so in Bigin: this is what comes back to it in the next round.
        for line in lines.iter().filter(|line| line["origin"] != "relay") {
            relay_writes(
                &world,
                Operation::Update,
                &[json!({"id": line["record_id"], "Description": title})],
                true,
            )
            .await;
            writes += 1;
        }
        let echoes = pulled(&world).await;
        assert_eq!(origins(&echoes), expected([(&ids[0], "relay")]), "round {round}");
    }
    assert_eq!(writes, 200, "a write for each change, and none for an echo");
    assert_eq!(pulled(&world).await, Vec::<Value>::new());
}

/// Who writes which of the records, and how long after the one before.
type Turn = (bool, prop::sample::Index, u64);

async fn history(turns: Vec<Turn>) -> Result<(), TestCaseError> {
    let world = World::new().await;
    let ids = world.add(
        "Contacts",
        &(0..4)
            .map(|n| json!({"Last_Name": format!("N{n}")}))
            .collect::<Vec<_>>(),
    );
    pulled(&world).await;
    let mut last = BTreeMap::new();
    for (number, (is_relay, place, seconds)) in turns.iter().enumerate() {
        // Two writes of one second cannot be told apart by their time.
        world.advance(1 + seconds);
        let id = place.get(&ids).clone();
        let record = json!({"id": id, "Title": format!("{number}")});
        if *is_relay {
            relay_writes(&world, Operation::Update, &[record], true).await;
        } else {
            world.edit("Contacts", &[record]);
        }
        last.insert(id, if *is_relay { "relay" } else { "bigin" }.to_owned());
    }
    let lines = pulled(&world).await;
    prop_assert_eq!(
        lines.len(),
        lines
            .iter()
            .map(|line| line["id"].to_string())
            .collect::<BTreeSet<_>>()
            .len()
    );
    prop_assert_eq!(origins(&lines), last);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whoever_wrote_last_is_named_whatever_the_order(
        turns in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 0..90_u64), 1..25),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(history(turns))?;
    }
}
