//! Handles one invocation: a plain function of payload and time, with everything outside passed in.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use shared::intake::Intake;
use tokio::time::Instant;

use crate::context::{Context, Services};
use crate::deliver::Deadlines;
use crate::event::{Event, UnknownEvent};
use crate::import::{FileError, FileRequest, Imports};
use crate::import::{ImportError, Importer};
use crate::queue::{ByHandError, Consumer, DirectMessage, RecordsQueue};
use crate::resolve::ResolverCache;
use crate::upkeep::{Caretaker, UpkeepError};

/// Kept free for the answer alone.
const TO_ANSWER: Duration = Duration::from_secs(10);
/// A message by hand is answered within this time. The AWS CLI and boto3 take an invocation for lost after 60
/// s and invoke again, which would insert its records twice. What is not delivered by then goes onto the
/// queue.
const BY_HAND: Duration = Duration::from_secs(50);
/// Assumed where nobody says how long there is.
const USUAL: Duration = Duration::from_mins(3);

/// Push.
pub struct Push<S: Services, Q, L, I> {
    /// What every room works with.
    pub context: Context<S>,
    /// What was found out of records that others refer to, kept between invocations.
    pub resolvers: ResolverCache,
    /// `RecordsQueue`.
    pub queue: Q,
    /// What lets messages in.
    pub intake: L,
    /// What starts imports.
    pub imports: I,
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// It was invoked with something else.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
    /// A step of an import.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A message by hand.
    #[error(transparent)]
    Message(#[from] ByHandError),
    /// A file by hand.
    #[error(transparent)]
    File(#[from] FileError),
    /// The upkeep.
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
    /// An answer that cannot be put into words: a fault of the relay's own.
    #[error("the answer could not be written: {0}")]
    Answer(#[from] serde_json::Error),
}

impl PushError {
    /// A stable name that alarms can match on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnknownEvent(_) => "UnknownEvent",
            Self::Import(_) => "ImportStep",
            Self::Message(ByHandError::NotQueued { .. }) => "NotQueued",
            Self::Message(ByHandError::State(_)) => "StateTable",
            Self::File(FileError::Start(_)) => "ImportNotStarted",
            Self::File(_) => "ReportUnknown",
            Self::Upkeep(_) => "Upkeep",
            Self::Answer(_) => "Answer",
        }
    }
}

impl From<PushError> for Diagnostic {
    fn from(error: PushError) -> Self {
        Self {
            error_type: error.kind().to_owned(),
            error_message: error.to_string(),
        }
    }
}

impl<S: Services, Q: RecordsQueue, L: Intake, I: Imports> Push<S, Q, L, I> {
    /// Handles an invocation by Lambda.
    ///
    /// # Errors
    /// See [`Push::handle`].
    pub async fn invoked(&self, event: LambdaEvent<Value>) -> Result<Value, PushError> {
        let LambdaEvent { payload, context } = event;
        self.handle(payload, &context.request_id, time_left(&context)).await
    }

    fn importer(&self) -> Importer<'_, S, I> {
        Importer::new(&self.context, &self.resolvers, &self.imports)
    }

    /// Handles an invocation.
    ///
    /// # Errors
    /// The payload is none that push knows; a step of an import failed and may be repeated; or what was asked by hand
    /// came to nothing. A batch of messages never fails as a whole: its messages go back instead.
    pub async fn handle(&self, payload: Value, request_id: &str, left: Duration) -> Result<Value, PushError> {
        let (context, now) = (&self.context, Instant::now());
        let hours = Deadlines::within(now, left);
        match Event::read(payload)? {
            Event::Batch(received) => {
                let run_id = run_id(context.now(), request_id);
                let consumer = Consumer {
                    context,
                    resolvers: &self.resolvers,
                    queue: &self.queue,
                    intake: &self.intake,
                };
                Ok(serde_json::to_value(consumer.consume(received, &run_id, hours).await)?)
            }
            Event::Step(step) => {
                let importer = self.importer();
                let next = importer.go_on(*step).await?;
                if importer.has_ended_hold()
                    && let Err(error) = self.intake.ask_for_upkeep().await
                {
                    tracing::warn!(%error, "messages that waited for the end of a hold come back with the next scheduled refresh");
                }
                Ok(serde_json::to_value(next)?)
            }
            Event::ExecutionEnded(ended) => {
                let freed = self.importer().free(&ended).await?;
                Ok(json!({"freed": freed}))
            }
            Event::Upkeep => {
                let caretaker = Caretaker {
                    context,
                    queue: &self.queue,
                    resolvers: &self.resolvers,
                    imports: &self.imports,
                    until: hours.sending_ends,
                };
                Ok(serde_json::to_value(caretaker.look_after(request_id).await?)?)
            }
            Event::Message(payload) => {
                let run_id = run_id(context.now(), request_id);
                let message = DirectMessage {
                    context,
                    resolvers: &self.resolvers,
                    queue: &self.queue,
                    intake: &self.intake,
                };
                let hours = Deadlines::within(now, left.min(BY_HAND));
                Ok(serde_json::to_value(message.answer(payload, &run_id, hours).await?)?)
            }
            Event::File(file) => {
                let request = FileRequest {
                    context,
                    imports: &self.imports,
                };
                Ok(request.answer(&file, now + left.saturating_sub(TO_ANSWER)).await?)
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_time_and_invocation() {
        let now: Timestamp = "2026-11-24T09:30:00Z".parse().unwrap();
        assert_eq!(run_id(now, "8f507cfc-5e3e-4b1a-9f6e-1234"), "20261124T093000-8f507cfc");
        assert_eq!(run_id(now, "").len(), run_id(now, "8f507cfc-5e3e").len());
    }
}
