//! Push as it runs on AWS: every trait filled in with the service it stands for.

use std::sync::Arc;

use bigin::https::{self, ClientUnusable};
use bigin::{Bigin, CALL_TIMEOUT};
use shared::clock::SystemClock;
use shared::intake::PushIntake;
use shared::state::{DynamoTable, Standing};
use shared::tokens::{AccessTokenStore, SecretsManagerSecret};

use crate::config::Config;
use crate::context::{Context, Services};
use crate::handler::Push;
use crate::import::StateMachine;
use crate::queue::SqsQueue;
use crate::resolve::ResolverCache;
use shared::bucket::S3Bucket;
use shared::tokens::Tokens;
use shared::tokens::{RefreshFunction, TokenProvider};

/// The means on AWS.
#[derive(Debug, Clone, Copy)]
pub struct AwsServices;

impl Services for AwsServices {
    type Table = DynamoTable;
    type Objects = S3Bucket;
    type Tokens = TokenProvider<SecretsManagerSecret, RefreshFunction, SystemClock>;
    type Clock = SystemClock;
}

/// Push on AWS.
pub type AwsPush = Push<AwsServices, SqsQueue, PushIntake, StateMachine>;

/// Connects push with AWS and Bigin.
///
/// # Errors
/// There is no HTTP client to be had.
pub async fn connect(config: Config) -> Result<AwsPush, ClientUnusable> {
    let sdk = shared::aws::load()?;
    let store = AccessTokenStore::new(SecretsManagerSecret::new(&sdk, &config.access_token_secret));
    let refresh = RefreshFunction::new(&sdk, &config.refresh_function);
    let table = DynamoTable::new(&sdk, &config.state_table);
    let context: Context<AwsServices> = Context::new(
        config.settings,
        S3Bucket::new(&sdk, &config.data_bucket),
        table.clone(),
        TokenProvider::new(store, refresh, SystemClock),
        Bigin::new(https::client(CALL_TIMEOUT)?),
        SystemClock,
    );
    // The first connection costs most; at start-up the function has the whole processor. What comes of it is looked at
    // when it is needed.
    let tokens = Arc::clone(&context.tokens);
    let _ = tokio::join!(Standing::read(&table), tokens.pass());
    Ok(Push {
        context,
        resolvers: ResolverCache::default(),
        queue: SqsQueue::new(&sdk, &config.records_queue_url),
        intake: PushIntake::new(&sdk, &config.own_name),
        imports: StateMachine::new(&sdk, &config.import_state_machine),
    })
}
