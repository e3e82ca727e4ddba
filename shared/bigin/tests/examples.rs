//! What the examples print is what they promise.

use std::process::Command;

#[test]
fn the_example_goes_from_a_code_to_records_and_is_cut_off_at_the_end() {
    // `cargo test` and nextest build examples beside the tests.
    let tests = std::env::current_exe().unwrap();
    let example = tests.parent().and_then(|deps| deps.parent()).unwrap();
    let output = Command::new(example.join("examples/from_code_to_records"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{printed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in [
        "authorized for ",
        "inserted ",
        "refused: MANDATORY_NOT_FOUND Last_Name",
        "found 1 by e-mail address",
        "revoked: ",
    ] {
        assert!(printed.contains(line), "{line:?} is missing in:\n{printed}");
    }
}
