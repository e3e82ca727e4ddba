//! The documents are what users go by: what they list must be what there is.

use bigin::oauth;
use push::map::codes::{REFUSALS, REJECTS};
use push::mappings::mapping_file;
use push::record::RepairKind;
use push::{decode, deliver, import, map, queue, resolve};
use shared::{stop, tokens};

const REPORTS: &str = include_str!("../../../docs/reports.md");
const OPERATING: &str = include_str!("../../../docs/operating.md");
const SECURITY: &str = include_str!("../../../SECURITY.md");
const RUNBOOK: &str = include_str!("../../../docs/RUNBOOK.md");
const TEMPLATE: &str = include_str!("../../../infra/template.yaml");
const TELEMETRY: &str = include_str!("../../../shared/src/telemetry.rs");

#[test]
fn every_code_of_ours_is_explained_in_the_reference() {
    let ours = REJECTS
        .iter()
        .chain(resolve::codes::REJECTS)
        .chain(deliver::codes::REJECTS)
        .chain(REFUSALS)
        .chain(import::codes::ENDS);
    for (code, meaning) in ours.chain(stop::CODES) {
        let row = format!("| `{code}` | {meaning} |");
        assert!(REPORTS.contains(&row), "{row}");
    }
}

#[test]
fn every_kind_of_repair_is_explained_in_the_reference() {
    for kind in RepairKind::ALL {
        let row = format!("| `{}` | {} |", kind.as_str(), kind.meaning());
        assert!(REPORTS.contains(&row), "{row}");
    }
}

/// The table of limits has the rows of authorize and revoke, too; their own tests hold them to it.
#[test]
fn every_limit_is_in_the_table_as_it_is_in_the_code() {
    let limits = decode::Limits::default();
    let rows = [
        (
            "a cell of a table",
            bytes(limits.cell),
            "`CELL_TOO_LONG`: the row is rejected",
        ),
        (
            "a row of a file, a JSON record",
            bytes(limits.row),
            "`ROW_TOO_LONG`: the file is refused, or stops there",
        ),
        (
            "columns in a header",
            limits.columns.to_string(),
            "`TOO_MANY_COLUMNS`: the file is refused",
        ),
        (
            "a header",
            bytes(limits.header),
            "`HEADER_TOO_LONG`: the file is refused",
        ),
        (
            "what a gzip file unpacks to",
            bytes64(limits.unpacked),
            "`GZIP_TOO_LARGE`: no more than a step of 64 KiB comes out",
        ),
        (
            "the same over its packed size",
            format!("{} times, from {} on", limits.ratio, bytes64(limits.ratio_counts_from)),
            "`GZIP_TOO_LARGE`, likewise",
        ),
        (
            "the header of a gzip member",
            bytes(decode::MOST_HEADER),
            "`GZIP_DAMAGED`: the file is refused",
        ),
        (
            "rows in memory at once, for each of ten stretches",
            format!("{}, or {} and a row", import::MOST_ROWS, bytes(import::MOST_BYTES)),
            "the rest is read later",
        ),
        (
            "records in a message",
            queue::MOST_RECORDS.to_string(),
            "`TOO_MANY_RECORDS`: the message is rejected",
        ),
        (
            "a name in a message",
            format!("{} characters", queue::LONGEST_NAME),
            "`NAME_TOO_LONG`: the message is rejected",
        ),
        (
            "names in a list of a message",
            queue::MOST_NAMES.to_string(),
            "`TOO_MANY_NAMES`: the message is rejected",
        ),
        (
            "a mapping file",
            bytes64(mapping_file::LARGEST),
            "`BAD_MAPPING`: what needs it is refused",
        ),
        (
            "mistakes told of a mapping file",
            map::MOST_MISTAKES.to_string(),
            "the rest is counted",
        ),
        (
            "a file of deferred messages, read back",
            bytes(queue::LARGEST),
            "none is written that has more",
        ),
        (
            "a report that is read back",
            bytes64(import::LARGEST_REPORT),
            "the answer is an error that names it; a status leaves out what it says",
        ),
        (
            "an answer of Zoho's accounts server",
            bytes(oauth::LARGEST_TOKEN_ANSWER),
            "it counts as no answer",
        ),
        (
            "an answer of Bigin",
            bytes(bigin::LARGEST_ANSWER),
            "it counts as no answer",
        ),
        ("a secret", bytes(tokens::LARGEST_SECRET), "nothing is stored"),
    ];
    for (what, most, beyond) in rows {
        let row = format!("| {what} | {most} | {beyond} |");
        assert!(SECURITY.contains(&row), "{row}");
    }
}

fn bytes(bytes: usize) -> String {
    bytes64(bytes as u64)
}

fn bytes64(bytes: u64) -> String {
    match bytes {
        _ if bytes.is_multiple_of(1 << 30) => format!("{} GiB", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ => format!("{} KiB", bytes >> 10),
    }
}

#[test]
fn every_parameter_of_the_template_is_in_the_reference() {
    let parameters = TEMPLATE
        .lines()
        .skip_while(|line| *line != "Parameters:")
        .skip(1)
        .take_while(|line| !line.starts_with("Conditions:"))
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.trim().strip_suffix(':'));
    let mut seen = 0;
    for parameter in parameters {
        assert!(OPERATING.contains(&format!("| `{parameter}` |")), "{parameter}");
        seen += 1;
    }
    assert!(seen > 15, "the template's parameters were not found: {seen}");
}

#[test]
fn every_alarm_names_an_entry_of_the_runbook_and_is_in_the_reference() {
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
        assert!(
            OPERATING.contains(&format!("`{name}`")),
            "{name} is not in docs/operating.md"
        );
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

/// "Each arrow is one module, no stage reaches back": the sources of records know one door to Bigin, and not the stages
/// behind it.
#[test]
fn sources_of_records_know_nothing_of_lookups_and_delivery() {
    let sources = [
        include_str!("../src/import/slice/mod.rs"),
        include_str!("../src/import/slice/checkpoint.rs"),
        include_str!("../src/queue/run.rs"),
    ];
    for source in sources {
        assert!(source.contains("dispatcher"));
        for stage in ["Lookups", "Delivery<", "lend_call", "halt(", "try_again"] {
            assert!(!source.contains(stage), "{stage}");
        }
    }
}

/// Codes of decoding are written where they arise, so they are looked for in its source.
#[test]
fn every_code_of_decoding_is_explained_in_the_reference() {
    fn sources(folder: &std::path::Path, texts: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                sources(&entry, texts);
            } else {
                texts.push(std::fs::read_to_string(&entry).unwrap());
            }
        }
    }
    let mut texts = Vec::new();
    sources(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decode"),
        &mut texts,
    );
    let is_code =
        |text: &&str| text.contains('_') && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
    let codes: std::collections::BTreeSet<&str> = texts
        .iter()
        .flat_map(|text| text.split('"'))
        .filter(|text| text.len() > 3)
        .filter(is_code)
        .collect();
    assert!(codes.len() > 20, "the codes were not found: {codes:?}");
    for code in codes {
        assert!(
            REPORTS.contains(&format!("`{code}`")),
            "{code} is not in docs/reports.md"
        );
    }
}
