//! What is written about the limits is what there is.

#[test]
fn the_table_of_limits_has_those_of_revoke() {
    let security = include_str!("../../../SECURITY.md");
    let row = format!(
        "| a reason that an operator gives | {} characters | it is refused |",
        revoke::LONGEST_REASON
    );
    assert!(security.contains(&row), "{row}");
    // It reads reports back as push does.
    let report = format!("| a report that is read back | {} MiB |", revoke::LARGEST_REPORT >> 20);
    assert!(security.contains(&report), "{report}");
}
