//! What push does with `RecordsQueue` itself: it says how long a message stays hidden, it puts messages onto
//! the queue, and it takes messages off during a long pause.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName as Attribute};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use shared::aws::{Lazy, lazy, problem};

use super::deferred::Deferred;
use super::received::{ORIGIN, Received};

/// As many messages as SQS gives in one call (Amazon SQS API reference, `ReceiveMessage`); and so many calls are under way
/// at once. One call a message: batch calls stand-ins for SQS take for actions that no role can be given.
pub const AT_ONCE: usize = 10;
/// How long a look waits for messages, in seconds. Without a wait SQS asks only some of its servers, and a
/// look may come back empty although there are messages (Amazon SQS developer guide, "Short and long
/// polling").
const LOOK: i32 = 1;

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

    /// Takes a few messages that wait, out of sight of everybody else for that long. None: nothing waits.
    ///
    /// # Errors
    /// The queue refused or failed.
    fn take(&self, out_of_sight: Duration) -> impl Future<Output = Result<Vec<TakenMessage>, QueueError>> + Send;

    /// Deletes messages that were taken.
    ///
    /// # Errors
    /// The queue refused or failed, for one of them at least.
    fn delete(&self, receipts: &[String]) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Puts messages onto the queue, [`AT_ONCE`] at most. Each is remembered by a name of ours; a message
    /// that a long pause moved away keeps the name it had. Behind others of their group, where the queue
    /// knows groups.
    ///
    /// # Errors
    /// The queue refused or failed, for one of them at least.
    fn put(&self, messages: &[Deferred]) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// A message taken from the queue.
#[derive(Debug, Clone)]
pub struct TakenMessage {
    /// The message.
    pub received: Received,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

impl TakenMessage {
    fn of(message: Message) -> Option<Self> {
        let attributes = message.attributes.unwrap_or_default();
        let number = |name: &Attribute| attributes.get(name).and_then(|text| text.parse::<i64>().ok());
        let instant = |name: &Attribute| number(name).and_then(|at| Timestamp::from_millisecond(at).ok());
        let item_id = message.message_id?;
        let own = message.message_attributes.unwrap_or_default();
        let origin = own.get(ORIGIN).and_then(|value| value.string_value.clone());
        Some(Self {
            sent_at: instant(&Attribute::SentTimestamp),
            received: Received {
                message_id: origin.unwrap_or_else(|| item_id.clone()),
                item_id,
                body: message.body.unwrap_or_default(),
                receipt: message.receipt_handle,
                receives: number(&Attribute::ApproximateReceiveCount)
                    .and_then(|count| u32::try_from(count).ok())
                    .unwrap_or(1),
                first_received_at: instant(&Attribute::ApproximateFirstReceiveTimestamp),
                group: attributes.get(&Attribute::MessageGroupId).cloned(),
            },
        })
    }
}

/// The queue itself.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Lazy<Client>,
    url: String,
}

impl SqsQueue {
    /// The queue at that address.
    pub fn new(config: &SdkConfig, url: impl Into<String>) -> Self {
        Self {
            client: lazy(config, Client::new),
            url: url.into(),
        }
    }

    async fn put_one(&self, message: &Deferred) -> Result<(), QueueError> {
        let action = "put messages onto";
        let origin = MessageAttributeValue::builder().data_type("String");
        let origin = origin.string_value(&message.message_id).build();
        let origin = origin.map_err(|error| QueueError {
            action,
            problem: error.to_string(),
        })?;
        let send = self.client.send_message().queue_url(&self.url);
        let mut send = send.message_body(&message.body).message_attributes(ORIGIN, origin);
        if self.is_fifo() {
            send = send
                .message_group_id(message.group.as_deref().unwrap_or("deferred"))
                .message_deduplication_id(deduplication_id(message));
        }
        send.send().await.map(|_| ()).map_err(|error| failed(action, &error))
    }

    /// A FIFO queue's name ends so (Amazon SQS developer guide, "FIFO queue and message identifiers").
    fn is_fifo(&self) -> bool {
        has_fifo_name(&self.url)
    }
}

/// By what a FIFO queue knows that a message was put twice within five minutes. Not by content: two messages that say the
/// same are two. Nor by name alone: one that was moved away, brought back and moved away again comes back a second time.
fn deduplication_id(message: &Deferred) -> String {
    let sent_at = message.sent_at.map_or(0, Timestamp::as_millisecond);
    format!("{}-{sent_at}", message.message_id)
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

    async fn take(&self, out_of_sight: Duration) -> Result<Vec<TakenMessage>, QueueError> {
        let attributes = [
            Attribute::SentTimestamp,
            Attribute::ApproximateReceiveCount,
            Attribute::ApproximateFirstReceiveTimestamp,
            Attribute::MessageGroupId,
        ];
        let receive = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(AT_ONCE).unwrap_or(1))
            .visibility_timeout(i32::try_from(out_of_sight.as_secs()).unwrap_or(i32::MAX))
            .wait_time_seconds(LOOK)
            .set_message_system_attribute_names(Some(attributes.to_vec()))
            .message_attribute_names(ORIGIN);
        let received = receive.send().await;
        let received = received.map_err(|error| failed("take messages from", &error))?;
        let messages = received.messages.unwrap_or_default().into_iter();
        Ok(messages.filter_map(TakenMessage::of).collect())
    }

    async fn delete(&self, receipts: &[String]) -> Result<(), QueueError> {
        for receipts in receipts.chunks(AT_ONCE) {
            let deletes = receipts.iter().map(|receipt| async move {
                let delete = self.client.delete_message().queue_url(&self.url);
                let deleted = delete.receipt_handle(receipt).send().await;
                deleted.map_err(|error| failed("delete moved messages from", &error))
            });
            try_join_all(deletes).await?;
        }
        Ok(())
    }

    async fn put(&self, messages: &[Deferred]) -> Result<(), QueueError> {
        if self.is_fifo() {
            for message in messages {
                self.put_one(message).await?;
            }
            return Ok(());
        }
        let sends = messages.iter().map(|message| self.put_one(message));
        try_join_all(sends).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_put_twice_is_one_and_one_that_was_moved_away_again_is_not_lost() {
        let sent = |sent_at: &str| Deferred {
            message_id: "m1".into(),
            sent_at: sent_at.parse().ok(),
            group: Some("g".into()),
            body: "{}".into(),
        };
        let first = sent("2026-11-24T09:00:00Z");
        assert_eq!(deduplication_id(&first), deduplication_id(&first.clone()));
        assert_ne!(
            deduplication_id(&first),
            deduplication_id(&sent("2026-11-24T09:02:00Z"))
        );
    }

    #[test]
    fn a_fifo_queue_is_known_by_its_name() {
        assert!(has_fifo_name("https://sqs.eu-central-1.amazonaws.com/1/records.fifo"));
        assert!(!has_fifo_name("https://sqs.eu-central-1.amazonaws.com/1/fifo-records"));
    }
}
