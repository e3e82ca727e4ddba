//! Switches push's intake of messages on and off: the event source mappings that feed it. The pause in the state table
//! is the truth and this follows it, since AWS takes a minute over it. Push is also asked this way to look after what a
//! long pause does to waiting messages, since no other function reads the queue or the inbox.

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;

use crate::aws::{Lazy, has_code, lazy, problem};

/// What push is invoked with for its upkeep.
const UPKEEP: &str = r#"{"upkeep": true}"#;

/// What Lambda says of a mapping that is being switched, or deleted, this very moment: the next look sees what came of it
/// (AWS Lambda API reference, `UpdateEventSourceMapping`).
const BEING_SWITCHED: [&str; 3] = [
    "ResourceInUseException",
    "ResourceConflictException",
    "ResourceNotFoundException",
];

/// The intake could not be switched, or push not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "could not {action} {function} ({problem}): the pause itself stands, and the scheduled refresh tries again; if it persists, check the function's role"
)]
pub struct IntakeError {
    /// What was tried.
    pub action: &'static str,
    /// Push's name.
    pub function: String,
    /// Lambda's words.
    pub problem: String,
}

/// Something that lets messages in, or not.
pub trait Intake: Send + Sync {
    /// Opens or closes the intake; one that is so already is left alone. True when something was switched.
    fn set_open(&self, open: bool) -> impl Future<Output = Result<bool, IntakeError>> + Send;

    /// Whether messages are let in; `None` when there is nothing to switch.
    fn is_open(&self) -> impl Future<Output = Result<Option<bool>, IntakeError>> + Send;

    /// Asks push for its upkeep, and does not wait for it. While delivery is paused, the upkeep moves old
    /// messages into the bucket. Otherwise it brings them back, and looks for files that no import has.
    fn ask_for_upkeep(&self) -> impl Future<Output = Result<(), IntakeError>> + Send;
}

/// The event source mappings of a function, found at run time: the template cannot tell them to a function they
/// depend on.
#[derive(Debug, Clone)]
pub struct PushIntake {
    client: Lazy<Client>,
    function: String,
}

/// A mapping, as far as switching it goes.
struct EventSourceMapping {
    id: String,
    state: String,
}

impl EventSourceMapping {
    /// What it is, or is about to become.
    fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "Enabled" | "Enabling" | "Creating" | "Updating")
    }

    fn is_going(&self) -> bool {
        self.state == "Deleting"
    }
}

impl PushIntake {
    /// The intake of that function.
    pub fn new(config: &SdkConfig, function: impl Into<String>) -> Self {
        Self {
            client: lazy(config, Client::new),
            function: function.into(),
        }
    }

    async fn mappings(&self) -> Result<Vec<EventSourceMapping>, IntakeError> {
        let (mut mappings, mut marker) = (Vec::new(), None);
        loop {
            let list = self
                .client
                .list_event_source_mappings()
                .function_name(&self.function)
                .set_marker(marker);
            let page = list
                .send()
                .await
                .map_err(|error| self.failed("look at the intake of", &error))?;
            for mapping in page.event_source_mappings.unwrap_or_default() {
                if let (Some(id), Some(state)) = (mapping.uuid, mapping.state) {
                    mappings.push(EventSourceMapping { id, state });
                }
            }
            marker = page.next_marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                mappings.retain(|mapping| !mapping.is_going());
                return Ok(mappings);
            }
        }
    }

    fn failed<E: ProvideErrorMetadata + std::error::Error>(
        &self,
        action: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> IntakeError {
        IntakeError {
            action,
            function: self.function.clone(),
            problem: problem(error),
        }
    }
}

impl Intake for PushIntake {
    async fn set_open(&self, open: bool) -> Result<bool, IntakeError> {
        let action = if open {
            "open the intake of"
        } else {
            "close the intake of"
        };
        let mut has_switched = false;
        for mapping in self
            .mappings()
            .await?
            .iter()
            .filter(|mapping| mapping.is_open() != open)
        {
            let update = self
                .client
                .update_event_source_mapping()
                .uuid(&mapping.id)
                .enabled(open);
            match update.send().await {
                Ok(_) => has_switched = true,
                Err(error) if BEING_SWITCHED.iter().any(|code| has_code(&error, code)) => {}
                Err(error) => return Err(self.failed(action, &error)),
            }
        }
        Ok(has_switched)
    }

    async fn is_open(&self) -> Result<Option<bool>, IntakeError> {
        let mappings = self.mappings().await?;
        Ok((!mappings.is_empty()).then(|| mappings.iter().all(EventSourceMapping::is_open)))
    }

    async fn ask_for_upkeep(&self) -> Result<(), IntakeError> {
        let ask = self
            .client
            .invoke()
            .function_name(&self.function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(UPKEEP));
        let asked = ask.send().await;
        asked
            .map(|_| ())
            .map_err(|error| self.failed("ask for the upkeep of", &error))
    }
}

/// An intake for tests. Clones share it.
#[cfg(any(test, feature = "test-support"))]
#[derive(Debug, Clone)]
pub struct MemoryIntake {
    is_open: std::sync::Arc<std::sync::atomic::AtomicBool>,
    upkeeps: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

#[cfg(any(test, feature = "test-support"))]
impl MemoryIntake {
    /// How often push was asked for its upkeep.
    pub fn upkeeps(&self) -> u32 {
        self.upkeeps.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[cfg(any(test, feature = "test-support"))]
impl Default for MemoryIntake {
    fn default() -> Self {
        Self {
            is_open: std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true)),
            upkeeps: std::sync::Arc::default(),
        }
    }
}

#[cfg(any(test, feature = "test-support"))]
impl Intake for MemoryIntake {
    async fn set_open(&self, open: bool) -> Result<bool, IntakeError> {
        crate::stepping::step().await;
        Ok(self.is_open.swap(open, std::sync::atomic::Ordering::SeqCst) != open)
    }

    async fn is_open(&self) -> Result<Option<bool>, IntakeError> {
        crate::stepping::step().await;
        Ok(Some(self.is_open.load(std::sync::atomic::Ordering::SeqCst)))
    }

    async fn ask_for_upkeep(&self) -> Result<(), IntakeError> {
        crate::stepping::step().await;
        self.upkeeps.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(())
    }
}
