//! Starts runs, one a module at a time. A request while one goes on joins it, and a run whose execution died gets another.

use bigin::ModuleName;
use serde::Serialize;
use serde_json::{Value, json};
use shared::state::StateError;

use super::progress::{Held, Run};
use crate::change::Kind;
use crate::context::{Context, Services};

/// How often a start that others come in between of is decided again.
const TRIES: u32 = 16;

/// The state machine did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not {action} an execution of pull ({problem}): check that the function's role may do it")]
pub struct ExecutionError {
    /// What was tried.
    pub action: &'static str,
    /// Step Functions' words.
    pub problem: String,
}

/// What has become of an execution that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// It runs.
    Runs,
    /// There was one of that name, and it has ended.
    Ended,
}

/// What runs runs. The function works with the state machine, tests with one of their own.
pub trait Executions: Clone + Send + Sync + 'static {
    /// Starts an execution of that name, unless there is one.
    ///
    /// # Errors
    /// The state machine did not answer.
    fn start(&self, name: &str, input: &Value) -> impl Future<Output = Result<Execution, ExecutionError>> + Send;
}

/// A run could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state machine.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// The state table.
    #[error(transparent)]
    State(#[from] StateError),
    /// A full copy was asked for while another run goes on.
    #[error("a run over {module} goes on ({run_id}): ask for the full copy again when it has ended")]
    Busy {
        /// The module.
        module: String,
        /// The run.
        run_id: String,
    },
    /// Others kept coming in between.
    #[error("the run over {module} could not be started, since others keep changing it: try again")]
    Contended {
        /// The module.
        module: String,
    },
}

/// A run that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Started {
    /// The module's API name.
    pub module: String,
    /// The run.
    pub run_id: String,
    /// Where its manifest will lie.
    pub manifest_key: String,
}

/// Starts runs.
pub struct Starter<'a, S: Services, E> {
    /// What every room works with.
    pub context: &'a Context<S>,
    /// The state machine.
    pub executions: &'a E,
}

impl<S: Services, E: Executions> Starter<'_, S, E> {
    /// Sees to it that a run over the module goes on; a new one gets that name. The first one, and one that is asked to,
    /// reads everything.
    ///
    /// # Errors
    /// The run could not be started.
    pub async fn start(&self, module: &ModuleName, backfill: bool, run_id: &str) -> Result<Started, StartError> {
        for _ in 0..TRIES {
            let mut held = Held::read(&self.context.table, module).await?;
            let run = match &held.progress.run {
                Some(run) if backfill && run.kind != Kind::Backfill => {
                    return Err(StartError::Busy {
                        module: module.as_str().to_owned(),
                        run_id: run.run_id.clone(),
                    });
                }
                Some(run) => run.clone(),
                None => {
                    let is_first = held.progress.cursor.is_none();
                    let kind = if backfill || is_first {
                        Kind::Backfill
                    } else {
                        Kind::Poll
                    };
                    let run = Run::begin(run_id.to_owned(), kind, self.context.now());
                    held.progress.run = Some(run.clone());
                    if !held.write(&self.context.table, module).await? {
                        continue;
                    }
                    run
                }
            };
            let input = json!({"module": module.as_str(), "run_id": run.run_id});
            let started = self.executions.start(&execution_name(module, &run), &input).await?;
            if started == Execution::Runs {
                return Ok(Started {
                    module: module.as_str().to_owned(),
                    manifest_key: run.files(module).manifest(),
                    run_id: run.run_id,
                });
            }
            // It ended and left the run behind. Where the run is over by now, the next look says so.
            if let Some(left) = held.run(&run.run_id) {
                left.execution += 1;
                held.write(&self.context.table, module).await?;
            }
        }
        Err(StartError::Contended {
            module: module.as_str().to_owned(),
        })
    }
}

/// An execution's name has 80 characters at most.
fn execution_name(module: &ModuleName, run: &Run) -> String {
    let module: String = module.as_str().chars().take(40).collect();
    format!("{module}-{}-{}", run.run_id, run.execution)
}
