//! Each target for some seconds, from the same random numbers every time; with `SOAK` for so many, from others or from `SEED`.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use fuzz::targets::{Json, Keys, Mappings, Oauth, Payloads, Tables, Zoho};
use fuzz::{Target, fuzz};
use shared::testing::leave_figure;

fn go(target: &impl Target, seconds: u64) {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let (seconds, seed) = match number("SOAK") {
        Some(longer) => (longer, number("SEED").unwrap_or(u64::from(std::process::id()))),
        None => (seconds, 4711),
    };
    let tmp = env!("CARGO_TARGET_TMPDIR");
    let tally = fuzz(target, Duration::from_secs(seconds), seed, Path::new(tmp));
    let line = format!(
        "fuzz: {:<8} {:>9} executions, {:>5} kinds of answers, {seconds} s, seed {seed}",
        target.name(),
        tally.executions,
        tally.kinds
    );
    leave_figure(tmp, &line);
    assert!(tally.kinds > 5, "{line}: the samples all get the same answer");
}

#[test]
fn any_table_is_read_alike_in_any_pieces_and_within_limits() {
    go(&Tables, 15);
}

#[test]
fn any_json_is_read_alike_in_any_pieces_and_within_limits() {
    go(&Json, 15);
}

#[test]
fn any_mapping_is_taken_or_refused() {
    go(&Mappings, 8);
}

#[test]
fn any_payload_is_taken_or_refused_without_its_words() {
    go(&Payloads, 8);
}

#[test]
fn any_answer_of_the_accounts_server_is_judged_without_its_words() {
    go(&Oauth, 8);
}

#[test]
fn any_answer_of_the_api_is_judged_and_no_record_is_forgotten() {
    go(&Zoho::default(), 12);
}

#[test]
fn whatever_a_file_is_named_its_report_lies_where_reports_do() {
    go(&Keys, 5);
}
