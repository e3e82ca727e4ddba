//! A state machine of the stack: its executions are started, woken and looked at.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::{DescribeExecutionError, DescribeExecutionOutput};
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use serde_json::Value;

use crate::aws::{Lazy, lazy, problem};

/// A state machine.
#[derive(Debug, Clone)]
pub struct StateMachine {
    client: Lazy<Client>,
    arn: String,
}

/// An execution was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotStarted {
    /// Whether that is so since there is one of that name, which may have ended.
    pub exists: bool,
    /// Step Functions' words.
    pub problem: String,
}

impl StateMachine {
    /// The state machine of that ARN.
    pub fn new(config: &SdkConfig, arn: impl Into<String>) -> Self {
        Self {
            client: lazy(config, Client::new),
            arn: arn.into(),
        }
    }

    /// Starts an execution under that name; answers when it started.
    ///
    /// # Errors
    /// There is one of that name, or Step Functions failed.
    pub async fn start(&self, name: &str, input: &Value) -> Result<Timestamp, NotStarted> {
        let start = self
            .client
            .start_execution()
            .state_machine_arn(&self.arn)
            .name(name)
            .input(input.to_string());
        let started = start.send().await.map_err(|error| NotStarted {
            exists: error
                .as_service_error()
                .is_some_and(StartExecutionError::is_execution_already_exists),
            problem: problem(&error),
        })?;
        Ok(instant(started.start_date()).unwrap_or_else(Timestamp::now))
    }

    /// Wakes the execution that waits with this token. False where none waits with it any more.
    ///
    /// # Errors
    /// Step Functions failed: its words.
    pub async fn wake(&self, task_token: &str) -> Result<bool, String> {
        let answer = self.client.send_task_success().task_token(task_token).output("{}");
        match answer.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(gone) if gone.is_task_does_not_exist() || gone.is_task_timed_out() || gone.is_invalid_token() => {
                    Ok(false)
                }
                _ => Err(problem(&error)),
            },
        }
    }

    /// An execution that has ended; `None` while it runs or where nothing is known of it.
    ///
    /// # Errors
    /// Step Functions failed: its words.
    pub async fn ended(&self, name: &str) -> Result<Option<DescribeExecutionOutput>, String> {
        let arn = format!("{}:{name}", self.arn.replace(":stateMachine:", ":execution:"));
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(answer) => {
                let runs = matches!(
                    answer.status(),
                    ExecutionStatus::Running | ExecutionStatus::PendingRedrive
                );
                Ok((!runs).then_some(answer))
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeExecutionError::is_execution_does_not_exist) =>
            {
                Ok(None)
            }
            Err(error) => Err(problem(&error)),
        }
    }
}

/// An instant of Step Functions'; `None` for one that lies outside all calendars.
pub fn instant(at: &aws_sdk_sfn::primitives::DateTime) -> Option<Timestamp> {
    Timestamp::from_nanosecond(at.as_nanos()).ok()
}
