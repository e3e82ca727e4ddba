//! Pull as it runs on AWS: every trait filled in with the service it stands for.

use std::sync::Arc;

use bigin::https::{self, ClientUnusable};
use bigin::{Bigin, CALL_TIMEOUT};
use shared::bucket::S3Bucket;
use shared::clock::SystemClock;
use shared::state::{DynamoTable, Standing};
use shared::tokens::{AccessTokenStore, RefreshFunction, SecretsManagerSecret, TokenProvider, Tokens};

use crate::config::Config;
use crate::context::{Context, Services};
use crate::handler::Pull;
use crate::state_machine::StateMachine;

/// The means on AWS.
#[derive(Debug, Clone, Copy)]
pub struct AwsServices;

impl Services for AwsServices {
    type Table = DynamoTable;
    type Objects = S3Bucket;
    type Tokens = TokenProvider<SecretsManagerSecret, RefreshFunction, SystemClock>;
    type Clock = SystemClock;
}

/// Pull on AWS.
pub type AwsPull = Pull<AwsServices, StateMachine>;

/// Connects pull with AWS and Bigin.
///
/// # Errors
/// There is no HTTP client to be had.
pub async fn connect(config: Config) -> Result<AwsPull, ClientUnusable> {
    let sdk = shared::aws::load()?;
    let store = AccessTokenStore::new(SecretsManagerSecret::new(&sdk, &config.access_token_secret));
    let refresh = RefreshFunction::new(&sdk, &config.refresh_function);
    let table = DynamoTable::new(&sdk, &config.state_table);
    let tokens = TokenProvider::new(store, refresh, SystemClock);
    let context: Context<AwsServices> = Context::new(
        config.settings,
        S3Bucket::new(&sdk, &config.data_bucket),
        table.clone(),
        Arc::clone(&tokens),
        Bigin::new(https::client(CALL_TIMEOUT)?),
        SystemClock,
    );
    // The first connection costs most; at start-up the function has the whole processor. What comes of it is looked at
    // when it is needed.
    let _ = tokio::join!(Standing::read(&table), tokens.pass());
    Ok(Pull {
        context,
        executions: StateMachine::new(&sdk, &config.pull_state_machine),
        modules: config.modules,
    })
}
