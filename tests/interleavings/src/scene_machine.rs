//! Step Functions, as far as imports meet it: tasks that wait with a token, and executions that end.

use jiff::Timestamp;
use push::import::{ExecutionEnded, Imports, MachineError, StartError, TaskToken};
use serde_json::Value;

use crate::desk::Desk;
use crate::state_machine::execution;
use crate::world::{End, Fate, May, World};

/// The state machine, as a participant meets it.
#[derive(Clone)]
pub struct SceneMachine(pub Desk);

fn failed<R>(action: &'static str) -> impl FnOnce(Fate) -> Result<R, MachineError> {
    move |_| {
        Err(MachineError {
            action,
            problem: "a fault of the scene".to_owned(),
        })
    }
}

impl Imports for SceneMachine {
    async fn start(&self, _: &str, _: &Value) -> Result<Timestamp, StartError> {
        Err(StartError("no scene starts one".to_owned()))
    }

    async fn wake(&self, token: &TaskToken) -> Result<bool, MachineError> {
        let wake = |world: &mut World| match world.machine.tasks.get_mut(token.reveal()) {
            Some(task) if !task.is_answered => {
                task.is_answered = true;
                true
            }
            _ => false,
        };
        self.0
            .deed("answer a token", May::FailOrLoseAnswer, wake, Ok, failed("wake"))
            .await
    }

    async fn ended(&self, name: &str) -> Result<Option<ExecutionEnded>, MachineError> {
        let number: usize = name.trim_start_matches("execution-").parse().unwrap();
        let look = |world: &mut World| world.people[number].end.clone();
        let answer = |end: Option<End>| Ok(end.map(|end| execution_ended(number, &end)));
        self.0
            .deed("look at an execution", May::Fail, look, answer, failed("look at"))
            .await
    }
}

/// What is told of an execution that has ended.
pub fn execution_ended(number: usize, end: &End) -> ExecutionEnded {
    ExecutionEnded {
        name: execution(number),
        status: if *end == End::Died { "ABORTED" } else { "SUCCEEDED" }.to_owned(),
        started_at: World::default().now(),
        input: Some(event(number)),
        error: None,
        cause: None,
    }
}

/// What an execution was started with.
pub fn event(number: usize) -> Value {
    serde_json::json!({"bucket": "data", "key": format!("inbox/Contacts/{number}.csv")})
}
