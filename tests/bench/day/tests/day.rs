//! The day of make bench with fewer pushers, held by make test.
#![allow(clippy::unwrap_used, reason = "tests")]

use bench_day::mints;
use shared::testing::leave_figure;

#[test]
fn a_day_of_many_pushers_mints_no_more_than_the_schedule_and_what_zoho_took_away() {
    let (scheduled, on_demand) = (mints(100, true).unwrap(), mints(100, false).unwrap());
    let line = format!("mints in a day of 100 pushers: {scheduled}, without the schedule {on_demand}");
    leave_figure(env!("CARGO_TARGET_TMPDIR"), &line);
    // Every 20 minutes one but at midnight, when the first is new, and at 12:20, which finds the one of 12:07.
    assert_eq!(scheduled, 24 * 3 - 2 + 1);
    // Every hour one, a little before it is over, and the one of 12:07.
    assert_eq!(on_demand, 25);
}
