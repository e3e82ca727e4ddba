//! The scenes that are gone through, in full but for those that say how many switches. What was counted is left as a line for `make test` to print.
//! With `SOAK` the long ones follow, those of a test for so many seconds.

use std::time::{Duration, Instant};

use interleavings::Role::{Authorize, Push, Rejected, Revoke, Scheduled};
use interleavings::{Allowed, Role, World, explore};
use shared::testing::leave_figure;

/// Goes through a scene in which `mints` were asked for already.
fn go(mints: usize, cast: &[Role], faults: u32, jumps: u32) {
    let allowed = Allowed {
        faults,
        jumps,
        ..Allowed::default()
    };
    go_within(allowed, mints, cast);
}

/// The same with so many switches from one that could go on to another: most faults show with few (Musuvathi and Qadeer,
/// "Iterative Context Bounding", 2007).
fn go_switching(switches: u32, cast: &[Role], faults: u32) {
    let allowed = Allowed {
        faults,
        switches: Some(switches),
        ..Allowed::default()
    };
    go_within(allowed, 0, cast);
}

fn go_within(allowed: Allowed, mints: usize, cast: &[Role]) {
    let began = Instant::now();
    let tally = explore(&World::authorized(mints), cast, allowed);
    let Allowed { faults, jumps, .. } = allowed;
    let names: Vec<_> = cast.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
    let scene = format!(
        "{}, faults {faults}, jumps {jumps}, minted before {mints}{}{}",
        names.join(" + "),
        allowed
            .switches
            .map_or_else(String::new, |most| format!(", switches {most} at most")),
        if tally.is_cut_off { "; no time for the rest" } else { "" }
    );
    let line = format!(
        "interleavings: {:>19} over {:>7} states, up to {:>2} steps, {:>3} s: {scene}",
        tally.interleavings,
        tally.states,
        tally.longest,
        began.elapsed().as_secs(),
    );
    leave_figure(env!("CARGO_TARGET_TMPDIR"), &line);
    let is_enough = tally.is_cut_off || tally.interleavings > 1_000;
    assert!(is_enough, "{tally:?}: these steps do not interleave");
}

/// Goes through long scenes, one after the other, where that is asked for and as long as there is time.
fn soak(scenes: &[(usize, &[Role], u32, u32)]) {
    let Some(seconds) = std::env::var("SOAK").ok().and_then(|seconds| seconds.parse().ok()) else {
        return;
    };
    let until = Instant::now() + Duration::from_secs(seconds);
    for (mints, cast, faults, jumps) in scenes {
        let allowed = Allowed {
            faults: *faults,
            jumps: *jumps,
            switches: None,
            until: Some(until),
        };
        go_within(allowed, *mints, cast);
    }
}

#[test]
fn a_crowd_that_asks_about_one_token_costs_one_mint() {
    go(0, &[Rejected, Rejected, Rejected], 0, 0);
    go(0, &[Push, Push, Scheduled], 0, 0);
    soak(&[(0, &[Push, Push], 1, 0)]);
}

#[test]
fn a_refresher_taken_for_dead_publishes_over_nobody_and_the_budget_holds() {
    go(5, &[Rejected, Rejected], 0, 1);
    soak(&[(5, &[Rejected, Rejected], 0, 2), (0, &[Rejected, Rejected], 1, 1)]);
}

#[test]
fn a_refresh_that_races_a_revoke_loses_whatever_goes_wrong_once() {
    go(0, &[Rejected, Revoke], 1, 0);
    soak(&[
        (0, &[Rejected, Rejected, Revoke], 0, 0),
        (0, &[Push, Revoke], 0, 1),
        (0, &[Push, Revoke], 1, 0),
    ]);
}

#[test]
fn neither_a_refresh_nor_another_authorize_makes_authorize_lose_a_refresh_token() {
    go(0, &[Authorize, Rejected], 0, 0);
    go(0, &[Authorize, Authorize], 0, 0);
    soak(&[(0, &[Authorize, Rejected], 1, 0), (0, &[Authorize, Authorize], 1, 0)]);
}

#[test]
fn of_an_authorize_and_a_revoke_one_stands_in_full() {
    go_switching(3, &[Authorize, Revoke], 0);
    soak(&[(0, &[Authorize, Revoke], 0, 0), (0, &[Authorize, Revoke], 1, 0)]);
}

#[test]
fn of_an_authorize_and_a_revoke_one_stands_while_a_refresh_goes_on_beside_them() {
    go_switching(2, &[Authorize, Rejected, Revoke], 0);
    soak(&[(0, &[Authorize, Rejected, Revoke], 0, 0)]);
}

#[test]
fn two_faults_in_one_schedule_break_no_rule() {
    go_switching(1, &[Rejected, Rejected], 2);
    soak(&[(0, &[Rejected, Rejected], 2, 0), (0, &[Rejected, Revoke], 2, 0)]);
}
