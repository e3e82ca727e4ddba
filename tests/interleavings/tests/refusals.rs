//! What is known of a module's refusals outlives the invocations that learn it at the same time, gone through in full.

use std::time::Instant;

use interleavings::Role::{Decided, Refused, Taken};
use interleavings::{Allowed, Role, World, explore};
use shared::testing::leave_figure;

fn go(cast: &[Role], faults: u32) {
    let began = Instant::now();
    let allowed = Allowed {
        faults,
        ..Allowed::default()
    };
    let tally = explore(&World::authorized(0), cast, allowed);
    let line = format!(
        "interleavings: {:>19} over {:>7} states, up to {:>2} steps, {:>3} s: {cast:?}, faults {faults}",
        tally.interleavings,
        tally.states,
        tally.longest,
        began.elapsed().as_secs(),
    );
    leave_figure(env!("CARGO_TARGET_TMPDIR"), &line);
    assert!(tally.interleavings > 100, "{tally:?}: these steps do not interleave");
}

#[test]
fn no_refusal_that_was_told_of_is_forgotten_whoever_else_learns_something() {
    go(&[Refused(1), Refused(2)], 1);
    go(&[Refused(1), Refused(2), Taken], 0);
    go(&[Refused(1), Taken], 2);
}

#[test]
fn an_operators_decision_stands_whoever_learns_something_meanwhile() {
    go(&[Refused(1), Decided, Refused(2)], 0);
    go(&[Refused(1), Decided], 2);
}
