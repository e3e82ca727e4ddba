//! Histories drawn by seeds: whatever is done in Bigin while runs go on, and wherever they die, a consumer's copy is what
//! Bigin has, once the last change is settled.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::World;
use support::consumer::Copy;

/// What happens.
#[derive(Debug, Clone)]
enum Deed {
    /// People add so many records within one second.
    Add(usize),
    /// People edit some of the records, each by its place among those that are there.
    Edit(Vec<prop::sample::Index>),
    /// People delete some.
    Delete(Vec<prop::sample::Index>),
    /// Time passes.
    Pass(u64),
    /// A slice of a run, which may die at a touch of the bucket or the table.
    Slice(Option<(i64, bool)>),
}

fn deed() -> impl Strategy<Value = Deed> {
    let some = || prop::collection::vec(any::<prop::sample::Index>(), 1..30);
    prop_oneof![
        2 => (1..260_usize).prop_map(Deed::Add),
        3 => some().prop_map(Deed::Edit),
        2 => some().prop_map(Deed::Delete),
        3 => (0..400_u64).prop_map(Deed::Pass),
        8 => prop::option::of((1..7_i64, any::<bool>())).prop_map(Deed::Slice),
    ]
}

/// The run that a test carries on.
#[derive(Default)]
struct Story {
    ids: BTreeSet<String>,
    edits: usize,
    told: String,
}

impl Story {
    fn choose(&self, places: &[prop::sample::Index]) -> Vec<String> {
        let ids: Vec<_> = self.ids.iter().cloned().collect();
        if ids.is_empty() {
            return ids;
        }
        let chosen: BTreeSet<_> = places.iter().map(|place| place.get(&ids).clone()).collect();
        chosen.into_iter().collect()
    }

    async fn happens(&mut self, world: &mut World, happening: &Deed) {
        let _ = writeln!(self.told, "{happening:?}");
        match happening {
            Deed::Add(count) => {
                let first = self.ids.len();
                let records: Vec<_> = (0..*count)
                    .map(|n| json!({"Last_Name": format!("N{}", first + n)}))
                    .collect();
                self.ids.extend(world.add("Contacts", &records));
            }
            Deed::Edit(places) => {
                self.edits += 1;
                let title = format!("edit {}", self.edits);
                let edits: Vec<Value> = self
                    .choose(places)
                    .into_iter()
                    .map(|id| json!({"id": id, "Title": title}))
                    .collect();
                world.edit("Contacts", &edits);
            }
            Deed::Delete(places) => {
                let gone = self.choose(places);
                if !gone.is_empty() {
                    world.delete("Contacts", &gone);
                }
                self.ids.retain(|id| !gone.contains(id));
            }
            Deed::Pass(seconds) => world.advance(*seconds),
            Deed::Slice(death) => {
                if let Some((touch, is_done)) = death {
                    world.death.at(*touch, *is_done);
                }
                let death = world.death.clone();
                let died = tokio::select! {
                    () = death.reached() => true,
                    () = step(world) => false,
                };
                world.restart();
                if died {
                    // Its turn runs out, and the schedule starts another execution.
                    world.executions.end_all();
                    world.clock.advance(120);
                }
            }
        }
    }
}

/// What the schedule and the state machine do at some moment.
async fn step(world: &World) {
    let run_id = world.start("Contacts").await;
    let next = world.step("slice", "Contacts", &run_id, 0).await;
    if next["next"] == "announce" {
        world.step("close", "Contacts", &run_id, 0).await;
        world.executions.end_all();
    }
}

async fn story(deeds: Vec<Deed>, list_ids: &str) -> Result<(), TestCaseError> {
    let mut world = World::with(json!({"list_ids": list_ids})).await;
    world.set(|settings| settings.slice_budget = Duration::ZERO);
    let mut story = Story::default();
    for deed in &deeds {
        story.happens(&mut world, deed).await;
    }
    world.advance(180);
    world.set(|settings| settings.slice_budget = Duration::from_mins(2));
    world.executions.end_all();
    // The run that was going on, and one over all that came after its window.
    world.run("Contacts").await;
    world.run("Contacts").await;
    let mut copy = Copy::default();
    copy.catch_up(&world.bucket, "Contacts");
    let (copied, truth) = (copy.records(), world.truth("Contacts"));
    let ids = |records: &std::collections::BTreeMap<String, Value>| records.keys().cloned().collect::<Vec<_>>();
    prop_assert_eq!(ids(&copied), ids(&truth), "{}", &story.told);
    prop_assert_eq!(copied, truth, "{}", &story.told);
    Ok(())
}

fn cases() -> u32 {
    std::env::var("PULL_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_consumers_copy_is_what_bigin_has_whatever_happens_and_wherever_runs_die(
        deeds in prop::collection::vec(deed(), 4..26),
        list_ids in prop::sample::select(vec!["honoured", "honoured", "honoured", "ignored", "refused"]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(story(deeds, list_ids))?;
    }
}

/// Every death that a run can die, one after the other: before and after each touch of the bucket or the table.
#[tokio::test]
async fn a_run_that_dies_at_any_step_leaves_nothing_out() {
    let mut touch = 1;
    loop {
        let mut reached_the_end = false;
        for touch_is_done in [false, true] {
            let mut world = World::new().await;
            let records: Vec<_> = (0..30).map(|n| json!({"Last_Name": format!("N{n}")})).collect();
            let ids = world.add("Contacts", &records);
            world.advance(180);
            world.run("Contacts").await;
            world.edit("Contacts", &[json!({"id": ids[1], "Title": "Dr"})]);
            world.delete("Contacts", &ids[2..5]);
            world.advance(900);
            world.death.at(touch, touch_is_done);
            let death = world.death.clone();
            let died = tokio::select! {
                () = death.reached() => true,
                _ = world.run("Contacts") => false,
            };
            reached_the_end |= !died;
            world.restart();
            world.executions.end_all();
            world.advance(900);
            world.run("Contacts").await;
            world.run("Contacts").await;
            let mut copy = Copy::default();
            copy.catch_up(&world.bucket, "Contacts");
            assert_eq!(
                copy.records(),
                world.truth("Contacts"),
                "died at touch {touch}, done: {touch_is_done}"
            );
        }
        if reached_the_end {
            break;
        }
        touch += 1;
    }
    assert!(touch > 6, "a run touches them more often than {touch} times");
}
