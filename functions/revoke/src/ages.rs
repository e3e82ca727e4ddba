//! How old the oldest message of a queue is. SQS does not say how old a message is: it measures that for
//! CloudWatch alone. Receiving a message to see its age would bring it nearer to the dead-letter queue.
//!
//! One call of CloudWatch, signed here: its SDK would add a second kind of HTTP types and more than this whole function
//! needs. The call is that of the Amazon CloudWatch API reference, `GetMetricStatistics`, in CloudWatch's JSON protocol.

use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bigin::https::{self, ClientUnusable};
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

/// CloudWatch is asked beside much else: an answer that takes longer is not worth the wait.
const TIMEOUT: Duration = Duration::from_secs(5);
/// SQS measures once a minute, and up to 15 minutes late for a queue that was idle (Amazon SQS developer guide,
/// "Available CloudWatch metrics").
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(15);
const METRIC: &str = "ApproximateAgeOfOldestMessage";
const TARGET: &str = "GraniteServiceVersion20100801.GetMetricStatistics";
const JSON: &str = "application/x-amz-json-1.0";

/// Why an age is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CloudWatch did not tell the age of the oldest message ({0}): look at {METRIC} in its console")]
pub struct AgeUnknown(String);

/// Ages, as CloudWatch has them.
#[derive(Debug, Clone)]
pub struct Ages {
    http: Client,
    region: Option<Region>,
    credentials: Option<SharedCredentialsProvider>,
    endpoint: String,
}

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
        let region = config.region().cloned();
        let of_service = std::env::var("AWS_ENDPOINT_URL_CLOUDWATCH").or_else(|_| std::env::var("AWS_ENDPOINT_URL"));
        let endpoint = of_service.ok().filter(|url| !url.is_empty());
        Ok(Self {
            http: https::client(TIMEOUT)?,
            endpoint: endpoint.unwrap_or_else(|| endpoint_in(region.as_ref())),
            credentials: config.credentials_provider(),
            region,
        })
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
        let measured: Measured = self.ask(question.to_string()).await?;
        Ok(newest(&measured))
    }

    async fn ask(&self, body: String) -> Result<Measured, AgeUnknown> {
        let headers = self.signed(&body).await?;
        let mut request = self.http.post(&self.endpoint).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let unread = |_| AgeUnknown("its answer cannot be read".to_owned());
        // The library's own words would repeat the address, and may repeat more.
        let answer = request.send().await;
        let answer = answer.map_err(|_| AgeUnknown("it could not be reached".to_owned()))?;
        let status = answer.status();
        let text = answer.bytes().await.map_err(unread)?;
        if !status.is_success() {
            let problem: Value = serde_json::from_slice(&text).unwrap_or_default();
            let code = problem["__type"].as_str().unwrap_or("no code");
            return Err(AgeUnknown(format!("{status}, {code}")));
        }
        serde_json::from_slice(&text).map_err(|_| AgeUnknown("its answer cannot be read".to_owned()))
    }

    /// The request's headers, the signature among them (AWS IAM user guide, "Signature Version 4").
    async fn signed(&self, body: &str) -> Result<Vec<(String, String)>, AgeUnknown> {
        let missing = |what: &str| AgeUnknown(format!("there {what} to ask with"));
        let region = self.region.as_ref().ok_or_else(|| missing("is no region"))?;
        let credentials = self.credentials.as_ref().ok_or_else(|| missing("are no credentials"))?;
        let credentials = credentials.provide_credentials().await;
        let identity = credentials.map_err(|_| missing("are no credentials"))?.into();
        let unsigned = |_| AgeUnknown("the question could not be signed".to_owned());
        let params: SigningParams<'_> = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_ref())
            .name("monitoring")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| AgeUnknown("the question could not be signed".to_owned()))?
            .into();
        let headers = [("content-type", JSON), ("x-amz-target", TARGET)];
        let body = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("POST", &self.endpoint, headers.into_iter(), body).map_err(unsigned)?;
        let (signature, _) = sign(signable, &params).map_err(unsigned)?.into_parts();
        let signature = signature
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let plain = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(plain.into_iter().chain(signature).collect())
    }
}

/// Where CloudWatch is (AWS general reference, "Amazon CloudWatch endpoints").
fn endpoint_in(region: Option<&Region>) -> String {
    let region = region.map_or("us-east-1", |region| region.as_ref());
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://monitoring.{region}.amazonaws.com{suffix}/")
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

    #[test]
    fn each_partition_has_its_own_endpoint() {
        let of = |region| endpoint_in(Some(&Region::new(region)));
        assert_eq!(of("eu-central-1"), "https://monitoring.eu-central-1.amazonaws.com/");
        assert_eq!(of("cn-north-1"), "https://monitoring.cn-north-1.amazonaws.com.cn/");
    }
}
