//! What Step Functions knows in a scene: the imports, the tasks that wait with a token, and what those are asked.

use std::collections::BTreeMap;

/// An import of the scene.
#[derive(Clone, Hash)]
pub struct SceneImport {
    pub module: &'static str,
    /// The modules that its columns look up.
    pub refers_to: &'static [&'static str],
}

/// A task that waits with a token.
#[derive(Clone, Hash)]
pub struct WaitingTask {
    /// Whose execution it is in.
    pub by: usize,
    pub is_answered: bool,
    /// Its invocation has failed.
    pub has_failed: bool,
}

/// What an execution asks a waiting task's invocation to do.
#[derive(Clone, Hash)]
pub struct WaitRequest {
    pub token: String,
    pub looks_within_s: u64,
    /// The import, as JSON.
    pub import: String,
}

/// The state machine. Of its executions the participants know.
#[derive(Clone, Default, Hash)]
pub struct StateMachine {
    pub imports: Vec<SceneImport>,
    pub tasks: BTreeMap<String, WaitingTask>,
    pub requests: BTreeMap<usize, WaitRequest>,
    /// The older imports that stood in the line when each came into it.
    pub before: BTreeMap<usize, Vec<usize>>,
    /// The waits that nobody ended, in seconds.
    pub timed_out: Vec<u64>,
}

/// The name of an import's execution.
pub fn execution(number: usize) -> String {
    format!("execution-{number}")
}

/// The place of an import in the line.
pub fn place(number: usize) -> String {
    format!("1#2027-01-01T00:00:0{number}.000Z#{number}#run-{number}")
}
