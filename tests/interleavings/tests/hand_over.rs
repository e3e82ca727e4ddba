//! The turn is handed on from import to import, gone through in full, or with so many switches.

use std::time::Instant;

use interleavings::Role::{Import, StandBy, Tell};
use interleavings::{Allowed, Role, World, explore};
use shared::testing::leave_figure;

const CONTACTS: (&str, &[&str]) = ("Contacts", &[]);
const PRODUCTS: (&str, &[&str]) = ("Products", &[]);

fn go(imports: &[(&'static str, &'static [&'static str])], cast: &[Role], allowed: Allowed) {
    let began = Instant::now();
    let tally = explore(&World::in_line(imports), cast, allowed);
    let line = format!(
        "interleavings: {:>19} over {:>7} states, up to {:>2} steps, {:>3} s: {cast:?}, faults {}, switches {:?}",
        tally.interleavings,
        tally.states,
        tally.longest,
        began.elapsed().as_secs(),
        allowed.faults,
        allowed.switches,
    );
    leave_figure(env!("CARGO_TARGET_TMPDIR"), &line);
    assert!(tally.interleavings > 100, "{tally:?}: these steps do not interleave");
}

fn switching(switches: u32, faults: u32) -> Allowed {
    Allowed {
        faults,
        switches: Some(switches),
        ..Allowed::default()
    }
}

#[test]
fn of_two_imports_of_a_module_the_later_one_is_woken_in_time_and_once() {
    go(
        &[CONTACTS, CONTACTS],
        &[Import(0), Import(1), StandBy(0), StandBy(1)],
        switching(3, 0),
    );
}

#[test]
fn two_modules_share_the_turn_and_nobody_is_forgotten() {
    go(
        &[CONTACTS, PRODUCTS, CONTACTS],
        &[Import(0), Import(1), Import(2), StandBy(0), StandBy(1), StandBy(2)],
        switching(1, 0),
    );
}

#[test]
fn a_wake_that_is_lost_or_answered_twice_or_an_end_that_nobody_tells_costs_a_minute_at_most() {
    go(
        &[CONTACTS, CONTACTS],
        &[Import(0), Import(1), StandBy(0), StandBy(1)],
        switching(1, 1),
    );
}

#[test]
fn an_execution_that_is_stopped_by_hand_frees_its_place_wherever_it_stands() {
    go(
        &[CONTACTS, CONTACTS],
        &[Import(0), Import(1), StandBy(0), StandBy(1), Tell(0), Tell(1)],
        switching(0, 1),
    );
}
