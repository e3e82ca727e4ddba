//! How old the oldest message of a queue is. SQS does not say how old a message is: it measures that for
//! CloudWatch alone. Receiving a message to see its age would bring it nearer to the dead-letter queue.
//!
//! One call of CloudWatch: that of the Amazon CloudWatch API reference, `GetMetricStatistics`, in its JSON protocol.

use std::time::Duration;

use aws_config::SdkConfig;
use bigin::https::ClientUnusable;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::aws_json::{AwsJson, JsonProtocol};

/// CloudWatch is asked beside much else: an answer that takes longer is not worth the wait.
const TIMEOUT: Duration = Duration::from_secs(5);
/// SQS measures once a minute, and up to 15 minutes late for a queue that was idle (Amazon SQS developer guide,
/// "Available CloudWatch metrics").
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(15);
const METRIC: &str = "ApproximateAgeOfOldestMessage";
const TARGET: &str = "GraniteServiceVersion20100801.GetMetricStatistics";
const CLOUDWATCH: JsonProtocol = JsonProtocol {
    name: "monitoring",
    variable: "CLOUDWATCH",
    content_type: "application/x-amz-json-1.0",
};

/// Why an age is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CloudWatch did not tell the age of the oldest message ({0}): look at {METRIC} in its console")]
pub struct AgeUnknown(String);

/// Ages, as CloudWatch has them.
#[derive(Debug, Clone)]
pub struct Ages(AwsJson);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Measured {
    #[serde(default)]
    datapoints: Vec<Datapoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint {
    /// Seconds since 1970 in AWS's JSON protocols; a text where a stand-in answers.
    timestamp: Value,
    maximum: f64,
}

impl Ages {
    /// The ages of queues in the region of that configuration.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn new(config: &SdkConfig) -> Result<Self, ClientUnusable> {
        Ok(Self(AwsJson::new(config, CLOUDWATCH, TIMEOUT)?))
    }

    /// The age in seconds of the oldest message on the queue at that address; `None` where nothing was measured lately.
    ///
    /// # Errors
    /// CloudWatch gave no usable answer.
    pub async fn oldest_message(&self, queue_url: &str, now: Timestamp) -> Result<Option<u64>, AgeUnknown> {
        let name = queue_url.rsplit('/').next().unwrap_or_default();
        let question = json!({
            "Namespace": "AWS/SQS", "MetricName": METRIC, "Dimensions": [{"Name": "QueueName", "Value": name}],
            "StartTime": (now - LOOK_BACK).as_second(), "EndTime": now.as_second() + 60, "Period": 60,
            "Statistics": ["Maximum"],
        });
        let answer = self.0.call(TARGET, question.to_string()).await;
        let answer = answer.map_err(|problem| AgeUnknown(problem.to_string()))?;
        let measured = serde_json::from_slice(&answer);
        let measured = measured.map_err(|_| AgeUnknown("its answer cannot be read".to_owned()))?;
        Ok(newest(&measured))
    }
}

/// The newest measurement.
fn newest(measured: &Measured) -> Option<u64> {
    let instant = |point: &Datapoint| match &point.timestamp {
        Value::Number(seconds) => seconds.as_f64(),
        Value::String(text) => text.parse().ok().map(|at: Timestamp| at.as_duration().as_secs_f64()),
        _ => None,
    };
    let points = measured.datapoints.iter();
    let newest = points.max_by(|one, other| instant(one).unwrap_or(0.0).total_cmp(&instant(other).unwrap_or(0.0)));
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an age is a small number, not below 0"
    )]
    newest.map(|point| point.maximum.max(0.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_measurement_counts_however_its_time_is_written() {
        let of = |answer: Value| newest(&serde_json::from_value(answer).unwrap());
        let numbers = json!({"Label": METRIC, "Datapoints": [
            {"Timestamp": 1_795_512_660.0, "Maximum": 60.0, "Unit": "Seconds"},
            {"Timestamp": 1_795_512_720.0, "Maximum": 120.0, "Unit": "Seconds"},
            {"Timestamp": 1_795_512_600.0, "Maximum": 900.0, "Unit": "Seconds"}]});
        assert_eq!(of(numbers), Some(120));
        let texts = json!({"Datapoints": [{"Timestamp": "2026-11-24T09:00:00Z", "Maximum": 7.0},
            {"Timestamp": "2026-11-24T08:59:00Z", "Maximum": 9.0}]});
        assert_eq!(of(texts), Some(7));
        assert_eq!(of(json!({"Datapoints": []})), None);
        assert_eq!(of(json!({})), None);
    }
}
