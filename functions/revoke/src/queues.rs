//! How much waits on the queues, and for how long.

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName as Attribute;
use futures_util::future::join_all;
use serde::Serialize;
use shared::aws::{Lazy, lazy, problem};
use shared::clock::Clock;

use crate::ages::Ages;

/// How much waits on a queue, by SQS's own estimate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct QueueDepth {
    /// Messages that could be received now.
    pub waiting: u64,
    /// Messages received and not settled yet.
    pub in_flight: u64,
    /// Messages that cannot be received yet.
    pub delayed: u64,
    /// The age of the oldest message in seconds, by CloudWatch's last measurement; `None` where there is none. On a
    /// standard queue AWS leaves messages out of it that were received three times or more.
    pub oldest_message_s: Option<u64>,
    /// Why that age is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_problem: Option<String>,
}

/// Queues that can be looked at.
pub trait Queues: Send + Sync {
    /// Each queue by its name in the status, with its depth or what is wrong.
    fn depths(&self) -> impl Future<Output = Vec<(&'static str, Result<QueueDepth, String>)>> + Send;
}

/// Queues in SQS.
#[derive(Debug, Clone)]
pub struct SqsQueues<C> {
    client: Lazy<Client>,
    ages: Ages,
    clock: C,
    queues: Vec<(&'static str, String)>,
}

impl<C: Clock> SqsQueues<C> {
    /// These queues: name and URL.
    pub fn new(config: &SdkConfig, ages: Ages, clock: C, queues: Vec<(&'static str, String)>) -> Self {
        Self {
            client: lazy(config, Client::new),
            ages,
            clock,
            queues,
        }
    }

    async fn look(&self, url: &str) -> Result<QueueDepth, String> {
        let age = self.ages.oldest_message(url, self.clock.now());
        let (depth, age) = futures_util::join!(self.depth(url), age);
        let (oldest_message_s, age_problem) = match age {
            Ok(age) => (age, None),
            Err(problem) => (None, Some(problem.to_string())),
        };
        Ok(QueueDepth {
            oldest_message_s,
            age_problem,
            ..depth?
        })
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
            ..QueueDepth::default()
        })
    }
}

impl<C: Clock> Queues for SqsQueues<C> {
    async fn depths(&self) -> Vec<(&'static str, Result<QueueDepth, String>)> {
        join_all(
            self.queues
                .iter()
                .map(|(name, url)| async move { (*name, self.look(url).await) }),
        )
        .await
    }
}
