//! The README and the runbook are what users go by: what they list must be what there is.

use push::map::codes::{REFUSALS, REJECTS};
use push::resolve;

const README: &str = include_str!("../../../README.md");
const RUNBOOK: &str = include_str!("../../../docs/RUNBOOK.md");
const TEMPLATE: &str = include_str!("../../../infra/template.yaml");
const TELEMETRY: &str = include_str!("../../../shared/src/telemetry.rs");

#[test]
fn every_code_of_ours_is_explained_in_the_readme() {
    for (code, meaning) in REJECTS.iter().chain(resolve::codes::REJECTS).chain(REFUSALS) {
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

#[test]
fn every_alarm_names_an_entry_of_the_runbook_and_is_in_the_readme() {
    let mut alarms = 0;
    for alarm in resources().filter(|(_, body)| body.contains("Type: AWS::CloudWatch::Alarm")) {
        let (name, body) = alarm;
        let entry = body
            .split("docs/RUNBOOK.md#")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        let entry = entry.unwrap_or_else(|| panic!("{name} names no entry of the runbook"));
        let is_there = RUNBOOK
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .any(|title| title.to_lowercase().replace(' ', "-") == entry);
        assert!(is_there, "{name}: the runbook has no entry {entry}");
        assert!(README.contains(&format!("`{name}`")), "{name} is not in the README");
        alarms += 1;
    }
    assert!(alarms > 5, "the template's alarms were not found: {alarms}");
}

#[test]
fn alarms_watch_metrics_that_are_measured() {
    let mut watched = 0;
    for (name, body) in resources().filter(|(_, body)| body.contains("BiginRelay")) {
        for metric in body.split("MetricName: ").skip(1) {
            let metric = metric.split([',', '\n']).next().unwrap_or_default();
            assert!(
                TELEMETRY.contains(&format!("(\"{metric}\", ")),
                "{name}: nobody measures {metric}"
            );
            watched += 1;
        }
    }
    assert!(watched > 5, "the template's metrics were not found: {watched}");
}

/// The template's resources: name and text.
fn resources() -> impl Iterator<Item = (&'static str, &'static str)> {
    let resources = TEMPLATE
        .split_once("\nResources:\n")
        .and_then(|(_, rest)| rest.split_once("\nOutputs:\n"));
    let (resources, _) = resources.unwrap_or_default();
    resources
        .split("\n\n")
        .filter_map(|body| {
            body.lines()
                .find_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
                .map(|name| (name, body))
        })
        .filter(|(name, _)| name.starts_with(char::is_uppercase))
}
