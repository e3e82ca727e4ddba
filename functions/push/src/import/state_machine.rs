//! The import state machine: executions are started, woken and looked at.

use jiff::Timestamp;
use serde_json::Value;
use shared::state_machine::{StateMachine, instant};

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

impl Imports for StateMachine {
    async fn start(&self, name: &str, input: &Value) -> Result<Timestamp, StartError> {
        let started = Self::start(self, name, input).await;
        started.map_err(|failure| StartError(failure.problem))
    }

    async fn wake(&self, token: &TaskToken) -> Result<bool, MachineError> {
        let woken = Self::wake(self, token.reveal()).await;
        woken.map_err(|problem| MachineError {
            action: "wake",
            problem,
        })
    }

    async fn ended(&self, name: &str) -> Result<Option<ExecutionEnded>, MachineError> {
        let ended = Self::ended(self, name).await.map_err(|problem| MachineError {
            action: "look at",
            problem,
        })?;
        Ok(ended.map(|execution| ExecutionEnded {
            name: name.to_owned(),
            status: execution.status().as_str().to_owned(),
            started_at: instant(execution.start_date()).unwrap_or_default(),
            input: execution.input().and_then(|input| serde_json::from_str(input).ok()),
            error: execution.error().map(str::to_owned),
            cause: execution.cause().map(str::to_owned),
        }))
    }
}
