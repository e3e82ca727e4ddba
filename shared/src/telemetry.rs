//! Logs as JSON lines and metrics in CloudWatch's embedded metric format, both on stdout, where Lambda collects them.
//! Neither ever holds a token or record content.

use std::io::Write;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "BiginRelay";

/// Whose events come in at the level that is asked for.
const OURS: [&str; 6] = ["shared", "authorize", "refresh", "push", "pull", "revoke"];

/// Starts the logs: JSON, one event a line, each with the request id of its invocation (`lambda_runtime` opens a span with it).
/// An unknown level counts as `info`, and so does `debug`: below `info` there is nothing that may be shown. Panics are
/// logged too, without their words.
pub fn init(level: Option<&str>) {
    let level = match level.unwrap_or("info").to_ascii_lowercase().as_str() {
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        _ => LevelFilter::INFO,
    };
    let logs = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(std::io::stdout);
    let logs = tracing_subscriber::registry().with(logs.with_filter(filter(level)));
    // A second start (tests in one process) keeps the first.
    let _ = logs.try_init();
    crate::panics::log_places_only();
}

/// Events of the SDK, hyper and other crates may show requests and answers. Only their warnings and errors
/// are logged, whatever the level. Below `info` their events are not even in a release build; see the root
/// Cargo.toml. The runtime opens the span with the request id.
fn filter(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("lambda_runtime", level)
        .with_targets(OURS.map(|target| (target, level)))
}

/// What is measured. The names are fixed: alarms and dashboards match on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Access tokens asked of Zoho.
    TokensMinted,
    /// Refreshes that failed.
    RefreshFailed,
    /// Seconds that the access token is still good for.
    TokenLifeLeft,
    /// 1 while delivery is paused, else 0.
    Paused,
    /// 1 while a human must authorize again, else 0.
    NeedsAuthorization,
    /// What waits for longer than its reason deserves.
    WaitsTooLong,
    /// Records accepted by Bigin.
    RecordsAccepted,
    /// Records skipped as unchanged.
    RecordsUnchanged,
    /// Records rejected for good.
    RecordsRejected,
    /// Records that wait.
    RecordsDeferred,
    /// Records that may be in Bigin twice.
    RecordsPossiblyDuplicated,
    /// Calls made to Bigin.
    ApiCalls,
    /// API credits that calls cost.
    ApiCredits,
    /// API credits left, as Bigin last said.
    ApiCreditsLeft,
    /// Calls made again.
    Retries,
    /// Imports that came to an end.
    ImportsFinished,
    /// Imports that failed or were stopped.
    ImportsFailed,
    /// Changes in Bigin that a census found in no file.
    ChangesMissed,
    /// Records that are gone from Bigin without a word, too many to be told of.
    VanishedHeld,
}

impl Metric {
    /// The metric's name and unit in CloudWatch.
    pub fn name_and_unit(self) -> (&'static str, &'static str) {
        match self {
            Self::TokensMinted => ("TokensMinted", "Count"),
            Self::RefreshFailed => ("RefreshFailed", "Count"),
            Self::TokenLifeLeft => ("TokenLifeLeft", "Seconds"),
            Self::Paused => ("Paused", "Count"),
            Self::NeedsAuthorization => ("NeedsAuthorization", "Count"),
            Self::WaitsTooLong => ("WaitsTooLong", "Count"),
            Self::RecordsAccepted => ("RecordsAccepted", "Count"),
            Self::RecordsUnchanged => ("RecordsUnchanged", "Count"),
            Self::RecordsRejected => ("RecordsRejected", "Count"),
            Self::RecordsDeferred => ("RecordsDeferred", "Count"),
            Self::RecordsPossiblyDuplicated => ("RecordsPossiblyDuplicated", "Count"),
            Self::ApiCalls => ("ApiCalls", "Count"),
            Self::ApiCredits => ("ApiCredits", "Count"),
            Self::ApiCreditsLeft => ("ApiCreditsLeft", "Count"),
            Self::Retries => ("Retries", "Count"),
            Self::ImportsFinished => ("ImportsFinished", "Count"),
            Self::ImportsFailed => ("ImportsFailed", "Count"),
            Self::ChangesMissed => ("ChangesMissed", "Count"),
            Self::VanishedHeld => ("VanishedHeld", "Count"),
        }
    }
}

/// Writes metrics that belong together as one line, with the stack's name as their dimension.
pub fn measure(stack: &str, now: Timestamp, metrics: &[(Metric, u64)]) {
    let mut line = embedded(stack, now, metrics).to_string();
    line.push('\n');
    // A metric that cannot be written is no reason to fail what was measured.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// The line (CloudWatch user guide, "Embedded metric format specification").
fn embedded(stack: &str, now: Timestamp, metrics: &[(Metric, u64)]) -> Value {
    let declared: Vec<Value> = metrics
        .iter()
        .map(|(metric, _)| {
            let (name, unit) = metric.name_and_unit();
            json!({"Name": name, "Unit": unit})
        })
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Stack"]], "Metrics": declared}],
        }),
    );
    line.insert("Stack".to_owned(), json!(stack));
    for (metric, value) in metrics {
        line.insert(metric.name_and_unit().0.to_owned(), json!(value));
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn only_our_own_events_come_in_below_warnings() {
        let filter = filter(LevelFilter::INFO);
        for target in ["shared::tokens", "push::queue", "refresh", "lambda_runtime"] {
            assert!(filter.would_enable(target, &Level::INFO), "{target}");
            assert!(!filter.would_enable(target, &Level::DEBUG), "{target}");
        }
        for target in [
            "aws_sigv4::http_request",
            "aws_sdk_secretsmanager",
            "aws_smithy_runtime::client",
            "hyper",
            "reqwest",
            "rustls",
        ] {
            assert!(!filter.would_enable(target, &Level::INFO), "{target}");
            assert!(filter.would_enable(target, &Level::WARN), "{target}");
        }
    }

    #[test]
    fn a_metric_line_declares_what_it_carries() {
        let line = embedded(
            "relay",
            Timestamp::UNIX_EPOCH,
            &[(Metric::ApiCalls, 3), (Metric::Paused, 0)],
        );
        assert_eq!(line["ApiCalls"], 3);
        assert_eq!(line["Stack"], "relay");
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "BiginRelay");
        assert_eq!(
            directive["Metrics"],
            json!([{"Name": "ApiCalls", "Unit": "Count"}, {"Name": "Paused", "Unit": "Count"}])
        );
    }
}
