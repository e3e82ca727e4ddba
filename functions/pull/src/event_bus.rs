//! The default event bus, to which record events go (Amazon EventBridge API reference, `PutEvents`).

use std::time::Duration;

use aws_config::SdkConfig;
use bigin::https::ClientUnusable;
use serde::Deserialize;
use serde_json::json;
use shared::aws_json::{AwsJson, JsonProtocol};

use crate::run::{EventBus, NotSent};

const TIMEOUT: Duration = Duration::from_secs(20);
const TARGET: &str = "AWSEvents.PutEvents";
const EVENTS: JsonProtocol = JsonProtocol {
    name: "events",
    variable: "EVENTBRIDGE",
    content_type: "application/x-amz-json-1.1",
};

/// The default event bus.
#[derive(Debug, Clone)]
pub struct DefaultBus(AwsJson);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    failed_entry_count: u64,
}

impl DefaultBus {
    /// The bus in the region of that configuration.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn new(config: &SdkConfig) -> Result<Self, ClientUnusable> {
        Ok(Self(AwsJson::new(config, EVENTS, TIMEOUT)?))
    }
}

impl EventBus for DefaultBus {
    async fn send(&self, detail_type: &str, details: &[String]) -> Result<(), NotSent> {
        let entry = |detail: &String| json!({"Source": "bigin-relay", "DetailType": detail_type, "Detail": detail, "EventBusName": "default"});
        let entries: Vec<_> = details.iter().map(entry).collect();
        let answer = self.0.call(TARGET, json!({ "Entries": entries }).to_string()).await;
        let answer = answer.map_err(|problem| NotSent(problem.to_string()))?;
        match serde_json::from_slice::<Put>(&answer) {
            Ok(Put { failed_entry_count: 0 }) => Ok(()),
            Ok(Put { failed_entry_count }) => Err(NotSent(format!(
                "{failed_entry_count} of {} were not taken",
                details.len()
            ))),
            Err(_) => Err(NotSent("its answer cannot be read".to_owned())),
        }
    }
}
