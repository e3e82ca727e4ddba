//! The import state machine: executions are started, woken and looked at.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use serde_json::Value;
use shared::aws::{Lazy, lazy, problem};

use super::execution_ended::ExecutionEnded;
use super::line_items::TaskToken;

/// The import could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the import could not be started ({0}): check that the function's role may start the state machine, then try again"
)]
pub struct StartError(pub String);

/// The state machine did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not {action} an execution of the import ({problem}): check that the function's role may do it")]
pub struct MachineError {
    /// What was tried.
    pub action: &'static str,
    /// Step Functions' words.
    pub problem: String,
}

/// What runs imports. The function works with [`StateMachine`], tests with one of their own.
pub trait Imports: Clone + Send + Sync + 'static {
    /// Starts an import under that name and answers when it started.
    ///
    /// # Errors
    /// It could not be started.
    fn start(&self, name: &str, input: &Value) -> impl Future<Output = Result<Timestamp, StartError>> + Send;

    /// Wakes the execution that waits with this token. False where none waits with it any more.
    ///
    /// # Errors
    /// The state machine did not answer.
    fn wake(&self, token: &TaskToken) -> impl Future<Output = Result<bool, MachineError>> + Send;

    /// How an execution has ended; `None` while it runs or where nothing is known of it.
    ///
    /// # Errors
    /// The state machine did not answer.
    fn ended(&self, name: &str) -> impl Future<Output = Result<Option<ExecutionEnded>, MachineError>> + Send;
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

    async fn wake(&self, token: &TaskToken) -> Result<bool, MachineError> {
        let answer = self.client.send_task_success().task_token(token.reveal()).output("{}");
        match answer.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(gone) if gone.is_task_does_not_exist() || gone.is_task_timed_out() || gone.is_invalid_token() => {
                    Ok(false)
                }
                _ => Err(MachineError {
                    action: "wake",
                    problem: problem(&error),
                }),
            },
        }
    }

    async fn ended(&self, name: &str) -> Result<Option<ExecutionEnded>, MachineError> {
        let arn = format!("{}:{name}", self.arn.replace(":stateMachine:", ":execution:"));
        let answer = match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(answer) => answer,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeExecutionError::is_execution_does_not_exist) =>
            {
                return Ok(None);
            }
            Err(error) => {
                return Err(MachineError {
                    action: "look at",
                    problem: problem(&error),
                });
            }
        };
        if matches!(
            answer.status(),
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive
        ) {
            return Ok(None);
        }
        Ok(Some(ExecutionEnded {
            name: name.to_owned(),
            status: answer.status().as_str().to_owned(),
            started_at: Timestamp::from_nanosecond(answer.start_date().as_nanos()).unwrap_or_default(),
            input: answer.input().and_then(|input| serde_json::from_str(input).ok()),
            error: answer.error().map(str::to_owned),
            cause: answer.cause().map(str::to_owned),
        }))
    }
}
