//! The line of scopes that the README tells operators to paste is the one authorize checks.

#[test]
fn the_readme_publishes_the_scopes_that_are_checked() {
    let readme = include_str!("../../../README.md");
    assert!(readme.lines().any(|line| line.trim() == authorize::SCOPES_LINE));
}

#[test]
fn the_table_of_limits_has_those_of_the_self_client_file() {
    let security = include_str!("../../../SECURITY.md");
    let (text, scopes, scope) = (
        authorize::LONGEST_TEXT,
        authorize::MOST_SCOPES,
        authorize::LONGEST_SCOPE,
    );
    for row in [
        format!("| a text of the self client file | {text} bytes | it is refused before the code is spent |"),
        format!("| its scopes | {scopes} of {scope} bytes | likewise |"),
    ] {
        assert!(security.contains(&row), "{row}");
    }
}
