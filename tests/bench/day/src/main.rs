//! `bench-day PUSHERS`: how many tokens a day of so many pushers mints, as JSON, with the schedule and without it.
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;

use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let pushers = std::env::args().nth(1).ok_or("usage: bench-day PUSHERS")?.parse()?;
    let (mints, mints_without_schedule) = (bench_day::mints(pushers, true)?, bench_day::mints(pushers, false)?);
    println!(
        "{}",
        json!({"mints": mints, "mints_without_schedule": mints_without_schedule})
    );
    Ok(())
}
