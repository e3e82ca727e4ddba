//! Pull as it runs on AWS: every trait filled in with the service it stands for.

use bigin::https::ClientUnusable;
use shared::services::{AwsServices, Connections};
use shared::state_machine::StateMachine;

use crate::config::Config;
use crate::context::Context;
use crate::handler::Pull;

/// Pull on AWS.
pub type AwsPull = Pull<AwsServices, StateMachine>;

/// Connects pull with AWS and Bigin.
///
/// # Errors
/// There is no HTTP client to be had.
pub async fn connect(config: Config) -> Result<AwsPull, ClientUnusable> {
    let sdk = shared::aws::load()?;
    let connections = Connections::open(&sdk, &config.stack).await?;
    Ok(Pull {
        context: Context::new(config.settings, connections),
        executions: StateMachine::new(&sdk, &config.pull_state_machine),
    })
}
