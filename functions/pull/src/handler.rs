//! Handles one invocation: a plain function of payload and time, with everything outside passed in.

use std::time::{Duration, SystemTime};

use bigin::ModuleName;
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Serialize;
use serde_json::Value;
use shared::authorized_bigin::AskFailure;
use shared::module_names::UnknownModule;
use shared::state::StateError;
use shared::stop::Stop;
use tokio::time::Instant;

use crate::context::{Context, Services};
use crate::event::{Event, Request, Step, StepName, UnknownEvent};
use crate::run::{EventBus, Executions, RunError, Slicer, StartError, Started, Starter, Wish};
use shared::pulled_modules::PulledModules;

/// Kept free for the call in flight and the last checkpoint.
const TO_HAND_OVER: Duration = Duration::from_secs(50);
/// Assumed where nobody says how long there is.
const USUAL: Duration = Duration::from_mins(3);
/// Modules that the API lists and that are no records of their own.
const NO_RECORDS: [&str; 3] = ["Associated_Products", "Attachments", "Social"];

/// Pull.
pub struct Pull<S: Services, E, V> {
    /// What every room works with.
    pub context: Context<S>,
    /// The state machine.
    pub executions: E,
    /// Where record events go.
    pub bus: V,
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// It was invoked with something else.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
    /// A module that the organisation does not have.
    #[error(transparent)]
    UnknownModule(#[from] UnknownModule),
    /// Which modules there are is not to be had.
    #[error("which modules there are could not be found out: {0}")]
    Modules(#[from] AskFailure),
    /// A run was not started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A step of a run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The state table.
    #[error(transparent)]
    State(#[from] StateError),
    /// An answer that cannot be put into words: a fault of the relay's own.
    #[error("the answer could not be written: {0}")]
    Answer(#[from] serde_json::Error),
}

impl PullError {
    /// A stable name that alarms can match on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnknownEvent(_) => "UnknownEvent",
            Self::UnknownModule(_) => "UnknownModule",
            Self::Modules(_) => "ModulesUnknown",
            Self::Start(_) => "RunNotStarted",
            Self::Run(_) => "RunStep",
            Self::State(_) => "StateTable",
            Self::Answer(_) => "Answer",
        }
    }
}

impl From<PullError> for Diagnostic {
    fn from(error: PullError) -> Self {
        Self {
            error_type: error.kind().to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The runs that go on.
    pub runs: Vec<Started>,
    /// Why none was started, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<WaitsFor>,
}

/// Why no run was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaitsFor {
    /// A stable word.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub action: String,
}

impl From<Stop> for WaitsFor {
    fn from(stop: Stop) -> Self {
        Self {
            code: stop.code().to_owned(),
            message: stop.message(),
            action: stop.action(),
        }
    }
}

impl<S: Services, E: Executions, V: EventBus> Pull<S, E, V> {
    /// Handles an invocation by Lambda.
    ///
    /// # Errors
    /// See [`Pull::handle`].
    pub async fn invoked(&self, event: LambdaEvent<Value>) -> Result<Value, PullError> {
        let LambdaEvent { payload, context } = event;
        self.handle(payload, &context.request_id, time_left(&context)).await
    }

    /// Handles an invocation.
    ///
    /// # Errors
    /// The payload is none that pull knows, a run was not started, or a step failed and may be repeated.
    pub async fn handle(&self, payload: Value, request_id: &str, left: Duration) -> Result<Value, PullError> {
        match Event::read(payload)? {
            Event::Step(step) => self.step(&step, left).await,
            Event::All(wish) => Ok(serde_json::to_value(self.start_all(wish, request_id).await?)?),
            Event::One(request) => Ok(serde_json::to_value(self.start_one(&request, request_id).await?)?),
        }
    }

    async fn step(&self, step: &Step, left: Duration) -> Result<Value, PullError> {
        let budget = self
            .context
            .settings
            .slice_budget
            .min(left.saturating_sub(TO_HAND_OVER));
        let slicer = Slicer {
            context: &self.context,
            bus: &self.bus,
            until: Instant::now() + budget,
        };
        let next = match step.step {
            StepName::Slice => slicer.slice(&step.module, &step.run_id, step.waited_s).await?,
            StepName::Close => slicer.close(&step.module, &step.run_id).await?,
        };
        Ok(serde_json::to_value(next)?)
    }

    async fn start_one(&self, request: &Request, request_id: &str) -> Result<Answer, PullError> {
        if let Some(waiting) = self.waiting().await? {
            return Ok(waiting);
        }
        let module = self.context.metadata.module(&request.module).await??;
        self.start(&[module], request.wish().unwrap_or_default(), request_id)
            .await
    }

    async fn start_all(&self, wish: Wish, request_id: &str) -> Result<Answer, PullError> {
        if self.context.settings.modules == PulledModules::Off {
            return Ok(Answer {
                runs: Vec::new(),
                waits_for: None,
            });
        }
        // While nothing may be asked no run begins: the next one's window is the longer for it.
        if let Some(waiting) = self.waiting().await? {
            return Ok(waiting);
        }
        let modules = self.modules().await?;
        self.start(&modules, wish, request_id).await
    }

    async fn waiting(&self) -> Result<Option<Answer>, PullError> {
        let stop = self.context.pause_watch().reason().await?;
        Ok(stop.map(|stop| Answer {
            runs: Vec::new(),
            waits_for: Some(stop.into()),
        }))
    }

    async fn modules(&self) -> Result<Vec<ModuleName>, PullError> {
        let mut modules = Vec::new();
        if let PulledModules::Named(names) = &self.context.settings.modules {
            for name in names {
                modules.push(self.context.metadata.module(name).await??);
            }
        } else {
            let bigin = &self.context.bigin;
            let all = bigin
                .ask(|access| async move { bigin.bigin().modules(&access).await })
                .await?;
            let served = all.iter().filter(|module| module.api_supported);
            let records = served.filter(|module| !NO_RECORDS.contains(&module.api_name.as_str()));
            modules.extend(records.filter_map(|module| ModuleName::parse(&module.api_name).ok()));
        }
        modules.dedup();
        Ok(modules)
    }

    /// One that cannot be started does not keep the others from it.
    async fn start(&self, modules: &[ModuleName], wish: Wish, request_id: &str) -> Result<Answer, PullError> {
        let starter = Starter {
            context: &self.context,
            executions: &self.executions,
        };
        let run_id = run_id(self.context.now(), request_id);
        let (mut runs, mut failure) = (Vec::new(), None);
        for module in modules {
            match starter.start(module, wish, &run_id).await {
                Ok(run) => runs.push(run),
                Err(error) => {
                    tracing::error!(module = module.as_str(), %error, "the run was not started");
                    failure = Some(error);
                }
            }
        }
        match failure {
            Some(error) => Err(error.into()),
            None => Ok(Answer { runs, waits_for: None }),
        }
    }
}

/// Names a run: when it began, and a piece of the invocation's id.
fn run_id(now: Timestamp, request_id: &str) -> String {
    let piece: String = request_id.chars().filter(char::is_ascii_hexdigit).take(8).collect();
    format!("{}-{piece:0<8}", now.strftime("%Y%m%dT%H%M%S"))
}

fn time_left(context: &lambda_runtime::Context) -> Duration {
    context
        .deadline()
        .duration_since(SystemTime::now())
        .map_or(USUAL, |left| left.min(Duration::from_mins(15)))
}
