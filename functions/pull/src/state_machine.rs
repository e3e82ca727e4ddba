//! The pull state machine: its executions carry runs from slice to slice.

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::Value;
use shared::aws::{Lazy, lazy, problem};

use crate::run::{Execution, ExecutionError, Executions};

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

    async fn look(&self, name: &str) -> Result<Execution, ExecutionError> {
        let arn = format!("{}:{name}", self.arn.replace(":stateMachine:", ":execution:"));
        let answer = self.client.describe_execution().execution_arn(arn).send().await;
        let answer = answer.map_err(|error| ExecutionError {
            action: "look at",
            problem: problem(&error),
        })?;
        let runs = matches!(
            answer.status(),
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive
        );
        Ok(if runs { Execution::Runs } else { Execution::Ended })
    }
}

impl Executions for StateMachine {
    async fn start(&self, name: &str, input: &Value) -> Result<Execution, ExecutionError> {
        let start = self
            .client
            .start_execution()
            .state_machine_arn(&self.arn)
            .name(name)
            .input(input.to_string());
        match start.send().await {
            Ok(_) => Ok(Execution::Runs),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(StartExecutionError::is_execution_already_exists) =>
            {
                self.look(name).await
            }
            Err(error) => Err(ExecutionError {
                action: "start",
                problem: problem(&error),
            }),
        }
    }
}
