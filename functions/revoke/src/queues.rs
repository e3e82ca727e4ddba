//! How much waits on the queues.

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use futures_util::future::join_all;
use serde::Serialize;
use shared::aws::problem;

/// How much waits on a queue, by SQS's own estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct QueueDepth {
    /// Messages that could be received now.
    pub waiting: u64,
    /// Messages received and not settled yet.
    pub in_flight: u64,
    /// Messages that cannot be received yet.
    pub delayed: u64,
}

/// Queues that can be looked at.
pub trait Queues: Send + Sync {
    /// Each queue by its name in the status, with its depth or what is wrong.
    fn depths(&self) -> impl Future<Output = Vec<(&'static str, Result<QueueDepth, String>)>> + Send;
}

/// Queues in SQS.
#[derive(Debug, Clone)]
pub struct SqsQueues {
    client: Client,
    queues: Vec<(&'static str, String)>,
}

impl SqsQueues {
    /// These queues: name and URL.
    pub fn new(config: &SdkConfig, queues: Vec<(&'static str, String)>) -> Self {
        Self {
            client: Client::new(config),
            queues,
        }
    }

    async fn depth(&self, url: &str) -> Result<QueueDepth, String> {
        let wanted = [
            Attribute::ApproximateNumberOfMessages,
            Attribute::ApproximateNumberOfMessagesNotVisible,
            Attribute::ApproximateNumberOfMessagesDelayed,
        ];
        let ask = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .set_attribute_names(Some(wanted.to_vec()));
        let answer = ask.send().await.map_err(|error| problem(&error))?;
        let number = |name: &Attribute| {
            let text = answer.attributes().and_then(|attributes| attributes.get(name));
            text.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        let [waiting, in_flight, delayed] = &wanted;
        Ok(QueueDepth {
            waiting: number(waiting),
            in_flight: number(in_flight),
            delayed: number(delayed),
        })
    }
}

impl Queues for SqsQueues {
    async fn depths(&self) -> Vec<(&'static str, Result<QueueDepth, String>)> {
        join_all(
            self.queues
                .iter()
                .map(|(name, url)| async move { (*name, self.depth(url).await) }),
        )
        .await
    }
}
