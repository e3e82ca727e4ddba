//! Switches push's intake of messages on and off: the event source mappings that feed it. The pause in the state table
//! is the truth and this follows it, since AWS takes a minute over it.

use std::future::Future;

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};

use crate::aws::{has_code, problem};

/// The intake could not be switched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "could not {action} the intake of {function} ({problem}): the pause itself stands, and the scheduled refresh tries again; if it persists, check the function's role"
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
}

/// The event source mappings of a function, found at run time: the template cannot tell them to a function they
/// depend on.
#[derive(Debug, Clone)]
pub struct PushIntake {
    client: Client,
    function: String,
}

/// A mapping, as far as switching it goes.
struct Mapping {
    id: String,
    state: String,
}

impl Mapping {
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
            client: Client::new(config),
            function: function.into(),
        }
    }

    async fn mappings(&self) -> Result<Vec<Mapping>, IntakeError> {
        let (mut mappings, mut marker) = (Vec::new(), None);
        loop {
            let list = self
                .client
                .list_event_source_mappings()
                .function_name(&self.function)
                .set_marker(marker);
            let page = list.send().await.map_err(|error| self.failed("look at", &error))?;
            for mapping in page.event_source_mappings.unwrap_or_default() {
                if let (Some(id), Some(state)) = (mapping.uuid, mapping.state) {
                    mappings.push(Mapping { id, state });
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
        let action = if open { "open" } else { "close" };
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
                // It is being switched this very moment; the next look sees what came of it.
                Err(error) if has_code(&error, "ResourceInUseException") => {}
                Err(error) => return Err(self.failed(action, &error)),
            }
        }
        Ok(has_switched)
    }

    async fn is_open(&self) -> Result<Option<bool>, IntakeError> {
        let mappings = self.mappings().await?;
        Ok((!mappings.is_empty()).then(|| mappings.iter().all(Mapping::is_open)))
    }
}

/// An intake for tests. Clones share it.
#[cfg(any(test, feature = "test-support"))]
#[derive(Debug, Clone)]
pub struct MemoryIntake(std::sync::Arc<std::sync::atomic::AtomicBool>);

#[cfg(any(test, feature = "test-support"))]
impl Default for MemoryIntake {
    fn default() -> Self {
        Self(std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true)))
    }
}

#[cfg(any(test, feature = "test-support"))]
impl Intake for MemoryIntake {
    async fn set_open(&self, open: bool) -> Result<bool, IntakeError> {
        crate::testing::step().await;
        Ok(self.0.swap(open, std::sync::atomic::Ordering::SeqCst) != open)
    }

    async fn is_open(&self) -> Result<Option<bool>, IntakeError> {
        crate::testing::step().await;
        Ok(Some(self.0.load(std::sync::atomic::Ordering::SeqCst)))
    }
}
