//! The line of scopes that the README tells operators to paste is the one authorize checks.

#[test]
fn the_readme_publishes_the_scopes_that_are_checked() {
    let readme = include_str!("../../../README.md");
    assert!(readme.lines().any(|line| line.trim() == authorize::SCOPES_LINE));
}
