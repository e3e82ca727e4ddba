//! The README is what users go by: what it lists must be what there is.

use push::map::codes::{REFUSALS, REJECTS};

const README: &str = include_str!("../../../README.md");
const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

#[test]
fn every_code_of_ours_is_explained_in_the_readme() {
    for (code, meaning) in REJECTS.iter().chain(REFUSALS) {
        let row = format!("| `{code}` | {meaning} |");
        assert!(README.contains(&row), "{row}");
    }
}

#[test]
fn every_parameter_of_the_template_is_in_the_readme() {
    let parameters = TEMPLATE
        .lines()
        .skip_while(|line| *line != "Parameters:")
        .skip(1)
        .take_while(|line| !line.starts_with("Conditions:"))
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.trim().strip_suffix(':'));
    let mut seen = 0;
    for parameter in parameters {
        assert!(README.contains(&format!("| `{parameter}` |")), "{parameter}");
        seen += 1;
    }
    assert!(seen > 15, "the template's parameters were not found: {seen}");
}
