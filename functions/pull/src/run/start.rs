//! Starts runs, one a module at a time. A request while one goes on joins it, and a run whose execution died gets another.

use bigin::ModuleName;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use shared::state::StateError;

use super::progress::{Progress, Run, StoredProgress};
use crate::change::Kind;
use crate::context::{Context, Services};

/// Bigin tells for so long what was put into the recycle bin.
const DELETES_REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 60);
/// How often a start that others come in between of is decided again.
const TRIES: u32 = 16;

/// What a run is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wish {
    /// To read what is new.
    #[default]
    News,
    /// To read everything.
    Copy,
    /// To read what is new, and to compare everything with what consumers have.
    Census {
        /// Whether many records may come out as vanished.
        accepts_vanished: bool,
    },
}

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
    /// A full copy, or a census that somebody has confirmed something for, was asked for while another run goes on.
    #[error("a run over {module} goes on ({run_id}): ask again when it has ended")]
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
    /// reads everything; so does the first census, since what came out before was not noted.
    ///
    /// # Errors
    /// The run could not be started.
    pub async fn start(&self, module: &ModuleName, wish: Wish, run_id: &str) -> Result<Started, StartError> {
        for _ in 0..TRIES {
            let mut held = StoredProgress::read(&self.context.table, module).await?;
            let run = match &held.progress.run {
                Some(run) if !joins(run, wish) => {
                    return Err(StartError::Busy {
                        module: module.as_str().to_owned(),
                        run_id: run.run_id.clone(),
                    });
                }
                Some(run) => {
                    let run = run.clone();
                    if matches!(wish, Wish::Census { .. }) && run.census.is_none() && !held.progress.needs_census {
                        // It comes next.
                        held.progress.needs_census = true;
                        if !held.write(&self.context.table, module).await? {
                            continue;
                        }
                    }
                    run
                }
                None => {
                    let now = self.context.now();
                    let mut run = Run::begin(run_id.to_owned(), kind(&held.progress, wish, now), now);
                    if let (Some(census), Wish::Census { accepts_vanished }) = (&mut run.census, wish) {
                        census.accepts_vanished = accepts_vanished;
                    }
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

/// Whether a request is content with a run that goes on.
fn joins(run: &Run, wish: Wish) -> bool {
    match wish {
        Wish::News => true,
        Wish::Copy => run.kind == Kind::Backfill,
        Wish::Census { accepts_vanished } => {
            let accepts = run.census.as_ref().is_some_and(|census| census.accepts_vanished);
            accepts || !accepts_vanished
        }
    }
}

/// What a new run is. Bigin forgets deletes: what was not read for longer, or not to the end, takes a census.
fn kind(progress: &Progress, wish: Wish, now: Timestamp) -> Kind {
    let Some(cursor) = progress.cursor else {
        return Kind::Backfill;
    };
    let is_old = cursor < now - DELETES_REMEMBERED;
    let wants_census = matches!(wish, Wish::Census { .. }) || is_old || progress.needs_census;
    match wish {
        Wish::Copy => Kind::Backfill,
        _ if wants_census && progress.known.is_some() => Kind::Census,
        Wish::Census { .. } => Kind::Backfill,
        Wish::News if is_old => Kind::Backfill,
        Wish::News => Kind::Poll,
    }
}

/// An execution's name has 80 characters at most.
fn execution_name(module: &ModuleName, run: &Run) -> String {
    let module: String = module.as_str().chars().take(40).collect();
    format!("{module}-{}-{}", run.run_id, run.execution)
}
