//! The import state machine, started by hand.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use jiff::Timestamp;
use serde_json::Value;
use shared::aws::{Lazy, lazy, problem};

/// The import could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the import could not be started ({0}): check that the function's role may start the state machine, then try again"
)]
pub struct StartError(pub String);

/// What starts imports. The function works with [`StateMachine`], tests with one of their own.
pub trait Imports: Send + Sync + 'static {
    /// Starts an import under that name and answers when it started.
    ///
    /// # Errors
    /// It could not be started.
    fn start(&self, name: &str, input: &Value) -> impl Future<Output = Result<Timestamp, StartError>> + Send;
}

/// The state machine of the stack.
#[derive(Debug, Clone)]
pub struct StateMachine {
    client: Lazy<Client>,
    arn: String,
}

impl StateMachine {
    /// The state machine of that ARN.
    pub fn new(config: &SdkConfig, arn: impl Into<String>) -> Self {
        Self {
            client: lazy(config, Client::new),
            arn: arn.into(),
        }
    }
}

impl Imports for StateMachine {
    async fn start(&self, name: &str, input: &Value) -> Result<Timestamp, StartError> {
        let start = self
            .client
            .start_execution()
            .state_machine_arn(&self.arn)
            .name(name)
            .input(input.to_string());
        let started = start.send().await.map_err(|error| StartError(problem(&error)))?;
        Ok(Timestamp::from_nanosecond(started.start_date().as_nanos()).unwrap_or_else(|_| Timestamp::now()))
    }
}
