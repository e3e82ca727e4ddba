//! The pull state machine: its executions carry runs from slice to slice.

use serde_json::Value;
use shared::state_machine::{NotStarted, StateMachine};

use crate::run::{Execution, ExecutionError, Executions};

impl Executions for StateMachine {
    async fn start(&self, name: &str, input: &Value) -> Result<Execution, ExecutionError> {
        let failed = |action, problem| ExecutionError { action, problem };
        match Self::start(self, name, input).await {
            Ok(_) => Ok(Execution::Runs),
            Err(NotStarted { exists: true, .. }) => {
                let ended = self.ended(name).await.map_err(|problem| failed("look at", problem))?;
                Ok(ended.map_or(Execution::Runs, |_| Execution::Ended))
            }
            Err(NotStarted { problem, .. }) => Err(failed("start", problem)),
        }
    }
}
