//! Push as it runs on AWS: every trait filled in with the service it stands for.

use bigin::https::ClientUnusable;
use shared::intake::PushIntake;
use shared::services::{AwsServices, Connections};
use shared::state_machine::StateMachine;

use crate::config::Config;
use crate::context::Context;
use crate::handler::Push;
use crate::queue::SqsQueue;
use crate::resolve::ResolverCache;

/// Push on AWS.
pub type AwsPush = Push<AwsServices, SqsQueue, PushIntake, StateMachine>;

/// Connects push with AWS and Bigin.
///
/// # Errors
/// There is no HTTP client to be had.
pub async fn connect(config: Config) -> Result<AwsPush, ClientUnusable> {
    let sdk = shared::aws::load()?;
    let connections = Connections::open(&sdk, &config.stack).await?;
    Ok(Push {
        context: Context::new(config.settings, connections),
        resolvers: ResolverCache::default(),
        queue: SqsQueue::new(&sdk, &config.records_queue_url),
        intake: PushIntake::new(&sdk, &config.own_name),
        imports: StateMachine::new(&sdk, &config.import_state_machine),
    })
}
