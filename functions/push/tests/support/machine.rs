//! The state machine as far as push meets it: it starts executions, and wakes those that wait with a token.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use push::import::{ExecutionEnded, Imports, MachineError, StartError, TaskToken};
use serde_json::Value;

/// A state machine that remembers. Clones share what they know.
#[derive(Clone, Default)]
pub struct TestMachine {
    /// The executions that were started, with their input.
    pub started: Arc<Mutex<Vec<(String, Value)>>>,
    /// From now on wakes are lost on their way.
    pub loses_wakes: Arc<AtomicBool>,
    waiting: Arc<Mutex<BTreeSet<String>>>,
    woken: Arc<Mutex<BTreeSet<String>>>,
    ended: Arc<Mutex<BTreeMap<String, ExecutionEnded>>>,
    last: Arc<AtomicU64>,
}

impl TestMachine {
    /// A task begins to wait; answers with its token.
    pub fn begin_to_wait(&self) -> TaskToken {
        let token = format!("token-{}", self.last.fetch_add(1, Ordering::SeqCst));
        self.waiting.lock().unwrap().insert(token.clone());
        TaskToken::new(token)
    }

    /// The task goes on; answers whether it was woken, or its time is over.
    pub fn goes_on(&self, token: &TaskToken) -> bool {
        self.waiting.lock().unwrap().remove(token.reveal());
        self.is_woken(token)
    }

    /// Whether somebody has woken it.
    pub fn is_woken(&self, token: &TaskToken) -> bool {
        self.woken.lock().unwrap().contains(token.reveal())
    }

    /// An execution has ended in some way that runs no code.
    pub fn end(&self, ended: ExecutionEnded) {
        self.ended.lock().unwrap().insert(ended.name.clone(), ended);
    }
}

impl Imports for TestMachine {
    async fn start(&self, name: &str, input: &Value) -> Result<Timestamp, StartError> {
        self.started.lock().unwrap().push((name.to_owned(), input.clone()));
        Ok(Timestamp::now())
    }

    async fn wake(&self, token: &TaskToken) -> Result<bool, MachineError> {
        if self.loses_wakes.load(Ordering::SeqCst) {
            return Ok(true);
        }
        let is_waiting = self.waiting.lock().unwrap().remove(token.reveal());
        if is_waiting {
            self.woken.lock().unwrap().insert(token.reveal().to_owned());
        }
        Ok(is_waiting)
    }

    async fn ended(&self, name: &str) -> Result<Option<ExecutionEnded>, MachineError> {
        Ok(self.ended.lock().unwrap().get(name).cloned())
    }
}
