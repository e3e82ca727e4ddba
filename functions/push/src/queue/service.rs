//! `RecordsQueue`, as far as push acts on it itself: how long a message stays out of sight, and messages put onto it.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use shared::aws::problem;
use uuid::Uuid;

/// The queue could not be acted on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not {action} RecordsQueue ({problem}): check that the function's role may do it and that SQS is well")]
pub struct QueueError {
    /// What was tried.
    pub action: &'static str,
    /// SQS's words.
    pub problem: String,
}

/// The queue. The function works with [`SqsQueue`], tests with one in memory.
pub trait RecordsQueue: Send + Sync + 'static {
    /// Keeps a received message out of sight for that long from now.
    ///
    /// # Errors
    /// The queue refused or failed.
    fn hide(&self, receipt: &str, wait: Duration) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Puts a message onto the queue, behind others of its group where the queue knows groups, and answers with the
    /// queue's name for it.
    ///
    /// # Errors
    /// The queue refused or failed.
    fn send(&self, body: &str, group: &str) -> impl Future<Output = Result<String, QueueError>> + Send;
}

/// The queue itself.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at that address.
    pub fn new(config: &SdkConfig, url: impl Into<String>) -> Self {
        Self {
            client: Client::new(config),
            url: url.into(),
        }
    }

    /// A FIFO queue's name ends so (Amazon SQS developer guide, "FIFO queue and message identifiers").
    fn is_fifo(&self) -> bool {
        has_fifo_name(&self.url)
    }
}

fn has_fifo_name(url: &str) -> bool {
    url.trim_end_matches('/').to_ascii_lowercase().ends_with(".fifo")
}

fn failed<E: ProvideErrorMetadata + std::error::Error>(
    action: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> QueueError {
    QueueError {
        action,
        problem: problem(error),
    }
}

impl RecordsQueue for SqsQueue {
    async fn hide(&self, receipt: &str, wait: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(wait.as_secs()).unwrap_or(i32::MAX).min(43_200);
        let change = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt);
        let sent = change.visibility_timeout(seconds).send().await;
        sent.map(|_| ())
            .map_err(|error| failed("set the visibility of a message on", &error))
    }

    async fn send(&self, body: &str, group: &str) -> Result<String, QueueError> {
        let mut message = self.client.send_message().queue_url(&self.url).message_body(body);
        if self.is_fifo() {
            // Not by content: two messages that say the same are two.
            message = message
                .message_group_id(group)
                .message_deduplication_id(Uuid::new_v4().to_string());
        }
        let sent = message
            .send()
            .await
            .map_err(|error| failed("put a message onto", &error))?;
        Ok(sent.message_id.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifo_queue_is_known_by_its_name() {
        assert!(has_fifo_name("https://sqs.eu-central-1.amazonaws.com/1/records.fifo"));
        assert!(!has_fifo_name("https://sqs.eu-central-1.amazonaws.com/1/fifo-records"));
    }
}
