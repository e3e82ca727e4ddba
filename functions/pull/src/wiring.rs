//! Pull as it runs on AWS: every trait filled in with the service it stands for.

use bigin::https::ClientUnusable;
use shared::services::{AwsServices, Connections};
use shared::state_machine::StateMachine;

use crate::config::Config;
use crate::context::Context;
use crate::event_bus::DefaultBus;
use crate::handler::Pull;

/// Pull on AWS.
pub type AwsPull = Pull<AwsServices, StateMachine, DefaultBus>;

/// Connects pull with AWS and Bigin.
///
/// # Errors
/// There is no HTTP client to be had.
pub async fn connect(config: Config) -> Result<AwsPull, ClientUnusable> {
    let sdk = shared::aws::load()?;
    let connections = Connections::open(&sdk, &config.stack).await?;
    Ok(Pull {
        context: Context::new(config.settings, connections),
        bus: DefaultBus::new(&sdk)?,
        executions: StateMachine::new(&sdk, &config.pull_state_machine),
    })
}
